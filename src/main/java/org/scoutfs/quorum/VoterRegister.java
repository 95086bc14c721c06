package org.scoutfs.quorum;

import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.scoutfs.format.SuperSlot;
import org.scoutfs.format.SuperSlot.QuorumSlot;
import org.scoutfs.format.VoterBlock;
import org.scoutfs.volume.Volume;
import org.scoutfs.volume.Voters;

/** Where it stands which voter a slot is; what a lost directory does not take with it. */
public interface VoterRegister {
    /** @return null when the slot never had a voter */
    @Nullable VoterBlock read(int slot) throws IOException;

    /** Durable when it returns. */
    void write(VoterBlock voter) throws IOException;

    /** The slots that there are now, of the same configuration as at first; null where they never change. */
    default @Nullable List<QuorumSlot> slots() throws IOException {
        return null;
    }

    /** On the volume's device. */
    static VoterRegister of(Volume volume) {
        Voters voters = new Voters(volume);
        return new VoterRegister() {
            @Override
            public @Nullable VoterBlock read(int slot) throws IOException {
                return voters.read(slot);
            }

            @Override
            public void write(VoterBlock voter) throws IOException {
                voters.write(voter);
            }

            @Override
            public @Nullable List<QuorumSlot> slots() throws IOException {
                SuperSlot now = Volume.open(volume.device()).slot();
                return now.quorumVersion() == volume.slot().quorumVersion() ? now.quorumSlots() : null;
            }
        };
    }
}
