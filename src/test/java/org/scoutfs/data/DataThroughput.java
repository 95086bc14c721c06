package org.scoutfs.data;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.scoutfs.base.Clock;
import org.scoutfs.base.Counters;
import org.scoutfs.base.MustWait;
import org.scoutfs.base.Rng;
import org.scoutfs.data.FileData.PreparedWrite;
import org.scoutfs.device.BufferPool;
import org.scoutfs.device.FileBlockDevice;
import org.scoutfs.item.Keys;
import org.scoutfs.lsm.SegmentOptions;
import org.scoutfs.lsm.SegmentStore;
import org.scoutfs.quorum.SoloQuorum;
import org.scoutfs.server.LocalServer;
import org.scoutfs.testkit.MemoryTransactions;
import org.scoutfs.txn.NodeTransactions;
import org.scoutfs.txn.ServerSession;
import org.scoutfs.txn.Transaction;
import org.scoutfs.txn.TransactionOptions;
import org.scoutfs.txn.Transactions;
import org.scoutfs.txn.Transactions.SpaceUse;
import org.scoutfs.volume.Mkfs;
import org.scoutfs.volume.Volume;

/**
 * What file data alone can do on a device, without kernel and locks: {@code main} with the path of a file that is made, the MiB to
 * write, and a third argument for real transactions in place of those in memory. Compare with {@code dd oflag=direct} on the same file system. Not a test.
 */
final class DataThroughput {
    private static final int MIB = 1 << 20;
    private static final int BLOCK = 4096;

    private final Transactions transactions;
    private final FileBlockDevice device;
    private final AutoCloseable rest;
    private final ExtentFileData data;
    private long rid = 1;
    private final MemorySegment bytes = Arena.global().allocate(MIB, BLOCK);

    private DataThroughput(Path path, boolean isReal) throws Exception {
        Counters counters = new Counters();
        device = FileBlockDevice.create(path, 1 << 21, counters);
        BufferPool buffers = new BufferPool(64 << 20);
        if (isReal) {
            NodeTransactions real = start(counters, buffers);
            transactions = real;
            rest = real;
        } else {
            transactions = new MemoryTransactions(1 << 22);
            rest = () -> {};
        }
        data = new ExtentFileData(transactions, device, buffers, counters, DataOptions.DEFAULT, rid, "bench");
        Rng rng = Rng.seeded(1);
        for (int i = 0; i < MIB; i += 8) {
            bytes.set(java.lang.foreign.ValueLayout.JAVA_LONG, i, rng.nextLong());
        }
    }

    private NodeTransactions start(Counters counters, BufferPool buffers) throws Exception {
        Rng rng = Rng.secure();
        Mkfs.run(
                device,
                Mkfs.Options.oneDevice(device.blockCount()),
                (to, volumeId, segmentId, space) -> null,
                rng,
                Clock.system());
        Volume volume = Volume.open(device);
        LocalServer server = LocalServer.start(
                volume, new SoloQuorum(), LocalServer.Settings.of(volume), LocalServer.Surroundings.real());
        SegmentOptions segments = SegmentOptions.of(volume.volumeId());
        SegmentStore store = new SegmentStore(device, buffers, segments, 64 << 20, counters);
        rid = LocalServer.newRid(rng);
        ServerSession session = new ServerSession(rid);
        session.connect(server.connect(session));
        return NodeTransactions.start(
                TransactionOptions.of(segments, true), device, buffers, session, store, Clock.system());
    }

