package org.scoutfs.data;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.scoutfs.base.Counters;
import org.scoutfs.base.MustWait;
import org.scoutfs.base.Rng;
import org.scoutfs.data.FileData.PreparedWrite;
import org.scoutfs.device.BufferPool;
import org.scoutfs.device.FileBlockDevice;
import org.scoutfs.testkit.MemoryTransactions;
import org.scoutfs.txn.Transaction;
import org.scoutfs.txn.Transactions.SpaceUse;

/**
 * What file data alone can do on a device, without kernel, locks and segments: {@code main} with the path of a file that is made
 * and the MiB to write. Compare with {@code dd oflag=direct} on the same file system. Not a test.
 */
final class DataThroughput {
    private static final int MIB = 1 << 20;
    private static final int BLOCK = 4096;

    private final MemoryTransactions transactions = new MemoryTransactions(1 << 22);
    private final FileBlockDevice device;
    private final ExtentFileData data;
    private final MemorySegment bytes = Arena.global().allocate(MIB, BLOCK);

    private DataThroughput(Path path) throws IOException {
        Counters counters = new Counters();
        device = FileBlockDevice.create(path, 1 << 21, counters);
        data = new ExtentFileData(
                transactions, device, new BufferPool(64 << 20), counters, DataOptions.DEFAULT, 1, "bench");
        Rng rng = Rng.seeded(1);
        for (int i = 0; i < MIB; i += 8) {
            bytes.set(java.lang.foreign.ValueLayout.JAVA_LONG, i, rng.nextLong());
        }
    }

    public static void main(String[] arguments) throws Exception {
        long mib = Long.parseLong(arguments[1]);
        DataThroughput run = new DataThroughput(Path.of(arguments[0]));
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
        }
        run.data.close();
        run.device.close();
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
                            data.admitWrite(transactions.view(), ino, size, offset, from.byteSize());
                    Transaction txn = transactions.begin(prepared.itemBytes(), SpaceUse.GROW)) {
                BlockCounts ignored = data.write(txn, prepared, ino, offset, from);
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

    private void overwrite(long ino, long size) throws Exception {
        Rng rng = Rng.seeded(ino);
        for (int i = 0; i < 20000; i++) {
            long at = (long) rng.nextInt((int) (size / BLOCK)) * BLOCK;
            write(ino, size, at, bytes.asSlice(0, BLOCK));
        }
        commit();
    }
}
