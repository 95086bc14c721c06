package org.scoutfs.simulation;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongFunction;
import org.scoutfs.base.FsException;
import org.scoutfs.base.MustWait;
import org.scoutfs.device.DeviceExtent;
import org.scoutfs.lock.LockClient;
import org.scoutfs.lock.NodeLocks;
import org.scoutfs.lock.RevokeHandler;
import org.scoutfs.lsm.MergeSpec;
import org.scoutfs.lsm.SegmentInfo;
import org.scoutfs.lsm.Version;
import org.scoutfs.lsm.VersionEdit;
import org.scoutfs.net.LockMode;
import org.scoutfs.net.LockName;
import org.scoutfs.net.Message;
import org.scoutfs.simulation.Oracle.Content;
import org.scoutfs.simulation.Oracle.Write;
import org.scoutfs.txn.ClientCore;
import org.scoutfs.volume.FreeSpace;

/** A mount in small: operations under locks, one open transaction and one in a commit, merges, a walker of the index. */
final class SimClient {
    private static final int GROUPS = 5;
    private static final int WORKERS = 2;

    final SimNode node;
    final long rid;
    final NodeLocks locks;
    private final Cluster cluster;
    private final World world;
    private final Disk disk;
    private final Oracle oracle;
    private final ClientCore core;
    private final long oldRid;
    private final Oracle.Walker walker;
    private Link link;
    private boolean isConnecting;
    private boolean isOver;
    private long heardNanos;

    private Version version = Version.empty();
    private final TreeMap<Long, Integer> pinned = new TreeMap<>();
    private final FreeSpace data = new FreeSpace();
    private final FreeSpace meta = new FreeSpace();
    private final ArrayDeque<Long> seqs = new ArrayDeque<>();
    private long nextSegmentId;
    private long segmentIdsEnd;
    private long requiredSeq;
    private boolean isSpaceAsked;
    private Transaction open;
    private Transaction frozen;
    private boolean isCommitWanted;
    int done;

    /** What was done and is not committed. */
    private static final class Transaction {
        final long seq;
        final Map<Integer, Write> values = new HashMap<>();
        final List<Write> writes = new ArrayList<>();
        final List<DeviceExtent> freed = new ArrayList<>();
        final CompletableFuture<Void> durable = new CompletableFuture<>();
        long requestId;

        Transaction(long seq) {
            this.seq = seq;
        }
    }

    /** @param oldRid the incarnation on this node before, which writes nothing any more; 0 for none */
    SimClient(Cluster cluster, SimNode node, long oldRid) {
        this.cluster = cluster;
        this.world = cluster.world;
        this.disk = cluster.disk;
        this.oracle = cluster.oracle;
        this.node = node;
        this.oldRid = oldRid;
        this.rid = world.rng.nextLong() | 1;
        this.core = new ClientCore(rid, Cluster.LEASES.leaseNanos());
        this.walker = oracle.newWalker();
        this.locks = new NodeLocks(rid, this::send, this::beforeHeld, new RevokeHandler() {
            @Override
            public CompletableFuture<LockMode> revoke(LockName name, LockMode kept) {
                return revoked(kept);
            }
        });
        locks.setLease(this::believesLeased);
    }

    @Override
    public String toString() {
        return "mount " + Long.toHexString(rid >>> 48) + " on " + node;
    }

    boolean isOver() {
        return isOver;
    }

    boolean isServed() {
        return core.state() == ClientCore.State.SERVED;
    }

    boolean believesLeased() {
        return !isOver && (cluster.mutation == Mutation.NO_LEASE
                ? core.state() != ClientCore.State.NEW
                : core.isLeased(node.clock()));
    }

    // ---- the connection ------------------------------------------------------------------------------------------------

    void start() {
        request(requestId -> new Message.Join(requestId, rid, false));
        connect();
        ticks();
    }

