package org.scoutfs.format;

import java.lang.foreign.MemorySegment;
import org.scoutfs.base.CorruptionException;

/**
 * Which voter a quorum slot is: so that one whose directory was lost is told from one that never was. Written by a mount of that
 * slot each time before it votes. docs/format.md, "Voter block".
 *
 * @param quorumVersion of the configuration that it votes in
 * @param generation 0 for the slot's first voter under this configuration, one more with each directory that was lost
 * @param starts how often this voter has started: a directory that knows of fewer is an old copy
 */
public record VoterBlock(long volumeId, int slot, long quorumVersion, long generation, long starts) {
    public void encode(MemorySegment block) {
        byte[] payload = new ByteWriter().u32(slot).u64(quorumVersion).u64(generation).u64(starts).toArray();
        new BlockTrailer(volumeId, VolumeLayout.voterBlkno(slot), quorumVersion, BlockKind.VOTER).seal(block, payload);
    }

    public static VoterBlock decode(MemorySegment block, long volumeId, int slot) throws CorruptionException {
        BlockTrailer trailer =
                BlockTrailer.open(block, volumeId, VolumeLayout.voterBlkno(slot), BlockKind.VOTER);
        ByteReader in = BlockTrailer.payload(block, "voter block of slot " + slot);
        int found = in.u32("the block's slot", slot, slot);
        long version = in.u64("the trailer's quorum version", trailer.epoch(), trailer.epoch());
        VoterBlock decoded = new VoterBlock(volumeId, found, version,
                in.u64("a generation", 0, Long.MAX_VALUE), in.u64("a count of starts", 0, Long.MAX_VALUE));
        in.zeroes();
        return decoded;
    }
}
