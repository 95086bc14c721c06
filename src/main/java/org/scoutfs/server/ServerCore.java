package org.scoutfs.server;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.CorruptionException;
import org.scoutfs.base.Invariants;
import org.scoutfs.device.DeviceExtent;
import org.scoutfs.device.ExtentSet;
import org.scoutfs.format.ProcessIdentity;
import org.scoutfs.lsm.CompactionJob;
import org.scoutfs.lsm.CompactionPicker;
import org.scoutfs.lsm.MergeSpec;
import org.scoutfs.lsm.SegmentInfo;
import org.scoutfs.lsm.VersionEdit;
import org.scoutfs.net.LockMode;
import org.scoutfs.net.LockName;
import org.scoutfs.net.Message.Grants;
import org.scoutfs.net.Message;
import org.scoutfs.volume.Geometry;
import org.scoutfs.volume.Incarnation;
import org.scoutfs.volume.StateEdit;
import org.scoutfs.volume.VolumeState;

/**
 * What the server answers: a plain state machine without threads and I/O. A message comes in; edits, which are applied to the
 * state at once, and messages go out. Whoever drives it makes the edits durable before it sends the messages, and when it
 * cannot, throws the state away with the server.
 *
 * <ol>
 *   <li>A request is checked whole before the first edit: it is refused without a trace, or done whole.
 *   <li>A request that is asked again gets the stored answer.
 *   <li>Each version's edit is told to each node once, in order.
 * </ol>
 * <p>Not thread-safe: one thread drives it.
 */
public final class ServerCore {
    private static final long INODE_GROUPS_PER_RUN = 10;
    /** Kept out of use: programs that squeeze inode numbers into 32 bits take it for none. */
    private static final long FORBIDDEN_INO = 1L << 32;

    private static final long NEVER = Long.MIN_VALUE;
    private static final int RECLAIM_MAX = 256;
    private static final int LOCKS_LISTED_MAX = 10_000;
    /** Moves and merges started in one go. */
    private static final int PLANS_MAX = 64;

    private final VolumeState state;
    private final ServerOptions options;
    private final SpaceBook space;
    private final LockTable locks;
    private final long lockGroupSize;
    private final boolean isReadOnly;
    private final LeaseOptions leases;
    private final TreeMap<Long, Client> clients = new TreeMap<>();
    /** Mounts that an earlier server knew and that have not declared themselves to this one. */
    private final TreeSet<Long> awaited = new TreeSet<>();
    private final Map<Long, Declaration> declared = new HashMap<>();
    private final OpenQuestions questions;
    private final FileLockTable fileLocks;
    private final long startedNanos;
    private long lastCommitNanos = NEVER;
    private long declareUntilNanos;
    private long authorityEndNanos = Long.MAX_VALUE;
    private long now;
    /** The newest versions' edits, as far back as a node has not been told them. */
    private final ArrayDeque<VersionEdit> recentEdits = new ArrayDeque<>();
    private final MergePlanner merges;
    private Output out = new Output();
    private LongPredicate device = blkno -> false;

    /**
     * @param lockGroupSize inode numbers in a lock group
     * @param isReadOnly nothing is granted and no commit accepted; nothing is edited
     */
    public ServerCore(VolumeState state, ServerOptions options, long lockGroupSize, boolean isReadOnly) {
        this(state, options, lockGroupSize, isReadOnly, LeaseOptions.ALONE, 0);
    }

    /** The locks of a declaration of which more is to come. */
    private record Declaration(long attempt, List<Message.HeldGrant> locks, List<Message.FileLockRange> fileLocks) {}

    /** @param nowNanos from here on mounts have time to declare themselves */
    public ServerCore(
            VolumeState state, ServerOptions options, long lockGroupSize, boolean isReadOnly, LeaseOptions leases, long nowNanos) {
        this.questions = new OpenQuestions((rid, message) -> out.send(rid, message));
        this.fileLocks = new FileLockTable((rid, message) -> out.send(rid, message));
        this.leases = leases;
        this.now = nowNanos;
        this.startedNanos = nowNanos;
        this.state = state;
        this.options = options;
        this.space = new SpaceBook(state, options);
        this.lockGroupSize = lockGroupSize;
        this.isReadOnly = isReadOnly;
        this.locks = new LockTable(state.epoch() << 40, state.nextSeq() - 1, new LockTable.Listener() {
            @Override
            public void granted(long rid, LockName name, LockMode mode, long grantNumber, long highestSeq) {
                Client client = clients.get(rid);
                if (client != null) {
                    out.send(rid, new Message.LockGranted(name, mode, grantNumber, untold(client), highestSeq));
                }
            }

            @Override
            public void revoke(long rid, LockName name, @Nullable LockMode kept, long grantNumber) {
                out.send(rid, new Message.LockRevoke(name, kept, grantNumber));
            }
        });
        this.merges = new MergePlanner(options.compaction(), options.mergesPerNode());
        if (!leases.isAlone()) {
            for (Incarnation one : state.incarnations()) {
                if (!one.isServer() && !one.isEvicted()) {
                    awaited.add(one.rid());
                }
            }
            declareUntilNanos = nowNanos + leases.declarationNanos();
            authorityEndNanos = nowNanos;
        }
        locks.setNow(nowNanos);
        openOrCloseLocks();
    }

