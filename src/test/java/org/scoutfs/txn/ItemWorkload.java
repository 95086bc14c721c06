package org.scoutfs.txn;

import static org.scoutfs.txn.NodeTransactionsTest.awaiting;
import static org.scoutfs.txn.NodeTransactionsTest.key;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.scoutfs.base.Rng;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.device.BufferPool;
import org.scoutfs.device.DeviceExtent;
import org.scoutfs.device.PooledBuffer;
import org.scoutfs.lsm.Cursor;
import org.scoutfs.lsm.ItemReader;
import org.scoutfs.txn.Transactions.SpaceUse;

/**
 * Random operations of one thread, each of several items that belong together, and what they must have left after any number of
 * them. Key 0 holds the number of the last operation; keys from 1 on values; "files" are items that name blocks on the
 * device with their fill byte, overwritten in new places and freed; one item counts by deltas.
 */
final class ItemWorkload {
    private static final long COUNTER_KEY = 1_000_000;
    private static final long FILE_KEYS = 2_000_000;
    private static final int KEY_SPACE = 300;
    private static final int FILE_SPACE = 12;

    /** One operation, decided before it is run. Deleted keys have null. */
    private record Step(Map<Long, byte[]> values, long counterDelta, int file, int fileBlocks, byte fill) {}

    private final List<Step> steps = new ArrayList<>();
    private final Map<Integer, List<DeviceExtent>> files = new TreeMap<>();

    /** Runs one more operation. Its outcome is decided by the seed, not by the run, but for the places of blocks. */
    void run(NodeTransactions transactions, BlockDevice device, BufferPool buffers, Rng rng) throws Exception {
        Step step = draw(rng);
        int number = steps.size() + 1;
        List<DeviceExtent> taken = new ArrayList<>();
        DataSpace space = transactions.dataSpace();
        if (step.fileBlocks > 0) {
            awaiting(() -> {
                space.reserve(step.fileBlocks);
                return null;
            });
            for (long left = step.fileBlocks; left > 0; ) {
                DeviceExtent extent = space.take(left, -1);
                write(buffers, device, extent, step.fill);
                taken.add(extent);
                left -= extent.blockCount();
            }
        }
        try (Transaction txn = awaiting(() -> transactions.begin(60_000, SpaceUse.GROW))) {
            txn.put(key(0), ByteBuffer.allocate(8).putLong(number).array());
            step.values.forEach((key, value) -> {
                if (value == null) {
                    txn.delete(key(key));
                } else {
                    txn.put(key(key), value);
                }
            });
            txn.add(key(COUNTER_KEY), NodeTransactionsTest.bytes(step.counterDelta));
            if (step.file >= 0) {
                List<DeviceExtent> before = files.getOrDefault(step.file, List.of());
                before.forEach(txn::free);
                taken.forEach(extent -> space.consume(txn, extent));
                files.put(step.file, taken);
                txn.put(key(FILE_KEYS + step.file), fileValue(taken, step.fill));
            }
        }
        steps.add(step);
    }

    private Step draw(Rng rng) {
        Map<Long, byte[]> values = new TreeMap<>();
        int count = 1 + rng.nextInt(12);
        for (int i = 0; i < count; i++) {
            long key = 1 + rng.nextInt(KEY_SPACE);
            byte[] value = rng.nextInt(4) == 0 ? null : new byte[1 + rng.nextInt(rng.nextInt(8) == 0 ? 4000 : 60)];
            if (value != null) {
                Arrays.fill(value, (byte) rng.nextInt(256));
            }
            values.put(key, value);
        }
        boolean hasFile = rng.nextInt(3) == 0;
        return new Step(
                values,
                rng.nextInt(5) - 2,
                hasFile ? rng.nextInt(FILE_SPACE) : -1,
                hasFile ? rng.nextInt(9) : 0,
                (byte) rng.nextInt(256));
    }

    private static void write(BufferPool buffers, BlockDevice device, DeviceExtent extent, byte fill)
            throws IOException {
        try (PooledBuffer buffer = buffers.borrow(extent.blockCount() * BlockDevice.BLOCK_SIZE)) {
            buffer.memory().fill(fill);
            device.write(extent.blkno(), buffer.memory());
        }
    }

    private static byte[] fileValue(List<DeviceExtent> extents, byte fill) {
        ByteBuffer value = ByteBuffer.allocate(1 + 16 * extents.size()).put(fill);
        extents.forEach(extent -> value.putLong(extent.blkno()).putLong(extent.blockCount()));
        return value.array();
    }

