package org.scoutfs.txn;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.scoutfs.base.Clock;
import org.scoutfs.base.Counters;
import org.scoutfs.base.Rng;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.device.BufferPool;
import org.scoutfs.lock.NodeLocks;
import org.scoutfs.lsm.SegmentOptions;
import org.scoutfs.lsm.SegmentStore;
import org.scoutfs.net.LockMode;
import org.scoutfs.net.Message;
import org.scoutfs.quorum.SoloQuorum;
import org.scoutfs.server.LocalServer;
import org.scoutfs.testkit.FakeHost;
import org.scoutfs.testkit.SparseDevice;
import org.scoutfs.volume.Mkfs;
import org.scoutfs.volume.Volume;

/** Transactions and locks over a real server and a real volume, without a file system. */
final class TestMount {
    static final long NO_TIMER = TimeUnit.HOURS.toNanos(1);

    final BlockDevice device;
    final BufferPool buffers = new BufferPool(64 << 20);
    final SegmentStore store;
    final LocalServer server;
    final ServerSession session;
    final NodeTransactions transactions;
    final NodeLocks locks;

    interface OptionsOf {
        TransactionOptions of(TransactionOptions normal);
    }

    TestMount(BlockDevice device, FakeHost host, long seed, OptionsOf options) throws IOException, InterruptedException {
        this.device = device;
        Volume volume = Volume.open(device);
        Rng rng = Rng.seeded(seed);
        server = LocalServer.start(
                volume,
                new SoloQuorum(),
                LocalServer.Settings.of(volume),
                new LocalServer.Surroundings(
                        host,
                        Clock.system(),
                        nanos -> {
                            throw new AssertionError("nothing is to be waited for");
                        },
                        rng.split()));
        SegmentOptions segments = SegmentOptions.of(volume.volumeId()).withSegmentBlocks(256);
        store = new SegmentStore(device, buffers, segments, 8 << 20, new Counters());
        session = new ServerSession(LocalServer.newRid(rng));
        session.connect(server.connect(session));
        transactions = NodeTransactions.start(
                options.of(TransactionOptions.of(segments, !volume.geometry().hasDataDevice())
                        .withCommitNanos(NO_TIMER)),
                device,
                buffers,
                session,
                store,
                Clock.system());
        locks = new NodeLocks(
                session.rid(),
                session::send,
                transactions::beforeHeld,
                (name, kept) -> transactions.commit().thenApply(done -> (LockMode) null));
        session.register(Message.LockGranted.class, locks);
        session.register(Message.LockRevoke.class, locks);
        transactions.setChangedLocks(new ChangedLocks() {
            @Override
            public List<Long> changedGrants() {
                return locks.changedGrants();
            }

            @Override
            public void changesCommitted() {
                locks.changesCommitted();
            }
        });
    }

    static SparseDevice format(long blocks) throws IOException {
        SparseDevice device = new SparseDevice("disk", blocks);
        Mkfs.run(device, Mkfs.Options.oneDevice(blocks), (d, volumeId, id, space) -> null, Rng.seeded(1), Clock.system());
        return device;
    }

    void close() throws IOException {
        IOException failure = null;
        try {
            transactions.close();
        } catch (IOException e) {
            failure = e;
        }
        try {
            server.close();
        } catch (IOException e) {
            failure = failure == null ? e : failure;
        }
        store.close();
        if (buffers.borrowedBytes() != 0) {
            throw new AssertionError(buffers.borrowedBytes() + " bytes of buffers were not given back");
        }
        buffers.close();
        if (failure != null) {
            throw failure;
        }
    }

    static <T> T get(CompletableFuture<T> future) throws Exception {
        return future.get(60, TimeUnit.SECONDS);
    }
}
