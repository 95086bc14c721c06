package org.scoutfs.testkit;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.scoutfs.base.Rng;
import org.scoutfs.device.BlockDevice;

/**
 * What was written to the devices of one volume, and when they were flushed, in one order. From it come the images that a
 * crash at any moment can leave: everything that a flush covered is there; of the later writes any subset, each whole, torn
 * at {@value #SECTOR_SIZE} bytes, or not at all. Writes of one block keep no order among themselves either.
 *
 * <p>Thread-safe while it records. A write counts from when it returned; a flush covers the writes that had returned when it
 * began.
 */
public final class CrashHistory {
    private static final int SECTOR_SIZE = 512;
    private static final int SECTORS = BlockDevice.BLOCK_SIZE / SECTOR_SIZE;

    private sealed interface Event {}

    private record Write(int device, long blkno, byte[] bytes) implements Event {}

    /** A flush that has returned; {@code coversBefore} is where the history stood when it began. */
    private record Flush(int device, int coversBefore) implements Event {}

    private final List<Event> events = new ArrayList<>();
    private final List<RecordingDevice> devices = new ArrayList<>();
    private final List<SparseDevice> initial = new ArrayList<>();

    /** A new device of the volume, empty. */
    public RecordingDevice newDevice(String name, long blockCount) {
        return record(new SparseDevice(name, blockCount));
    }

    /** A device of the volume that begins with these contents, all durable. */
    public synchronized RecordingDevice record(SparseDevice contents) {
        initial.add(contents.copy());
        RecordingDevice device = new RecordingDevice(this, devices.size(), contents.copy());
        devices.add(device);
        return device;
    }

    /** How many writes and flushes have happened: a moment that {@link #imageAt} understands. */
    public synchronized int now() {
        return events.size();
    }

    /** Whether the event at this index is a flush: where the interesting moments are. */
    public synchronized boolean isFlush(int index) {
        return events.get(index) instanceof Flush;
    }

    synchronized void wrote(int device, long blkno, byte[] bytes) {
        events.add(new Write(device, blkno, bytes));
    }

    synchronized void flushed(int device, int coversBefore) {
        events.add(new Flush(device, coversBefore));
    }

    /** What a crash at this moment leaves when every write has reached the device. */
    public synchronized CrashImage wholeImageAt(int moment) {
        return image(moment, null);
    }

    /** One of the images that a crash at this moment can leave; chance decides which unflushed writes it has. */
    public synchronized CrashImage imageAt(int moment, Rng rng) {
        return image(moment, rng);
    }

    /** For each moment from {@code firstMoment} to now, {@code perMoment} images. Made one by one as they are asked for. */
    public Iterable<CrashImage> crashImages(int firstMoment, long seed, int perMoment) {
        int end = now();
        return () -> new java.util.Iterator<>() {
            private final Rng rng = Rng.seeded(seed);
            private int moment = firstMoment;
            private int made;

            @Override
            public boolean hasNext() {
                return moment <= end && perMoment > 0;
            }

            @Override
            public CrashImage next() {
                CrashImage image = imageAt(moment, rng);
                if (++made == perMoment) {
                    made = 0;
                    moment++;
                }
                return image;
            }
        };
    }

    private CrashImage image(int moment, Rng rng) {
        int[] durableBefore = new int[devices.size()];
        for (Event event : events.subList(0, moment)) {
            if (event instanceof Flush flush) {
                durableBefore[flush.device] = Math.max(durableBefore[flush.device], flush.coversBefore);
            }
        }
        List<Map<Long, byte[]>> blocks = new ArrayList<>();
        for (SparseDevice device : initial) {
            blocks.add(new HashMap<>(device.writtenBlocks()));
        }
        StringBuilder lost = new StringBuilder();
        // One draw in four keeps most writes, one loses most, so that both ends are common.
        int keepOf8 = rng == null ? 8 : 1 + rng.nextInt(8);
        for (int index = 0; index < moment; index++) {
            if (!(events.get(index) instanceof Write write)) {
                continue;
            }
            Map<Long, byte[]> target = blocks.get(write.device);
            int count = write.bytes.length / BlockDevice.BLOCK_SIZE;
            boolean durable = index < durableBefore[write.device] || rng == null;
            int fate = durable ? 0 : rng.nextInt(8) < keepOf8 ? 0 : 1 + rng.nextInt(3);
            if (fate != 0) {
                lost.append(" #").append(index).append('@').append(write.blkno).append('+').append(count)
                        .append(fate == 1 ? " lost" : " torn");
            }
            for (int i = 0; i < count; i++) {
                long blkno = write.blkno + i;
                byte[] fresh = new byte[BlockDevice.BLOCK_SIZE];
                System.arraycopy(write.bytes, i * BlockDevice.BLOCK_SIZE, fresh, 0, fresh.length);
                switch (fate) {
                    case 0 -> target.put(blkno, fresh);
                    case 1 -> {}
                    default -> target.put(blkno, torn(target.get(blkno), fresh, fate, rng));
                }
            }
        }
        List<SparseDevice> images = new ArrayList<>();
        for (int i = 0; i < blocks.size(); i++) {
            SparseDevice device = initial.get(i);
            images.add(new SparseDevice(device.name(), device.blockCount(), false, blocks.get(i)));
        }
        return new CrashImage(moment, images, "crash after event " + moment + " of " + events.size() + ":" + lost);
    }

    /** Fate 2 tears whole sectors at random; fate 3 drops whole blocks of the write at random. */
    private static byte[] torn(byte[] old, byte[] fresh, int fate, Rng rng) {
        byte[] result = old == null ? new byte[BlockDevice.BLOCK_SIZE] : old.clone();
        int mask = fate == 2 ? rng.nextInt(1 << SECTORS) : rng.nextInt(2) == 0 ? 0 : (1 << SECTORS) - 1;
        for (int sector = 0; sector < SECTORS; sector++) {
            if ((mask & 1 << sector) != 0) {
                System.arraycopy(fresh, sector * SECTOR_SIZE, result, sector * SECTOR_SIZE, SECTOR_SIZE);
            }
        }
        return result;
    }
}
