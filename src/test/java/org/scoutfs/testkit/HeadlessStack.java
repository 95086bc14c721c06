package org.scoutfs.testkit;

import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.LongFunction;
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
import org.scoutfs.fs.CallerPrivileges;
import org.scoutfs.fs.FsOptions;
import org.scoutfs.fs.KernelCache;
import org.scoutfs.fs.NodeFileSystem;
import org.scoutfs.fs.ServerInodeNumbers;
import org.scoutfs.fs.ServerRequests;
import org.scoutfs.fs.ServerVolumeState;
import org.scoutfs.lock.NodeLocks;
import org.scoutfs.lsm.SegmentOptions;
import org.scoutfs.lsm.SegmentStore;
import org.scoutfs.net.Message;
import org.scoutfs.quorum.SoloQuorum;
import org.scoutfs.server.LocalServer;
import org.scoutfs.txn.ChangedLocks;
import org.scoutfs.txn.NodeTransactions;
import org.scoutfs.txn.ServerSession;
import org.scoutfs.txn.TransactionOptions;
import org.scoutfs.volume.Host;
import org.scoutfs.volume.Mkfs;
import org.scoutfs.volume.Volume;

/**
 * One mount from the device to the file system, without a kernel: what a process assembles, but for {@code fuse}. The device is
 * whatever a test brings. Options are small, so that what is rare in a large volume happens all the time.
 */
public final class HeadlessStack implements AutoCloseable {
    private static final long CACHE_BYTES = 4 << 20;
    private static final int SEGMENT_BLOCKS = 64;
    private static final long MEMTABLE_BYTES = 256 << 10;

    private final LocalServer server;
    private final ServerSession session;
    private final BufferPool buffers;
    private final SegmentStore store;
    private final NodeTransactions transactions;
    private final NodeLocks locks;
    private final ExtentFileData data;
    private final NodeFileSystem fileSystem;

    /** The claim would have to be watched. */
    public static final class ClaimHeldError extends AssertionError {
        private static final long serialVersionUID = 1L;

        ClaimHeldError() {
            super("the claim is held by somebody");
        }
    }