    private void connect() {
        if (isConnecting || isOver) {
            return;
        }
        isConnecting = true;
        node.own(world.between(World.MILLI, 60 * World.MILLI), () -> {
            isConnecting = false;
            SimServer server = cluster.someServer();
            boolean isReachable = server != null
                    && (server.node == node || !server.node.isCutOff() && !node.isCutOff());
            if (isOver || !isReachable) {
                connect();
                return;
            }
            link = new Link(world, this, server);
            heardNanos = node.clock();
            world.say(toString(), "connects to " + server);
            locks.declare(held -> core.connected(held, oldestVersion()).forEach(this::send));
        });
    }

    void lost(Link lost) {
        if (lost == link) {
            link = null;
            core.disconnected();
            connect();
        }
    }

    private void send(Message message) {
        if (link != null && core.isOnline()) {
            if (world.isTold()) {
                world.say(toString(), "says " + Cluster.brief(message));
            }
            link.toServer(message);
        }
    }

    private long request(LongFunction<Message> make) {
        Message message = core.request(make);
        long requestId = core.lastRequestId();
        send(message);
        return requestId;
    }

    private void ticks() {
        if (isOver) {
            return;
        }
        long now = node.clock();
        Message renewal = core.renewal(now, oldestVersion());
        if (renewal != null) {
            send(renewal);
        }
        if (link != null && now - heardNanos > Cluster.LEASES.leaseNanos()) {
            world.say(toString(), "gives up its connection");
            Link old = link;
            old.close();
            lost(old);
        }
        oracle.walk(walker, version);
        // Who holds the stable bound back while others go on gives its number up by a commit of nothing.
        if (open != null && frozen == null && world.chance(3)) {
            wantCommit();
        }
        node.own(Cluster.LEASES.leaseNanos() / 8, this::ticks);
    }

    void receive(Link from, Message message) {
        if (from != link || isOver) {
            return;
        }
        heardNanos = node.clock();
        Message asked = requestOf(message);
        boolean wasLeased = core.isLeased(node.clock());
        switch (core.receive(message)) {
            case ANSWER -> answered(asked, message);
            case DECLARED -> declared((Message.Declared) message);
            case EVICTED -> evicted();
            case UNASKED -> unasked(message);
            case IGNORED -> {}
        }
        if (!wasLeased && core.isLeased(node.clock())) {
            locks.leaseRenewed();
        }
    }

    private Message requestOf(Message answer) {
        return switch (answer) {
            case Message.Committed m -> core.pending(m.requestId());
            case Message.Refused m -> core.pending(m.requestId());
            case Message.SpaceGranted m -> core.pending(m.requestId());
            case Message.Done m -> core.pending(m.requestId());
            default -> null;
        };
    }

    private void answered(Message asked, Message answer) {
        switch (answer) {
            case Message.Joined m -> joined(m);
            case Message.Committed m -> {
                publish(m.edits());
                take(m.grants());
                learn(m.nextSeq());
                if (asked instanceof Message.Merged merged) {
                    unpinAfterMerge(merged.jobId());
                    oracle.merges++;
                } else if (frozen != null && frozen.requestId == m.requestId()) {
                    finished();
                }
            }
            case Message.SpaceGranted m -> {
                isSpaceAsked = false;
                take(m.grants());
                wantCommitAgain();
            }
            case Message.Refused m -> {
                if (asked instanceof Message.Merged merged) {
                    unpinAfterMerge(merged.jobId());
                    List<DeviceExtent> all = new ArrayList<>(merged.consumed());
                    all.addAll(merged.returned());
                    request(requestId -> new Message.MergeFailed(requestId, rid, merged.jobId(), all, "refused"));
                } else {
                    Oracle.fail(this + " was refused " + asked + ": " + m.reason());
                }
            }
            default -> {}
        }
    }

    private void joined(Message.Joined m) {
        version = Version.of(m.versionNumber(), m.stableSeq(), m.levels());
        seqs.addAll(m.seqs());
        take(m.grants());
        open = new Transaction(seqs.poll());
        if (oldRid != 0) {
            request(requestId -> new Message.Goodbye(requestId, rid, oldRid));
        }
        send(core.renewal(node.clock(), oldestVersion()));
        for (int i = 0; i < WORKERS; i++) {
            work();
        }
        commits();
    }

