package org.scoutfs.quorum;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.ratis.client.RaftClient;
import org.apache.ratis.proto.RaftProtos;
import org.apache.ratis.protocol.ClientId;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.RaftClientRequest;
import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.protocol.TransferLeadershipRequest;
import org.apache.ratis.server.DivisionInfo;
import org.apache.ratis.server.RaftConfiguration;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.storage.RaftStorage;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Clock;
import org.scoutfs.net.NodeAddress;

/**
 * One voter of an elected quorum: Apache Ratis inside of this process, its log in a local directory. docs/decisions/0013-ratis.md.
 *
 * <ol>
 *   <li>A leader of Raft is nobody yet: it puts a {@link Reign} into the log, and only when that is committed, in the term in which it
 *       leads, {@link #awaitLeadership} returns the reign's epoch.
 *   <li>{@link #isLeader} looks that this peer leads in the term of the reign, does a linearizable read (a round with a majority that
 *       begins after the call), and looks again. A peer that leads in one term before and after led all the time between.
 *   <li>{@link Quorum.Listener#lost} comes from a watch that looks every 50 ms, so it is an early warning and no promise of time.
 * </ol>
 * <p>Threads: Ratis's own; a watch, which also calls the listener; and, for a voter that lost its directory, one that asks to be admitted.
 * {@code mutex} guards the fields below it; no call to Ratis or to a listener is made under it.
 */
public final class RaftQuorum implements Quorum {
    private static final System.Logger LOG = System.getLogger(RaftQuorum.class.getName());
    private static final long WATCH_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
    private static final long ADMISSION_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long RESIGN_MILLIS = 1000;

    /** Mounts ask twice a second. */
    private static final long VOLUNTEER_NANOS = TimeUnit.SECONDS.toNanos(4);

    private static final int VOLUNTEERS_MAX = 16;

    private final RaftSettings settings;
    private final VoterRegister register;
    private final Clock clock;
    private final RaftGroupId groupId;
    private final RaftPeerId self;
    private final ReignMachine machine;
    private final RaftServer server;
    private final ClientId client = ClientId.randomId();
    private final AtomicLong callId = new AtomicLong();
    private final Thread watch;

    private final ReentrantLock mutex = new ReentrantLock();
    private final Condition changed = mutex.newCondition();

    // Guarded by mutex.
    private final List<Listener> listeners = new ArrayList<>();
    private final Map<NodeAddress, Long> volunteers = new LinkedHashMap<>();
    private @Nullable Reign told;
    private long ownEpoch;
    private long ownTerm;
    private boolean isClosed;
    private boolean isStopped;

    private RaftQuorum(RaftSettings settings, VoterDirectory directory, VoterRegister register, Clock clock)
            throws IOException {
        this.settings = settings;
        this.register = register;
        this.clock = clock;
        this.groupId = RaftGroups.groupId(settings);
        long generation = directory.voter().generation();
        this.self = RaftGroups.peerId(settings.slot(), generation);
        this.machine = new ReignMachine(new ReignMachine.Observer() {
            @Override
            public void committed(ReignMachine.Committed newest) {
                wake();
            }

            @Override
            public void roleChanged() {
                wake();
            }

            @Override
            public void stopped() {
                mutex.lock();
                try {
                    isStopped = true;
                    changed.signalAll();
                } finally {
                    mutex.unlock();
                }
            }

            @Override
            public void volunteered(NodeAddress at) {
                heard(at);
            }
        });
        boolean isThere = Files.isDirectory(directory.raft().resolve(groupId.getUuid().toString()));
        this.server = RaftServer.newBuilder()
                .setServerId(self)
                .setStateMachine(machine)
                .setProperties(RaftGroups.properties(settings, directory.raft()))
                .setParameters(RaftGroups.parameters(settings))
                .setGroup(RaftGroup.valueOf(groupId, generation == 0 ? RaftGroups.firstPeers(settings) : List.of()))
                .setOption(isThere ? RaftStorage.StartupOption.RECOVER : RaftStorage.StartupOption.FORMAT)
                .build();
        this.watch = Thread.ofPlatform().name("scoutfs-quorum-watch").daemon(true).unstarted(this::watch);
    }

