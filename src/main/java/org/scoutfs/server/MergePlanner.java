package org.scoutfs.server;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.scoutfs.lsm.CompactionJob;
import org.scoutfs.lsm.CompactionOptions;
import org.scoutfs.lsm.CompactionPicker;
import org.scoutfs.lsm.MergeSpec;
import org.scoutfs.lsm.Version;
import org.scoutfs.lsm.VersionEdit;
import org.scoutfs.net.Message;

/**
 * Which merges run, on which node, and what to do next.
 *
 * <ol>
 *   <li>A job owns its inputs until its node says that it is done or has failed, or is gone.
 *   <li>A result is taken only from the node that has the job, and only when it replaces exactly the job's inputs, in the job's
 *       level.
 *   <li>After a failure nothing is started for a while: it would fail again. After one of a merge that had less space than it could need,
 *       no such merge is.
 * </ol>
 */
final class MergePlanner {
    private static final long PAUSE_NANOS = 10_000_000_000L;
    private static final long NO_DARE_NANOS = 20_000_000_000L;

    /** A merge that a node has, and how much space it was given. */
    record Job(long id, long rid, MergeSpec spec, long blocks) {}

    private final CompactionPicker picker;
    private final int jobsPerNode;
    private final Map<Long, Job> running = new TreeMap<>();
    private long lastJobId;
    private @Nullable Version plannedOn;
    private CompactionPicker.Room plannedIn = CompactionPicker.Room.PLENTY;
    private CompactionPicker.Room lastRoom = CompactionPicker.Room.PLENTY;
    private long pausedUntilNanos = Long.MIN_VALUE;
    private boolean failed;
    /** A merge that was to do with what it likely needed did not: for a while only those are chosen that surely suffice. */
    private boolean isDareLost;

    private long noDareUntilNanos = Long.MIN_VALUE;

    MergePlanner(CompactionOptions options, int jobsPerNode) {
        this.picker = new CompactionPicker(options);
        this.jobsPerNode = jobsPerNode;
    }

    /** What to do next on this version, or null: asked again after it was done. */
    @Nullable CompactionJob next(
            Version version, CompactionPicker.Room space, Collection<Client> clients, long nowNanos) {
        if (isDareLost) {
            isDareLost = false;
            noDareUntilNanos = nowNanos + NO_DARE_NANOS;
        }
        CompactionPicker.Room room = nowNanos < noDareUntilNanos ? space.withoutDaring() : space;
        lastRoom = room;
        if (failed) {
            failed = false;
            pausedUntilNanos = nowNanos + PAUSE_NANOS;
        }
        if (isPlanned(version, room) || nowNanos < pausedUntilNanos || clients.stream().allMatch(one -> one.isReadOnly)) {
            return null;
        }
        List<MergeSpec> specs = new ArrayList<>();
        running.values().forEach(job -> specs.add(job.spec));
        CompactionJob job = picker.pick(version, specs, room);
        boolean hasHands = clients.stream().anyMatch(this::isIdle);
        if (job == null || job instanceof CompactionJob.Merge && !hasHands) {
            plannedOn = version;
            plannedIn = room;
            return null;
        }
        return job;
    }

    /** Whether the answer would be the last one again. With more room where it is short, it may be another. */
    private boolean isPlanned(Version version, CompactionPicker.Room room) {
        return version.equals(plannedOn)
                && (room.mayDare() == plannedIn.mayDare())
                && (!room.isShort() || plannedIn.isShort() && room.blocks() / 5 * 4 <= plannedIn.blocks());
    }

    private boolean isIdle(Client client) {
        return !client.isReadOnly && jobsOf(client.rid) < jobsPerNode;
    }

    private long jobsOf(long rid) {
        return running.values().stream().filter(job -> job.rid == rid).count();
    }

    /** The node that a merge which {@link #next} chose goes to: the one with the fewest. */
    long idlest(Collection<Client> clients) {
        long rid = 0;
        long fewest = Long.MAX_VALUE;
        for (Client client : clients) {
            if (isIdle(client) && jobsOf(client.rid) < fewest) {
                rid = client.rid;
                fewest = jobsOf(rid);
            }
        }
        return rid;
    }

    Job start(MergeSpec spec, long rid, long blocks) {
        Job job = new Job(++lastJobId, rid, spec, blocks);
        running.put(job.id, job);
        return job;
    }

    /** What running merges were given. */
    long blocksInUse() {
        return running.values().stream().mapToLong(Job::blocks).sum();
    }

    /** There was no space for what was chosen, in spite of the room: for this version and this room there is nothing to do. */
    void postpone(Version version) {
        plannedOn = version;
        plannedIn = lastRoom;
    }

    /** Why a result is not to be taken, or null. */
    @Nullable String refusalOf(Message.Merged m) {
        Job job = running.get(m.jobId());
        if (job == null || job.rid != m.rid()) {
            return "merge job " + m.jobId() + " is not this node's";
        }
        if (m.removedIds().size() != job.spec.inputIds().size()
                || !new HashSet<>(m.removedIds()).equals(new HashSet<>(job.spec.inputIds()))) {
            return "merge job " + m.jobId() + " has other inputs than " + m.removedIds();
        }
        for (VersionEdit.Added added : m.added()) {
            if (added.level() != job.spec.targetLevel()) {
                return "merge job " + m.jobId() + " goes to level " + job.spec.targetLevel() + ", not " + added.level();
            }
        }
        return null;
    }

    void done(long jobId) {
        running.remove(jobId);
        plannedOn = null;
    }

    void failed(long jobId) {
        Job job = running.remove(jobId);
        plannedOn = null;
        if (job != null && job.blocks < job.spec.blocksMax()) {
            isDareLost = true;
        } else {
            failed = true;
        }
    }

    void forget(long rid) {
        running.values().removeIf(job -> job.rid == rid);
        plannedOn = null;
    }
}