    private void declared(Message.Declared m) {
        version = Version.of(m.versionNumber(), m.stableSeq(), m.levels());
        if (frozen != null && frozen.requestId != 0 && !m.openSeqs().contains(frozen.seq)) {
            finished();
        }
        m.openSeqs().forEach(this::learn);
        send(core.renewal(node.clock(), oldestVersion()));
    }

    private void learn(long seq) {
        boolean isKnown = seq == 0 || open != null && seq <= open.seq || frozen != null && frozen.seq == seq;
        if (!isKnown && !seqs.contains(seq)) {
            seqs.add(seq);
            wantCommitAgain();
        }
    }

    private void evicted() {
        world.say(toString(), "was evicted");
        isOver = true;
        locks.stop();
        if (link != null) {
            link.close();
            link = null;
        }
        rejoin();
    }

    private void rejoin() {
        if (node.writesUnderWay > 0) {
            node.own(20 * World.MILLI, this::rejoin);
        } else {
            cluster.mount(node, rid);
        }
    }

    private void unasked(Message message) {
        switch (message) {
            case Message.LockGranted m -> locks.receive(m);
            case Message.LockRevoke m -> locks.receive(m);
            case Message.Published m -> publish(m.edits());
            case Message.Renewed m -> publish(m.edits());
            case Message.MergeJob m -> merge(m);
            default -> {}
        }
    }

    private void publish(List<VersionEdit> edits) {
        for (VersionEdit edit : edits) {
            if (edit.number() > version.number()) {
                if (edit.number() != version.number() + 1) {
                    Oracle.fail(this + " was told version " + edit.number() + " after " + version.number());
                }
                version = version.apply(edit);
            }
        }
    }

    private void take(Message.Grants grants) {
        grants.data().forEach(data::add);
        grants.meta().forEach(meta::add);
        if (grants.segmentIdCount() > 0) {
            nextSegmentId = grants.firstSegmentId();
            segmentIdsEnd = nextSegmentId + grants.segmentIdCount();
        }
    }

    private long oldestVersion() {
        return pinned.isEmpty() ? version.number() : Math.min(pinned.firstKey(), version.number());
    }

    private void pin(long number) {
        pinned.merge(number, 1, Integer::sum);
    }

    private void unpin(long number) {
        if (pinned.merge(number, -1, Integer::sum) == 0) {
            pinned.remove(number);
        }
    }

    // ---- locks ---------------------------------------------------------------------------------------------------------

    private void beforeHeld(Message.LockGranted granted) {
        publish(granted.edits());
        requiredSeq = Math.max(requiredSeq, granted.highestSeq());
    }

    private CompletableFuture<LockMode> revoked(LockMode kept) {
        CompletableFuture<LockMode> result = new CompletableFuture<>();
        LockMode keeps = kept != null && world.chance(4) ? null : kept;
        if (cluster.mutation == Mutation.RELEASE_BEFORE_COMMIT) {
            locks.changedGrants();
            locks.changesCommitted();
            node.own(10 * World.MICRO, () -> result.complete(keeps));
        } else {
            commit().whenComplete((ok, failure) ->
                    node.own(world.between(10 * World.MICRO, 2 * World.MILLI), () -> result.complete(keeps)));
        }
        return result;
    }

    // ---- operations ----------------------------------------------------------------------------------------------------

    private void work() {
        node.own(world.between(50 * World.MICRO, 4 * World.MILLI), () -> {
            int group = world.rng.nextInt(world.chance(2) ? 2 : GROUPS);
            LockMode mode = world.chance(2) ? LockMode.WRITE : LockMode.READ;
            operate(new LockName(LockName.Kind.INODES, group), mode, group);
        });
    }

    private void operate(LockName name, LockMode mode, int group) {
        if (isOver) {
            return;
        }
        LockClient.Use use;
        try {
            use = locks.acquire(name, mode);
        } catch (MustWait wait) {
            wait.on().whenComplete((ok, failure) ->
                    node.own(world.between(MICROS_MIN, 20 * World.MICRO), () -> operate(name, mode, group)));
            return;
        } catch (FsException refused) {
            return;
        }
        node.own(world.between(5 * World.MICRO, 300 * World.MICRO), () -> {
            if (isOver) {
                return;
            }
            if (!believesLeased()) { // it waits with its answer; here it is as if it had not begun
                use.close();
                operate(name, mode, group);
                return;
            }
            oracle.working(this, name, mode);
            if (mode == LockMode.READ) {
                read(use, group);
            } else if (write(group)) {
                use.close();
                finishedOne();
                if (world.chance(4)) {
                    commit().whenComplete((ok, failure) -> work());
                } else {
                    work();
                }
            } else {
                use.close();
                node.own(2 * World.MILLI, () -> operate(name, mode, group));
            }
        });
    }

