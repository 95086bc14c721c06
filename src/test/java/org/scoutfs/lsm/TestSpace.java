package org.scoutfs.lsm;

import java.util.Map;
import java.util.TreeMap;
import org.scoutfs.base.Invariants;
import org.scoutfs.device.DeviceExtent;

/** First fit over a whole device; tests free what no version has. */
final class TestSpace implements SegmentSpace {
    private final TreeMap<Long, Long> free = new TreeMap<>();
    private long nextId = 1;
    /** Runs longer than this are denied, to make writers cope with fragments. */
    int longestRunMax = Integer.MAX_VALUE;

    TestSpace(long blockCount) {
        free.put(16L, blockCount - 16);
    }

    @Override
    public long nextSegmentId() {
        return nextId++;
    }

    @Override
    public int longestRun() {
        long longest = free.values().stream().mapToLong(Long::longValue).max().orElse(0);
        return (int) Math.min(longest, longestRunMax);
    }

    @Override
    public DeviceExtent take(int blockCount) {
        for (Map.Entry<Long, Long> run : free.entrySet()) {
            if (run.getValue() >= blockCount) {
                long start = run.getKey();
                long length = run.getValue();
                free.remove(start);
                if (length > blockCount) {
                    free.put(start + blockCount, length - blockCount);
                }
                return new DeviceExtent(start, blockCount);
            }
        }
        throw new AssertionError("no run of " + blockCount);
    }

    void give(DeviceExtent extent) {
        Map.Entry<Long, Long> before = free.floorEntry(extent.blkno());
        Map.Entry<Long, Long> after = free.ceilingEntry(extent.blkno());
        Invariants.check(before == null || before.getKey() + before.getValue() <= extent.blkno(), "freed twice");
        Invariants.check(after == null || extent.end() <= after.getKey(), "freed twice");
        long start = extent.blkno();
        long length = extent.blockCount();
        if (before != null && before.getKey() + before.getValue() == start) {
            free.remove(before.getKey());
            start = before.getKey();
            length += before.getValue();
        }
        if (after != null && after.getKey() == extent.end()) {
            free.remove(after.getKey());
            length += after.getValue();
        }
        free.put(start, length);
    }

    long freeBlocks() {
        return free.values().stream().mapToLong(Long::longValue).sum();
    }
}