    /** @param hasBlock whether a block can be read; asked before a volume grows over it */
    public void useDevice(LongPredicate hasBlock) {
        device = hasBlock;
    }

    /**
     * A quorum round that began then found that this server still leads. Until {@link LeaseOptions#authorityNanos} after that it
     * renews leases and grants locks.
     */
    public void confirmAuthority(long roundBeganNanos) {
        authorityEndNanos = Math.max(authorityEndNanos, roundBeganNanos + leases.authorityNanos());
    }

    /** Mounts that an earlier server knew and that this one waits for. */
    public Set<Long> awaited() {
        return Collections.unmodifiableSet(awaited);
    }

    private boolean hasAuthority() {
        return now < authorityEndNanos;
    }

    private void openOrCloseLocks() {
        if (awaited.isEmpty() && hasAuthority()) {
            locks.open();
            fileLocks.open();
        } else {
            locks.close();
            fileLocks.close();
        }
    }

    public VolumeState state() {
        return state;
    }

    /** Whether any mount has joined and not said goodbye. */
    public boolean hasClients() {
        return !clients.isEmpty();
    }

    /** What has gathered since the last call. */
    public Output takeOutput() {
        Output taken = out;
        out = new Output();
        return taken;
    }

    /** @param process who sent it, as the connection knows */
    public void receive(Message message, ProcessIdentity process) {
        receive(message, process, now);
    }

    /**
     * @param process who sent it, as the connection knows
     * @param nowNanos only goes forward
     */
    public void receive(Message message, ProcessIdentity process, long nowNanos) {
        setNow(nowNanos);
        switch (message) {
            case Message.Join m -> join(m, process);
            case Message.Commit m -> request(m, m.rid(), m.requestId(), client -> commit(client, m));
            case Message.Merged m -> request(m, m.rid(), m.requestId(), client -> merged(client, m));
            case Message.MergeFailed m -> request(m, m.rid(), m.requestId(), client -> mergeFailed(client, m));
            case Message.NeedSpace m -> request(m, m.rid(), m.requestId(), client -> needSpace(client, m));
            case Message.NeedInodes m -> request(m, m.rid(), m.requestId(), client -> needInodes(m));
            case Message.ReturnSpace m -> request(m, m.rid(), m.requestId(), client -> returnSpace(client, m));
            case Message.Resize m -> request(m, m.rid(), m.requestId(), client -> resize(m));
            case Message.StatusRequest m -> out.send(m.rid(), status(m));
            case Message.Goodbye m -> goodbye(m);
            case Message.LockRequest m -> {
                if (clients.containsKey(m.rid())) {
                    locks.request(m.rid(), m.name(), m.mode());
                }
            }
            case Message.LockReleased m -> locks.release(m.rid(), m.name(), m.kept(), m.grantNumber());
            case Message.Renew m -> renew(m);
            case Message.DeclareLocks m -> declarationOf(m.rid(), m.attempt()).locks.addAll(m.locks());
            case Message.Declare m -> declare(m);
            case Message.AskOpen m -> {
                if (clients.containsKey(m.rid())) {
                    questions.ask(m, others(m.rid()));
                }
            }
            case Message.OpenHere m -> questions.answer(m);
            case Message.FileLockRequest m -> {
                if (clients.containsKey(m.rid())) {
                    fileLocks.request(m);
                } else {
                    sayUnknown(m.rid());
                }
            }
            case Message.FileLockRelease m -> fileLocks.release(m.rid(), m.lock());
            case Message.DeclareFileLocks m -> declarationOf(m.rid(), m.attempt()).fileLocks.addAll(m.locks());
            case Message.LocksRequest m ->
                out.send(m.rid(), new Message.LockList(
                        m.requestId(), locks.list(LOCKS_LISTED_MAX), locks.lockCount() > LOCKS_LISTED_MAX));
            case Message.ClusterRequest m -> out.send(m.rid(), clusterState(m));
            case Message.ClusterState m -> throw notForServers(m);
            case Message.FileLockAnswer m -> throw notForServers(m);
            case Message.FileLocksFreed m -> throw notForServers(m);
            case Message.Joined m -> throw notForServers(m);
            case Message.Committed m -> throw notForServers(m);
            case Message.Refused m -> throw notForServers(m);
            case Message.Done m -> throw notForServers(m);
            case Message.SpaceGranted m -> throw notForServers(m);
            case Message.InodesGranted m -> throw notForServers(m);
            case Message.LockGranted m -> throw notForServers(m);
            case Message.LockRevoke m -> throw notForServers(m);
            case Message.Published m -> throw notForServers(m);
            case Message.Renewed m -> throw notForServers(m);
            case Message.MergeJob m -> throw notForServers(m);
            case Message.RecallSpace m -> throw notForServers(m);
            case Message.VolumeStatus m -> throw notForServers(m);
            case Message.Declared m -> throw notForServers(m);
            case Message.Evicted m -> throw notForServers(m);
            case Message.IsOpen m -> throw notForServers(m);
            case Message.OpenElsewhere m -> throw notForServers(m);
            case Message.LockList m -> throw notForServers(m);
        }
    }

