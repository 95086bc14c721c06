package org.scoutfs.txn;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongConsumer;
import org.scoutfs.base.Invariants;
import org.scoutfs.device.DeviceExtent;
import org.scoutfs.lsm.SegmentInfo;
import org.scoutfs.lsm.Version;
import org.scoutfs.lsm.VersionEdit;
import org.scoutfs.net.Connection;
import org.scoutfs.net.Message;

/**
 * A server for one node that keeps its state in memory and does what the test says. It owns each block by number, and throws where
 * one is used by who was not granted it, or twice.
 */
final class ScriptedServer implements Connection {
    private final ExecutorService thread = Executors.newSingleThreadExecutor();
    private final ReentrantLock mutex = new ReentrantLock();
    private final List<Message> received = new ArrayList<>();

    // Guarded by mutex.
    private Receiver node;
    private Version version = Version.empty();
    private final Set<Long> free = new HashSet<>();
    private final Set<Long> granted = new HashSet<>();
    private final Set<Long> used = new HashSet<>();
    private long nextSeq = 1;
    private long nextSegmentId = 1;
    private long reserveBlocks;
    private long joinDataBlocks = 1024;
    private long joinMetaBlocks = 4096;
    private String refusal;
    private boolean isHeld;
    private Throwable failure;
    private final List<Message> held = new ArrayList<>();

    /** Blocks [first, first + count) are free. */
    ScriptedServer(long first, long count) {
        for (long blkno = first; blkno < first + count; blkno++) {
            free.add(blkno);
        }
    }

    void connect(ServerSession session) {
        node = session;
        session.connect(this);
    }

    ScriptedServer withJoinGrants(long dataBlocks, long metaBlocks) {
        joinDataBlocks = dataBlocks;
        joinMetaBlocks = metaBlocks;
        return this;
    }

    /** So many of the free blocks are granted only to those who may use the reserve. */
    void setReserve(long blocks) {
        locked(() -> reserveBlocks = blocks);
    }

    /** Every commit is refused with this from now on. */
    void refuseCommits(String reason) {
        locked(() -> refusal = reason);
    }

    /** Commits are taken but not answered, until {@link #releaseCommits}. */
    void holdCommits() {
        locked(() -> isHeld = true);
    }

    void releaseCommits() {
        locked(() -> {
            isHeld = false;
            List<Message> all = new ArrayList<>(held);
            held.clear();
            all.forEach(message -> thread.execute(() -> handle(message)));
        });
    }

    void tell(Message message) {
        thread.execute(() -> node.receive(message));
    }

    long freeBlocks() {
        mutex.lock();
        try {
            return free.size();
        } finally {
            mutex.unlock();
        }
    }

    long grantedBlocks() {
        mutex.lock();
        try {
            return granted.size();
        } finally {
            mutex.unlock();
        }
    }

    long usedBlocks() {
        mutex.lock();
        try {
            return used.size();
        } finally {
            mutex.unlock();
        }
    }

    Version version() {
        mutex.lock();
        try {
            return version;
        } finally {
            mutex.unlock();
        }
    }

    <M> List<M> received(Class<M> kind) {
        mutex.lock();
        try {
            return received.stream().filter(kind::isInstance).map(kind::cast).toList();
        } finally {
            mutex.unlock();
        }
    }

    private void locked(Runnable action) {
        mutex.lock();
        try {
            action.run();
        } finally {
            mutex.unlock();
        }
    }

    @Override
    public void send(Message message) {
        thread.execute(() -> handle(message));
    }

    private void handle(Message message) {
        Message answer;
        mutex.lock();
        try {
            if (isHeld && message instanceof Message.Commit) {
                held.add(message);
                return;
            }
            received.add(message);
            answer = answer(message);
        } catch (RuntimeException | Error e) {
            failure = e;
            return;
        } finally {
            mutex.unlock();
        }
        if (answer != null) {
            node.receive(answer);
        }
    }

    private Message answer(Message message) {
        return switch (message) {
            case Message.Join join -> new Message.Joined(
                    join.requestId(),
                    1,
                    version.number(),
                    version.stableSeq(),
                    version.levels(),
                    List.of(nextSeq++, nextSeq++),
                    grants(joinDataBlocks, joinMetaBlocks, true));
            case Message.Commit commit -> commit(commit);
            case Message.NeedSpace need -> new Message.SpaceGranted(
                    need.requestId(), grants(need.dataBlocks(), need.metaBlocks(), need.mayUseReserve()));
            case Message.ReturnSpace rest -> {
                give(rest.returned());
                yield new Message.Done(rest.requestId());
            }
            case Message.Goodbye goodbye -> new Message.Done(goodbye.requestId());
            case Message.Renew renew -> new Message.Renewed(renew.sentNanos(), 0, List.of());
            default -> null;
        };
    }

    private Message commit(Message.Commit commit) {
        if (refusal != null) {
            return new Message.Refused(commit.requestId(), refusal);
        }
        for (DeviceExtent extent : commit.consumed()) {
            each(extent, blkno -> {
                Invariants.check(granted.remove(blkno), "consumed, but not granted", blkno);
                used.add(blkno);
            });
        }
        for (DeviceExtent extent : commit.freed()) {
            each(extent, blkno -> {
                Invariants.check(used.remove(blkno), "freed, but not used", blkno);
                free.add(blkno);
            });
        }
        give(commit.returned());
        List<VersionEdit.Added> added = new ArrayList<>();
        for (SegmentInfo segment : commit.segments()) {
            added.add(new VersionEdit.Added(0, segment));
        }
        VersionEdit edit = new VersionEdit(version.number() + 1, commit.seq(), added, List.of());
        version = version.apply(edit);
        return new Message.Committed(commit.requestId(), List.of(edit), nextSeq++, Message.Grants.NONE);
    }

    private void give(List<DeviceExtent> extents) {
        for (DeviceExtent extent : extents) {
            each(extent, blkno -> {
                Invariants.check(granted.remove(blkno), "returned, but not granted", blkno);
                free.add(blkno);
            });
        }
    }

    private Message.Grants grants(long dataBlocks, long metaBlocks, boolean mayUseReserve) {
        List<DeviceExtent> data = grant(dataBlocks, mayUseReserve);
        List<DeviceExtent> meta = grant(metaBlocks, mayUseReserve);
        long first = nextSegmentId;
        nextSegmentId += 1000;
        return new Message.Grants(data, meta, first, 1000);
    }

    private List<DeviceExtent> grant(long blocks, boolean mayUseReserve) {
        long most = free.size() - (mayUseReserve ? 0 : reserveBlocks);
        List<DeviceExtent> extents = new ArrayList<>();
        free.stream().sorted().limit(Math.max(0, Math.min(blocks, most))).forEach(blkno ->
                extents.add(new DeviceExtent(blkno, 1)));
        for (DeviceExtent extent : extents) {
            free.remove(extent.blkno());
            granted.add(extent.blkno());
        }
        return Extents.joined(extents);
    }

    private static void each(DeviceExtent extent, LongConsumer action) {
        for (long blkno = extent.blkno(); blkno < extent.end(); blkno++) {
            action.accept(blkno);
        }
    }

    /** Throws when the node broke a rule. */
    void end() throws InterruptedException {
        thread.shutdown();
        Invariants.check(thread.awaitTermination(30, TimeUnit.SECONDS), "the server's thread hangs");
        if (failure != null) {
            throw new AssertionError("the node broke the server's rules", failure);
        }
    }
}
