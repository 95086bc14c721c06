package org.scoutfs.fs;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.scoutfs.base.Rng;
import org.scoutfs.testkit.FsClient;
import org.scoutfs.testkit.FsTree;
import org.scoutfs.testkit.FsWorkload;
import org.scoutfs.testkit.SeededTest;

/** Threads that meet in the same names, with commits between: every answer is possible, and in the end all items agree. */
class ConcurrencyTest {
    private static final int THREADS = 4;
    private static final int STEPS = 400;

    @SeededTest(runs = 4)
    void allItemsAgreeAfterAllThreads(long seed) throws Exception {
        try (FsHarness harness = new FsHarness();
                ExecutorService threads = Executors.newFixedThreadPool(THREADS)) {
            Rng rng = Rng.seeded(seed);
            AtomicInteger done = new AtomicInteger();
            List<Future<?>> results = new ArrayList<>();
            for (int i = 0; i < THREADS; i++) {
                long own = rng.nextLong();
                results.add(threads.submit(() -> {
                    FsWorkload workload = new FsWorkload(new FsClient(harness.fs), own, 9000);
                    for (int step = 0; step < STEPS; step++) {
                        workload.step();
                        if (done.incrementAndGet() % 150 == 0) {
                            harness.commit();
                        }
                    }
                    workload.closeAll();
                    return null;
                }));
            }
            for (Future<?> result : results) {
                assertThat(result.get(120, TimeUnit.SECONDS)).isNull();
            }
            harness.settle();
            harness.commit();
            assertThat(TreeWalker.walk(harness.transactions.committedItems(), true)).isEmpty();
            var before = FsTree.read(harness.client);
            harness.remount();
            assertThat(FsTree.difference(before, FsTree.read(harness.client))).isEmpty();
        }
    }
}