    /** Where pieces of a declaration gather; those of an earlier attempt go nowhere. */
    private Declaration declarationOf(long rid, long attempt) {
        Declaration begun = declared.get(rid);
        if (begun == null || begun.attempt < attempt) {
            begun = new Declaration(attempt, new ArrayList<>(), new ArrayList<>());
            declared.put(rid, begun);
        }
        return begun.attempt == attempt ? begun : new Declaration(attempt, new ArrayList<>(), new ArrayList<>());
    }

    private static IllegalArgumentException notForServers(Message message) {
        return new IllegalArgumentException("a message for nodes came to the server: " + message);
    }

    /** After a group of messages: what the server does of its own. */
    public void plan(long nowNanos) {
        setNow(nowNanos);
        evictSilent();
        openOrCloseLocks();
        planMerges();
    }

    private void planMerges() {
        if (isReadOnly || !awaited.isEmpty()) {
            return;
        }
        for (int i = 0; i < PLANS_MAX; i++) {
            CompactionPicker.Room room = space.roomForMerges(merges.blocksInUse());
            CompactionJob job = merges.next(state.version(), room, clients.values(), now);
            if (job == null) {
                break;
            }
            switch (job) {
                case CompactionJob.Move move -> publish(move.edit(state.version()));
                case CompactionJob.Merge merge -> startMerge(merge.spec(), room);
            }
        }
    }

    private void startMerge(MergeSpec spec, CompactionPicker.Room room) {
        List<StateEdit> edits = new ArrayList<>();
        long rid = merges.idlest(clients.values());
        List<DeviceExtent> granted = space.grantMerge(rid, spec, room, edits);
        if (granted.isEmpty()) {
            merges.postpone(state.version());
            return;
        }
        MergePlanner.Job job = merges.start(spec, rid, SpaceBook.sum(granted));
        long firstId = state.nextSegmentId();
        long idCount = spec.segmentIdsMax() + granted.size(); // no segment spans two pieces
        edits.add(new StateEdit.NumbersTaken(state.nextIno(), firstId + idCount));
        applyAll(edits);
        tellOthers(null);
        out.send(rid, new Message.MergeJob(job.id(), spec, new Grants(List.of(), granted, firstId, idCount)));
    }

    private void setNow(long nowNanos) {
        now = Math.max(now, nowNanos);
        locks.setNow(now);
        openOrCloseLocks();
    }

    // ---- joining and leaving ----------------------------------------------------------------------------------------

    private void join(Message.Join m, ProcessIdentity process) {
        Client repeated = clients.get(m.rid());
        if (repeated != null) {
            joinedBefore(repeated, m.requestId());
            return;
        }
        boolean isRepeated = awaited.contains(m.rid());
        if (state.incarnation(m.rid()) != null && !isRepeated || m.rid() == 0) {
            out.send(m.rid(), leases.isAlone() || m.rid() == 0
                    ? new Message.Refused(m.requestId(), "this incarnation was here before")
                    : new Message.Evicted(m.rid(), "this incarnation was here before"));
            return;
        }
        Client client = admit(m.rid(), m.isReadOnly());
        List<Long> seqs = new ArrayList<>();
        Incarnation known = state.incarnation(m.rid());
        if (known != null) {
            // An earlier server took it in, and its answer was lost: what that gave is taken back, but the numbers.
            takeBackUntold(client, List.of());
            seqs.addAll(known.openSeqs());
            awaited.remove(m.rid());
        } else if (!isReadOnly) {
            apply(new StateEdit.Joined(m.rid(), process, m.isReadOnly()));
        }
        Grants grants = Grants.NONE;
        if (!client.isReadOnly) {
            while (seqs.size() < 2) {
                seqs.add(state.nextSeq());
                apply(new StateEdit.SeqOpened(m.rid(), state.nextSeq()));
            }
            grants = topUp(client);
        }
        client.joined = new Message.Joined(m.requestId(), state.epoch(), state.version().number(),
                state.version().stableSeq(), state.version().levels(), seqs, grants);
        answer(client, m.requestId(), client.joined);
    }

    /** It did not hear the answer, and versions have been made since. */
    private void joinedBefore(Client client, long requestId) {
        Message.Joined first = client.joined;
        if (first == null || client.lastRequestId >= requestId) {
            repeat(client, requestId);
            return;
        }
        client.toldVersion = state.version().number();
        client.silentUntilNanos = now + leases.untilSilentNanos();
        Message.Joined again = new Message.Joined(requestId, state.epoch(), state.version().number(),
                state.version().stableSeq(), state.version().levels(), first.seqs(), first.grants());
        answer(client, requestId, again);
    }

    private Client admit(long rid, boolean clientIsReadOnly) {
        Client client = new Client(rid, clientIsReadOnly || isReadOnly, state.version().number());
        client.silentUntilNanos = now + leases.untilSilentNanos();
        clients.put(rid, client);
        return client;
    }

