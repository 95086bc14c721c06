package org.scoutfs.format;

import java.lang.foreign.MemorySegment;
import org.scoutfs.base.CorruptionException;

/**
 * Which server incarnation, of which epoch, serves the volume. Written when a server claims the volume and once more when it
 * lets go of it in order; nobody writes it in between. docs/format.md, "Claim block".
 *
 * @param rid the server's incarnation
 * @param isReleased whether that server has stopped in order: it will never write anything more
 * @param wallNanos when, by the host's clock; for messages only
 */
public record ClaimBlock(long volumeId, long epoch, long rid, ProcessIdentity process, boolean isReleased, long wallNanos) {
    public static final long BLKNO = VolumeLayout.CLAIM_BLKNO;

    /** What is sealed; the rest of the block is zero. */
    public static final int SEALED_SIZE = 512;

    public void encode(MemorySegment block) {
        ByteWriter out = new ByteWriter();
        out.u64(VolumeLayout.MAGIC).u64(epoch).u64(rid).u64(wallNanos).u32(isReleased ? 1 : 0);
        process.encode(out);
        block.fill((byte) 0);
        new BlockTrailer(volumeId, BLKNO, epoch, BlockKind.CLAIM).seal(block.asSlice(0, SEALED_SIZE), out.toArray());
    }

    public static ClaimBlock decode(MemorySegment block, long volumeId) throws CorruptionException {
        ClaimBlock decoded = decode(block);
        if (decoded.volumeId != volumeId) {
            throw CorruptionException.of(BlockKind.CLAIM + " at block " + BLKNO, "volume " + Long.toHexString(volumeId),
                    "volume " + Long.toHexString(decoded.volumeId));
        }
        return decoded;
    }

    /** The volume id is what the block says. */
    public static ClaimBlock decode(MemorySegment block) throws CorruptionException {
        MemorySegment sealed = block.asSlice(0, SEALED_SIZE);
        BlockTrailer trailer = BlockTrailer.open(sealed, BLKNO, BlockKind.CLAIM);
        ByteReader in = BlockTrailer.payload(sealed, "claim block");
        in.u64("the magic number", VolumeLayout.MAGIC, VolumeLayout.MAGIC);
        long epoch = in.u64("the trailer's epoch", trailer.epoch(), trailer.epoch());
        long rid = in.u64();
        long wallNanos = in.u64();
        boolean isReleased = in.u32("the released flag", 0, 1) == 1;
        ProcessIdentity process = ProcessIdentity.decode(in);
        in.zeroes();
        return new ClaimBlock(trailer.volumeId(), epoch, rid, process, isReleased, wallNanos);
    }

    /** Whether this is a claim of the same incarnation in the same epoch, released or not. */
    public boolean isBy(long otherEpoch, long otherRid) {
        return epoch == otherEpoch && rid == otherRid;
    }
}
