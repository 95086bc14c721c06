package org.scoutfs.systemtest;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Timeout;
import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;
import org.scoutfs.base.Rng;
import org.scoutfs.check.VolumeCheck;
import org.scoutfs.testkit.FakeHost;
import org.scoutfs.testkit.FaultyDevice;
import org.scoutfs.testkit.FsClient;
import org.scoutfs.testkit.FsTree;
import org.scoutfs.testkit.FsWorkload;
import org.scoutfs.testkit.HeadlessStack;
import org.scoutfs.testkit.Profile;
import org.scoutfs.testkit.SeededTest;
import org.scoutfs.testkit.SparseDevice;
import org.scoutfs.testkit.TreeHistory;

/**
 * Every read, write and flush of a run fails once, in its turn. Whoever asked for it gets EIO; after a failed write no write
 * succeeds any more, and reads go on; after the next mount the volume checks clean and has everything that was promised.
 */
@Timeout(900)
class FaultReplayTest {
    private static final int STEPS = 60;
    private static final long BLOCKS = 16_384;

    @SeededTest(runs = 2, longRuns = 4)
    void eachFailsOnce(long seed) throws IOException {
        long total = run(seed, -1).ios;
        assertThat(total).as("I/Os of the run").isGreaterThan(50);
        int times = Math.min((int) total, Profile.count(120, 100_000));
        Map<String, Integer> outcomes = new TreeMap<>();
        for (int i = 0; i < times; i++) {
            long number = total * i / times;
            Outcome outcome;
            try {
                outcome = run(seed, number);
            } catch (AssertionError | IOException | RuntimeException e) {
                throw new AssertionError("seed " + seed + ", failing I/O " + number + " of " + total, e);
            }
            outcomes.merge(outcome.what, 1, Integer::sum);
        }
        System.out.printf("[fault] seed %d: %d of %d I/Os failed in turn: %s%n", seed, times, total, outcomes);
        assertThat(outcomes.keySet()).contains("write: writes stopped", "flush: writes stopped");
    }

    private record Outcome(long ios, String what) {}

    private static Outcome run(long seed, long failAt) throws IOException {
        SparseDevice disk = new SparseDevice("disk", BLOCKS);
        HeadlessStack.format(disk, BLOCKS, 0, seed);
        FaultyDevice device = new FaultyDevice(disk);
        FakeHost host = FakeHost.of(1);
        TreeHistory trees = new TreeHistory();
        HeadlessStack stack = HeadlessStack.mount(device, host, seed);
        long ios;
        boolean hasFailed = false;
        boolean wasTold = false;
        try {
            FsClient client = stack.client();
            FsClient reader = stack.client();
            FsWorkload workload = new FsWorkload(client, seed, 100_000);
            workload.prepare();
            sync(reader);
            trees.changed(0, FsTree.read(reader));
            trees.promised(0, 0);
            device.arm(failAt);
            client.observe(new FsClient.Observer() {
                @Override
                public void after() throws IOException {
                    Map<String, String> tree;
                    try {
                        tree = FsTree.read(reader);
                    } catch (IOException e) {
                        // The failure was meant for this look; the next one works.
                        tree = FsTree.read(reader);
                    }
                    trees.changed(0, tree);
                }
            });
            Rng rng = Rng.seeded(seed);
            for (int step = 0; step < STEPS; step++) {
                try {
                    workload.step();
                    if (rng.nextInt(4) == 0) {
                        int last = trees.size() - 1;
                        sync(reader);
                        trees.promised(0, last);
                    }
                } catch (IOException e) {
                    wasTold = true;
                }
                hasFailed |= stack.failure() != null;
                if (stack.failure() != null) {
                    break;
                }
            }
            ios = device.count();
            if (stack.failure() != null) {
                // Writes have stopped for good; what is there can still be read.
                assertThat(client.errno(() -> client.mkdir("after-the-failure"))).isEqualTo(Errno.EIO);
                assertThat(client.errno(client::syncFileSystem)).isEqualTo(Errno.EIO);
                assertThat(FsTree.read(reader)).isNotEmpty();
            }
            workload.closeAll();
        } finally {
            hasFailed |= close(stack);
        }
        String failed = device.failed();
        if (failed.isEmpty() && failAt >= 0) {
            return new Outcome(ios, "not reached");
        }
        if (failAt < 0) {
            assertThat(hasFailed).as("without a failure, nothing fails").isFalse();
        }
        // A merge that fails comes to nothing, and harms nobody.
        boolean wasMerge = failed.contains("scoutfs-merge");
        if (!failed.isEmpty() && !failed.startsWith("read") && !wasMerge) {
            assertThat(hasFailed).as("a failed " + failed + " stops the writes").isTrue();
        }
        // The process is gone, whatever it thought; the next mount finds a volume.
        String kind = failed.isEmpty() ? "none" : (wasMerge ? "merge's " : "") + failed.split(" ")[0];
        assertThat(VolumeCheck.run(disk)).as("check after " + failed).isEmpty();
        Map<String, String> tree;
        try (HeadlessStack next = HeadlessStack.mount(disk, host.rebooted(), seed + 1)) {
            tree = FsTree.read(next.client());
        }
        assertThat(VolumeCheck.run(disk)).as("check after recovery from " + failed).isEmpty();
        int state = trees.find(tree, 0);
        assertThat(state).isLessThan(trees.size());
        return new Outcome(ios, kind + (hasFailed ? ": writes stopped" : wasTold ? ": told" : ": went on"));
    }

    /** fsync of the volume; EIO comes as an IOException, as from the workload. */
    private static void sync(FsClient client) throws IOException {
        try {
            client.syncFileSystem();
        } catch (FsException e) {
            throw new IOException("sync: " + e.errno(), e);
        }
    }

    /** @return whether the unmount says that something was lost */
    private static boolean close(HeadlessStack stack) {
        try {
            stack.close();
            return false;
        } catch (IOException e) {
            return true;
        }
    }
}
