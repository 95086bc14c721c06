package org.scoutfs.quorum;

import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.scoutfs.format.VoterBlock;
import org.scoutfs.volume.Volume;
import org.scoutfs.volume.Voters;

/** Where it stands which voter a slot is; what a lost directory does not take with it. */
public interface VoterRegister {
    /** @return null when the slot never had a voter */
    @Nullable VoterBlock read(int slot) throws IOException;

    /** Durable when it returns. */
    void write(VoterBlock voter) throws IOException;

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
        };
    }
}
