package org.scoutfs.server;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Clock;
import org.scoutfs.base.Rng;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.format.ProcessIdentity;
import org.scoutfs.format.SuperSlot.QuorumSlot;
import org.scoutfs.net.Connection;
import org.scoutfs.net.Deliverer;
import org.scoutfs.net.Message;
import org.scoutfs.net.MessageQueue;
import org.scoutfs.net.PeerConnection;
import org.scoutfs.quorum.Quorum;
import org.scoutfs.volume.Claim;
import org.scoutfs.volume.Epoch;
import org.scoutfs.volume.Host;
import org.scoutfs.volume.Incarnation;
import org.scoutfs.volume.StateEdit;
import org.scoutfs.volume.Volume;
import org.scoutfs.volume.VolumeReader;
import org.scoutfs.volume.VolumeState;
import org.scoutfs.volume.Waiter;

/**
 * The server in this process: the core, one thread that drives it, the log and the claim.
 *
 * <pre>
 *   take all waiting messages ─► core ─► append one batch, flush ─► read the claim ─► send the answers ─► again
 * </pre>
 * <ol>
 *   <li>Nothing is sent before the batch that it depends on is durable and the claim was read after that.
 *   <li>When the device fails, the claim is lost, or the core finds a bug, the thread ends: nothing more is written or sent, and
 *       each connection is closed with the reason.
 *   <li>A read-only server writes nothing at all; it has no claim, only looked that nobody else does.
 * </ol>
 * <p>Threads: {@code connect} and {@code close} from any; all else belongs to the server's thread.
 */
public final class LocalServer implements AutoCloseable {
    /** So often the core looks whose lease has ended, when nothing else happens. */
    private static final int TICKS_PER_LEASE = 8;

    private static final long IDLE = Long.MIN_VALUE;

    private static final System.Logger CLUSTER = System.getLogger("org.scoutfs.cluster");
    private static final System.Logger LOG = System.getLogger(LocalServer.class.getName());

    /**
     * @param isReadOnly serve without writing
     * @param predecessorsAreGone an administrator's word that nobody who mounted this volume before can still write
     * @param options how much is handed out
     * @param leases how long rights last; {@link LeaseOptions#ALONE} for the only mount
     * @param slots all quorum slots from this epoch on; empty for those that the volume has
     */
    public record Settings(
            boolean isReadOnly, boolean predecessorsAreGone, ServerOptions options, LeaseOptions leases, List<QuorumSlot> slots) {
        public static Settings of(Volume volume) {
            return new Settings(false, false, ServerOptions.of(volume.geometry()), LeaseOptions.ALONE, List.of());
        }

        public Settings readOnly() {
            return new Settings(true, predecessorsAreGone, options, leases, slots);
        }

        public Settings afterAllPredecessors() {
            return new Settings(isReadOnly, true, options, leases, slots);
        }

        /** Other mounts may come, and may have been there under an earlier server. */
        public Settings inCluster(LeaseOptions with) {
            return new Settings(isReadOnly, predecessorsAreGone, options, with, slots);
        }

        /** The epoch begins with more quorum slots than the volume has now. */
        public Settings withSlots(List<QuorumSlot> all) {
            return new Settings(isReadOnly, predecessorsAreGone, options, leases, all);
        }
    }

    /** Where a server runs: what tests replace. */
    public record Surroundings(Host host, Clock clock, Waiter waiter, Rng rng) {
        public static Surroundings real() throws IOException {
            return new Surroundings(Host.local(), Clock.system(), Waiter.real(Clock.system()), Rng.secure());
        }
    }

    /** What the server's thread is told. */
    private sealed interface Envelope {}

    private record Said(Peer from, Message message) implements Envelope {}

    /** Nothing more will come from there. */
    private record Gone(Peer from) implements Envelope {}

    /** A round that began then heard of no later epoch. The claim has the last word: see {@link QuorumRounds}. */
    private record Round(long beganNanos) implements Envelope {}

    private record Deposed(IOException why) implements Envelope {}

    private record Stop() implements Envelope {}

    /**
     * The other end of a connection.
     *
     * @param onlyRid the incarnation that it may speak for; 0 in this process, where nobody lies
     */
    private record Peer(Connection to, Consumer<IOException> closer, ProcessIdentity process, long onlyRid) {}

