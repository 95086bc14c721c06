package org.scoutfs.lsm;

import org.scoutfs.device.DeviceExtent;

/**
 * A segment as versions name it. Two infos are equal when the ids are: an id is never used twice.
 *
 * @param id drawn from a range that the server granted
 * @param blkno first block on the device
 * @param blockCount its length; at least 1
 * @param itemCount items of all kinds
 * @param tombstoneCount how many of them are tombstones
 * @param firstKey smallest key
 * @param lastKey largest key
 */
public record SegmentInfo(
        long id, long blkno, int blockCount, long itemCount, long tombstoneCount, byte[] firstKey, byte[] lastKey) {
    public DeviceExtent extent() {
        return new DeviceExtent(blkno, blockCount);
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
