package org.scoutfs.device;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Invariants;

/**
 * A set of blocks, kept as extents that neither overlap nor touch. Not thread-safe.
 *
 * <p>Cost: O(log n) per extent touched.
 */
public class ExtentSet implements Iterable<DeviceExtent> {
    private final TreeMap<Long, Long> endsByStart = new TreeMap<>();
    private long blockCount;

    public final long blockCount() {
        return blockCount;
    }

    public final int extentCount() {
        return endsByStart.size();
    }

    public final boolean isEmpty() {
        return endsByStart.isEmpty();
    }

    public final boolean overlaps(DeviceExtent extent) {
        Map.Entry<Long, Long> before = endsByStart.lowerEntry(extent.end());
        return before != null && before.getValue() > extent.blkno();
    }

    public final boolean contains(DeviceExtent extent) {
        Map.Entry<Long, Long> around = endsByStart.floorEntry(extent.blkno());
        return around != null && around.getValue() >= extent.end();
    }

    /** Adds blocks of which none may be in the set. */
    public final void add(DeviceExtent extent) {
        Invariants.check(!overlaps(extent), "blocks are there already", extent);
        long start = extent.blkno();
        long end = extent.end();
        Map.Entry<Long, Long> before = endsByStart.lowerEntry(start);
        if (before != null && before.getValue() == start) {
            start = before.getKey();
            drop(start, before.getValue());
        }
        Long afterEnd = endsByStart.get(end);
        if (afterEnd != null) {
            drop(end, afterEnd);
            end = afterEnd;
        }
        insert(start, end);
    }

    /** Takes blocks out of which all must be in the set. */
    public final void remove(DeviceExtent extent) {
        Map.Entry<Long, Long> around = endsByStart.floorEntry(extent.blkno());
        Invariants.check(around != null && around.getValue() >= extent.end(), "blocks are not all there", extent);
        long start = around.getKey();
        long end = around.getValue();
        drop(start, end);
        if (start < extent.blkno()) {
            insert(start, extent.blkno());
        }
        if (extent.end() < end) {
            insert(extent.end(), end);
        }
    }

    /** Takes out what of these blocks is in the set. */
    public final void removeOverlap(DeviceExtent extent) {
        while (true) {
            Map.Entry<Long, Long> around = endsByStart.lowerEntry(extent.end());
            if (around == null || around.getValue() <= extent.blkno()) {
                return;
            }
            long start = Math.max(around.getKey(), extent.blkno());
            remove(new DeviceExtent(start, Math.min(around.getValue(), extent.end()) - start));
        }
    }

    /** The extent with the highest address, or null when the set is empty. */
    public final @Nullable DeviceExtent last() {
        Map.Entry<Long, Long> entry = endsByStart.lastEntry();
        return entry == null ? null : new DeviceExtent(entry.getKey(), entry.getValue() - entry.getKey());
    }

    /** The extents by address, as they are now. */
    public final List<DeviceExtent> toList() {
        List<DeviceExtent> list = new ArrayList<>(endsByStart.size());
        for (DeviceExtent extent : this) {
            list.add(extent);
        }
        return list;
    }

    @Override
    public final Iterator<DeviceExtent> iterator() {
        Iterator<Map.Entry<Long, Long>> entries = endsByStart.entrySet().iterator();
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                return entries.hasNext();
            }

            @Override
            public DeviceExtent next() {
                Map.Entry<Long, Long> entry = entries.next();
                return new DeviceExtent(entry.getKey(), entry.getValue() - entry.getKey());
            }
        };
    }

    private void insert(long start, long end) {
        endsByStart.put(start, end);
        blockCount += end - start;
        inserted(new DeviceExtent(start, end - start));
    }

    private void drop(long start, long end) {
        endsByStart.remove(start);
        blockCount -= end - start;
        dropped(new DeviceExtent(start, end - start));
    }

    /** For a subclass that keeps a second order: this extent is one of the set's from now on. */
    protected void inserted(DeviceExtent extent) {}

    /** For a subclass that keeps a second order: this extent is none of the set's any more. */
    protected void dropped(DeviceExtent extent) {}

    @Override
    public String toString() {
        return blockCount + " blocks in " + endsByStart.size() + " extents";
    }
}