    private final long epoch;
    private final ProcessIdentity process;
    private final Clock clock;
    private final ServerCore core;
    private final @Nullable LogKeeper log;
    private final @Nullable Claim claim;
    private final MessageQueue<Envelope> queue = new MessageQueue<>();
    private final Map<Long, Peer> connections = new HashMap<>();
    private final List<Peer> opened = new CopyOnWriteArrayList<>();
    private final LeaseOptions leases;
    private final @Nullable QuorumRounds rounds;
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private final Thread thread;
    private volatile @Nullable IOException failure;
    /** Since when the thread has been at what it does now; {@link #IDLE} while it waits for something to do. */
    private volatile long busySinceNanos = IDLE;

    private long heartbeatDueNanos;
    private boolean isAwaitingMounts;

    private LocalServer(
            Volume volume, Quorum quorum, Settings settings, Surroundings around, VolumeState state, long epoch,
            @Nullable LogKeeper log, @Nullable Claim claim) {
        this.epoch = epoch;
        this.leases = settings.leases;
        this.process = around.host.self();
        this.clock = around.clock;
        this.core = new ServerCore(state, settings.options, volume.slot().lockGroupSize(), settings.isReadOnly,
                leases, clock.monotonicNanos());
        this.core.useDevice(blkno -> isReadable(volume.device(), blkno));
        this.rounds = leases.isAlone()
                ? null
                : new QuorumRounds(quorum, epoch, clock, leases.authorityNanos() / 3, this::busyNanos, leases.leaseNanos() / 2,
                        began -> queue.put(new Round(began)), why -> queue.put(new Deposed(why)));
        this.log = log;
        this.claim = claim;
        this.thread = Thread.ofPlatform()
                .name("scoutfs-server-" + Long.toHexString(volume.volumeId()))
                .daemon(true)
                .unstarted(this::run);
    }

    /**
     * Takes the volume over and starts to serve it.
     *
     * @throws org.scoutfs.volume.VolumeBusyException when somebody else serves it
     */
    public static LocalServer start(Volume volume, Quorum quorum, Settings settings, Surroundings around)
            throws IOException, InterruptedException {
        Claim claim = new Claim(volume.device(), volume.volumeId());
        try {
            // In a cluster the quorum says who may try, and the one before may still show that it lives.
            Claim.Observation before = quorum.isAlone()
                    ? claim.awaitFree(around.host, around.clock, around.waiter)
                    : claim.observe();
            LocalServer server = settings.isReadOnly
                    ? new LocalServer(volume, quorum, settings, around, new VolumeReader(volume).state(),
                            volume.slot().epoch(), null, null)
                    : take(volume, quorum, settings, around, claim, before);
            server.thread.start();
            if (server.rounds != null) {
                server.rounds.start();
            }
            return server;
        } catch (IOException | InterruptedException | RuntimeException e) {
            claim.close();
            throw e;
        } finally {
            if (settings.isReadOnly) {
                claim.close();
            }
        }
    }

    private static LocalServer take(
            Volume volume, Quorum quorum, Settings settings, Surroundings around, Claim claim, Claim.Observation before)
            throws IOException, InterruptedException {
        long rid = newRid(around.rng);
        long epoch = quorum.awaitLeadership(Epoch.newestEpoch(volume, before));
        // Waiting to be elected may have taken long, and the server before may have let go meanwhile.
        Claim.Observation newest = quorum.isAlone() ? before : claim.observe();
        Epoch begun = Epoch.begin(volume, claim, newest, epoch,
                new Epoch.Starter(rid, around.host, quorum, settings.predecessorsAreGone,
                        !settings.leases.isAlone()),
                around.clock, slot -> settings.slots.isEmpty() ? slot : slot.withMoreSlots(settings.slots));
        LogKeeper log = new LogKeeper(begun.state(), begun.log(), rid, claim);
        LocalServer server = new LocalServer(volume, quorum, settings, around, begun.state(), epoch, log, claim);
        server.heartbeatDueNanos = around.clock.monotonicNanos() + Claim.HEARTBEAT_NANOS;
        return server;
    }

    private static boolean isReadable(BlockDevice device, long blkno) {
        try (Arena arena = Arena.ofConfined()) {
            device.read(blkno, arena.allocate(BlockDevice.BLOCK_SIZE, BlockDevice.BLOCK_SIZE));
            return true;
        } catch (IOException beyond) {
            LOG.log(System.Logger.Level.INFO, "not resized: " + beyond.getMessage());
            return false;
        }
    }