    private List<Long> others(long rid) {
        TreeSet<Long> others = new TreeSet<>(clients.keySet());
        others.addAll(awaited);
        others.remove(rid);
        return List.copyOf(others);
    }

    /** Also for an incarnation that was evicted: it says that it writes nothing more, and its grants are free. */
    private void goodbye(Message.Goodbye m) {
        Incarnation known = state.incarnation(m.ended());
        forget(m.ended());
        if (!isReadOnly && known != null && (!known.isServer() || known.isEvicted())) {
            apply(new StateEdit.Ended(m.ended()));
            reclaim();
        }
        out.send(m.rid(), new Message.Done(m.requestId()));
    }

    /** What is in memory of an incarnation that is gone. Its locks go to whoever waits. */
    private void forget(long rid) {
        clients.remove(rid);
        declared.remove(rid);
        awaited.remove(rid);
        locks.forget(rid);
        fileLocks.forget(rid);
        merges.forget(rid);
        questions.forget(rid);
        openOrCloseLocks();
    }

    private void renew(Message.Renew m) {
        Client client = clients.get(m.rid());
        if (client == null) {
            sayUnknown(m.rid());
            return;
        }
        sawOldest(client, m.oldestVersion());
        long leaseNanos = 0;
        if (!leases.isAlone() && hasAuthority() && !isStuck(client)) {
            client.silentUntilNanos = now + leases.untilSilentNanos();
            leaseNanos = leases.leaseNanos();
        }
        out.send(m.rid(), new Message.Renewed(m.sentNanos(), leaseNanos, untold(client)));
    }

    /** A node that does not give back what it was asked for would stop the others for as long as it likes. */
    private boolean isStuck(Client client) {
        long since = locks.oldestRevokeNanos(client.rid);
        return since != Long.MAX_VALUE && now - since > leases.leaseNanos();
    }

    /** Not an awaited one: that may still declare itself. */
    private void sayUnknown(long rid) {
        if (!awaited.contains(rid)) {
            out.send(rid, new Message.Evicted(rid, "the server of epoch " + state.epoch() + " does not know this incarnation"));
        }
    }

    private void evictSilent() {
        if (leases.isAlone()) {
            return;
        }
        if (now >= declareUntilNanos) {
            for (long rid : List.copyOf(awaited)) {
                evict(rid, "it did not declare itself to the server of epoch " + state.epoch());
            }
        }
        for (Client client : List.copyOf(clients.values())) {
            if (now >= client.silentUntilNanos) {
                evict(client.rid, "its lease ended");
            }
        }
    }

    private void evict(long rid, String reason) {
        if (!isReadOnly) {
            apply(new StateEdit.Evicted(rid));
        }
        forget(rid);
        out.send(rid, new Message.Evicted(rid, reason));
        reclaim();
    }

    private void declare(Message.Declare m) {
        Client client = clients.get(m.rid());
        if (client != null && client.attempt >= m.attempt()) {
            return; // of an earlier connection
        }
        Declaration locksOfIt = declared.get(m.rid());
        List<Message.HeldGrant> held = List.of();
        List<Message.FileLockRange> heldFileLocks = List.of();
        if (locksOfIt != null && locksOfIt.attempt <= m.attempt()) {
            declared.remove(m.rid());
            held = locksOfIt.attempt == m.attempt() ? locksOfIt.locks : held;
            heldFileLocks = locksOfIt.attempt == m.attempt() ? locksOfIt.fileLocks : heldFileLocks;
        }
        boolean isNew = awaited.contains(m.rid());
        if (client == null && !isNew || m.epoch() > state.epoch()) {
            sayUnknown(m.rid());
            return;
        }
        Incarnation incarnation = state.incarnation(m.rid());
        boolean isBack = client != null && !isNew;
        if (client == null || isNew) {
            LockName taken = locks.declare(m.rid(), held);
            if (taken != null) {
                evict(m.rid(), "it declared lock " + taken + ", which another one holds");
                return;
            }
            client = admit(m.rid(), incarnation != null && incarnation.isReadOnly());
            client.lastRequestId = incarnation == null ? 0 : incarnation.lastRequestId();
            client.recoveredRequestId = client.lastRequestId;
            client.oldestVersion = m.oldestVersion();
        } else {
            client.answers.headMap(m.answeredRequestId(), true).clear();
            client.silentUntilNanos = now + leases.untilSilentNanos();
        }
        client.attempt = m.attempt();
        merges.forget(m.rid());
        takeBackUntold(client, m.granted());
        client.toldVersion = state.version().number();
        out.send(m.rid(), new Message.Declared(m.attempt(), state.epoch(), state.version().number(), state.version().stableSeq(),
                state.version().levels(), incarnation == null ? List.of() : List.copyOf(incarnation.openSeqs())));
        // After that answer, because the node believes nothing before it: also not that it is to give a lock back.
        if (isBack) {
            locks.reconcile(m.rid(), held);
        }
        fileLocks.declare(m.rid(), heldFileLocks);
        questions.repeatTo(m.rid());
        awaited.remove(m.rid());
        openOrCloseLocks();
    }

