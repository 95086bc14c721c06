package org.scoutfs.testkit;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.scoutfs.format.VoterBlock;
import org.scoutfs.quorum.VoterRegister;

/** A voter register in memory, shared by the voters of a test as the device is. */
public final class MemoryRegister implements VoterRegister {
    private final Map<Integer, VoterBlock> voters = new ConcurrentHashMap<>();

    @Override
    public @Nullable VoterBlock read(int slot) {
        return voters.get(slot);
    }

    @Override
    public void write(VoterBlock voter) {
        voters.put(voter.slot(), voter);
    }

    /** As if a write had not come so far. */
    public void set(VoterBlock voter) {
        voters.put(voter.slot(), voter);
    }

    public void forget(int slot) {
        voters.remove(slot);
    }
}