    /** An incarnation's number: never 0, and never the same again. */
    public static long newRid(Rng rng) {
        long rid = rng.nextLong();
        return rid == 0 ? 1 : rid;
    }

    public long epoch() {
        return epoch;
    }

    /** Why the server has stopped, or null. */
    public @Nullable IOException failure() {
        return failure;
    }

    /**
     * A connection of a node in this process.
     *
     * @param receiver gets the answers, on a thread of the connection's
     */
    public Connection connect(Connection.Receiver receiver) {
        Deliverer answers = new Deliverer("scoutfs-answers", receiver);
        answers.start();
        Peer peer = new Peer(answers, answers::closeWith, process, 0);
        opened.add(peer);
        IOException failed = failure;
        if (failed != null) {
            answers.closeWith(failed);
        } else if (ended.isDone()) {
            answers.closeWith(new IOException("the server has stopped"));
        }
        return message -> queue.put(new Said(peer, message));
    }

    /**
     * A connection of a node in another process: a transport's acceptor.
     *
     * @return who gets what arrives
     * @throws IOException when this server has stopped
     */
    public Connection.Receiver accept(PeerConnection from) throws IOException {
        Peer peer = new Peer(from, from::closeWith, from.peer().process(), from.peer().rid());
        opened.add(peer);
        if (failure != null || ended.isDone()) {
            opened.remove(peer);
            throw new IOException("the server of epoch " + epoch + " has stopped", failure);
        }
        return new Connection.Receiver() {
            @Override
            public void receive(Message message) {
                queue.put(new Said(peer, message));
            }

            @Override
            public void closed(IOException cause) {
                opened.remove(peer);
                queue.put(new Gone(peer));
            }
        };
    }

    private void run() {
        try {
            boolean isStopping = false;
            while (!isStopping) {
                List<Envelope> batch = queue.takeAll(waitNanos());
                busySinceNanos = clock.monotonicNanos();
                isStopping = serve(batch);
                busySinceNanos = IDLE;
            }
            stop();
            queue.close();
            ended.complete(null);
            disconnect(new IOException("the server has stopped"));
        } catch (IOException e) {
            fail(e);
        } catch (InterruptedException e) {
            fail(new IOException("the server's thread was interrupted", e));
        } catch (RuntimeException | Error e) {
            fail(new IOException("a bug in the server", e));
        } finally {
            if (rounds != null) {
                rounds.stop();
            }
            if (claim != null) {
                claim.close();
            }
        }
    }

    private long busyNanos() {
        long since = busySinceNanos;
        return since == IDLE ? 0 : clock.monotonicNanos() - since;
    }

    private long waitNanos() {
        long untilHeartbeat = claim == null
                ? TimeUnit.MINUTES.toNanos(1)
                : Math.max(1, heartbeatDueNanos - clock.monotonicNanos());
        return leases.isAlone() ? untilHeartbeat : Math.min(untilHeartbeat, leases.leaseNanos() / TICKS_PER_LEASE);
    }

    /** @return whether the server shall stop */
    private boolean serve(List<Envelope> batch) throws IOException {
        boolean isStopping = false;
        for (Envelope envelope : batch) {
            switch (envelope) {
                case Said said -> receive(said.from, said.message);
                case Gone gone -> connections.values().removeIf(gone.from::equals);
                case Round round -> {
                    if (claim != null) {
                        claim.confirm();
                    }
                    core.confirmAuthority(round.beganNanos);
                }
                case Deposed deposed -> throw deposed.why;
                case Stop _ -> isStopping = true;
            }
        }
        core.plan(clock.monotonicNanos());
        Output out = core.takeOutput();
        deliver(out);
        if (!leases.isAlone()) {
            tell(out);
        }
        if (claim != null && clock.monotonicNanos() >= heartbeatDueNanos) {
            claim.heartbeat();
            heartbeatDueNanos = clock.monotonicNanos() + Claim.HEARTBEAT_NANOS;
        }
        return isStopping;
    }

    private void receive(Peer from, Message message) {
        OptionalLong sender = Sender.of(message);
        if (from.onlyRid != 0 && (sender.isEmpty() || sender.getAsLong() != from.onlyRid)) {
            LOG.log(System.Logger.Level.WARNING, "a node of another name: {0} came from incarnation {1}",
                    message.getClass().getSimpleName(), Long.toHexString(from.onlyRid));
            from.closer.accept(new IOException("a message of another incarnation"));
            return;
        }
        if (message instanceof Message.Join || message instanceof Message.Declare) {
            // Nothing is sent to it there before; and what is sent now, it does not believe before its answer.
            connections.put(sender.orElseThrow(), from);
        }
        core.receive(message, from.process, clock.monotonicNanos());
    }