    /**
     * Starts to vote.
     *
     * @throws IOException when the directory or the address cannot be used
     */
    public static RaftQuorum start(RaftSettings settings, VoterRegister register, Clock clock) throws IOException {
        RaftGroups.prepareLibrary();
        Objects.requireNonNull(settings.own());
        VoterDirectory directory = VoterDirectory.open(settings.voterDirectory(), settings.volumeId(),
                settings.quorumVersion(), settings.slot(), register);
        RaftQuorum quorum = new RaftQuorum(settings, directory, register, clock);
        try {
            quorum.server.start();
        } catch (IOException | RuntimeException e) {
            quorum.server.close();
            throw new IOException("quorum slot " + settings.slot() + " cannot vote at " + settings.own().address() + ":"
                    + settings.own().port() + ": " + e.getMessage(), e);
        }
        quorum.watch.start();
        if (directory.voter().generation() > 0) {
            LOG.log(System.Logger.Level.INFO, "quorum slot " + settings.slot() + " is new or its directory was lost: it votes as voter "
                    + quorum.self + " when the others have admitted it");
            Thread.ofPlatform().name("scoutfs-quorum-admission").daemon(true).start(quorum::askToBeAdmitted);
        }
        return quorum;
    }

    private void wake() {
        mutex.lock();
        try {
            changed.signalAll();
        } finally {
            mutex.unlock();
        }
    }

    // ---- leadership -------------------------------------------------------------------------------------------------

    @Override
    public long awaitLeadership(long newestEpoch) throws IOException, InterruptedException {
        while (true) {
            awaitLeader();
            Reign wish = new Reign(newestEpoch, settings.slot(), settings.rid(), settings.address(), settings.nodeName(),
                    clock.wallNanos());
            byte[] answer = ask(ReignCodec.encode(wish), RaftClientRequest.writeRequestType());
            Reign given = answer == null ? null : ReignCodec.decode(answer);
            if (given != null && begin(given.epoch())) {
                return given.epoch();
            }
        }
    }

    /** Waits until this peer leads and may take requests. */
    private void awaitLeader() throws IOException, InterruptedException {
        mutex.lock();
        try {
            while (!isLeaderReady()) {
                if (isClosed || isStopped) {
                    throw new IOException(isClosed ? "the quorum was closed" : "the quorum's Raft server has stopped");
                }
                long unused = changed.awaitNanos(WATCH_NANOS);
            }
        } finally {
            mutex.unlock();
        }
    }

    private boolean isLeaderReady() {
        DivisionInfo info = info();
        return info != null && info.isLeader() && info.isLeaderReady();
    }

    private @Nullable DivisionInfo info() {
        try {
            return server.getDivision(groupId).getInfo();
        } catch (IOException closed) {
            return null;
        }
    }

    private boolean begin(long epoch) {
        ReignMachine.Committed newest = machine.newest();
        Reign reign = newest.reign();
        if (reign == null || reign.epoch() != epoch || reign.rid() != settings.rid() || !leads(newest.term())) {
            return false;
        }
        mutex.lock();
        try {
            ownEpoch = epoch;
            ownTerm = newest.term();
        } finally {
            mutex.unlock();
        }
        return true;
    }

    private boolean leads(long term) {
        DivisionInfo info = info();
        return info != null && info.isLeader() && info.getCurrentTerm() == term;
    }

    /** @return the answer, or null where there is none: not the leader, no majority, too late */
    private byte @Nullable [] ask(byte[] content, RaftClientRequest.Type type) throws IOException, InterruptedException {
        RaftClientRequest request = RaftClientRequest.newBuilder()
                .setClientId(client)
                .setServerId(self)
                .setGroupId(groupId)
                .setCallId(callId.incrementAndGet())
                .setMessage(Message.valueOf(ByteString.copyFrom(content)))
                .setType(type)
                .build();
        try {
            CompletableFuture<RaftClientReply> answer = server.submitClientRequestAsync(request);
            RaftClientReply reply = answer.get(2L * settings.times().requestMillis(), TimeUnit.MILLISECONDS);
            if (!reply.isSuccess()) {
                LOG.log(System.Logger.Level.DEBUG, "the quorum says no: " + reply);
                return null;
            }
            return reply.getMessage().getContent().toByteArray();
        } catch (ExecutionException | TimeoutException e) {
            LOG.log(System.Logger.Level.DEBUG, "the quorum does not answer", e);
            return null;
        }
    }

    @Override
    public boolean isLeader(long epoch) throws IOException {
        long term = termOf(epoch);
        if (term < 0 || !leads(term)) {
            return false;
        }
        byte[] answer;
        try {
            answer = ask(new byte[0], RaftClientRequest.readRequestType());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while asking the quorum", e);
        }
        Reign newest = answer == null ? null : ReignCodec.decode(answer);
        return newest != null && newest.epoch() == epoch && leads(term);
    }

