package org.scoutfs.txn;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Timeout;
import org.scoutfs.base.Rng;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.device.DeviceExtent;
import org.scoutfs.device.ExtentSet;
import org.scoutfs.testkit.CrashHistory;
import org.scoutfs.testkit.CrashImage;
import org.scoutfs.testkit.FakeHost;
import org.scoutfs.testkit.Profile;
import org.scoutfs.testkit.RecordingDevice;
import org.scoutfs.testkit.SeededTest;
import org.scoutfs.volume.Incarnation;
import org.scoutfs.volume.Volume;
import org.scoutfs.volume.VolumeReader;
import org.scoutfs.volume.VolumeState;

/** Whatever instant the power fails at, the volume is as of some commit, and has everything that {@code commit()} acknowledged. */
@Timeout(300)
class CommitCrashTest {
    private static final long BLOCKS = 16384;

    @SeededTest(runs = 3)
    void everyCrashLeavesACommitAndAllThatWasAcknowledged(long seed) throws Exception {
        Rng rng = Rng.seeded(seed);
        CrashHistory history = new CrashHistory();
        RecordingDevice device = history.record(TestMount.format(BLOCKS));
        FakeHost host = FakeHost.of(1);
        TestMount mount = new TestMount(device, host, seed, options -> options);
        int begin = history.now();
        ItemWorkload workload = new ItemWorkload();
        TreeMap<Integer, Integer> acknowledged = new TreeMap<>(); // moment -> operations
        acknowledged.put(0, 0);
        for (int i = 0; i < 60; i++) {
            int operations = 1 + rng.nextInt(10);
            for (int j = 0; j < operations; j++) {
                workload.run(mount.transactions, device, mount.buffers, rng);
            }
            int done = workload.stepCount();
            CompletableFuture<Void> commit = mount.transactions.commit();
            if (rng.nextInt(3) > 0) {
                TestMount.get(commit);
                acknowledged.put(history.now(), done);
            }
        }
        int end = history.now();
        mount.close();
        assertThat(acknowledged.size()).as("the test tested nothing").isGreaterThan(20);
        assertThat(end - begin).isGreaterThan(200);

        int images = Profile.count(150, 2000);
        int counted = 0;
        for (int i = 0; i < images; i++) {
            int moment = begin + rng.nextInt(history.now() - begin + 1);
            CrashImage image = history.imageAt(moment, rng);
            int atLeast = acknowledged.floorEntry(moment).getValue();
            try {
                counted += recover(image, host.crashed(), workload, atLeast, seed * 100_003 + i);
            } catch (Exception | AssertionError e) {
                throw new AssertionError("seed " + seed + ", " + image + ", of " + atLeast + " operations", e);
            }
        }
        assertThat(counted).isPositive();
    }

    /** Mounts what the crash left, compares, and unmounts in order. */
    private static int recover(CrashImage image, FakeHost host, ItemWorkload workload, int atLeast, long seed)
            throws Exception {
        BlockDevice device = image.device();
        TestMount mount = new TestMount(device, host, seed, options -> options);
        List<DeviceExtent> files = new ArrayList<>();
        int count;
        try {
            count = workload.check(mount.transactions.view(), device, mount.buffers, atLeast, files);
        } finally {
            mount.close();
        }
        checkSpace(device, files);
        return count;
    }

    /** Every block has one owner: it is free, granted to somebody who may still write, a segment's, or a file's. */
    static void checkSpace(BlockDevice device, List<DeviceExtent> files) throws Exception {
        VolumeState state = new VolumeReader(Volume.open(device)).state();
        ExtentSet all = new ExtentSet();
        state.freeMeta().forEach(all::add);
        for (Incarnation one : state.incarnations()) {
            one.granted().forEach(all::add);
        }
        files.forEach(all::add);
        state.segmentSpace().forEach(all::add);
        assertThat(all.toList()).containsExactly(state.geometry().metaSpace());
    }
}