    int stepCount() {
        return steps.size();
    }

    /**
     * Throws unless what is there is what some number of operations left, and not fewer than these.
     *
     * @param usedBlocks gets the blocks that files name
     * @return the number of operations
     */
    int check(ItemReader reader, BlockDevice device, BufferPool buffers, int atLeast, List<DeviceExtent> usedBlocks)
            throws IOException {
        byte[] last = reader.get(key(0));
        int count = last == null ? 0 : (int) ByteBuffer.wrap(last).getLong();
        if (count < atLeast) {
            throw new AssertionError("operation " + atLeast + " was acknowledged, but the last one there is " + count);
        }
        TreeMap<Long, byte[]> model = new TreeMap<>();
        long counter = 0;
        TreeMap<Integer, Step> lastOfFile = new TreeMap<>();
        for (Step step : steps.subList(0, count)) {
            step.values.forEach((key, value) -> {
                if (value == null) {
                    model.remove(key);
                } else {
                    model.put(key, value);
                }
            });
            counter += step.counterDelta;
            if (step.file >= 0) {
                lastOfFile.put(step.file, step);
            }
        }
        TreeMap<Long, byte[]> found = new TreeMap<>();
        try (Cursor cursor = reader.scan(key(1), key(KEY_SPACE + 1))) {
            while (cursor.next()) {
                found.put(ByteBuffer.wrap(cursor.key()).getLong(10), cursor.value());
            }
        }
        if (!found.keySet().equals(model.keySet())) {
            throw new AssertionError("after " + count + " operations: keys " + found.keySet() + ", not " + model.keySet());
        }
        for (Map.Entry<Long, byte[]> entry : model.entrySet()) {
            long key = entry.getKey();
            if (!Arrays.equals(entry.getValue(), found.get(key)) || !Arrays.equals(entry.getValue(), reader.get(key(key)))) {
                throw new AssertionError("after " + count + " operations: wrong value of key " + key);
            }
        }
        byte[] sum = reader.get(key(COUNTER_KEY));
        long counted = sum == null ? 0 : ByteBuffer.wrap(sum).order(ByteOrder.LITTLE_ENDIAN).getLong();
        if (counted != counter) {
            throw new AssertionError("after " + count + " operations: counted " + counted + ", not " + counter);
        }
        for (int file = 0; file < FILE_SPACE; file++) {
            Step step = lastOfFile.get(file);
            byte[] value = reader.get(key(FILE_KEYS + file));
            if ((step == null) != (value == null)) {
                throw new AssertionError("after " + count + " operations: file " + file + " is " + value);
            }
            if (step != null && value != null) {
                checkFile(step, value, device, buffers, usedBlocks);
            }
        }
        return count;
    }

    private static void checkFile(
            Step step, byte[] value, BlockDevice device, BufferPool buffers, List<DeviceExtent> usedBlocks)
            throws IOException {
        ByteBuffer in = ByteBuffer.wrap(value);
        byte fill = in.get();
        long blocks = 0;
        while (in.hasRemaining()) {
            DeviceExtent extent = new DeviceExtent(in.getLong(), in.getLong());
            usedBlocks.add(extent);
            blocks += extent.blockCount();
            try (PooledBuffer buffer =
                    buffers.borrow(extent.blockCount() * BlockDevice.BLOCK_SIZE)) {
                device.read(extent.blkno(), buffer.memory());
                byte[] bytes = buffer.memory().toArray(ValueLayout.JAVA_BYTE);
                for (byte each : bytes) {
                    if (each != step.fill) {
                        throw new AssertionError("wrong data in " + extent + ": " + each + ", not " + step.fill);
                    }
                }
            }
        }
        if (fill != step.fill || blocks != step.fileBlocks) {
            throw new AssertionError("a file has " + blocks + " blocks of " + fill + ", not " + step);
        }
    }

    /** After a remount at {@code count} operations: the blocks of files as they are now. */
    void truncateTo(int count, ItemReader reader) throws IOException {
        steps.subList(count, steps.size()).clear();
        files.clear();
        for (int file = 0; file < FILE_SPACE; file++) {
            byte[] value = reader.get(key(FILE_KEYS + file));
            if (value != null) {
                ByteBuffer in = ByteBuffer.wrap(value).position(1);
                List<DeviceExtent> extents = new ArrayList<>();
                while (in.hasRemaining()) {
                    extents.add(new DeviceExtent(in.getLong(), in.getLong()));
                }
                files.put(file, extents);
            }
        }
    }
}
