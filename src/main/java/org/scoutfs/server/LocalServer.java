package org.scoutfs.server;

import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Clock;
import org.scoutfs.base.Rng;
import org.scoutfs.format.ProcessIdentity;
import org.scoutfs.net.Connection;
import org.scoutfs.net.Deliverer;
import org.scoutfs.net.Message;
import org.scoutfs.net.MessageQueue;
import org.scoutfs.quorum.Quorum;
import org.scoutfs.volume.Claim;
import org.scoutfs.volume.Epoch;
import org.scoutfs.volume.Host;
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
    private static final System.Logger LOG = System.getLogger(LocalServer.class.getName());

    /**
     * @param isReadOnly serve without writing
     * @param predecessorsAreGone an administrator's word that nobody who mounted this volume before can still write
     * @param options how much is handed out
     */
    public record Settings(boolean isReadOnly, boolean predecessorsAreGone, ServerOptions options) {
        public static Settings of(Volume volume) {
            return new Settings(false, false, ServerOptions.of(volume.geometry()));
        }

        public Settings readOnly() {
            return new Settings(true, predecessorsAreGone, options);
        }

        public Settings afterAllPredecessors() {
            return new Settings(isReadOnly, true, options);
        }
    }

    /** Where a server runs: what tests replace. */
    public record Surroundings(Host host, Clock clock, Waiter waiter, Rng rng) {
        public static Surroundings real() throws IOException {
            return new Surroundings(Host.local(), Clock.system(), Waiter.real(Clock.system()), Rng.secure());
        }
    }

    /** A message, or, without one, the wish to stop. */
    private record Envelope(@Nullable Deliverer from, @Nullable Message message) {}

    private final long epoch;
    private final ProcessIdentity process;
    private final Clock clock;
    private final ServerCore core;
    private final @Nullable LogKeeper log;
    private final @Nullable Claim claim;
    private final MessageQueue<Envelope> queue = new MessageQueue<>();
    private final Map<Long, Deliverer> connections = new HashMap<>();
    private final List<Deliverer> opened = new CopyOnWriteArrayList<>();
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private final Thread thread;
    private volatile @Nullable IOException failure;
    private long heartbeatDueNanos;

    private LocalServer(
            Volume volume, Settings settings, Surroundings around, VolumeState state, long epoch,
            @Nullable LogKeeper log, @Nullable Claim claim) {
        this.epoch = epoch;
        this.process = around.host.self();
        this.clock = around.clock;
        this.core = new ServerCore(state, settings.options, volume.slot().lockGroupSize(), settings.isReadOnly);
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
            Claim.Observation before = claim.awaitFree(around.host, around.clock, around.waiter);
            LocalServer server = settings.isReadOnly
                    ? new LocalServer(volume, settings, around, new VolumeReader(volume).state(),
                            volume.slot().epoch(), null, null)
                    : take(volume, quorum, settings, around, claim, before);
            server.thread.start();
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
        Epoch begun = Epoch.begin(volume, claim, before, epoch,
                new Epoch.Starter(rid, around.host, quorum, settings.predecessorsAreGone), around.clock);
        LogKeeper log = new LogKeeper(begun.state(), begun.log(), rid, claim);
        LocalServer server = new LocalServer(volume, settings, around, begun.state(), epoch, log, claim);
        server.heartbeatDueNanos = around.clock.monotonicNanos() + Claim.HEARTBEAT_NANOS;
        return server;
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
        opened.add(answers);
        IOException failed = failure;
        if (failed != null) {
            answers.closeWith(failed);
        } else if (ended.isDone()) {
            answers.closeWith(new IOException("the server has stopped"));
        }
        return message -> queue.put(new Envelope(answers, message));
    }

    private void run() {
        try {
            boolean isStopping = false;
            while (!isStopping) {
                isStopping = serve(queue.takeAll(waitNanos()));
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
            if (claim != null) {
                claim.close();
            }
        }
    }

    private long waitNanos() {
        return claim == null
                ? TimeUnit.MINUTES.toNanos(1)
                : Math.max(1, heartbeatDueNanos - clock.monotonicNanos());
    }

    /** @return whether the server shall stop */
    private boolean serve(List<Envelope> batch) throws IOException {
        boolean isStopping = false;
        for (Envelope envelope : batch) {
            Message message = envelope.message;
            if (message == null) {
                isStopping = true;
            } else {
                if (message instanceof Message.Join join && envelope.from != null) {
                    connections.putIfAbsent(join.rid(), envelope.from);
                }
                core.receive(message, process);
            }
        }
        core.plan(clock.monotonicNanos());
        deliver(core.takeOutput());
        if (claim != null && clock.monotonicNanos() >= heartbeatDueNanos) {
            claim.heartbeat();
            heartbeatDueNanos = clock.monotonicNanos() + Claim.HEARTBEAT_NANOS;
        }
        return isStopping;
    }

    private void deliver(Output out) throws IOException {
        if (log != null && !out.edits().isEmpty()) {
            log.append(out.edits());
        } else if (claim != null && !out.messages().isEmpty()) {
            claim.confirm();
        }
        for (Output.Outgoing outgoing : out.messages()) {
            Deliverer to = connections.get(outgoing.rid());
            if (to != null) {
                to.send(outgoing.message());
            }
        }
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
        LOG.log(System.Logger.Level.ERROR, "the server of epoch " + epoch + " has stopped", cause);
        failure = cause;
        queue.close();
        ended.completeExceptionally(cause);
        disconnect(cause);
    }

    private void disconnect(IOException cause) {
        opened.forEach(connection -> connection.closeWith(cause));
    }

    /**
     * Stops in order, after what was sent before has been answered; nodes have said goodbye by now.
     *
     * @throws IOException when the server had failed, or fails at its last checkpoint
     */
    @Override
    public void close() throws IOException {
        queue.put(new Envelope(null, null));
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
