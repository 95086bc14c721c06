package org.scoutfs.txn;

import java.util.ArrayList;
import java.util.List;
import org.scoutfs.base.Invariants;
import org.scoutfs.device.DeviceExtent;

/** Sets of blocks as sorted lists of extents. */
final class Extents {
    private Extents() {}

    /** The same blocks in as few extents as possible, in order. They must not overlap. */
    static List<DeviceExtent> joined(List<DeviceExtent> extents) {
        if (extents.size() < 2) {
            return List.copyOf(extents);
        }
        List<DeviceExtent> sorted = new ArrayList<>(extents);
        sorted.sort(null);
        List<DeviceExtent> result = new ArrayList<>();
        DeviceExtent last = sorted.getFirst();
        for (DeviceExtent extent : sorted.subList(1, sorted.size())) {
            Invariants.check(extent.blkno() >= last.end(), "a block twice", extent);
            if (extent.blkno() == last.end()) {
                last = new DeviceExtent(last.blkno(), last.blockCount() + extent.blockCount());
            } else {
                result.add(last);
                last = extent;
            }
        }
        result.add(last);
        return result;
    }

    /** Blocks that are in both; each list is sorted and overlaps nowhere. */
    static List<DeviceExtent> common(List<DeviceExtent> one, List<DeviceExtent> other) {
        List<DeviceExtent> result = new ArrayList<>();
        int i = 0;
        int j = 0;
        while (i < one.size() && j < other.size()) {
            long start = Math.max(one.get(i).blkno(), other.get(j).blkno());
            long end = Math.min(one.get(i).end(), other.get(j).end());
            if (start < end) {
                result.add(new DeviceExtent(start, end - start));
            }
            if (one.get(i).end() < other.get(j).end()) {
                i++;
            } else {
                j++;
            }
        }
        return result;
    }

    /** Blocks of the first that are not in the second; each list is sorted and overlaps nowhere. */
    static List<DeviceExtent> without(List<DeviceExtent> all, List<DeviceExtent> removed) {
        if (removed.isEmpty()) {
            return all;
        }
        List<DeviceExtent> result = new ArrayList<>();
        int j = 0;
        for (DeviceExtent extent : all) {
            long start = extent.blkno();
            while (j < removed.size() && removed.get(j).end() <= start) {
                j++;
            }
            for (int k = j; k < removed.size() && removed.get(k).blkno() < extent.end(); k++) {
                if (removed.get(k).blkno() > start) {
                    result.add(new DeviceExtent(start, removed.get(k).blkno() - start));
                }
                start = Math.max(start, removed.get(k).end());
            }
            if (start < extent.end()) {
                result.add(new DeviceExtent(start, extent.end() - start));
            }
        }
        return result;
    }
}
