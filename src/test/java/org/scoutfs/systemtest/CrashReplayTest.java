package org.scoutfs.systemtest;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Timeout;
import org.scoutfs.base.FsException;
import org.scoutfs.base.Rng;
import org.scoutfs.check.VolumeCheck;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.device.SplitDevice;
import org.scoutfs.testkit.CrashHistory;
import org.scoutfs.testkit.CrashImage;
import org.scoutfs.testkit.FakeHost;
import org.scoutfs.testkit.FsClient;
import org.scoutfs.testkit.FsTree;
import org.scoutfs.testkit.FsWorkload;
import org.scoutfs.testkit.HeadlessStack;
import org.scoutfs.testkit.Profile;
import org.scoutfs.testkit.SeededTest;
import org.scoutfs.testkit.TreeHistory;

/**
 * The whole mount but for the kernel runs a mixed workload on a device that keeps every write and flush. Then the crash at each
 * moment is played: any subset of the writes that no flush had covered is lost or torn. Each image has to check clean, mount, and
 * hold the tree as it was after some operation, at or after the last one that fsync had acknowledged by that moment.
 */
@Timeout(900)
class CrashReplayTest {
    private static final int STEPS = 300;
    private static final long META_BLOCKS = 16_384;
    private static final long DATA_BLOCKS = 16_384;

    @SeededTest(runs = 4, longRuns = 30)
    void everyImageIsACommitAtOrAfterTheLastPromise(long seed) throws IOException {
        Recording recording = new Recording(seed, seed % 2 == 0);
        recording.run();
        recording.replay(Profile.count(400, 5000));
    }

    /** What was seen while the workload ran. */
    private static final class Recording {
        private final long seed;
        private final boolean hasTwoDevices;
        private final CrashHistory history = new CrashHistory();
        private final BlockDevice device;
        private final FakeHost host = FakeHost.of(1);

        private final TreeHistory trees = new TreeHistory();
        private int firstMoment;

        Recording(long seed, boolean hasTwoDevices) {
            this.seed = seed;
            this.hasTwoDevices = hasTwoDevices;
            this.device = hasTwoDevices
                    ? new SplitDevice(history.newDevice("meta", META_BLOCKS), history.newDevice("data", DATA_BLOCKS))
                    : history.newDevice("only", META_BLOCKS + DATA_BLOCKS);
        }

        void run() throws IOException {
            if (hasTwoDevices) {
                HeadlessStack.format(device, META_BLOCKS, DATA_BLOCKS, seed);
            } else {
                HeadlessStack.format(device, META_BLOCKS + DATA_BLOCKS, 0, seed);
            }
            Rng rng = Rng.seeded(seed);
            HeadlessStack stack = HeadlessStack.mount(device, host, seed);
            FsClient reader = stack.client();
            FsClient client = stack.client();
            FsWorkload workload = new FsWorkload(client, seed, 300_000);
            try (stack) {
                workload.prepare();
                sync(reader);
                firstMoment = history.now();
                trees.changed(firstMoment, FsTree.read(reader));
                trees.promised(firstMoment, 0);
                int[] begin = {0};
                client.observe(new FsClient.Observer() {
                    @Override
                    public void before() {
                        begin[0] = history.now();
                    }

                    @Override
                    public void after() throws IOException {
                        trees.changed(begin[0], FsTree.read(reader));
                    }
                });
                for (int step = 0; step < STEPS; step++) {
                    workload.step();
                    if (rng.nextInt(5) == 0) {
                        int last = trees.size() - 1;
                        if (rng.nextInt(2) == 0) {
                            sync(reader);
                        } else {
                            fsyncAnything(reader);
                        }
                        trees.promised(history.now(), last);
                    }
                }
                workload.closeAll();
                workload.assertItWorked(STEPS);
            }
            trees.promised(history.now(), trees.size() - 1);
            assertThat(trees.promises()).as("promises").isGreaterThan(5);
            assertThat(trees.size()).as("changes").isGreaterThan(STEPS / 5);
        }

        private static void sync(FsClient client) throws IOException {
            try {
                client.syncFileSystem();
            } catch (FsException e) {
                throw new IOException("sync: " + e.errno(), e);
            }
        }

        /** fsync of one file promises all that was done before on this node: it is one transaction. */
        private static void fsyncAnything(FsClient client) throws IOException {
            try {
                for (FsClient.Entry entry : client.list("")) {
                    if (entry.type() == 8) {
                        client.fsync(entry.name());
                        return;
                    }
                }
                client.syncFileSystem();
            } catch (FsException e) {
                throw new IOException("fsync: " + e.errno(), e);
            }
        }

        void replay(int images) throws IOException {
            Rng rng = Rng.seeded(seed ^ 0x5eed);
            int moments = history.now() - firstMoment;
            int[] found = new int[trees.size()];
            for (int i = 0; i < images; i++) {
                // Spread over the whole run, and not only where the workload was slow.
                int moment = firstMoment + (int) ((long) moments * i / images) + rng.nextInt(Math.max(1, moments / images));
                moment = Math.min(moment, history.now());
                CrashImage image = i % 10 == 0 ? history.wholeImageAt(moment) : history.imageAt(moment, rng);
                try {
                    found[replayOne(image, moment)]++;
                } catch (AssertionError | IOException | RuntimeException e) {
                    throw new AssertionError("seed " + seed + ", image " + i + ", " + image, e);
                }
            }
            long different = Arrays.stream(found).filter(count -> count > 0).count();
            assertThat(different).as("different states that were recovered").isGreaterThan(10);
            System.out.printf("[crash] seed %d, %s: %d events, %d images, %d of %d states recovered%n",
                    seed, hasTwoDevices ? "two devices" : "one device", history.now(), images, different, trees.size());
        }

        /** @return the state that was recovered */
        private int replayOne(CrashImage image, int moment) throws IOException {
            BlockDevice crashed = hasTwoDevices
                    ? new SplitDevice(image.devices().get(0), image.devices().get(1))
                    : image.device();
            assertThat(VolumeCheck.run(crashed)).as("check of the image").isEmpty();
            Map<String, String> tree;
            try (HeadlessStack stack = HeadlessStack.mount(crashed, host.rebooted(), seed + moment)) {
                tree = FsTree.read(stack.client());
            }
            assertThat(VolumeCheck.run(crashed)).as("check after recovery and unmount").isEmpty();
            return trees.find(tree, moment);
        }
    }
}