    /** The term of a reign of this mount's that was not lost; -1 for any other. */
    private long termOf(long epoch) {
        mutex.lock();
        try {
            return epoch == ownEpoch && epoch != 0 ? ownTerm : -1;
        } finally {
            mutex.unlock();
        }
    }

    @Override
    public void resign(long epoch) {
        long term = termOf(epoch);
        if (term >= 0) {
            transferFrom(term, "epoch " + epoch + " ends");
        }
    }

    @Override
    public void stepAside() {
        DivisionInfo info = info();
        if (info != null && info.isLeader()) {
            transferFrom(info.getCurrentTerm(), "this voter does not serve");
        }
    }

    private void transferFrom(long term, String why) {
        for (RaftPeer other : peers()) {
            if (other.getId().equals(self) || !leads(term)) {
                continue;
            }
            try {
                RaftClientReply reply = server.transferLeadership(new TransferLeadershipRequest(
                        client, self, groupId, callId.incrementAndGet(), other.getId(), RESIGN_MILLIS));
                if (reply.isSuccess()) {
                    LOG.log(System.Logger.Level.INFO, why + ": slot " + RaftGroups.slotOf(other.getId())
                            + " is to be the leader");
                    return;
                }
            } catch (IOException | RuntimeException unwilling) {
                LOG.log(System.Logger.Level.DEBUG, "slot " + other.getId() + " does not take over", unwilling);
            }
        }
    }

    // ---- what is known ----------------------------------------------------------------------------------------------

    @Override
    public @Nullable Reign reign() {
        return machine.newest().reign();
    }

    private void heard(NodeAddress volunteer) {
        mutex.lock();
        try {
            forgetSilentVolunteers();
            if (volunteers.containsKey(volunteer) || volunteers.size() < VOLUNTEERS_MAX) {
                volunteers.put(volunteer, clock.monotonicNanos());
            }
        } finally {
            mutex.unlock();
        }
    }

    private void forgetSilentVolunteers() {
        long oldest = clock.monotonicNanos() - VOLUNTEER_NANOS;
        volunteers.values().removeIf(heard -> heard - oldest < 0);
    }

    @Override
    public List<NodeAddress> volunteers() {
        mutex.lock();
        try {
            forgetSilentVolunteers();
            return List.copyOf(volunteers.keySet());
        } finally {
            mutex.unlock();
        }
    }

    private List<RaftPeer> peers() {
        try {
            return List.copyOf(server.getDivision(groupId).getGroup().getPeers());
        } catch (IOException closed) {
            return List.of();
        }
    }

    @Override
    public List<Member> members() {
        DivisionInfo info = info();
        RaftPeerId leader = info == null ? null : info.getLeaderId();
        List<Member> members = new ArrayList<>();
        for (RaftPeer peer : peers()) {
            Member.Role role = leader == null
                    ? Member.Role.UNKNOWN
                    : peer.getId().equals(leader) ? Member.Role.LEADER : Member.Role.FOLLOWER;
            members.add(new Member(RaftGroups.slotOf(peer.getId()), NodeAddress.parse(peer.getAddress(), 0), role,
                    silence(peer, info)));
        }
        members.sort((a, b) -> Integer.compare(a.slot(), b.slot()));
        return members;
    }

    private long silence(RaftPeer peer, @Nullable DivisionInfo info) {
        if (info == null || !info.isLeader()) {
            return -1;
        }
        if (peer.getId().equals(self)) {
            return 0;
        }
        for (RaftProtos.ServerRpcProto follower : info.getRoleInfoProto().getLeaderInfo().getFollowerInfoList()) {
            if (follower.getId().getId().equals(peer.getId().toByteString())) {
                return TimeUnit.MILLISECONDS.toNanos(follower.getLastRpcElapsedTimeMs());
            }
        }
        return -1;
    }

    @Override
    public boolean isAlone() {
        return false;
    }

    /** Whether this peer is a voter, and no change of voters is under way, which needs majorities of the old and of the new ones. */
    boolean isSettled() {
        try {
            RaftConfiguration voters = server.getDivision(groupId).getRaftConf();
            return voters.getPreviousPeers().isEmpty()
                    && voters.getCurrentPeers().stream().anyMatch(peer -> peer.getId().equals(self));
        } catch (IOException closed) {
            return false;
        }
    }

    @Override
    public int settledVoters() {
        return isSettled() ? peers().size() : 0;
    }

    /** Which voter this is, for messages and tests: its slot, and how often the slot lost its directory. */
    public String identity() {
        return self.toString();
    }

