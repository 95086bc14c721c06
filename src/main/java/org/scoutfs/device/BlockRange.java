package org.scoutfs.device;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.scoutfs.base.Invariants;

/** The checks that every device makes of the blocks and the memory of a call. */
final class BlockRange {
    private BlockRange() {}

    /**
     * The byte that block {@code blkno} starts at.
     *
     * @throws IOException when the call reaches past the end: on a damaged volume block numbers come from anywhere
     */
    static long offset(BlockDevice device, String what, long blkno, MemorySegment memory) throws IOException {
        long size = memory.byteSize();
        Invariants.check(size > 0 && size % BlockDevice.BLOCK_SIZE == 0, "not whole blocks", size);
        Invariants.check(memory.address() % BlockDevice.BLOCK_SIZE == 0, "unaligned memory", memory.address());
        long count = size / BlockDevice.BLOCK_SIZE;
        if (!isInside(device, blkno, count)) {
            device.measure();
        }
        if (!isInside(device, blkno, count)) {
            throw new IOException(what + " of " + count + " blocks at block " + blkno + " of " + device.name() + ", which has "
                    + device.blockCount() + " blocks");
        }
        return blkno * BlockDevice.BLOCK_SIZE;
    }

    private static boolean isInside(BlockDevice device, long blkno, long count) {
        return blkno >= 0 && count <= device.blockCount() && blkno <= device.blockCount() - count;
    }
}