    public static void main(String[] arguments) throws Exception {
        long mib = Long.parseLong(arguments[1]);
        DataThroughput run = new DataThroughput(Path.of(arguments[0]), arguments.length > 2);
        for (int round = 0; round < 4; round++) {
            long ino = 1000 + round;
            long smallIno = 100_000L * (round + 1);
            run.report("stream 1 MiB, MB/s", mib * MIB / 1e6, () -> run.stream(ino, mib * MIB, MIB));
            run.report("stream 4 KiB, MB/s", mib * MIB / 4e6, () -> run.stream(ino + 100, mib * MIB / 4, BLOCK));
            run.report("read 1 MiB, MB/s", mib * MIB / 1e6, () -> run.read(ino, mib * MIB, MIB));
            run.report("read 128 KiB, MB/s", mib * MIB / 1e6, () -> run.read(ino, mib * MIB, MIB / 8));
            run.report("random 4 KiB reads, /s", 20000, () -> run.random(ino, mib * MIB));
            run.report("small files, /s", 50000, () -> run.small(smallIno, 50000));
            run.report("random 4 KiB overwrites, /s", 20000, () -> run.overwrite(ino, mib * MIB));
            run.report("4 KiB and fsync, /s", 500, () -> run.synced(ino + 200, 500));
            run.report("truncate to 0, MB/s", mib * MIB / 1e6, () -> run.truncate(ino, mib * MIB));
        }
        run.rest.close();
        run.data.close();
        System.exit(0); // the server's threads
    }

    private interface Work {
        void run() throws Exception;
    }

    private void report(String what, double amount, Work work) throws Exception {
        long start = System.nanoTime();
        work.run();
        double seconds = (System.nanoTime() - start) / 1e9;
        System.out.printf("%-30s %,12.0f%n", what, amount / seconds);
    }

    private void stream(long ino, long size, int call) throws Exception {
        for (long at = 0; at < size; at += call) {
            write(ino, at, at, bytes.asSlice(at % MIB, call));
        }
        commit();
    }

    private void commit() throws Exception {
        transactions.commit().get(60, TimeUnit.SECONDS);
        device.flush();
    }

    private void write(long ino, long size, long offset, MemorySegment from) throws Exception {
        while (true) {
            try (PreparedWrite prepared =
                            data.admitWrite(transactions.view(), ino, size, -1, offset, from.byteSize());
                    Transaction txn = transactions.begin(prepared.itemBytes() + 200, SpaceUse.GROW)) {
                BlockCounts ignored = data.write(txn, prepared, ino, offset, from);
                txn.put(Keys.of(Keys.Zone.FS, ino, Keys.Type.INODE, 0, 0, 0), new byte[100]);
                return;
            } catch (MustWait wait) {
                wait.on().get(60, TimeUnit.SECONDS);
            }
        }
    }

    private void read(long ino, long size, int call) throws IOException {
        for (long at = 0; at < size; at += call) {
            data.read(transactions.view(), ino, size, at, bytes.asSlice(at % MIB, call));
        }
    }

    private void random(long ino, long size) throws IOException {
        Rng rng = Rng.seeded(ino);
        for (int i = 0; i < 20000; i++) {
            long at = (long) rng.nextInt((int) (size / BLOCK)) * BLOCK;
            data.read(transactions.view(), ino, size, at, bytes.asSlice(0, BLOCK));
        }
    }

    private void small(long firstIno, int count) throws Exception {
        for (int i = 0; i < count; i++) {
            write(firstIno + i, 0, 0, bytes.asSlice(0, BLOCK));
        }
        commit();
    }

    private void synced(long ino, int count) throws Exception {
        for (int i = 0; i < count; i++) {
            write(ino, (long) i * BLOCK, (long) i * BLOCK, bytes.asSlice(0, BLOCK));
            commit();
        }
    }

    private void truncate(long ino, long size) throws Exception {
        boolean isDone = false;
        while (!isDone) {
            try (PreparedWrite prepared = data.admitTruncate(transactions.view(), ino, size, 0);
                    Transaction txn = transactions.begin(prepared.itemBytes(), SpaceUse.SHRINK)) {
                isDone = data.truncate(txn, prepared, ino, 0).isDone();
            } catch (MustWait wait) {
                wait.on().get(60, TimeUnit.SECONDS);
            }
        }
        commit();
    }

    private void overwrite(long ino, long size) throws Exception {
        Rng rng = Rng.seeded(ino);
        for (int i = 0; i < 20000; i++) {
            long at = (long) rng.nextInt((int) (size / BLOCK)) * BLOCK;
            write(ino, size, at, bytes.asSlice(0, BLOCK));
        }
        commit();
    }
}
