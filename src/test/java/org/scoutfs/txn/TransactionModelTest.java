package org.scoutfs.txn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.scoutfs.txn.NodeTransactionsTest.awaiting;
import static org.scoutfs.txn.NodeTransactionsTest.bytes;
import static org.scoutfs.txn.NodeTransactionsTest.key;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Timeout;
import org.scoutfs.base.FsException;
import org.scoutfs.base.Rng;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.device.DeviceExtent;
import org.scoutfs.device.FilterBlockDevice;
import org.scoutfs.lock.LockClient;
import org.scoutfs.lsm.Cursor;
import org.scoutfs.lsm.ItemReader;
import org.scoutfs.net.LockMode;
import org.scoutfs.net.LockName;
import org.scoutfs.testkit.FakeHost;
import org.scoutfs.testkit.Profile;
import org.scoutfs.testkit.SeededTest;
import org.scoutfs.testkit.SparseDevice;
import org.scoutfs.txn.Transactions.SpaceUse;

/** Several threads against one map each, over the real server: across commits, merges, full memtables and remounts. */
@Timeout(300)
class TransactionModelTest {
    private static final long BLOCKS = 16384;
    private static final int THREADS = 3;

    @SeededTest(runs = 2)
    void threadsFindWhatTheyPutAcrossCommitsAndRemounts(long seed) throws Exception {
        SparseDevice device = TestMount.format(BLOCKS);
        FakeHost host = FakeHost.of(1);
        List<TreeMap<Long, Long>> models = new ArrayList<>();
        for (int thread = 0; thread < THREADS; thread++) {
            models.add(new TreeMap<>());
        }
        for (int round = 0; round < 3; round++) {
            TestMount mount = new TestMount(device, host, seed * 1000 + round, options -> options
                    .withCommitNanos(TimeUnit.MILLISECONDS.toNanos(30))
                    .withMemtableBytesMax(1 << 17));
            try (ExecutorService pool = Executors.newFixedThreadPool(THREADS)) {
                List<Future<?>> done = new ArrayList<>();
                for (int thread = 0; thread < THREADS; thread++) {
                    int number = thread;
                    Rng rng = Rng.seeded(seed * 31 + round * 7L + thread);
                    done.add(pool.submit(() -> {
                        work(mount, number, models.get(number), rng);
                        return null;
                    }));
                }
                for (Future<?> each : done) {
                    each.get(120, TimeUnit.SECONDS);
                }
            }
            for (int thread = 0; thread < THREADS; thread++) {
                assertThat(scan(mount.transactions.view(), thread)).isEqualTo(models.get(thread));
            }
            mount.close();
            CommitCrashTest.checkSpace(device, List.of());
        }
    }

    private static void work(TestMount mount, int thread, TreeMap<Long, Long> model, Rng rng) throws Exception {
        LockName lock = new LockName(LockName.Kind.INODES, 100 + thread);
        int operations = Profile.count(2500, 30_000);
        for (int i = 0; i < operations; i++) {
            long number = first(thread) + rng.nextInt(2000);
            switch (rng.nextInt(6)) {
                case 0 -> {
                    try (LockClient.Use use = awaiting(() -> mount.locks.acquire(lock, LockMode.WRITE));
                            Transaction txn = awaiting(() -> mount.transactions.begin(27, SpaceUse.SHRINK))) {
                        assertThat(use).isNotNull();
                        txn.delete(key(number));
                        model.remove(number);
                    }
                }
                case 1, 2, 3 -> {
                    long value = rng.nextLong();
                    try (LockClient.Use use = awaiting(() -> mount.locks.acquire(lock, LockMode.WRITE));
                            Transaction txn = awaiting(() -> mount.transactions.begin(35, SpaceUse.GROW))) {
                        assertThat(use).isNotNull();
                        if (model.put(number, value) == null) {
                            txn.putNew(key(number), bytes(value));
                        } else {
                            txn.put(key(number), bytes(value));
                        }
                    }
                }
                case 4 -> {
                    byte[] found = mount.transactions.view().get(key(number));
                    Long expected = model.get(number);
                    if (found == null ? expected != null : expected == null || value(found) != expected) {
                        throw new AssertionError("key " + number + " is not " + expected);
                    }
                }
                default -> {
                    if (rng.nextInt(100) == 0) {
                        TestMount.get(mount.transactions.commit());
                    } else if (rng.nextInt(100) == 0) {
                        assertThat(scan(mount.transactions.view(), thread)).isEqualTo(model);
                    }
                }
            }
        }
    }

