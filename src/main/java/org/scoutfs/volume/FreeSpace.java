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
 * <p>Best fit: the smallest free extent that holds what is wanted, and of those the one with the lowest address, so that large
 * extents stay whole. Where none is large enough, the largest ones until it adds up.
 */
public final class FreeSpace extends ExtentSet {
    private final TreeSet<DeviceExtent> bySize = new TreeSet<>(
            Comparator.comparingLong(DeviceExtent::blockCount).thenComparingLong(DeviceExtent::blkno));

    /**
     * Chooses up to {@code blocks} blocks in at most {@code extentsMax} extents; fewer where there are no more.
     *
     * @param extentBlocksMin extents smaller than this are not worth taking, unless what is wanted is smaller itself
     */
    public List<DeviceExtent> choose(long blocks, int extentsMax, long extentBlocksMin) {
        List<DeviceExtent> chosen = new ArrayList<>();
        if (blocks <= 0) {
            return chosen;
        }
        DeviceExtent fitting = bySize.ceiling(new DeviceExtent(0, blocks));
        if (fitting != null) {
            chosen.add(new DeviceExtent(fitting.blkno(), blocks));
            return chosen;
        }
        long wanted = blocks;
        for (DeviceExtent extent : bySize.descendingSet()) {
            if (wanted == 0 || chosen.size() == extentsMax || extent.blockCount() < Math.min(extentBlocksMin, blocks)) {
                break;
            }
            long count = Math.min(wanted, extent.blockCount());
            chosen.add(new DeviceExtent(extent.blkno(), count));
            wanted -= count;
        }
        return chosen;
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