    /** Grants whose message never arrived, and will not be repeated. The node does not know them, so it never writes there. */
    private void takeBackUntold(Client client, List<DeviceExtent> known) {
        Incarnation incarnation = state.incarnation(client.rid);
        if (incarnation == null || isReadOnly) {
            return;
        }
        ExtentSet lost = new ExtentSet();
        incarnation.granted().forEach(lost::add);
        known.forEach(lost::removeOverlap);
        for (Message answer : client.answers.values()) {
            Grants grants = switch (answer) {
                case Message.Joined a -> a.grants();
                case Message.Committed a -> a.grants();
                case Message.SpaceGranted a -> a.grants();
                default -> Grants.NONE;
            };
            grants.data().forEach(lost::removeOverlap);
            grants.meta().forEach(lost::removeOverlap);
        }
        client.dataInHand = 0;
        client.metaInHand = 0;
        if (lost.blockCount() > 0) {
            apply(new StateEdit.Returned(client.rid, lost.toList()));
        }
    }

    // ---- requests ---------------------------------------------------------------------------------------------------

    private interface Handler {
        /** @return the answer */
        Message handle(Client client);
    }

    private void request(Message asked, long rid, long requestId, Handler handler) {
        Client client = clients.get(rid);
        if (client == null) {
            if (leases.isAlone()) {
                out.send(rid, new Message.Refused(requestId, "this incarnation has not joined, or was evicted"));
            } else {
                sayUnknown(rid);
            }
            return;
        }
        if (client.answers.containsKey(requestId)
                || requestId <= client.lastRequestId && requestId > client.recoveredRequestId) {
            repeat(client, requestId);
            return;
        }
        if (requestId <= client.recoveredRequestId) {
            Message known = outcomeOf(asked, client, requestId);
            Message again = known != null ? known : handler.handle(client);
            client.answers.put(requestId, again);
            out.send(rid, again);
            return;
        }
        answer(client, requestId, client.isReadOnly
                ? new Message.Refused(requestId, "the mount is read-only")
                : handler.handle(client));
    }

    /**
     * What an earlier server made of a request, as far as the state tells. Where it does not, doing it (again) is right: it was
     * refused, or only gives what was taken back when the node declared itself.
     */
    private @Nullable Message outcomeOf(Message asked, Client client, long requestId) {
        return switch (asked) {
            case Message.Commit m -> state.refusalOf(new StateEdit.SeqClosed(m.rid(), m.seq())) == null
                    ? null
                    : new Message.Committed(requestId, untold(client), 0, Grants.NONE);
            case Message.Merged m -> m.removedIds().stream().allMatch(id -> state.liveSegment(id) != null)
                    ? null
                    : new Message.Committed(requestId, untold(client), 0, Grants.NONE);
            case Message.MergeFailed m -> isReturned(m.rid(), m.returned()) ? new Message.Done(requestId) : null;
            case Message.ReturnSpace m -> isReturned(m.rid(), m.returned()) ? new Message.Done(requestId) : null;
            default -> null;
        };
    }

    private boolean isReturned(long rid, List<DeviceExtent> extents) {
        return state.refusalOf(new StateEdit.Returned(rid, extents)) != null;
    }

    private void repeat(Client client, long requestId) {
        Message answer = client.answers.get(requestId);
        out.send(client.rid, answer != null
                ? answer
                : new Message.Refused(requestId, "request " + requestId + " is older than the last answered one"));
    }

    private void answer(Client client, long requestId, Message message) {
        client.answered(requestId, message);
        if (!isReadOnly) {
            apply(new StateEdit.RequestDone(client.rid, requestId));
        }
        out.send(client.rid, message);
    }

    private Message commit(Client client, Message.Commit m) {
        String refusal = refusalOf(m);
        VersionEdit edit = null;
        if (refusal == null) {
            List<VersionEdit.Added> added = new ArrayList<>();
            m.segments().forEach(segment -> added.add(new VersionEdit.Added(0, segment)));
            edit = new VersionEdit(state.version().number() + 1, boundWithout(client.rid, m.seq()), added, List.of());
            refusal = versionRefusal(edit);
        }
        if (refusal != null || edit == null) {
            return new Message.Refused(m.requestId(), String.valueOf(refusal));
        }
        applyUnlessEmpty(new StateEdit.Consumed(m.rid(), m.consumed()), m.consumed());
        applyUnlessEmpty(new StateEdit.Returned(m.rid(), m.returned()), m.returned());
        applyUnlessEmpty(new StateEdit.Freed(m.freed()), m.freed());
        lastCommitNanos = now;
        apply(new StateEdit.SeqClosed(m.rid(), m.seq()));
        if (m.inodeCountDelta() != 0) {
            apply(new StateEdit.InodesCounted(m.inodeCountDelta()));
        }
        publish(edit);
        m.changedUnder().forEach(grantNumber -> locks.used(grantNumber, m.seq()));
        long nextSeq = state.nextSeq();
        apply(new StateEdit.SeqOpened(m.rid(), nextSeq));
        spent(client, m.segments(), m.consumed(), m.returned());
        sawOldest(client, m.oldestVersion());
        return new Message.Committed(m.requestId(), untold(client), nextSeq, topUp(client));
    }

