package org.scoutfs.check;

import java.util.ArrayList;
import java.util.List;
import org.scoutfs.device.DeviceExtent;

/**
 * Which blocks of a window have an owner, one bit each. What is added twice, and what was never added, is told.
 *
 * <p>Memory: an eighth of a byte per block, so 32 MiB for a TiB.
 */
final class BlockMap {
    /** More runs than this say nothing more. */
    private static final int RUNS_MAX = 1000;

    private final DeviceExtent window;
    private final long[] bits;
    private final List<DeviceExtent> twice = new ArrayList<>();

    /** @param window at most 2^36 blocks */
    BlockMap(DeviceExtent window) {
        this.window = window;
        this.bits = new long[Math.toIntExact((window.blockCount() + Long.SIZE - 1) / Long.SIZE)];
    }

    /** These blocks have an owner. Those outside of the window are not looked at. */
    void add(DeviceExtent extent) {
        long from = Math.max(extent.blkno(), window.blkno()) - window.blkno();
        long to = Math.min(extent.end(), window.end()) - window.blkno();
        while (from < to) {
            int word = (int) (from / Long.SIZE);
            int bit = (int) (from % Long.SIZE);
            int count = (int) Math.min(Long.SIZE - bit, to - from);
            long mask = (count == Long.SIZE ? -1L : (1L << count) - 1) << bit;
            long before = bits[word] & mask;
            if (before != 0) {
                addTwice(word, before);
            }
            bits[word] |= mask;
            from += count;
        }
    }

    private void addTwice(int word, long mask) {
        for (long rest = mask; rest != 0; ) {
            int bit = Long.numberOfTrailingZeros(rest);
            int count = Long.numberOfTrailingZeros(~(rest >>> bit));
            append(twice, new DeviceExtent(window.blkno() + (long) word * Long.SIZE + bit, count));
            rest &= bit + count == Long.SIZE ? 0 : -1L << bit + count;
        }
    }

    /** Runs that were added more than once. */
    List<DeviceExtent> twice() {
        return twice;
    }

    /** Runs that were never added. */
    List<DeviceExtent> never() {
        List<DeviceExtent> runs = new ArrayList<>();
        for (int word = 0; word < bits.length && runs.size() < RUNS_MAX; word++) {
            long free = ~bits[word];
            while (free != 0) {
                int bit = Long.numberOfTrailingZeros(free);
                int count = Long.numberOfTrailingZeros(~(free >>> bit));
                long from = (long) word * Long.SIZE + bit;
                long end = Math.min(from + count, window.blockCount());
                if (from < end) {
                    append(runs, new DeviceExtent(window.blkno() + from, end - from));
                }
                free &= bit + count == Long.SIZE ? 0 : -1L << bit + count;
            }
        }
        return runs;
    }

    /** Joins a run to the last one where it goes on. */
    private static void append(List<DeviceExtent> runs, DeviceExtent run) {
        DeviceExtent last = runs.isEmpty() ? null : runs.getLast();
        if (last != null && last.end() == run.blkno()) {
            runs.set(runs.size() - 1, new DeviceExtent(last.blkno(), last.blockCount() + run.blockCount()));
        } else if (runs.size() < RUNS_MAX) {
            runs.add(run);
        }
    }
}
