package org.scoutfs.lsm;

import java.util.Arrays;
import org.scoutfs.base.Invariants;
import org.scoutfs.device.DeviceExtent;

/**
 * A segment as versions name it. Two infos are equal when the ids are: an id is never used twice.
 *
 * @param id drawn from a range that the server granted
 * @param blkno first block on the device
 * @param blockCount its length; at least 1
 * @param itemCount items of all kinds; at least 1
 * @param tombstoneCount how many of them are tombstones
 * @param firstKey smallest key
 * @param lastKey largest key
 */
public record SegmentInfo(
        long id, long blkno, int blockCount, long itemCount, long tombstoneCount, byte[] firstKey, byte[] lastKey) {
    /** Bytes in the longest key. */
    public static final int KEY_SIZE_MAX = 255;

    public SegmentInfo {
        Invariants.check(blkno >= 0 && blockCount > 0, "no blocks in segment", id);
        Invariants.check(itemCount > 0 && tombstoneCount >= 0 && tombstoneCount <= itemCount, "item counts of segment", id);
        Invariants.check(firstKey.length <= KEY_SIZE_MAX && lastKey.length <= KEY_SIZE_MAX, "key sizes of segment", id);
        Invariants.check(Arrays.compareUnsigned(firstKey, lastKey) <= 0, "keys of segment are out of order", id);
    }

    public DeviceExtent extent() {
        return new DeviceExtent(blkno, blockCount);
    }

    /** Whether the key lies between the first and the last key. */
    public boolean spans(byte[] key) {
        return Arrays.compareUnsigned(firstKey, key) <= 0 && Arrays.compareUnsigned(key, lastKey) <= 0;
    }

    /** Whether the key range meets {@code [first, last]}. */
    public boolean overlaps(byte[] first, byte[] last) {
        return Arrays.compareUnsigned(firstKey, last) <= 0 && Arrays.compareUnsigned(first, lastKey) <= 0;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof SegmentInfo info && info.id == id;
    }

    @Override
    public int hashCode() {
        return Long.hashCode(id);
    }

    @Override
    public String toString() {
        return "segment " + id + " at block " + blkno + "+" + blockCount;
    }
}
