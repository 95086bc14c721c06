package org.scoutfs.txn;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Invariants;
import org.scoutfs.device.DeviceExtent;

/**
 * Free extents, found by place and by size. Neighbours are joined.
 *
 * <p>Not thread-safe: whoever has one guards it. Cost: O(log n) per call.
 */
final class ExtentPool {
    private final TreeMap<Long, Long> byBlkno = new TreeMap<>();
    private final TreeSet<DeviceExtent> bySize = new TreeSet<>((a, b) -> a.blockCount() != b.blockCount()
            ? Long.compare(a.blockCount(), b.blockCount())
            : Long.compare(a.blkno(), b.blkno()));
    private long blocks;

    long blocks() {
        return blocks;
    }

    /** Whether a free run begins at this block. */
    boolean beginsAt(long blkno) {
        return byBlkno.containsKey(blkno);
    }

    /** Length of the longest run; 0 when empty. */
    long longestRun() {
        return bySize.isEmpty() ? 0 : bySize.last().blockCount();
    }

    Iterable<DeviceExtent> longestFirst() {
        return bySize.descendingSet();
    }

    void add(DeviceExtent extent) {
        long blkno = extent.blkno();
        long end = extent.end();
        Map.Entry<Long, Long> before = byBlkno.floorEntry(blkno);
        if (before != null) {
            Invariants.check(before.getKey() + before.getValue() <= blkno, "granted twice", extent);
            if (before.getKey() + before.getValue() == blkno) {
                blkno = before.getKey();
                remove(before.getKey(), before.getValue());
            }
        }
        Map.Entry<Long, Long> after = byBlkno.ceilingEntry(extent.blkno());
        if (after != null) {
            Invariants.check(after.getKey() >= end, "granted twice", extent);
            if (after.getKey() == end) {
                end += after.getValue();
                remove(after.getKey(), after.getValue());
            }
        }
        insert(blkno, end - blkno);
    }

    /**
     * Takes one run of at most {@code wanted} blocks: the one that begins at {@code preferred} if there is one, else the
     * smallest that has them all, else the longest. Null when there is nothing.
     */
    @Nullable DeviceExtent take(long wanted, long preferred) {
        Long atPreferred = preferred < 0 ? null : byBlkno.get(preferred);
        if (atPreferred != null) {
            return takeFrom(new DeviceExtent(preferred, atPreferred), wanted);
        }
        DeviceExtent fitting = bySize.ceiling(new DeviceExtent(0, wanted));
        if (fitting == null && !bySize.isEmpty()) {
            fitting = bySize.last();
        }
        return fitting == null ? null : takeFrom(fitting, wanted);
    }

    private DeviceExtent takeFrom(DeviceExtent free, long wanted) {
        long count = Math.min(free.blockCount(), wanted);
        remove(free.blkno(), free.blockCount());
        if (count < free.blockCount()) {
            insert(free.blkno() + count, free.blockCount() - count);
        }
        return new DeviceExtent(free.blkno(), count);
    }

    /** Takes everything out. */
    List<DeviceExtent> takeAll() {
        List<DeviceExtent> all = new ArrayList<>(byBlkno.size());
        byBlkno.forEach((blkno, count) -> all.add(new DeviceExtent(blkno, count)));
        byBlkno.clear();
        bySize.clear();
        blocks = 0;
        return all;
    }

    private void insert(long blkno, long count) {
        byBlkno.put(blkno, count);
        bySize.add(new DeviceExtent(blkno, count));
        blocks += count;
    }

    private void remove(long blkno, long count) {
        byBlkno.remove(blkno);
        bySize.remove(new DeviceExtent(blkno, count));
        blocks -= count;
    }
}
