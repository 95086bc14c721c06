package org.scoutfs.node;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Clock;
import org.scoutfs.base.Rng;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.format.SuperSlot;
import org.scoutfs.format.SuperSlot.QuorumSlot;
import org.scoutfs.format.VoterBlock;
import org.scoutfs.net.Hello;
import org.scoutfs.net.NodeAddress;
import org.scoutfs.net.TcpTransport;
import org.scoutfs.net.TransportOptions;
import org.scoutfs.quorum.Member;
import org.scoutfs.quorum.Quorum;
import org.scoutfs.quorum.RaftFollower;
import org.scoutfs.quorum.RaftQuorum;
import org.scoutfs.quorum.RaftSettings;
import org.scoutfs.quorum.Reign;
import org.scoutfs.quorum.VoterRegister;
import org.scoutfs.server.LeaseOptions;
import org.scoutfs.server.LocalServer;
import org.scoutfs.volume.Host;
import org.scoutfs.volume.Volume;
import org.scoutfs.volume.VolumeReader;
import org.scoutfs.volume.Voters;
import org.scoutfs.volume.Waiter;

/**
 * A mount's part in the quorum: it votes where it has a slot, serves while it is elected, and knows who serves else.
 *
 * <pre>
 *   wait to be elected ──► take the volume over ──► serve ──► deposed, claim lost, device failed ──► resign ──► wait again
 * </pre>
 * <p>Thread-safe. {@code mutex} guards the fields below it.
 */
final class ClusterMember implements AutoCloseable {
    private static final Logger LOG = System.getLogger("org.scoutfs.cluster");

    /** After a server that failed: whoever else can serve has the time to be elected. */
    private static final long REST_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

    /** How long an unmount waits for another voter to take over, since that needs a majority. */
    private static final long HAND_OVER_NANOS = TimeUnit.SECONDS.toNanos(15);

    /** No majority for so long, longer than an election takes: there is none. */
    private static final long NOBODY_NANOS = TimeUnit.SECONDS.toNanos(5);

    /** So often the server looks who would vote. */
    private static final long VOLUNTEERS_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** So often a mount that would vote looks whether it was given a slot. */
    private static final long SLOT_NANOS = TimeUnit.MILLISECONDS.toNanos(700);

    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    /** Who serves now. */
    sealed interface Target {
        /** The server in this process. */
        record Here(LocalServer server) implements Target {}

        record There(Reign reign) implements Target {}
    }

    private final Volume volume;
    private final BlockDevice device;
    private final long quorumVersion;
    private final long rid;
    private final LeaseOptions leases;
    private final Clock clock;
    private final Host host;
    private final ClusterOptions options;

    /** Set under {@code mutex}: a mount without a vote may get one, once. */
    private volatile Quorum quorum;

    private volatile @Nullable TcpTransport transport;

    private final ReentrantLock mutex = new ReentrantLock();
    private final Condition changed = mutex.newCondition();

    // Guarded by mutex.
    private @Nullable LocalServer serving;
    private @Nullable Thread thread;
    private @Nullable Thread volunteering;
    private boolean isStopped;
    private long changes;

    private ClusterMember(
            Volume volume, long rid, ClusterOptions options, Quorum quorum, LeaseOptions leases, Clock clock, Host host,
            @Nullable TcpTransport transport) {
        this.volume = volume;
        this.device = volume.device();
        this.quorumVersion = volume.slot().quorumVersion();
        this.rid = rid;
        this.options = options;
        this.quorum = quorum;
        this.leases = leases;
        this.clock = clock;
        this.host = host;
        this.transport = transport;
    }

    /**
     * @param clock counts suspended time
     * @param mayVote whether this mount votes and serves where its options name a slot, or it is given one
     */
    static ClusterMember start(Volume volume, long rid, ClusterOptions options, boolean mayVote, LeaseOptions leases, Clock clock)
            throws IOException {
        Host host = Host.local();
        List<QuorumSlot> slots = volume.slot().quorumSlots();
        if (slots.isEmpty()) {
            throw new IOException(volume.device().name() + " has no quorum: it was made for one mount at a time (mkfs -Q makes one)");
        }
        if (options.hasVote() && mayVote) {
            Voting voting = vote(volume, rid, options, slots, host, clock);
            ClusterMember member =
                    new ClusterMember(volume, rid, options, voting.quorum, leases, clock, host, voting.transport);
            member.quorum.listen(member.new Told());
            member.startServing();
            return member;
        }
        NodeAddress volunteersAt = mayVote ? ClusterFit.volunteersAt(options, volume.slot()) : null;
        RaftSettings settings = settings(volume, rid, options.withSlot(ClusterOptions.NO_SLOT), slots, host, new NodeAddress("-", 0));
        Quorum follower = RaftFollower.start(settings, VoterRegister.of(volume), volunteersAt);
        ClusterMember member = new ClusterMember(volume, rid, options, follower, leases, clock, host, null);
        follower.listen(member.new Told());
        if (volunteersAt != null) {
            member.volunteer(volunteersAt);
        }
        return member;
    }

