package org.scoutfs.node;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Clock;
import org.scoutfs.base.Counters;
import org.scoutfs.base.FsException;
import org.scoutfs.base.MustWait;
import org.scoutfs.data.DataOptions;
import org.scoutfs.data.ExtentFileData;
import org.scoutfs.device.BufferPool;
import org.scoutfs.fs.FsOptions;
import org.scoutfs.fs.Ioctls;
import org.scoutfs.fs.KernelCounts;
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
import org.scoutfs.sys.BootClock;
import org.scoutfs.txn.EvictedException;
import org.scoutfs.txn.NodeTransactions;
import org.scoutfs.txn.ServerSession;
import org.scoutfs.txn.TransactionOptions;
import org.scoutfs.volume.Volume;

/**
 * One incarnation of a mount, above its session with the server: transactions, locks, data, file system. A mount that is alone has one; in
 * a cluster another follows when one is evicted.
 *
 * <p>{@link #close} undoes the start from the top down.
 */
final class NodeIncarnation {
    private static final Logger LOG = System.getLogger("org.scoutfs.node");
    private static final long POOL_BYTES = 128L << 20;
    private static final int EARLY_BLOCKS = 1024;
    private static final int WRITER_THREADS = 3;
    private static final long START_SECONDS_MAX = 600;
    private static final long GOODBYE_SECONDS_MAX = 60;

    /** What the incarnations of one mount have in common. */
    record Mount(
            Volume volume, NodeStack.Options options, boolean isShared, LateKernelCache kernel, String name, Counters counters, Clock clock) {}

    private final Closers closers = new Closers();
    private final long rid;
    private final ServerSession session;
    private final NodeTransactions transactions;
    private final NodeLocks locks;
    private final NodeFileSystem fileSystem;
    private final Ioctls ioctls;
    /** Requests that are inside. */
    final AtomicInteger users = new AtomicInteger();

    /**
     * @param link keeps the session connected in a cluster; null where a connection lasts as long as the mount
     * @param counts what the kernel knows of the incarnation before
     * @param onEvicted is told on the connection's thread; must not wait
     */
    NodeIncarnation(
            Mount mount,
            ServerSession session,
            @Nullable ServerLink link,
            KernelCounts counts,
            BiConsumer<NodeIncarnation, EvictedException> onEvicted)
            throws IOException, InterruptedException {
        this.session = session;
        this.rid = session.rid();
        Volume volume = mount.volume;
        NodeStack.Options options = mount.options;
        try {
            if (link != null) {
                closers.add(link);
            }
            BufferPool buffers = closers.add(new BufferPool(POOL_BYTES));
            SegmentOptions segments = SegmentOptions.of(volume.volumeId());
            SegmentStore store =
                    closers.add(new SegmentStore(volume.device(), buffers, segments, options.cacheBytes(), mount.counters));
            transactions = NodeTransactions.start(
                    transactionOptions(volume, options, segments), volume.device(), buffers, session, store, mount.clock);
            locks = new NodeLocks(rid, session::send, transactions::beforeHeld, this::revoke);
            session.register(Message.LockGranted.class, locks);
            session.register(Message.LockRevoke.class, locks);
            session.onClosed(gone -> {
                if (gone instanceof EvictedException evicted) {
                    onEvicted.accept(this, evicted);
                } else {
                    locks.serverGone();
                }
            });
            if (link != null) {
                Clock leaseClock = new BootClock();
                locks.setLease(() -> session.isLeased(leaseClock.monotonicNanos()));
                link.use(transactions, locks);
            }
            transactions.setChangedLocks(new LockGrants(locks));
            ExtentFileData data = closers.add(new ExtentFileData(
                    transactions,
                    volume.device(),
                    buffers,
                    mount.counters,
                    new DataOptions(options.dirtyBytes(), EARLY_BLOCKS, WRITER_THREADS)
                            .withPrealloc(options.preallocBlocks(), options.isPreallocContigOnly()),
                    rid,
                    mount.name));
            closers.push(locks::stop);
            // Above the data and the locks although it was started before them: the last commit needs both.
            closers.add(transactions);
            SessionRequests requests = new SessionRequests(session);
            ServerVolumeState state = new ServerVolumeState(requests);
            FsOptions fsOptions =
                    FsOptions.DEFAULTS.withReadOnly(options.isReadOnly()).withKernelTimes(options.isWriteback());
            fileSystem = new NodeFileSystem(
                    transactions,
                    locks,
                    data,
                    new ServerInodeNumbers(requests),
                    state,
                    mount.kernel,
                    new ProcPrivileges(),
                    mount.clock,
                    mount.isShared ? fsOptions.shared() : fsOptions,
                    counts);
            if (mount.isShared) {
                share(requests);
            }
            ioctls = new IoctlService(fileSystem, transactions, state, mount.counters, volume.volumeId(), rid);
            startFileSystem(mount.name);
            closers.add(fileSystem);
        } catch (IOException | InterruptedException | RuntimeException failure) {
            closers.closeAfter(failure);
            throw failure;
        }
    }

