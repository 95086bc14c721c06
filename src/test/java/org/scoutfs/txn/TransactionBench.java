package org.scoutfs.txn;

import java.util.Arrays;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.scoutfs.base.Clock;
import org.scoutfs.base.Counters;
import org.scoutfs.base.Rng;
import org.scoutfs.device.BufferPool;
import org.scoutfs.device.MemoryBlockDevice;
import org.scoutfs.lsm.SegmentOptions;
import org.scoutfs.lsm.SegmentStore;

/**
 * What one put, one look-up and one transaction cost, in ns. Run by hand: {@code java ... org.scoutfs.txn.TransactionBench}.
 * It prints a table: the operation, the threads, ns per operation.
 */
final class TransactionBench {
    private static final int KEYS = 400_000;

    private TransactionBench() {}

    interface Body {
        void run(int thread, int index) throws Exception;
    }

    public static void main(String[] args) throws Exception {
        byte[][] random = keys(true);
        byte[][] rising = keys(false);
        byte[] value = new byte[40];
        for (int round = 0; round < 3; round++) {
            MemTable table = new MemTable();
            time("memtable put, random", 1, KEYS, (t, i) -> table.put(random[i], value));
            time("memtable get, random", 1, KEYS, (t, i) -> require(table.find(random[i]) != null));
            MemTable ordered = new MemTable();
            time("memtable put, rising", 1, KEYS, (t, i) -> ordered.put(rising[i], value));
            time("memtable get, rising", 1, KEYS, (t, i) -> require(ordered.find(rising[i]) != null));
            MemTable shared = new MemTable();
            time("memtable put, random", 2, KEYS / 2, (t, i) -> shared.put(random[2 * i + t], value));
            time("memtable get, random", 2, KEYS / 2, (t, i) -> require(shared.find(random[2 * i + t]) != null));
            ConcurrentSkipListMap<byte[], byte[]> map = new ConcurrentSkipListMap<>(Arrays::compareUnsigned);
            time("skip list put, random", 1, KEYS, (t, i) -> map.put(random[i], value));
            time("skip list get, random", 1, KEYS, (t, i) -> require(map.get(random[i]) != null));
        }
        transactions();
    }

    private static void transactions() throws Exception {
        SegmentOptions segments = SegmentOptions.of(1);
        ScriptedServer server = new ScriptedServer(100, 60_000);
        BufferPool buffers = new BufferPool(64 << 20);
        MemoryBlockDevice device = new MemoryBlockDevice("memory", 70_000);
        SegmentStore store = new SegmentStore(device, buffers, segments, 1 << 20, new Counters());
        ServerSession session = new ServerSession(1);
        server.withJoinGrants(1000, 40_000).connect(session);
        NodeTransactions transactions = NodeTransactions.start(
                TransactionOptions.of(segments, false).withCommitNanos(TimeUnit.HOURS.toNanos(1)),
                device,
                buffers,
                session,
                store,
                Clock.system());
        for (int round = 0; round < 3; round++) {
            for (int threads = 1; threads <= 2; threads++) {
                time("begin and close", threads, 2_000_000, (t, i) -> transactions
                        .begin(100, Transactions.SpaceUse.GROW)
                        .close());
            }
        }
        byte[] key = NodeTransactionsTest.key(1);
        byte[] value = new byte[8];
        for (int round = 0; round < 3; round++) {
            time("commit of one item, in memory", 1, 5000, (t, i) -> {
                try (Transaction txn = NodeTransactionsTest.awaiting(
                        () -> transactions.begin(100, Transactions.SpaceUse.GROW))) {
                    txn.put(key, value);
                }
                var unused = transactions.commit().get();
            });
        }
        transactions.close();
        server.end();
    }

    private static void require(boolean holds) {
        if (!holds) {
            throw new AssertionError();
        }
    }

    private static byte[][] keys(boolean isRandom) {
        Rng rng = Rng.seeded(1);
        byte[][] keys = new byte[KEYS][];
        for (int i = 0; i < KEYS; i++) {
            keys[i] = NodeTransactionsTest.key(isRandom ? rng.nextLong() >>> 1 : i);
        }
        return keys;
    }

    private static void time(String what, int threads, int each, Body body) throws InterruptedException {
        CountDownLatch start = new CountDownLatch(1);
        Thread[] workers = new Thread[threads];
        for (int t = 0; t < threads; t++) {
            int thread = t;
            workers[t] = new Thread(() -> {
                try {
                    start.await();
                    for (int i = 0; i < each; i++) {
                        body.run(thread, i);
                    }
                } catch (Exception e) {
                    throw new AssertionError(e);
                }
            });
            workers[t].start();
        }
        long begin = System.nanoTime();
        start.countDown();
        for (Thread worker : workers) {
            worker.join();
        }
        long nanos = System.nanoTime() - begin;
        System.out.printf("%-32s %d threads %8.1f ns%n", what, threads, (double) nanos / each);
    }
}
