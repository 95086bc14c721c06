package org.scoutfs.node;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.lang.System.Logger;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Clock;
import org.scoutfs.base.Counters;
import org.scoutfs.base.Rng;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.fs.FileSystem;
import org.scoutfs.fs.Ioctls;
import org.scoutfs.fs.KernelCache;
import org.scoutfs.fs.KernelCounts;
import org.scoutfs.fs.NodeFileSystem;
import org.scoutfs.quorum.SoloQuorum;
import org.scoutfs.server.LeaseOptions;
import org.scoutfs.server.LocalServer;
import org.scoutfs.sys.BootClock;
import org.scoutfs.txn.NodeTransactions;
import org.scoutfs.txn.ServerSession;
import org.scoutfs.volume.Volume;

/**
 * Everything of a mount but the kernel's side: from the device to the file system, started from the bottom up. Tests that need no
 * kernel use it as it is.
 *
 * <p>{@link #stop} undoes the start from the top down, each step once, whatever went wrong in another one: the last commit, the
 * goodbye to the server, the server's last checkpoint, the claim's release.
 */
public final class NodeStack {
    private static final Logger LOG = System.getLogger("org.scoutfs.node");

    /** What is told of a mount, beside its device. */
    public record Options(
            boolean isReadOnly, boolean isWriteback, long cacheBytes, long dirtyBytes, long commitMillis, long preallocBlocks,
            boolean isPreallocContigOnly, boolean arePredecessorsGone) {
        public static Options of(MountOptions options) {
            return new Options(
                    options.isReadOnly(),
                    options.isWriteback(),
                    options.cacheBytes(),
                    options.dirtyBytes(),
                    options.commitMillis(),
                    options.preallocBlocks(),
                    options.isPreallocContigOnly(),
                    options.arePredecessorsGone());
        }
    }

    private final Closers closers = new Closers();
    private final LateKernelCache kernel = new LateKernelCache();
    private final Counters counters;
    private final Volume volume;
    private @Nullable ClusterMember member;
    private final @Nullable Incarnations incarnations;
    private final @Nullable NodeIncarnation only;
    private final ClusterReports reports;

    private NodeStack(
            BlockDevice device,
            @Nullable LocalServer shared,
            @Nullable ClusterOptions cluster,
            Options options,
            String name,
            Counters counters,
            Clock clock)
            throws IOException, InterruptedException {
        this.counters = counters;
        volume = Volume.open(device);
        long rid = LocalServer.newRid(Rng.secure());
        MountLog.name(volume.volumeId(), rid);
        NodeIncarnation.Mount mount = new NodeIncarnation.Mount(
                volume, options, shared != null || cluster != null, kernel, name, counters, clock);
        try {
            if (cluster == null) {
                LocalServer server = shared == null ? startServer(options) : shared;
                ServerSession session = new ServerSession(rid, 0, counters);
                session.connect(server.connect(session));
                only = new NodeIncarnation(mount, session, null, new KernelCounts(), (one, why) -> one.failed(why));
                closers.push(only::close);
                incarnations = null;
            } else {
                Clock leaseClock = new BootClock();
                LeaseOptions leases = LeaseOptions.of(TimeUnit.MILLISECONDS.toNanos(cluster.leaseMillis()));
                member = closers.add(ClusterMember.start(volume, rid, cluster, !options.isReadOnly, leases, leaseClock));
                incarnations = Incarnations.start(mount, member, cluster, leases, leaseClock, rid);
                closers.push(incarnations::close);
                only = null;
            }
        } catch (IOException | InterruptedException | RuntimeException failure) {
            closers.closeAfter(failure);
            throw failure;
        }
        Incarnations all = incarnations;
        reports = new ClusterReports(all == null ? current().ioctls() : all, member, volume.slot(), this::current,
                () -> all == null ? 0 : all.rejoins(), counters);
        counters.addSource(reports::counters);
    }

    /**
     * Takes the volume over and starts everything. The device is borrowed until {@link #stop} returns.
     *
     * @param name of the mount, for the names of threads
     * @throws org.scoutfs.volume.VolumeBusyException when somebody else has it
     */
    public static NodeStack start(BlockDevice device, Options options, String name, Counters counters, Clock clock)
            throws IOException, InterruptedException {
        return new NodeStack(device, null, null, options, name, counters, clock);
    }