    private void deliver(Output out) throws IOException {
        if (log != null && !out.edits().isEmpty()) {
            log.append(out.edits());
        } else if (claim != null && !out.messages().isEmpty()) {
            claim.confirm();
        }
        for (Output.Outgoing outgoing : out.messages()) {
            Peer peer = connections.get(outgoing.rid());
            if (peer != null) {
                peer.to.send(outgoing.message());
            }
        }
    }

    /** What an administrator wants to know of it, once it is durable. */
    private void tell(Output out) {
        for (Output.Outgoing outgoing : out.messages()) {
            if (outgoing.message() instanceof Message.Evicted(long rid, String reason)
                    && out.edits().contains(new StateEdit.Evicted(rid))) {
                CLUSTER.log(System.Logger.Level.WARNING, named(rid) + " is evicted: " + reason
                        + ". Its locks go to others, its space is in quarantine until it is known to be gone");
            }
        }
        for (StateEdit edit : out.edits()) {
            if (edit instanceof StateEdit.Joined joined) {
                CLUSTER.log(System.Logger.Level.INFO, named(joined.rid()) + " has joined");
            }
        }
        int awaited = core.awaited().size();
        if (awaited > 0 && !isAwaitingMounts) {
            CLUSTER.log(System.Logger.Level.INFO, "epoch " + epoch + " waits for " + awaited + " mounts to declare what they hold, at most "
                    + TimeUnit.NANOSECONDS.toMillis(leases.authorityNanos() + leases.leaseNanos() + leases.marginNanos()) + " ms");
        } else if (awaited == 0 && isAwaitingMounts) {
            CLUSTER.log(System.Logger.Level.INFO, "epoch " + epoch + " knows what all mounts hold: locks are granted again");
        }
        isAwaitingMounts = awaited > 0;
    }

    /** For messages. */
    private String named(long rid) {
        Incarnation one = core.state().incarnation(rid);
        String of = one == null || one.process().hostName().isEmpty() ? "" : " of " + one.process().hostName();
        return String.format("mount %016x", rid) + of;
    }

    /** In order: the next start finds one checkpoint and no log, and a free claim. */
    private void stop() throws IOException {
        if (log != null && claim != null) {
            claim.confirm();
            log.checkpoint();
            claim.release();
        }
    }

    private void fail(IOException cause) {
        boolean isBug = cause.getCause() instanceof RuntimeException || cause.getCause() instanceof Error;
        if (isBug || leases.isAlone()) {
            LOG.log(System.Logger.Level.ERROR, "the server of epoch " + epoch + " has stopped", cause);
        } else {
            // Another one goes on: where a stack trace of it comes from does not help anybody.
            LOG.log(System.Logger.Level.WARNING, "the server of epoch " + epoch + " has stopped: " + cause.getMessage());
        }
        failure = cause;
        queue.close();
        ended.completeExceptionally(cause);
        disconnect(cause);
    }

    private void disconnect(IOException cause) {
        opened.forEach(peer -> peer.closer.accept(cause));
    }

    /** Returns when the server has stopped, whatever stopped it. */
    public void awaitEnd() throws InterruptedException {
        try {
            ended.get();
        } catch (ExecutionException e) {
            LOG.log(System.Logger.Level.DEBUG, "the server of epoch " + epoch + " ended", e.getCause());
        }
    }

    /** @return whether it ended within this time */
    public boolean awaitEnd(long nanos) throws InterruptedException {
        try {
            ended.get(nanos, TimeUnit.NANOSECONDS);
            return true;
        } catch (ExecutionException e) {
            return true;
        } catch (TimeoutException e) {
            return false;
        }
    }

    /** As if the process died, as far as that can be done inside of it: nothing more is written or sent. */
    public void abandon() {
        queue.put(new Deposed(new IOException("abandoned")));
    }

    /**
     * Stops in order, after what was sent before has been answered; nodes have said goodbye by now.
     *
     * @throws IOException when the server had failed, or fails at its last checkpoint
     */
    @Override
    public void close() throws IOException {
        queue.put(new Stop());
        try {
            ended.get();
        } catch (ExecutionException e) {
            throw new IOException("the server had stopped", e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while the server stops", e);
        }
    }
}