    private static final long MICROS_MIN = 2 * World.MICRO;

    private void finishedOne() {
        done++;
        oracle.operations++;
    }

    private Write current(int group) {
        Write found = open.values.get(group);
        if (found == null && frozen != null) {
            found = frozen.values.get(group);
        }
        return found != null ? found : oracle.find(version, group);
    }

    private void read(LockClient.Use use, int group) {
        Write value = current(group);
        boolean isOnDisk = value != null && !open.values.containsKey(group)
                && (frozen == null || !frozen.values.containsKey(group));
        oracle.observed(this, group, value);
        if (!isOnDisk) {
            use.close();
            finishedOne();
            work();
            return;
        }
        long number = version.number();
        SegmentInfo segment = oracle.segmentOf(version, group);
        pin(number);
        // The index, perhaps after a while, and then the data.
        node.own(world.chance(12) ? 150 * World.MILLI : 0, () ->
                disk.read(node, () -> disk.block(segment.blkno()).current, segmentStamp -> disk.read(node, () -> disk.block(value.blkno).current, stamp -> {
            if (!isOver && believesLeased() && segmentStamp != -segment.id()) {
                Oracle.fail(this + " reads " + segmentStamp + " in " + segment);
            }
            if (!isOver && believesLeased() && stamp != value.id) {
                Oracle.fail(this + " reads " + stamp + " in block " + value.blkno + " of " + value);
            }
            unpin(number);
            use.close();
            finishedOne();
            work();
        })));
    }

    /** @return whether there was space, and a sequence number that is large enough */
    private boolean write(int group) {
        if (open.seq <= requiredSeq) {
            wantCommit();
            return false;
        }
        if (data.isEmpty()) {
            askForSpace();
            return false;
        }
        Write parent = current(group);
        oracle.observed(this, group, parent);
        DeviceExtent block = one(data);
        Write write = new Write(oracle.nextWriteId(), group, parent, block.blkno(), open.seq, rid);
        Write replaced = open.values.put(group, write);
        if (replaced != null) {
            data.add(new DeviceExtent(replaced.blkno, 1)); // nothing was written there yet
        } else if (parent != null) {
            open.freed.add(new DeviceExtent(parent.blkno, 1));
        }
        open.writes.add(write);
        return true;
    }

    private static DeviceExtent one(FreeSpace from) {
        DeviceExtent chosen = from.choose(1, 1, 1).getFirst();
        from.remove(chosen);
        return chosen;
    }

    private void askForSpace() {
        if (!isSpaceAsked) {
            isSpaceAsked = true;
            request(requestId -> new Message.NeedSpace(requestId, rid, 20, 20, true));
        }
    }

    // ---- commits -------------------------------------------------------------------------------------------------------

    private void commits() {
        node.own(world.between(10 * World.MILLI, 60 * World.MILLI), () -> {
            if (!isOver) {
                if (!open.values.isEmpty()) {
                    wantCommit();
                }
                commits();
            }
        });
    }

    private CompletableFuture<Void> commit() {
        if (open != null && !open.values.isEmpty()) {
            wantCommit();
            return open.durable;
        }
        return frozen != null ? frozen.durable : CompletableFuture.completedFuture(null);
    }

    private void wantCommit() {
        isCommitWanted = true;
        wantCommitAgain();
    }

