package org.scoutfs.device;

import org.scoutfs.base.Invariants;

/** A run of device blocks: {@code [blkno, blkno + blockCount)}. Never empty. Ordered by {@code blkno}. */
public record DeviceExtent(long blkno, long blockCount) implements Comparable<DeviceExtent> {
    public DeviceExtent {
        Invariants.check(blkno >= 0, "negative block number", blkno);
        Invariants.check(blockCount > 0, "empty extent", blockCount);
    }

    /** One past the last block. */
    public long end() {
        return blkno + blockCount;
    }

    public boolean overlaps(DeviceExtent other) {
        return blkno < other.end() && other.blkno < end();
    }

    @Override
    public int compareTo(DeviceExtent other) {
        return Long.compare(blkno, other.blkno);
    }
}