    private @Nullable String refusalOf(Message.Commit m) {
        for (long grantNumber : m.changedUnder()) {
            if (!locks.isHeldForWrite(m.rid(), grantNumber)) {
                return "lock grant " + grantNumber + " is not held for writing";
            }
        }
        if (state.inodeCount() + m.inodeCountDelta() < 0) {
            return "fewer than no inodes";
        }
        String space = spaceRefusal(m.rid(), m.segments(), m.consumed(), m.returned());
        if (space != null) {
            return space;
        }
        String seq = state.refusalOf(new StateEdit.SeqClosed(m.rid(), m.seq()));
        return seq != null ? seq : state.refusalOf(new StateEdit.Freed(m.freed()));
    }

    /** Whether consumed and returned blocks are this node's, each once, and the segments lie in consumed ones. */
    private @Nullable String spaceRefusal(
            long rid, List<SegmentInfo> segments, List<DeviceExtent> consumed, List<DeviceExtent> returned) {
        List<DeviceExtent> both = new ArrayList<>(consumed);
        both.addAll(returned);
        String refusal = state.refusalOf(new StateEdit.Consumed(rid, both));
        if (refusal != null) {
            return refusal;
        }
        ExtentSet used = new ExtentSet();
        consumed.forEach(used::add);
        for (SegmentInfo segment : segments) {
            if (!used.contains(segment.extent())) {
                return segment + " is not in the consumed blocks";
            }
        }
        return null;
    }

    /** Whether the version could be made once the blocks of its segments are in use. */
    private @Nullable String versionRefusal(VersionEdit edit) {
        String refusal = state.version().problemWith(edit);
        for (VersionEdit.Added added : edit.added()) {
            SegmentInfo segment = added.segment();
            if (refusal == null && (segment.id() >= state.nextSegmentId() || state.wasRemoved(segment.id()))) {
                refusal = segment + " has an id that was used before, or not handed out";
            }
        }
        return refusal;
    }

    /** The stable bound once this sequence number is in. */
    private long boundWithout(long rid, long seq) {
        long bound = state.nextSeq() - 1;
        for (Incarnation one : state.incarnations()) {
            for (long open : one.openSeqs()) {
                if (one.rid() != rid || open != seq) {
                    bound = Math.min(bound, open - 1);
                    break;
                }
            }
        }
        return Math.max(bound, state.version().stableSeq());
    }

    private Message merged(Client client, Message.Merged m) {
        List<SegmentInfo> fresh = new ArrayList<>();
        for (VersionEdit.Added added : m.added()) {
            if (state.liveSegment(added.segment().id()) == null) {
                fresh.add(added.segment());
            }
        }
        String refusal = merges.refusalOf(m);
        refusal = refusal != null ? refusal : spaceRefusal(m.rid(), fresh, m.consumed(), m.returned());
        VersionEdit edit = new VersionEdit(
                state.version().number() + 1, state.version().stableSeq(), m.added(), m.removedIds());
        refusal = refusal != null ? refusal : versionRefusal(edit);
        if (refusal != null) {
            return new Message.Refused(m.requestId(), refusal);
        }
        applyUnlessEmpty(new StateEdit.Consumed(m.rid(), m.consumed()), m.consumed());
        applyUnlessEmpty(new StateEdit.Returned(m.rid(), m.returned()), m.returned());
        publish(edit);
        merges.done(m.jobId());
        sawOldest(client, m.oldestVersion());
        return new Message.Committed(m.requestId(), untold(client), 0, Grants.NONE);
    }

    private Message mergeFailed(Client client, Message.MergeFailed m) {
        String refusal = state.refusalOf(new StateEdit.Returned(m.rid(), m.returned()));
        if (refusal != null) {
            return new Message.Refused(m.requestId(), refusal);
        }
        merges.failed(m.jobId());
        applyUnlessEmpty(new StateEdit.Returned(m.rid(), m.returned()), m.returned());
        return new Message.Done(m.requestId());
    }

    private Message needSpace(Client client, Message.NeedSpace m) {
        reclaim();
        List<StateEdit> edits = new ArrayList<>();
        long dataBlocks = Math.min(m.dataBlocks(), space.availableData(m.mayUseReserve(), merges.blocksInUse()));
        List<DeviceExtent> data = space.grantData(m.rid(), dataBlocks, edits);
        applyAll(edits);
        edits.clear();
        long metaBlocks = Math.min(m.metaBlocks(), space.availableMeta(m.mayUseReserve(), merges.blocksInUse()));
        List<DeviceExtent> meta = space.grantMeta(m.rid(), metaBlocks, edits);
        applyAll(edits);
        client.dataInHand += SpaceBook.sum(data);
        client.metaInHand += SpaceBook.sum(meta);
        if (SpaceBook.sum(data) < m.dataBlocks() || SpaceBook.sum(meta) < m.metaBlocks()) {
            recallFromOthers(client);
            // Before the answer, so that the node knows of a merge that may give space back when it reads that there is none.
            planMerges();
        }
        return new Message.SpaceGranted(m.requestId(), withSegmentIds(client, data, meta));
    }

