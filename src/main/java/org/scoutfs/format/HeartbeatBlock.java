package org.scoutfs.format;

import java.lang.foreign.MemorySegment;
import org.scoutfs.base.CorruptionException;

/**
 * That the server is alive: the counter moves. It says nothing about who serves, so a late write of it does no harm; that is
 * why it is not a part of the claim. docs/format.md, "Heartbeat block".
 */
public record HeartbeatBlock(long volumeId, long epoch, long rid, long counter) {
    public static final long BLKNO = VolumeLayout.HEARTBEAT_BLKNO;
    public static final int SEALED_SIZE = 512;

    public void encode(MemorySegment block) {
        byte[] payload = new ByteWriter().u64(epoch).u64(rid).u64(counter).toArray();
        block.fill((byte) 0);
        new BlockTrailer(volumeId, BLKNO, epoch, BlockKind.HEARTBEAT).seal(block.asSlice(0, SEALED_SIZE), payload);
    }

    public static HeartbeatBlock decode(MemorySegment block, long volumeId) throws CorruptionException {
        HeartbeatBlock decoded = decode(block);
        if (decoded.volumeId != volumeId) {
            throw CorruptionException.of(BlockKind.HEARTBEAT + " at block " + BLKNO, "volume " + Long.toHexString(volumeId),
                    "volume " + Long.toHexString(decoded.volumeId));
        }
        return decoded;
    }

    /** The volume id is what the block says. */
    public static HeartbeatBlock decode(MemorySegment block) throws CorruptionException {
        MemorySegment sealed = block.asSlice(0, SEALED_SIZE);
        BlockTrailer trailer = BlockTrailer.open(sealed, BLKNO, BlockKind.HEARTBEAT);
        ByteReader in = BlockTrailer.payload(sealed, "heartbeat block");
        long epoch = in.u64("the trailer's epoch", trailer.epoch(), trailer.epoch());
        HeartbeatBlock decoded = new HeartbeatBlock(trailer.volumeId(), epoch, in.u64(), in.u64());
        in.zeroes();
        return decoded;
    }
}