    // ---- the watch --------------------------------------------------------------------------------------------------

    @Override
    public void listen(Listener listener) {
        mutex.lock();
        try {
            listeners.add(listener);
            told = null; // the others hear it again, which harms nobody
            changed.signalAll();
        } finally {
            mutex.unlock();
        }
    }

    private void watch() {
        while (true) {
            Reign newest = machine.newest().reign();
            long lost = 0;
            Reign begun = null;
            List<Listener> to;
            boolean isEnd;
            boolean leads = leadsOwn();
            mutex.lock();
            try {
                isEnd = isClosed;
                if (ownEpoch != 0 && (isEnd || isStopped || !leads || newest == null || newest.epoch() != ownEpoch)) {
                    lost = ownEpoch;
                    ownEpoch = 0;
                }
                if (newest != null && !newest.equals(told)) {
                    begun = newest;
                    told = newest;
                }
                to = List.copyOf(listeners);
                if (!isEnd && lost == 0 && begun == null) {
                    long unused = changed.awaitNanos(WATCH_NANOS);
                }
            } catch (InterruptedException e) {
                isEnd = true;
                to = List.of();
            } finally {
                mutex.unlock();
            }
            for (Listener one : to) {
                tell(one, begun, lost, newest);
            }
            if (isEnd) {
                return;
            }
        }
    }

    private boolean leadsOwn() {
        long term;
        mutex.lock();
        try {
            term = ownEpoch == 0 ? -1 : ownTerm;
        } finally {
            mutex.unlock();
        }
        return term >= 0 && leads(term);
    }

    private static void tell(Listener to, @Nullable Reign begun, long lost, @Nullable Reign newest) {
        try {
            if (lost != 0) {
                to.lost(lost, newest != null && newest.epoch() > lost
                        ? newest.nodeName() + " was elected in epoch " + newest.epoch()
                        : "this voter does not lead any more");
            }
            if (begun != null) {
                to.began(begun);
            }
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.ERROR, "a listener of the quorum failed", e);
        }
    }

    // ---- a voter that lost its directory ----------------------------------------------------------------------------

    /** The others replace the slot's old voter by this one; a majority of them has to be there. */
    private void askToBeAdmitted() {
        String problem = "";
        while (awaitOpen(problem.isEmpty() ? 0 : ADMISSION_NANOS)) {
            if (isSettled()) {
                LOG.log(System.Logger.Level.INFO, "quorum slot " + settings.slot() + " votes as " + self);
                return;
            }
            problem = "not yet";
            try {
                List<RaftPeer> now = RaftGroups.peersNow(settings, register);
                List<RaftPeer> others = now.stream()
                        .filter(peer -> !peer.getId().equals(self))
                        .toList();
                if (others.isEmpty()) {
                    LOG.log(System.Logger.Level.ERROR, "the only voter's directory " + settings.voterDirectory()
                            + " was lost: nobody can admit a new one. scoutfs change-quorum-config makes a new quorum.");
                    return;
                }
                try (RaftClient asking = RaftGroups.client(settings, others)) {
                    RaftClientReply reply = asking.admin().setConfiguration(now);
                    LOG.log(System.Logger.Level.DEBUG, "the answer to " + self + ": " + reply);
                }
            } catch (IOException | RuntimeException e) {
                LOG.log(System.Logger.Level.DEBUG, "nobody admits " + self + " yet", e);
            }
        }
    }

    /** @return false when the quorum was closed */
    private boolean awaitOpen(long nanos) {
        mutex.lock();
        try {
            long left = nanos;
            while (left > 0 && !isClosed) {
                left = changed.awaitNanos(left);
            }
            return !isClosed;
        } catch (InterruptedException e) {
            return false;
        } finally {
            mutex.unlock();
        }
    }

    // ---- the end ----------------------------------------------------------------------------------------------------

    /** Another voter is made leader first, if there is one that can be. */
    @Override
    public void close() {
        long epoch;
        mutex.lock();
        try {
            if (isClosed) {
                return;
            }
            epoch = ownEpoch;
        } finally {
            mutex.unlock();
        }
        resign(epoch);
        stop();
    }

    @Override
    public void abandon() {
        stop();
    }

    /** As if the process died, as far as that can be done inside of it: nobody is told. */
    void stop() {
        mutex.lock();
        try {
            isClosed = true;
            changed.signalAll();
        } finally {
            mutex.unlock();
        }
        try {
            server.close();
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, "closing the quorum", e);
        }
    }
}