    /** A voter of a slot, and where others will reach the server of its mount. */
    private record Voting(Quorum quorum, TcpTransport transport) {}

    private static Voting vote(
            Volume volume, long rid, ClusterOptions options, List<QuorumSlot> slots, Host host, Clock clock) throws IOException {
        TcpTransport transport = listen(volume, rid, options, slots, host);
        try {
            NodeAddress reached = transport.address();
            if (reached == null) {
                throw new IOException("quorum slot " + options.slot() + " listens nowhere");
            }
            RaftSettings settings = settings(volume, rid, options, slots, host, reached);
            return new Voting(RaftQuorum.start(settings, VoterRegister.of(volume), clock), transport);
        } catch (IOException | RuntimeException failure) {
            transport.close();
            throw failure;
        }
    }

    private static RaftSettings settings(
            Volume volume, long rid, ClusterOptions options, List<QuorumSlot> slots, Host host, NodeAddress reached) {
        return new RaftSettings(volume.volumeId(), volume.slot().quorumVersion(), slots, options.slot(), options.quorumDirectory(), rid,
                reached, host.self().hostName(), options.tls(), options.times());
    }

    private static TcpTransport listen(Volume volume, long rid, ClusterOptions options, List<QuorumSlot> slots, Host host)
            throws IOException {
        QuorumSlot own = slots.stream()
                .filter(slot -> slot.number() == options.slot())
                .findFirst()
                .orElseThrow(() -> new IOException(volume.device().name() + " has no quorum slot " + options.slot() + ", only "
                        + slots.stream().map(QuorumSlot::number).toList()));
        NodeAddress at = options.listen();
        return TcpTransport.open(
                new TcpTransport.Settings(
                        Hello.of(volume.volumeId(), rid, options.slot(), host.self().hostName(), host.self()),
                        at == null ? new NodeAddress(own.address(), 0) : at,
                        options.tls(),
                        TransportOptions.forLease(options.leaseMillis())),
                Clock.system(),
                Rng.secure());
    }

    private void startServing() {
        mutex.lock();
        try {
            if (!isStopped) {
                thread = Thread.ofPlatform().name("scoutfs-serve").daemon(true).start(this::serve);
            }
        } finally {
            mutex.unlock();
        }
    }

    // ---- a mount that would vote ---------------------------------------------------------------------------------------

    private void volunteer(NodeAddress at) {
        mutex.lock();
        try {
            volunteering = Thread.ofPlatform().name("scoutfs-volunteer").daemon(true).start(() -> awaitSlot(at));
        } finally {
            mutex.unlock();
        }
    }

    /** Until the device says that this mount has a slot, and it votes. */
    private void awaitSlot(NodeAddress at) {
        Waiter waiter = Waiter.real(clock);
        try {
            while (!isStopped()) {
                waiter.pause(SLOT_NANOS);
                try {
                    SuperSlot now = Volume.open(device).slot();
                    QuorumSlot own = now.quorumVersion() == quorumVersion ? VoterGrowth.slotOf(now.quorumSlots(), at) : null;
                    if (own != null) {
                        beginToVote(own, now.quorumSlots());
                        return;
                    }
                } catch (IOException failure) {
                    LOG.log(Level.WARNING, "this mount would vote and cannot: " + failure.getMessage());
                }
            }
        } catch (InterruptedException stopped) {
            LOG.log(Level.DEBUG, "this mount was given no vote");
        }
    }

    private void beginToVote(QuorumSlot own, List<QuorumSlot> slots) throws IOException {
        LOG.log(Level.INFO, "this mount was given quorum slot " + own.number() + ", and votes at " + QuorumSlots.address(own));
        Voting voting = vote(volume, rid, options.withSlot(own.number()).withListen(null), slots, host, clock);
        Quorum before = quorum;
        boolean isLate;
        mutex.lock();
        try {
            isLate = isStopped;
            if (!isLate) {
                quorum = voting.quorum;
                transport = voting.transport;
            }
        } finally {
            mutex.unlock();
        }
        if (isLate) {
            voting.quorum.close();
            voting.transport.close();
            return;
        }
        before.close();
        voting.quorum.listen(new Told());
        startServing();
        wake();
    }