    private HeadlessStack(BlockDevice device, Host host, long seed, boolean isReadOnly, long commitNanos)
            throws IOException {
        Rng rng = Rng.seeded(seed);
        Clock clock = Clock.system();
        Volume volume = Volume.open(device);
        LocalServer.Settings settings = LocalServer.Settings.of(volume);
        // A claim that is free, or whose process has ended, is taken at once. No test waits for a living one.
        LocalServer.Surroundings around = new LocalServer.Surroundings(
                host, clock, nanos -> {
                    throw new ClaimHeldError();
                }, rng.split());
        try {
            this.server = LocalServer.start(
                    volume, new SoloQuorum(), isReadOnly ? settings.readOnly() : settings, around);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        this.buffers = new BufferPool(32 << 20);
        SegmentOptions segments = SegmentOptions.of(volume.volumeId()).withSegmentBlocks(SEGMENT_BLOCKS);
        this.store = new SegmentStore(device, buffers, segments, CACHE_BYTES, new Counters());
        this.session = new ServerSession(LocalServer.newRid(rng));
        session.connect(server.connect(session));
        TransactionOptions options = TransactionOptions.of(segments, !volume.geometry().hasDataDevice())
                .withCommitNanos(commitNanos)
                .withMemtableBytesMax(MEMTABLE_BYTES);
        this.transactions = NodeTransactions.start(
                isReadOnly ? options.readOnly() : options, device, buffers, session, store, clock);
        this.locks = new NodeLocks(
                session.rid(), session::send, transactions::beforeHeld, (name, kept) -> CompletableFuture.completedFuture(kept));
        session.register(Message.LockGranted.class, locks);
        session.register(Message.LockRevoke.class, locks);
        session.onClosed(gone -> locks.serverGone());
        transactions.setChangedLocks(new ChangedLocks() {
            @Override
            public java.util.List<Long> changedGrants() {
                return locks.changedGrants();
            }

            @Override
            public void changesCommitted() {
                locks.changesCommitted();
            }
        });
        this.data = new ExtentFileData(
                transactions, device, buffers, new Counters(), DataOptions.DEFAULT, session.rid(), "test");
        ServerRequests requests = new ServerRequests() {
            @Override
            public long rid() {
                return session.rid();
            }

            @Override
            public <M extends Message> CompletableFuture<M> ask(LongFunction<Message> make, Class<M> kind) {
                return session.request(make, kind, Function.identity());
            }

            @Override
            public <M extends Message, R> CompletableFuture<R> ask(
                    LongFunction<Message> make, Class<M> kind, Function<M, R> onAnswer) {
                return session.request(make, kind, onAnswer);
            }

            @Override
            public void tell(Message message) {
                session.send(message);
            }
        };
        this.fileSystem = new NodeFileSystem(
                transactions,
                locks,
                data,
                new ServerInodeNumbers(requests),
                new ServerVolumeState(requests),
                NO_KERNEL,
                CallerPrivileges.ofRoot(),
                clock,
                FsOptions.DEFAULTS.withReadOnly(isReadOnly).withCachedInodes(64));
        startFileSystem();
    }

    private static final KernelCache NO_KERNEL = new KernelCache() {
        @Override
        public void invalidateInode(long ino, long offset, long length) {}

        @Override
        public void invalidateEntry(long parentIno, byte[] name) {}
    };

    private void startFileSystem() throws IOException {
        while (true) {
            try {
                fileSystem.start("test-orphans");
                return;
            } catch (MustWait wait) {
                try {
                    var _ = wait.on().get(30, TimeUnit.SECONDS);
                } catch (Exception e) {
                    throw new IOException(e);
                }
            } catch (FsException e) {
                throw new IOException("start: " + e.errno(), e);
            }
        }
    }

    /** Makes a volume that fills the device, or the two devices joined in {@code device}. */
    public static void format(BlockDevice device, long metaBlocks, long dataBlocks, long seed) throws IOException {
        var slot = Mkfs.run(
                device,
                dataBlocks == 0 ? Mkfs.Options.oneDevice(metaBlocks) : Mkfs.Options.twoDevices(metaBlocks, dataBlocks),
                (to, volumeId, segmentId, space) -> null,
                Rng.seeded(seed),
                Clock.system());
        assert slot != null;
    }

    /** Mounts, and recovers as far as there is something to recover. Commits come only when they are asked for, or after 30 ms. */
    public static HeadlessStack mount(BlockDevice device, Host host, long seed) throws IOException {
        return new HeadlessStack(device, host, seed, false, TimeUnit.MILLISECONDS.toNanos(30));
    }

    public static HeadlessStack mountReadOnly(BlockDevice device, Host host, long seed) throws IOException {
        return new HeadlessStack(device, host, seed, true, TimeUnit.MILLISECONDS.toNanos(30));
    }

    public NodeFileSystem fileSystem() {
        return fileSystem;
    }

    public FsClient client() {
        return new FsClient(fileSystem);
    }

    public NodeTransactions transactions() {
        return transactions;
    }

    /** Why the mount stopped its writes, or null. */
    public @Nullable IOException failure() {
        return transactions.failure();
    }

    /** Unmounts in order: the last commit, then the server's. Everything is closed also when one of them fails. */
    @Override
    public void close() throws IOException {
        IOException failed = null;
        fileSystem.close();
        try {
            transactions.close();
        } catch (IOException e) {
            failed = e;
        }
        locks.stop();
        data.close();
        try {
            server.close();
        } catch (IOException e) {
            failed = failed == null ? e : failed;
        }
        store.close();
        buffers.close();
        if (failed != null) {
            throw failed;
        }
    }
}
