package org.scoutfs.lsm;

import org.scoutfs.base.Invariants;

/**
 * How segments are written. Readers need none of it: a segment says of itself what they have to know.
 *
 * @param volumeId goes into every block, and is checked in every block that is read
 * @param segmentBlocks a segment ends before it has more device blocks than this
 * @param dataBlockUnits device blocks in a data block: more make the index smaller and reads of one item longer
 * @param shortPrefix bytes of a key that say which object it belongs to: a scan within one object asks the filter for these
 * @param longPrefix bytes of a key that tell nearly every item from the next: look-ups of one key, and scans of keys that
 *     share them, ask the filter for these
 * @param filterBitsPerEntry bits for each different prefix: 10 give one wrong answer in about 70
 */
public record SegmentOptions(
        long volumeId, int segmentBlocks, int dataBlockUnits, int shortPrefix, int longPrefix, int filterBitsPerEntry) {
    public SegmentOptions {
        Invariants.check(segmentBlocks > 0 && segmentBlocks <= 1 << 18, "segment size in blocks", segmentBlocks);
        Invariants.check(dataBlockUnits > 0 && dataBlockUnits <= 16, "data block size in blocks", dataBlockUnits);
        Invariants.check(shortPrefix > 0 && shortPrefix < longPrefix && longPrefix <= 255, "filter prefixes", longPrefix);
        Invariants.check(filterBitsPerEntry > 0 && filterBitsPerEntry <= 64, "filter bits", filterBitsPerEntry);
    }

    /** Segments of 8 MiB with data blocks of 16 KiB, and the prefixes of scoutfs keys: zone, first; and with type, second. */
    public static SegmentOptions of(long volumeId) {
        return new SegmentOptions(volumeId, 2048, 4, 9, 18, 10);
    }

    public SegmentOptions withSegmentBlocks(int blocks) {
        return new SegmentOptions(volumeId, blocks, dataBlockUnits, shortPrefix, longPrefix, filterBitsPerEntry);
    }

    public SegmentOptions withDataBlockUnits(int units) {
        return new SegmentOptions(volumeId, segmentBlocks, units, shortPrefix, longPrefix, filterBitsPerEntry);
    }
}