    private static TreeMap<Long, Long> scan(ItemReader view, int thread) throws IOException {
        TreeMap<Long, Long> found = new TreeMap<>();
        try (Cursor cursor = view.scan(key(first(thread)), key(first(thread + 1) - 1))) {
            while (cursor.next()) {
                found.put(ByteBuffer.wrap(cursor.key()).getLong(10), value(cursor.value()));
            }
        }
        return found;
    }

    private static long first(int thread) {
        return (thread + 1) * 1_000_000L;
    }

    private static long value(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
    }

    /** Each write and each flush fails once: what was acknowledged before is there after a remount, and nothing in part. */
    @SeededTest(runs = 1)
    void everyFailedWriteOrFlushStopsWritesAndLosesNothingAcknowledged(long seed) throws Exception {
        int failures = 0;
        for (int failAt = 0; failAt < Profile.count(40, 400); failAt += 1 + failAt / 10) {
            SparseDevice inner = TestMount.format(BLOCKS);
            FakeHost host = FakeHost.of(1);
            OnceFailing device = new OnceFailing(inner);
            TestMount mount = new TestMount(device, host, seed, options -> options);
            device.left.set(failAt);
            ItemWorkload workload = new ItemWorkload();
            Rng rng = Rng.seeded(seed + failAt);
            int acknowledged = 0;
            boolean hasFailed = false;
            try {
                for (int i = 0; i < 30; i++) {
                    workload.run(mount.transactions, inner, mount.buffers, rng);
                    if (rng.nextInt(2) == 0) {
                        int done = workload.stepCount();
                        TestMount.get(mount.transactions.commit());
                        acknowledged = done;
                    }
                }
            } catch (FsException | ExecutionException e) {
                hasFailed = true;
                assertThat(mount.transactions.failure()).as("failed otherwise: %s", e).isNotNull();
                // What was seen before is still seen.
                workload.check(
                        mount.transactions.view(), inner, mount.buffers, workload.stepCount(), new ArrayList<>());
            }
            failures += hasFailed ? 1 : 0;
            try {
                mount.close();
                acknowledged = workload.stepCount();
            } catch (IOException e) {
                failures++;
            }
            device.left.set(-1);
            TestMount again = new TestMount(inner, host.crashed(), seed + 99, options -> options);
            List<DeviceExtent> files = new ArrayList<>();
            try {
                workload.check(again.transactions.view(), inner, again.buffers, acknowledged, files);
            } finally {
                again.close();
            }
            CommitCrashTest.checkSpace(inner, files);
        }
        assertThat(failures).as("the test tested nothing").isGreaterThan(5);
    }

    /** Fails one write or flush, after so many that do not. */
    private static final class OnceFailing extends FilterBlockDevice {
        final AtomicInteger left = new AtomicInteger(-1);

        OnceFailing(BlockDevice inner) {
            super(inner);
        }

        private void count() throws IOException {
            if (left.get() >= 0 && left.getAndDecrement() == 0) {
                throw new IOException("planned");
            }
        }

        @Override
        public void write(long blkno, MemorySegment from) throws IOException {
            count();
            super.write(blkno, from);
        }

        @Override
        public void flush() throws IOException {
            count();
            super.flush();
        }
    }
}
