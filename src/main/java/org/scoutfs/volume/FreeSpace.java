package org.scoutfs.volume;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.scoutfs.device.DeviceExtent;
import org.scoutfs.device.ExtentSet;

/**
 * Free blocks, found by size. It chooses and does not change: what was chosen is taken out by the edit that grants it.
 *
 * <p>The last free extent by address is where nothing was ever written, on a volume that has not been full: it comes after every other one
 * that is long enough to be worth a seek. A first write makes a sparse image or a thin device find room for it, which takes twice as
 * long as writing again what was freed, and the image stays as small as what is in it.
 *
 * <p>Among the others best fit: the smallest extent that holds what is wanted, and of those the one with the lowest address, so that
 * large extents stay whole. Where none holds it all, the largest ones until it adds up.
 */
public final class FreeSpace extends ExtentSet {
    /** 8 MiB: to stream so much takes ten times as long as a seek of a disk. */
    static final long WORTH_A_SEEK_BLOCKS = 2048;

    private final TreeSet<DeviceExtent> bySize = new TreeSet<>(
            Comparator.comparingLong(DeviceExtent::blockCount).thenComparingLong(DeviceExtent::blkno));

    /**
     * Chooses up to {@code blocks} blocks in at most {@code extentsMax} extents; fewer where there are no more.
     *
     * @param extentBlocksMin extents smaller than this are not worth taking, unless what is wanted is smaller itself
     */
    public List<DeviceExtent> choose(long blocks, int extentsMax, long extentBlocksMin) {
        Choice choice = new Choice(blocks, extentsMax);
        DeviceExtent last = last();
        if (blocks <= 0 || last == null) {
            return choice.chosen;
        }
        DeviceExtent fitting = bySize.ceiling(new DeviceExtent(0, blocks));
        if (last.equals(fitting)) {
            fitting = bySize.higher(last);
        }
        if (fitting != null) {
            choice.take(fitting);
            return choice.chosen;
        }
        long least = Math.min(extentBlocksMin, blocks);
        long worth = Math.max(least, WORTH_A_SEEK_BLOCKS);
        for (DeviceExtent extent : bySize.descendingSet()) {
            if (choice.isDone() || extent.blockCount() < worth) {
                break;
            }
            if (!extent.equals(last)) {
                choice.take(extent);
            }
        }
        if (!choice.isDone() && last.blockCount() >= least) {
            choice.take(last);
        }
        for (DeviceExtent extent : bySize.headSet(new DeviceExtent(0, worth), false).descendingSet()) {
            if (choice.isDone() || extent.blockCount() < least) {
                break;
            }
            if (!extent.equals(last)) {
                choice.take(extent);
            }
        }
        return choice.chosen;
    }

    /** What was chosen so far, and what is still wanted. */
    private static final class Choice {
        final List<DeviceExtent> chosen = new ArrayList<>();
        private final int extentsMax;
        private long wanted;

        Choice(long wanted, int extentsMax) {
            this.wanted = wanted;
            this.extentsMax = extentsMax;
        }

        boolean isDone() {
            return wanted == 0 || chosen.size() == extentsMax;
        }

        void take(DeviceExtent from) {
            long count = Math.min(wanted, from.blockCount());
            chosen.add(new DeviceExtent(from.blkno(), count));
            wanted -= count;
        }
    }

    /** The largest free extent, or null when nothing is free. */
    public @Nullable DeviceExtent largest() {
        return bySize.isEmpty() ? null : bySize.last();
    }

    @Override
    protected void inserted(DeviceExtent extent) {
        bySize.add(extent);
    }

    @Override
    protected void dropped(DeviceExtent extent) {
        bySize.remove(extent);
    }
}
