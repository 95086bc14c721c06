package org.scoutfs.lsm;

import static org.scoutfs.lsm.SegmentLayout.*;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.TreeMap;
import java.util.zip.CRC32C;
import org.scoutfs.base.CorruptionException;
import org.scoutfs.base.Counters;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.device.BufferPool;
import org.scoutfs.device.MemoryBlockDevice;
import org.scoutfs.fuzz.FuzzTarget;

/**
 * Data, index, filter and footer blocks of a segment with bytes changed under right checksums: look-ups, ranges and streams end with
 * items, or with a {@link CorruptionException}.
 *
 * <p>An input is a choice of segment, u8, and changes: offset u16 scaled over the segment, then a value u8.
 */
public final class SegmentFuzz implements FuzzTarget {
    private static final SegmentOptions OPTIONS = SegmentOptions.of(0xfeedL);
    private static final int CHANGES_MAX = 40;
    private static final byte[] HIGHEST = new byte[] {(byte) 0xff, (byte) 0xff};

    private final BufferPool pool = new BufferPool(32 << 20);
    private final MemoryBlockDevice device = new MemoryBlockDevice("fuzz", 4096);
    private final SegmentInfo[] segments = new SegmentInfo[3];
    private final byte[][] contents = new byte[3][];
    private final List<TreeMap<byte[], ItemValue>> items = new java.util.ArrayList<>();

    public SegmentFuzz() throws IOException {
        TestSpace space = new TestSpace(device.blockCount());
        int[] counts = {3, 200, 4000};
        for (int i = 0; i < counts.length; i++) {
            TreeMap<byte[], ItemValue> all = new TreeMap<>(java.util.Arrays::compareUnsigned);
            for (int number = 0; number < counts[i]; number++) {
                ByteBuffer key = ByteBuffer.allocate(27).put((byte) 6).putLong(number / 5).put((byte) 2).putLong(number);
                all.put(key.array(), number % 9 == 8 ? ItemValue.TOMBSTONE : ItemValue.put(new byte[number % 40]));
            }
            try (SegmentWriter writer = new SegmentWriter(device, pool, space, OPTIONS, CutPoints.NONE)) {
                writer.addAll(new ListCursor(all));
                segments[i] = writer.finish().getFirst();
            }
            items.add(all);
            contents[i] = new byte[segments[i].blockCount() * UNIT];
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment memory = arena.allocate(contents[i].length, UNIT);
                device.read(segments[i].blkno(), memory);
                contents[i] = memory.toArray(M8);
            }
        }
    }

    @Override
    public List<byte[]> seeds() {
        return List.of(
                new byte[] {0, 40, 0, 1},
                new byte[] {1, 0, 1, 7, 100, 3, 9},
                new byte[] {2, 0, 0, 5, (byte) 0xff, (byte) 0xff, 1, (byte) 0xf0, (byte) 0xf0, 0x70},
                // Two lengths that are right alone and make a key that is too long together.
                new byte[] {7, 0x64, 0x2c, (byte) 0xff, 0x63, 3, 2, 1});
    }

    @Override
    public void decode(byte[] input) {
        if (input.length == 0) {
            return;
        }
        int which = (input[0] & 0xff) % segments.length;
        byte[] bytes = contents[which].clone();
        ByteBuffer changes = ByteBuffer.wrap(input, 1, input.length - 1).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < CHANGES_MAX && changes.remaining() >= 3; i++) {
            int at = changes.getShort() & 0xffff;
            // The first byte of an input chooses whether the tail, with footer, index and filter, or all of it is meant.
            int from = (input[0] & 0x80) != 0 ? Math.max(0, bytes.length - 0x10000) : 0;
            int span = bytes.length - from;
            bytes[from + (int) ((long) at * Math.max(1, span / 0x10000) % span)] = changes.get();
        }
        seal(contents[which], bytes);
        SegmentInfo segment = segments[which];
        try (Arena arena = Arena.ofConfined()) {
            device.write(segment.blkno(), arena.allocate(bytes.length, UNIT).copyFrom(MemorySegment.ofArray(bytes)));
            try (SegmentStore store = new SegmentStore(device, pool, OPTIONS, 4 << 20, new Counters())) {
                read(store, segment, items.get(which));
            }
        } catch (CorruptionException refused) {
            // what it promises
        } catch (IOException other) {
            throw new AssertionError(other);
        }
    }

    private static void read(SegmentStore store, SegmentInfo segment, TreeMap<byte[], ItemValue> all) throws IOException {
        IOException first = null;
        ItemSource source = store.source(Version.of(1, 0, List.of(List.of(), List.of(segment))));
        int step = Math.max(1, all.size() / 50);
        int number = 0;
        for (byte[] key : all.keySet()) {
            if (number++ % step != 0) {
                continue;
            }
            try {
                ItemValue found = source.find(key);
                assert found == null || found.bytes() != null;
            } catch (CorruptionException refused) {
                first = refused;
            }
        }
        count(store.stream(segment), segment);
        count(source.scan(new byte[0], HIGHEST), segment);
        if (first != null) {
            throw first;
        }
    }

    /** No more items than bytes: a scan that goes round in circles would have. */
    private static void count(Cursor cursor, SegmentInfo segment) throws IOException {
        try (cursor) {
            long count = 0;
            while (cursor.next()) {
                if (cursor.key().length > SegmentInfo.KEY_SIZE_MAX || ++count > (long) segment.blockCount() * UNIT) {
                    throw new AssertionError("item " + count + " of " + segment);
                }
            }
        } catch (CorruptionException refused) {
            // what it promises
        }
    }

    /** Makes the checksum of each block right again, where the block began in the segment as it was written. */
    private static void seal(byte[] before, byte[] bytes) {
        CRC32C crc = new CRC32C();
        for (int at = 0; at < bytes.length; ) {
            int units = Math.max(1, (short) U16.get(before, at + UNITS) & 0xffff);
            int size = Math.min(units * UNIT, bytes.length - at);
            crc.reset();
            crc.update(bytes, at + 4, size - 4);
            U32.set(bytes, at + CRC, (int) crc.getValue());
            at += size;
        }
    }
}