    private void wantCommitAgain() {
        if (!isCommitWanted || frozen != null || isOver || open == null || seqs.isEmpty()) {
            return;
        }
        boolean needsSegment = !open.values.isEmpty();
        if (needsSegment && (meta.isEmpty() || nextSegmentId >= segmentIdsEnd)) {
            askForSpace();
            return;
        }
        isCommitWanted = false;
        Transaction last = open;
        frozen = last;
        open = new Transaction(seqs.poll());
        List<Long> changed = cluster.mutation == Mutation.RELEASE_BEFORE_COMMIT ? List.of() : locks.changedGrants();
        if (!needsSegment) {
            sendCommit(last, List.of(), List.of(), changed);
            return;
        }
        DeviceExtent extent = one(meta);
        long id = nextSegmentId++;
        SegmentInfo segment = segment(id, extent, last.values.keySet());
        oracle.contents.put(id, new Content(Map.copyOf(last.values), List.copyOf(last.writes)));
        int[] left = {last.values.size() + 1};
        Runnable wrote = () -> {
            if (--left[0] == 0) {
                disk.flush(node, () -> {
                    List<DeviceExtent> consumed = new ArrayList<>();
                    consumed.add(extent);
                    last.values.values().forEach(write -> consumed.add(new DeviceExtent(write.blkno, 1)));
                    sendCommit(last, List.of(segment), consumed, changed);
                });
            }
        };
        last.values.values().forEach(write -> disk.write(node, disk.block(write.blkno), write.id, wrote));
        disk.write(node, disk.block(extent.blkno()), -id, wrote);
    }

    private static SegmentInfo segment(long id, DeviceExtent extent, Set<Integer> groups) {
        int first = groups.stream().mapToInt(group -> group).min().orElse(0);
        int last = groups.stream().mapToInt(group -> group).max().orElse(0);
        return new SegmentInfo(id, extent.blkno(), 1, groups.size(), 0, new byte[] {(byte) first}, new byte[] {(byte) last});
    }

    private void sendCommit(Transaction txn, List<SegmentInfo> segments, List<DeviceExtent> consumed, List<Long> changed) {
        if (!isOver) {
            txn.requestId = core.lastRequestId() + 1;
            request(requestId -> new Message.Commit(
                    requestId, rid, txn.seq, segments, consumed, txn.freed, List.of(), changed, 0, oldestVersion()));
        }
    }

    private void finished() {
        Transaction txn = frozen;
        frozen = null;
        oracle.committed(this, txn.values.values());
        locks.changesCommitted();
        txn.durable.complete(null);
        wantCommitAgain();
    }

    // ---- merges --------------------------------------------------------------------------------------------------------

    private final Map<Long, Long> mergePins = new HashMap<>();

    private void unpinAfterMerge(long jobId) {
        Long number = mergePins.remove(jobId);
        if (number != null) {
            unpin(number);
        }
    }

    private void merge(Message.MergeJob job) {
        MergeSpec spec = job.spec();
        mergePins.put(job.jobId(), version.number());
        pin(version.number());
        disk.read(node, () -> {
            for (SegmentInfo input : spec.inputs()) {
                if (!isOver && believesLeased() && disk.block(input.blkno()).current != -input.id()) {
                    Oracle.fail(this + " merges " + input + " and finds " + disk.block(input.blkno()).current);
                }
            }
            return 0;
        }, unused -> {
            Map<Integer, Write> values = new HashMap<>();
            Set<Write> entries = new HashSet<>();
            for (SegmentInfo input : spec.inputs()) {
                Content content = oracle.contents.get(input.id());
                content.values().forEach(values::putIfAbsent); // newest first
                entries.addAll(content.entries());
            }
            FreeSpace space = new FreeSpace();
            job.grants().meta().forEach(space::add);
            DeviceExtent extent = one(space);
            long id = job.grants().firstSegmentId();
            oracle.contents.put(id, new Content(values, List.copyOf(entries)));
            SegmentInfo result = segment(id, extent, values.keySet());
            disk.write(node, disk.block(extent.blkno()), -id, () -> disk.flush(node, () -> {
                if (!isOver) {
                    request(requestId -> new Message.Merged(requestId, rid, job.jobId(),
                            List.of(new VersionEdit.Added(spec.targetLevel(), result)), spec.inputIds(), List.of(extent),
                            space.toList(), oldestVersion()));
                }
            }));
        });
    }
}