    /** Passes on what the quorum says. */
    private final class Told implements Quorum.Listener {
        @Override
        public void began(Reign reign) {
            LOG.log(Level.INFO, "epoch " + reign.epoch() + ": " + reign.nodeName() + " (slot " + reign.slot() + ", "
                    + reign.address() + ") was elected");
            wake();
        }

        @Override
        public void lost(long epoch, String why) {
            LOG.log(Level.DEBUG, "epoch " + epoch + " of this mount may be over: " + why);
            wake();
        }
    }

    Quorum quorum() {
        return quorum;
    }

    // ---- who serves --------------------------------------------------------------------------------------------------

    /** Null while nobody is known to. */
    @Nullable Target target() {
        mutex.lock();
        try {
            if (serving != null) {
                return new Target.Here(serving);
            }
        } finally {
            mutex.unlock();
        }
        Reign reign = quorum.reign();
        return reign == null || reign.rid() == rid ? null : new Target.There(reign);
    }

    boolean isServing() {
        mutex.lock();
        try {
            return serving != null;
        } finally {
            mutex.unlock();
        }
    }

    /** Counts what {@link #target} may have changed by. */
    long changes() {
        mutex.lock();
        try {
            return changes;
        } finally {
            mutex.unlock();
        }
    }

    /** Returns when anything changed since, somebody called {@link #wake}, or the time is over. */
    void awaitChange(long seen, long nanos) throws InterruptedException {
        mutex.lock();
        try {
            long left = nanos;
            while (changes == seen && left > 0) {
                left = changed.awaitNanos(left);
            }
        } finally {
            mutex.unlock();
        }
    }

    void wake() {
        mutex.lock();
        try {
            changes++;
            changed.signalAll();
        } finally {
            mutex.unlock();
        }
    }

    // ---- serving -----------------------------------------------------------------------------------------------------

    private boolean isStopped() {
        mutex.lock();
        try {
            return isStopped;
        } finally {
            mutex.unlock();
        }
    }

    private void serve() {
        try {
            while (!isStopped()) {
                try {
                    serveOnce();
                } catch (IOException failure) {
                    if (isStopped()) {
                        return;
                    }
                    LOG.log(Level.WARNING, "this mount cannot serve: " + failure.getMessage());
                    LOG.log(Level.DEBUG, "because of", failure);
                    giveUpTurn();
                }
                awaitChange(changes(), REST_NANOS);
            }
        } catch (InterruptedException stopped) {
            LOG.log(Level.DEBUG, "not waiting to be elected any more");
        } catch (IOException failure) {
            LOG.log(isStopped() ? Level.DEBUG : Level.ERROR, "this mount cannot be elected any more", failure);
        }
    }

    /** Whoever is elected and cannot serve lets another voter try. */
    private void giveUpTurn() throws IOException, InterruptedException {
        quorum.resign(quorum.awaitLeadership(0));
    }

    /** Waits to be elected, and serves until that ends. */
    private void serveOnce() throws IOException, InterruptedException {
        List<QuorumSlot> more = List.of();
        do {
            more = serveWith(more);
        } while (!more.isEmpty() && !isStopped());
    }

    /**
     * @param slots all quorum slots from this epoch on; empty for those that the volume has
     * @return what the next epoch is to begin with; empty when this mount does not serve any more
     */
    private List<QuorumSlot> serveWith(List<QuorumSlot> slots) throws IOException, InterruptedException {
        Volume now = Volume.open(device);
        if (now.slot().quorumVersion() != quorumVersion) {
            throw new IOException("the quorum of " + device.name() + " was changed since it was mounted here");
        }
        LocalServer server = LocalServer.start(
                now,
                quorum,
                LocalServer.Settings.of(now).inCluster(leases).withSlots(slots),
                new LocalServer.Surroundings(host, clock, Waiter.real(clock), Rng.secure()));
        LOG.log(Level.INFO, "this mount serves in epoch " + server.epoch());
        List<QuorumSlot> more = List.of();
        boolean isLate;
        mutex.lock();
        try {
            isLate = isStopped;
            serving = server;
        } finally {
            mutex.unlock();
        }
        TcpTransport open = transport;
        try {
            if (isLate) {
                server.close();
                return more;
            }
            if (open != null) {
                open.accept(server::accept);
            }
            wake();
            more = awaitEndOrVoters(server);
            LOG.log(Level.INFO, more.isEmpty()
                    ? "this mount does not serve any more in epoch " + server.epoch()
                    : "new voters: the next epoch begins with quorum slots " + QuorumSlots.lines(more));
            if (!more.isEmpty()) {
                server.close();
            }
        } finally {
            if (open != null) {
                open.accept(null);
            }
            mutex.lock();
            try {
                serving = null;
            } finally {
                mutex.unlock();
            }
            wake();
        }
        if (more.isEmpty()) {
            quorum.resign(server.epoch());
        }
        return more;
    }