    private void recallFromOthers(Client asking) {
        for (Client other : clients.values()) {
            if (other != asking && !other.isReadOnly) {
                out.send(other.rid, new Message.RecallSpace());
            }
        }
    }

    private Message needInodes(Message.NeedInodes m) {
        long count = INODE_GROUPS_PER_RUN * lockGroupSize;
        long first = state.nextIno();
        if (first <= FORBIDDEN_INO && first + count > FORBIDDEN_INO) {
            first = FORBIDDEN_INO + lockGroupSize;
        }
        apply(new StateEdit.NumbersTaken(first + count, state.nextSegmentId()));
        return new Message.InodesGranted(m.requestId(), first, count);
    }

    private Message returnSpace(Client client, Message.ReturnSpace m) {
        String refusal = state.refusalOf(new StateEdit.Returned(m.rid(), m.returned()));
        if (refusal != null) {
            return new Message.Refused(m.requestId(), refusal);
        }
        applyUnlessEmpty(new StateEdit.Returned(m.rid(), m.returned()), m.returned());
        spent(client, List.of(), m.returned(), List.of());
        return new Message.Done(m.requestId());
    }

    private Message resize(Message.Resize m) {
        Geometry now = state.geometry();
        if (!now.hasDataDevice() && m.metaBlocks() != 0) {
            return new Message.Refused(m.requestId(), "a volume of one device has one size, that of its data");
        }
        Geometry larger = now.hasDataDevice()
                ? new Geometry(metaSize(m, now), m.dataBlocks() == 0 ? now.dataBlocks() : m.dataBlocks())
                : new Geometry(m.dataBlocks() == 0 ? now.metaBlocks() : m.dataBlocks(), 0);
        if (larger.equals(now)) {
            return new Message.Done(m.requestId());
        }
        String refusal = now.refusalToBecome(larger);
        for (DeviceExtent added : refusal == null ? larger.addedTo(now) : List.<DeviceExtent>of()) {
            if (!device.test(added.end() - 1)) {
                refusal = "the device ends before " + larger;
            }
        }
        if (refusal != null) {
            return new Message.Refused(m.requestId(), refusal);
        }
        apply(new StateEdit.DevicesGrew(now, larger));
        return new Message.Done(m.requestId());
    }

    private static long metaSize(Message.Resize m, Geometry now) {
        boolean isSame = m.metaBlocks() == 0
                || m.metaBlocks() / Message.META_UNIT_BLOCKS == now.metaBlocks() / Message.META_UNIT_BLOCKS;
        return isSame ? now.metaBlocks() : m.metaBlocks();
    }

    private Message clusterState(Message.ClusterRequest m) {
        List<Message.MountState> mounts = new ArrayList<>();
        for (Incarnation one : state.incarnations()) {
            mounts.add(mountState(one));
        }
        for (Client client : clients.values()) {
            if (state.incarnation(client.rid) == null) { // a read-only server writes down nobody
                mounts.add(new Message.MountState(client.rid, "", 0, state.epoch(), Message.Standing.JOINED, true,
                        leaseLeft(client), state.version().number() - client.oldestVersion, 0));
            }
        }
        mounts.sort((a, b) -> Long.compareUnsigned(a.rid(), b.rid()));
        return new Message.ClusterState(m.requestId(), state.epoch(), now - startedNanos,
                leases.isAlone() ? 0 : Math.max(0, authorityEndNanos - now), state.version().number(), state.version().stableSeq(),
                lastCommitNanos == NEVER ? -1 : now - lastCommitNanos, locks.lockCount(), mounts);
    }

    private Message.MountState mountState(Incarnation one) {
        Client client = clients.get(one.rid());
        Message.Standing standing = one.isEvicted()
                ? Message.Standing.QUARANTINED
                : one.isServer()
                        ? Message.Standing.SERVER
                        : client == null ? Message.Standing.AWAITED : Message.Standing.JOINED;
        long leaseNanos = client != null
                ? leaseLeft(client)
                : standing == Message.Standing.AWAITED ? Math.max(0, declareUntilNanos - now) : 0;
        return new Message.MountState(one.rid(), one.process().hostName(), one.process().pid(), one.epoch(), standing,
                one.isReadOnly(), leaseNanos, client == null ? 0 : state.version().number() - client.oldestVersion,
                one.granted().blockCount());
    }

    private long leaseLeft(Client client) {
        return leases.isAlone() ? 0 : Math.max(0, client.silentUntilNanos - now);
    }

