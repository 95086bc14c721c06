package org.scoutfs.volume;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.format.VoterBlock;
import org.scoutfs.format.VolumeLayout;

/**
 * The voter blocks of a volume: what survives when a voter's directory does not. Each is written by mounts of its slot only, so two of
 * them never meet in one block unless two hosts mount with one slot, and then the later one is a new voter.
 */
public final class Voters {
    private final BlockDevice device;
    private final long volumeId;

    public Voters(Volume volume) {
        this.device = volume.device();
        this.volumeId = volume.volumeId();
    }

    /** @return null when the slot never had a voter */
    public @Nullable VoterBlock read(int slot) throws IOException {
        Optional<VoterBlock> found = MetaBlocks.read(device, VolumeLayout.voterBlkno(slot),
                block -> isZero(block) ? Optional.empty() : Optional.of(VoterBlock.decode(block, volumeId, slot)));
        return found.orElse(null);
    }

    /** Durable when it returns. */
    public void write(VoterBlock voter) throws IOException {
        MetaBlocks.write(device, VolumeLayout.voterBlkno(voter.slot()), voter::encode);
        device.flush();
    }

    private static boolean isZero(MemorySegment block) {
        for (long offset = 0; offset < block.byteSize(); offset += Long.BYTES) {
            if (block.get(ValueLayout.JAVA_LONG_UNALIGNED, offset) != 0) {
                return false;
            }
        }
        return true;
    }
}