    /**
     * Until the server ends, or enough mounts would vote that voters are to be more.
     *
     * @return all slots then; their voters' blocks are there. Empty when the server ended
     */
    private List<QuorumSlot> awaitEndOrVoters(LocalServer server) throws IOException, InterruptedException {
        while (!server.awaitEnd(VOLUNTEERS_NANOS)) {
            List<NodeAddress> volunteers = quorum.volunteers();
            if (volunteers.isEmpty()) {
                continue;
            }
            Volume now = Volume.open(device);
            List<QuorumSlot> grown = VoterGrowth.grown(now.slot().quorumSlots(), volunteers);
            if (now.slot().clusterName().isEmpty() || grown.size() == now.slot().quorumSlots().size()) {
                continue;
            }
            // Of generation 1, as one that lost its directory: it begins empty, and is admitted by those that vote.
            Voters blocks = new Voters(now);
            for (QuorumSlot slot : grown) {
                if (!now.slot().quorumSlots().contains(slot)) {
                    blocks.write(new VoterBlock(now.volumeId(), slot.number(), quorumVersion, 1, 0));
                }
            }
            return grown;
        }
        return List.of();
    }

    // ---- the end -----------------------------------------------------------------------------------------------------

    /** Ends serving in order, and waits for another voter to take over where other mounts need one. This mount has said goodbye. */
    @Override
    public void close() throws IOException {
        LocalServer last;
        mutex.lock();
        try {
            if (isStopped) {
                return;
            }
            isStopped = true;
            last = serving;
            changes++;
            changed.signalAll();
        } finally {
            mutex.unlock();
        }
        IOException failed = null;
        try {
            if (last != null) {
                last.close();
                handOver(last.epoch());
            }
        } catch (IOException failure) {
            failed = failure;
        } finally {
            interruptThreads();
            quorum.close();
            closeTransport();
        }
        if (failed != null) {
            throw failed;
        }
    }

    /** As if the process died, as far as that can be done inside of it: nobody is told. */
    void abandon() {
        LocalServer last;
        mutex.lock();
        try {
            isStopped = true;
            last = serving;
        } finally {
            mutex.unlock();
        }
        if (last != null) {
            last.abandon();
            try {
                last.awaitEnd();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        interruptThreads();
        closeTransport();
        quorum.abandon();
    }

    private void interruptThreads() {
        mutex.lock();
        try {
            if (thread != null) {
                thread.interrupt();
            }
            if (volunteering != null) {
                volunteering.interrupt();
            }
        } finally {
            mutex.unlock();
        }
    }

    private void closeTransport() {
        TcpTransport open = transport;
        if (open != null) {
            open.close();
        }
    }

    /** As far as is known here: a leader that more than half of the voters answer, or another one than this mount. */
    private boolean isMajorityThere() {
        List<Member> members = quorum.members();
        long answering = members.stream().filter(one -> one.silentNanos() >= 0 && one.silentNanos() < NOBODY_NANOS).count();
        boolean leadsHere = members.stream().anyMatch(one -> one.silentNanos() >= 0);
        boolean isLed = members.stream().anyMatch(one -> one.role() == Member.Role.LEADER);
        return leadsHere ? 2 * answering > members.size() : isLed;
    }

    private void handOver(long epoch) throws IOException {
        boolean hasOthers = new VolumeReader(Volume.open(device))
                .state().incarnations().stream().anyMatch(one -> !one.isServer() && !one.isEvicted() && one.rid() != rid);
        if (!hasOthers) {
            return;
        }
        LOG.log(Level.INFO, "other mounts go on: another voter is asked to serve them");
        long end = clock.monotonicNanos() + HAND_OVER_NANOS;
        long heardNanos = clock.monotonicNanos();
        Waiter waiter = Waiter.real(clock);
        try {
            while (Volume.open(device).slot().epoch() <= epoch && clock.monotonicNanos() < end) {
                if (isMajorityThere()) {
                    heardNanos = clock.monotonicNanos();
                } else if (clock.monotonicNanos() - heardNanos > NOBODY_NANOS) {
                    LOG.log(Level.WARNING, "too few voters answer to elect another server: the other mounts wait until they do");
                    return;
                }
                quorum.stepAside(); // again and again: it may be elected anew
                waiter.pause(LOOK_NANOS);
            }
        } catch (InterruptedException hurried) {
            Thread.currentThread().interrupt();
        }
    }
}