    private void share(SessionRequests requests) {
        fileSystem.shareWith(requests, session.leaseNanos());
        session.register(Message.IsOpen.class, message -> {
            if (message instanceof Message.IsOpen asked) {
                session.send(new Message.OpenHere(rid, asked.askId(), fileSystem.isOpenHere(asked.ino())));
            }
        });
        session.register(Message.FileLocksFreed.class, freed -> fileSystem.fileLocksFreed());
        session.setFileLocks(fileSystem::heldFileLocks);
        session.onRenewed(() -> {
            locks.leaseRenewed();
            fileSystem.fileLocksFreed();
        });
    }

    private static TransactionOptions transactionOptions(Volume volume, NodeStack.Options options, SegmentOptions segments) {
        TransactionOptions all = TransactionOptions.of(segments, !volume.geometry().hasDataDevice())
                .withCommitNanos(TimeUnit.MILLISECONDS.toNanos(options.commitMillis()));
        return options.isReadOnly() ? all.readOnly() : all;
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

    long rid() {
        return rid;
    }

    NodeFileSystem fileSystem() {
        return fileSystem;
    }

    /** To ask the server by. */
    SessionRequests requests() {
        return new SessionRequests(session);
    }

    long leaseLeftNanos() {
        return session.leaseLeftNanos(new BootClock().monotonicNanos());
    }

    /** Of the newest server that served it. */
    long epoch() {
        return session.epoch();
    }

    int lockCount() {
        return locks.lockCount();
    }

    Ioctls ioctls() {
        return ioctls;
    }

    NodeTransactions transactions() {
        return transactions;
    }

    /** Every request under way fails, and every later one; nothing is said to the server. */
    void cutOff(IOException why) {
        session.close(why);
    }

    /** As if the server had gone for good. */
    void failed(IOException why) {
        session.closed(why);
    }

    /** Says for an earlier incarnation on this host that it writes nothing any more, so that its grants are free. */
    void sayGoodbyeFor(long endedRid) throws IOException, InterruptedException {
        try {
            Message.Done done = session.request(
                            requestId -> new Message.Goodbye(requestId, rid, endedRid), Message.Done.class, answer -> answer)
                    .get(GOODBYE_SECONDS_MAX, TimeUnit.SECONDS);
            LOG.log(Level.DEBUG, "the incarnation before is over: {0}", done);
        } catch (ExecutionException | TimeoutException failure) {
            throw new IOException("the end of the incarnation before could not be told", failure);
        }
    }

    /** Nothing of this incarnation is done any more; requests that wait for its locks try again, and find the next one. */
    void stopTaking() {
        fileSystem.close();
        locks.stop();
    }

    /** Whoever waits for a lock of this incarnation's gets {@code EIO}. */
    void refuseLocks() {
        locks.stop();
    }

    void close() throws IOException {
        closers.close();
    }
}