    /**
     * As {@link #start(BlockDevice, Options, String, Counters, Clock)} where {@code cluster} is null; else as a part of the volume's
     * cluster: votes where it has a quorum slot, and serves or joins whom the quorum elects. Waits for that.
     */
    public static NodeStack start(
            BlockDevice device,
            Options options,
            @Nullable ClusterOptions cluster,
            String name,
            Counters counters,
            Clock clock)
            throws IOException, InterruptedException {
        return new NodeStack(device, null, cluster, options, name, counters, clock);
    }

    /**
     * Joins a server that others use too, and starts everything else. The device and the server are borrowed until {@link #stop} returns;
     * the device is this node's own way to the volume.
     */
    public static NodeStack join(
            BlockDevice device, LocalServer server, Options options, String name, Counters counters, Clock clock)
            throws IOException, InterruptedException {
        return new NodeStack(device, server, null, options, name, counters, clock);
    }

    private LocalServer startServer(Options options) throws IOException, InterruptedException {
        LocalServer.Settings settings = LocalServer.Settings.of(volume);
        if (options.arePredecessorsGone) {
            settings = settings.afterAllPredecessors();
        }
        return closers.add(LocalServer.start(
                volume,
                new SoloQuorum(),
                options.isReadOnly ? settings.readOnly() : settings,
                LocalServer.Surroundings.real()));
    }

    private NodeIncarnation current() {
        NodeIncarnation one = incarnations == null ? only : incarnations.current();
        if (one == null) {
            throw new IllegalStateException("the mount did not start");
        }
        return one;
    }

    /** What requests go to; in a cluster, to whichever incarnation there is. */
    public FileSystem fileSystem() {
        return incarnations == null ? current().fileSystem() : incarnations;
    }

    /** The file system of the present incarnation. */
    public NodeFileSystem nodeFileSystem() {
        return current().fileSystem();
    }

    public Ioctls ioctls() {
        return reports;
    }

    /** In the text format of Prometheus; asks the server. */
    public CompletableFuture<String> metrics() {
        return reports.metrics();
    }

    /** What {@code scoutfs cluster} prints; asks the server. */
    public CompletableFuture<String> clusterText() {
        return reports.clusterText();
    }

    /** What {@code scoutfs locks} prints; asks the server. */
    public CompletableFuture<String> locksText() {
        return reports.locksText();
    }

    public NodeTransactions transactions() {
        return current().transactions();
    }

    public Counters counters() {
        return counters;
    }

    public Volume volume() {
        return volume;
    }

    /** Of the present incarnation. */
    public long rid() {
        return current().rid();
    }

    /** Where {@code fs} tells the kernel what to forget, from now on. */
    public void connect(KernelCache cache) {
        kernel.connect(cache);
    }

    /** A promise of the program to itself is broken: nothing is written any more. */
    public void failed(Throwable cause) {
        LOG.log(Level.ERROR, "a bug: this mount writes nothing any more", cause);
        current().failed(new IOException("stopped because of a bug", cause));
    }

    /**
     * Makes everything durable and lets go of the volume. No operation is under way or comes any more. A second call does nothing.
     *
     * @throws IOException what went wrong first
     */
    public void stop() throws IOException {
        closers.close();
    }

    /**
     * In a cluster: as if the process died, as far as that can be done inside of it. The others are told nothing; what was not committed
     * is lost.
     */
    public void abandon() {
        if (member != null) {
            member.abandon();
        }
        current().cutOff(new IOException("abandoned"));
        try {
            closers.close();
        } catch (IOException expected) {
            LOG.log(Level.DEBUG, "abandoned", expected);
        }
    }

    /** Whether this mount's server is the elected one. */
    public boolean isServing() {
        return member != null && member.isServing();
    }

    /** For messages. */
    @Override
    public String toString() {
        return volume.device().name() + ", volume " + Long.toHexString(volume.volumeId());
    }
}
