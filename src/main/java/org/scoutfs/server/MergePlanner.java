package org.scoutfs.server;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.scoutfs.lsm.MergeSpec;
import org.scoutfs.net.Message;
import org.scoutfs.volume.VolumeState;

/** Which merges run, on which node, and which to start next. */
final class MergePlanner {
    /** A merge and what it is given: the inputs' blocks and some more. */
    record Job(long id, long rid, MergeSpec spec, long blocks, int segmentIds) {}

    private final VolumeState state;
    private final Map<Long, Job> running = new TreeMap<>();

    MergePlanner(VolumeState state) {
        this.state = state;
    }

    /** Jobs to start now. */
    List<Job> plan(Collection<Client> clients, SpaceBook space) {
        return List.of();
    }

    boolean isRunning(long rid, long jobId) {
        Job job = running.get(jobId);
        return job != null && job.rid == rid;
    }

    /** Why the result is not that of its job, or null. */
    @Nullable String refusalOf(Message.Merged m) {
        return null;
    }

    void done(long jobId) {
        running.remove(jobId);
    }

    void failed(long jobId) {
        running.remove(jobId);
    }

    void forget(long rid) {
        running.values().removeIf(job -> job.rid == rid);
    }

    @Override
    public String toString() {
        return running.size() + " merges on version " + state.version().number();
    }
}