    private Message status(Message.StatusRequest m) {
        long grantedMeta = 0;
        long grantedData = 0;
        for (Incarnation one : state.incarnations()) {
            if (!one.isServer() && !one.isEvicted()) {
                for (DeviceExtent extent : one.granted()) {
                    if (state.geometry().isData(extent)) {
                        grantedData += extent.blockCount();
                    } else {
                        grantedMeta += extent.blockCount();
                    }
                }
            }
        }
        boolean isOnePool = !state.geometry().hasDataDevice();
        long freeMeta = state.freeMeta().blockCount() + grantedMeta;
        return new Message.VolumeStatus(
                m.requestId(),
                isOnePool ? 0 : state.geometry().metaBlocks(),
                isOnePool ? state.geometry().metaBlocks() : state.geometry().dataBlocks(),
                isOnePool ? 0 : freeMeta,
                isOnePool ? freeMeta : state.freeData().blockCount() + grantedData,
                options.reserveBlocks(),
                state.inodeCount(),
                state.version().stableSeq());
    }

    // ---- versions ---------------------------------------------------------------------------------------------------

    private void publish(VersionEdit edit) {
        apply(new StateEdit.VersionMade(edit));
        recentEdits.add(edit);
    }

    /** The edits that bring a node to the newest version; from now on it counts as told. */
    private List<VersionEdit> untold(Client client) {
        List<VersionEdit> edits = new ArrayList<>();
        for (VersionEdit edit : recentEdits) {
            if (edit.number() > client.toldVersion) {
                edits.add(edit);
            }
        }
        client.toldVersion = state.version().number();
        long oldestTold = clients.values().stream().mapToLong(one -> one.toldVersion).min().orElse(Long.MAX_VALUE);
        while (!recentEdits.isEmpty() && recentEdits.getFirst().number() <= oldestTold) {
            recentEdits.removeFirst();
        }
        return edits;
    }

    /** Sends every node but one what it has not been told. */
    private void tellOthers(@Nullable Client except) {
        for (Client client : clients.values()) {
            if (client != except && client.toldVersion < state.version().number()) {
                out.send(client.rid, new Message.Published(untold(client)));
            }
        }
    }

    private void sawOldest(Client client, long oldestVersion) {
        client.oldestVersion = Math.max(client.oldestVersion, oldestVersion);
        reclaim();
    }

    /** Frees the blocks of removed segments that nobody reads any more; the rest of many waits for the next message. */
    private void reclaim() {
        if (isReadOnly || !awaited.isEmpty()) {
            return;
        }
        long oldest = clients.values().stream().mapToLong(one -> one.oldestVersion).min().orElse(Long.MAX_VALUE);
        List<Long> ids = new ArrayList<>();
        for (VolumeState.Removed removed : state.removed()) {
            if (removed.removedInVersion() <= oldest && ids.size() < RECLAIM_MAX) {
                ids.add(removed.segment().id());
            }
        }
        if (!ids.isEmpty()) {
            apply(new StateEdit.Reclaimed(ids));
        }
    }

    // ---- grants -----------------------------------------------------------------------------------------------------

    private void spent(Client client, List<SegmentInfo> segments, List<DeviceExtent> consumed, List<DeviceExtent> returned) {
        long segmentBlocks = segments.stream().mapToLong(SegmentInfo::blockCount).sum();
        client.metaInHand = Math.max(0, client.metaInHand - segmentBlocks);
        long others = SpaceBook.sum(consumed) + SpaceBook.sum(returned) - segmentBlocks;
        client.dataInHand = Math.max(0, client.dataInHand - others);
        client.segmentIdsLeft = Math.max(0, client.segmentIdsLeft - segments.size());
    }

    private Grants topUp(Client client) {
        List<StateEdit> edits = new ArrayList<>();
        List<DeviceExtent> meta = space.grantMeta(client.rid, space.metaTopUp(client.metaInHand), edits);
        applyAll(edits);
        edits.clear();
        List<DeviceExtent> data = space.grantData(client.rid, space.dataTopUp(client.dataInHand), edits);
        applyAll(edits);
        client.metaInHand += SpaceBook.sum(meta);
        client.dataInHand += SpaceBook.sum(data);
        return withSegmentIds(client, data, meta);
    }

    private Grants withSegmentIds(Client client, List<DeviceExtent> data, List<DeviceExtent> meta) {
        if (client.segmentIdsLeft > options.segmentIds() / 2) {
            return new Grants(data, meta, 0, 0);
        }
        long first = state.nextSegmentId();
        apply(new StateEdit.NumbersTaken(state.nextIno(), first + options.segmentIds()));
        client.segmentIdsLeft += options.segmentIds();
        return new Grants(data, meta, first, options.segmentIds());
    }

    // ---- edits ------------------------------------------------------------------------------------------------------

    private void applyUnlessEmpty(StateEdit edit, List<DeviceExtent> extents) {
        if (!extents.isEmpty()) {
            apply(edit);
        }
    }

    private void applyAll(List<StateEdit> edits) {
        edits.forEach(this::apply);
    }

    private void apply(StateEdit edit) {
        Invariants.check(!isReadOnly, "an edit on a read-only mount", edit);
        try {
            state.apply(edit);
        } catch (CorruptionException e) {
            Invariants.check(false, "an edit that was checked does not fit", e.getMessage());
            throw new IllegalStateException(e);
        }
        out.edit(edit);
    }

    /** For tests: how many locks are known. */
    int lockCount() {
        return locks.lockCount();
    }
}
