package org.scoutfs.node;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Clock;
import org.scoutfs.base.Counters;
import org.scoutfs.base.FsException;
import org.scoutfs.base.MustWait;
import org.scoutfs.base.Rng;
import org.scoutfs.data.DataOptions;
import org.scoutfs.data.ExtentFileData;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.device.BufferPool;
import org.scoutfs.fs.FsOptions;
import org.scoutfs.fs.Ioctls;
import org.scoutfs.fs.KernelCache;
import org.scoutfs.fs.NodeFileSystem;
import org.scoutfs.fs.ProcPrivileges;
import org.scoutfs.fs.ServerInodeNumbers;
import org.scoutfs.fs.ServerVolumeState;
import org.scoutfs.fs.archive.IoctlService;
import org.scoutfs.lock.NodeLocks;
import org.scoutfs.lsm.SegmentOptions;
import org.scoutfs.lsm.SegmentStore;
import org.scoutfs.net.LockMode;
import org.scoutfs.net.LockName;
import org.scoutfs.net.Message;
import org.scoutfs.quorum.SoloQuorum;
import org.scoutfs.server.LeaseOptions;
import org.scoutfs.server.LocalServer;
import org.scoutfs.sys.BootClock;
import org.scoutfs.txn.EvictedException;
import org.scoutfs.txn.NodeTransactions;
import org.scoutfs.txn.ServerSession;
import org.scoutfs.txn.TransactionOptions;
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
    private static final long POOL_BYTES = 128L << 20;
    private static final int EARLY_BLOCKS = 1024;
    private static final int READ_AHEAD_CHUNKS = 16;
    private static final int WRITER_THREADS = 3;
    private static final long START_SECONDS_MAX = 600;

    /** What is told of a mount, beside its device. */
    public record Options(
            boolean isReadOnly, long cacheBytes, long dirtyBytes, long commitMillis, long preallocBlocks, boolean isPreallocContigOnly) {
        public static Options of(MountOptions options) {
            return new Options(
                    options.isReadOnly(),
                    options.cacheBytes(),
                    options.dirtyBytes(),
                    options.commitMillis(),
                    options.preallocBlocks(),
                    options.isPreallocContigOnly());
        }
    }

    private final Closers closers = new Closers();
    private final LateKernelCache kernel = new LateKernelCache();
    private final Counters counters;
    private final Volume volume;
    private final long rid;
    private final ServerSession session;
    private @Nullable ClusterMember member;
    private @Nullable ServerLink link;
    private final NodeTransactions transactions;
    private final NodeFileSystem fileSystem;
    private final Ioctls ioctls;

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
        rid = LocalServer.newRid(Rng.secure());
        MountLog.name(volume.volumeId(), rid);
        try {
            if (cluster == null) {
                LocalServer server = shared == null ? startServer(options) : shared;
                session = new ServerSession(rid);
                session.connect(server.connect(session));
            } else {
                Clock leaseClock = new BootClock();
                LeaseOptions leases = LeaseOptions.of(TimeUnit.MILLISECONDS.toNanos(cluster.leaseMillis()));
                session = new ServerSession(rid, leases.leaseNanos());
                member = closers.add(ClusterMember.start(volume, rid, cluster, !options.isReadOnly, leases, leaseClock));
                link = closers.add(ServerLink.start(member, session, volume, cluster, leaseClock));
            }
            BufferPool buffers = closers.add(new BufferPool(POOL_BYTES));
            SegmentOptions segments = SegmentOptions.of(volume.volumeId());
            SegmentStore store =
                    closers.add(new SegmentStore(device, buffers, segments, options.cacheBytes(), counters));
            transactions = NodeTransactions.start(
                    transactionOptions(options, segments), device, buffers, session, store, clock);
            NodeLocks locks = new NodeLocks(rid, session::send, transactions::beforeHeld, this::revoke);
            session.register(Message.LockGranted.class, locks);
            session.register(Message.LockRevoke.class, locks);
            session.onClosed(gone -> {
                if (gone instanceof EvictedException) {
                    locks.stop();
                } else {
                    locks.serverGone();
                }
            });
            if (link != null) {
                ServerSession leased = session;
                Clock leaseClock = new BootClock();
                locks.setLease(() -> leased.isLeased(leaseClock.monotonicNanos()));
                link.use(transactions, locks);
            }
            transactions.setChangedLocks(new LockGrants(locks));
            ExtentFileData data = closers.add(new ExtentFileData(
                    transactions,
                    device,
                    buffers,
                    counters,
                    new DataOptions(options.dirtyBytes(), EARLY_BLOCKS, WRITER_THREADS)
                            .withPrealloc(options.preallocBlocks(), options.isPreallocContigOnly())
                            .withReadAhead(READ_AHEAD_CHUNKS),
                    rid,
                    name));
            closers.push(locks::stop);
            // Above the data and the locks although it was started before them: the last commit needs both.
            closers.add(transactions);
            SessionRequests requests = new SessionRequests(session);
            ServerVolumeState state = new ServerVolumeState(requests);
            FsOptions fsOptions = FsOptions.DEFAULTS.withReadOnly(options.isReadOnly());
            fileSystem = new NodeFileSystem(
                    transactions,
                    locks,
                    data,
                    new ServerInodeNumbers(requests),
                    state,
                    kernel,
                    new ProcPrivileges(),
                    clock,
                    shared == null && cluster == null ? fsOptions : fsOptions.shared());
            if (shared != null || cluster != null) {
                fileSystem.shareWith(requests);
                session.register(Message.IsOpen.class, this::answerOpen);
                session.register(Message.FileLocksFreed.class, freed -> fileSystem.fileLocksFreed());
                session.setFileLocks(fileSystem::heldFileLocks);
                session.onRenewed(() -> {
                    locks.leaseRenewed();
                    fileSystem.fileLocksFreed();
                });
            }
            ioctls = new IoctlService(fileSystem, transactions, state, counters, volume.volumeId(), rid);
            startFileSystem(name);
            closers.add(fileSystem);
        } catch (IOException | InterruptedException | RuntimeException failure) {
            closers.closeAfter(failure);
            throw failure;
        }
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

    private void answerOpen(Message message) {
        if (message instanceof Message.IsOpen asked) {
            session.send(new Message.OpenHere(rid, asked.askId(), fileSystem.isOpenHere(asked.ino())));
        }
    }

    private LocalServer startServer(Options options) throws IOException, InterruptedException {
        LocalServer.Settings settings = LocalServer.Settings.of(volume);
        return closers.add(LocalServer.start(
                volume,
                new SoloQuorum(),
                options.isReadOnly ? settings.readOnly() : settings,
                LocalServer.Surroundings.real()));
    }

    private TransactionOptions transactionOptions(Options options, SegmentOptions segments) {
        TransactionOptions all = TransactionOptions.of(segments, !volume.geometry().hasDataDevice())
                .withCommitNanos(TimeUnit.MILLISECONDS.toNanos(options.commitMillis));
        return options.isReadOnly ? all.readOnly() : all;
    }

    /** The first look at the root may have to wait for its lock. */
    private void startFileSystem(String name) throws IOException, InterruptedException {
        while (true) {
            try {
                fileSystem.start("scoutfs-orphans-" + name);
                return;
            } catch (MustWait wait) {
                awaitForStart(wait.on());
            } catch (FsException refused) {
                throw new IOException("the root directory cannot be made: " + refused.errno().text(), refused);
            }
        }
    }

    private static void awaitForStart(CompletableFuture<?> future) throws IOException, InterruptedException {
        try {
            Object unused = future.get(START_SECONDS_MAX, TimeUnit.SECONDS);
        } catch (ExecutionException toldByTheNextTry) {
            LOG.log(Level.DEBUG, "while starting", toldByTheNextTry);
        } catch (TimeoutException late) {
            throw new IOException("the file system did not start within " + START_SECONDS_MAX + " s", late);
        }
    }

    /** No lock is asked for before there is a file system, so none is wanted back. */
    private CompletableFuture<@Nullable LockMode> revoke(LockName lock, @Nullable LockMode kept) {
        return fileSystem.revokeHandler().revoke(lock, kept);
    }

    public NodeFileSystem fileSystem() {
        return fileSystem;
    }

    public Ioctls ioctls() {
        return ioctls;
    }

    public NodeTransactions transactions() {
        return transactions;
    }

    public Counters counters() {
        return counters;
    }

    public Volume volume() {
        return volume;
    }

    public long rid() {
        return rid;
    }

    /** Where {@code fs} tells the kernel what to forget, from now on. */
    public void connect(KernelCache cache) {
        kernel.connect(cache);
    }

    /** A promise of the program to itself is broken: nothing is written any more. */
    public void failed(Throwable cause) {
        LOG.log(Level.ERROR, "a bug: this mount writes nothing any more", cause);
        session.closed(new IOException("stopped because of a bug", cause));
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
        session.close(new IOException("abandoned"));
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
