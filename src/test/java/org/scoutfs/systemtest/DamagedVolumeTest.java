package org.scoutfs.systemtest;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.scoutfs.base.FsException;
import org.scoutfs.base.InvariantViolation;
import org.scoutfs.base.Rng;
import org.scoutfs.check.Problem;
import org.scoutfs.check.VolumeCheck;
import org.scoutfs.check.VolumeDump;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.testkit.FakeHost;
import org.scoutfs.testkit.FsClient;
import org.scoutfs.testkit.FsTree;
import org.scoutfs.testkit.FsWorkload;
import org.scoutfs.testkit.HeadlessStack;
import org.scoutfs.testkit.Profile;
import org.scoutfs.testkit.SeededTest;
import org.scoutfs.testkit.SparseDevice;

/**
 * Every block that a volume has written is damaged in turn: a bit flipped, zeroes, another block's bytes, noise. {@code check} and
 * {@code print} must end, with what they found; a mount is refused, or shows nothing but what was there, and EIO; and where it shows
 * less than there was, {@code check} has said so.
 */
@Timeout(1800)
class DamagedVolumeTest {
    private static final long BLOCKS = 16_384;
    private static final FakeHost HOST = FakeHost.of(1);

    private static SparseDevice volume;
    private static Map<String, String> tree;

    private enum Damage {
        FLIP,
        ZERO,
        SWAP,
        NOISE
    }

    @BeforeAll
    static void make() throws IOException {
        volume = new SparseDevice("volume", BLOCKS);
        HeadlessStack.format(volume, BLOCKS, 0, 1);
        // Two mounts, so that there is more than one epoch's log.
        for (int mount = 0; mount < 2; mount++) {
            try (HeadlessStack stack = HeadlessStack.mount(volume, HOST, mount)) {
                FsWorkload workload = new FsWorkload(stack.client(), 7 + mount, 60_000);
                if (mount == 0) {
                    workload.prepare();
                }
                for (int step = 0; step < 300; step++) {
                    workload.step();
                }
                manyNames(stack.client(), mount);
                workload.closeAll();
                tree = FsTree.read(stack.client());
            }
        }
        assertThat(VolumeCheck.run(volume.readOnlyCopy())).isEmpty();
    }

    /** Enough for segments that have an index, a filter and a footer. */
    private static void manyNames(FsClient client, int mount) throws IOException {
        try {
            client.mkdir("many" + mount);
            for (int i = 0; i < 250; i++) {
                client.create("many" + mount + "/a rather long name, number " + i, new byte[i % 3]);
                client.setXattr("many" + mount + "/a rather long name, number " + i, "user.x", new byte[100]);
            }
        } catch (FsException e) {
            throw new IOException(e);
        }
    }

    /** Where the commits of the volume fall, and so its blocks, differ from run to run: for the night, until it has had a few. */
    @EnabledIfSystemProperty(named = "scoutfs.test.profile", matches = "long")
    @SeededTest(runs = 1, longRuns = 4)
    void damagedBlocksAreSeen(long seed) throws IOException {
        Rng rng = Rng.seeded(seed);
        List<Long> blocks = new ArrayList<>(volume.writtenBlocks().keySet());
        blocks.sort(null);
        int images = Profile.count(600, 4 * blocks.size());
        Map<Outcome, Integer> outcomes = new EnumMap<>(Outcome.class);
        for (int i = 0; i < images; i++) {
            Damage damage = Damage.values()[rng.nextInt(Damage.values().length)];
            long blkno = blocks.get((int) ((long) blocks.size() * i / images));
            SparseDevice damaged = volume.copy();
            apply(damage, damaged, blkno, blocks, rng);
            outcomes.merge(outcome(damaged, damage + " of block " + blkno + ", seed " + seed), 1, Integer::sum);
        }
        System.out.printf("[damage] seed %d: %d images of %d blocks: %s%n", seed, images, blocks.size(), outcomes);
        assertThat(outcomes.keySet()).as("kinds of outcomes: %s", outcomes).contains(Outcome.UNHARMED, Outcome.PARTLY);
    }

    private static void apply(Damage damage, SparseDevice device, long blkno, List<Long> blocks, Rng rng) {
        byte[] bytes = device.bytes(blkno);
        switch (damage) {
            case FLIP -> {
                int bit = rng.nextInt(bytes.length * 8);
                bytes[bit / 8] ^= (byte) (1 << bit % 8);
            }
            case ZERO -> bytes = new byte[bytes.length];
            case SWAP -> {
                long other = blocks.get(rng.nextInt(blocks.size()));
                byte[] others = device.bytes(other);
                device.setBytes(other, bytes);
                bytes = others;
            }
            case NOISE -> {
                for (int i = 0; i < bytes.length; i++) {
                    bytes[i] = (byte) rng.nextInt(256);
                }
            }
        }
        device.setBytes(blkno, bytes);
    }

    @Test
    void truncatedDevicesAreRefusedOrUnharmed() throws IOException {
        int refused = 0;
        Map<Long, byte[]> blocks = volume.writtenBlocks();
        for (long count : new long[] {1, 16, 17, 18, 100, 288, 300, 544, 600, 1024, 1025, 1100, 2000, 5000, 10_000, BLOCKS - 1}) {
            SparseDevice shorter = new SparseDevice("shorter", count);
            blocks.forEach((blkno, bytes) -> {
                if (blkno < count) {
                    shorter.setBytes(blkno, bytes);
                }
            });
            Outcome outcome = outcome(shorter, "cut to " + count + " blocks");
            assertThat(outcome).as("cut to %d blocks", count).isNotEqualTo(Outcome.UNHARMED);
            refused += outcome == Outcome.REFUSED ? 1 : 0;
        }
        assertThat(refused).isGreaterThan(10);
    }

    private enum Outcome {
        /** Not mounted. */
        REFUSED,
        /** Mounted, and something cannot be read. */
        PARTLY,
        /** The tree is whole. */
        UNHARMED
    }

    private static Outcome outcome(SparseDevice damaged, String what) throws IOException {
        List<Problem> problems;
        try {
            problems = VolumeCheck.run(damaged.readOnlyCopy());
            dump(damaged.readOnlyCopy());
        } catch (RuntimeException | Error bug) {
            throw new AssertionError("check or print of " + what, bug);
        }
        Outcome outcome;
        try {
            outcome = mount(damaged, what);
        } catch (InvariantViolation | IllegalStateException | IndexOutOfBoundsException | NullPointerException | OutOfMemoryError bug) {
            throw new AssertionError("mount of " + what, bug);
        }
        if (outcome != Outcome.UNHARMED) {
            assertThat(problems).as("%s is %s, and check found", what, outcome).isNotEmpty();
        }
        assertThat(problems.toString()).as(what).doesNotContain("null", "Exception");
        return outcome;
    }

    private static void dump(BlockDevice device) {
        try {
            VolumeDump.run(device, true, line -> assertThat(line).isNotNull());
        } catch (IOException damaged) {
            assertThat(damaged.getMessage()).isNotBlank();
        }
    }

    private static Outcome mount(SparseDevice damaged, String what) throws IOException {
        HeadlessStack stack;
        try {
            stack = HeadlessStack.mount(damaged, HOST, 99);
        } catch (IOException refused) {
            assertThat(refused.getMessage()).as(what).isNotBlank();
            return Outcome.REFUSED;
        } catch (HeadlessStack.ClaimHeldError unreadable) {
            // A mount watches a claim that it cannot read for ten seconds, as one that power failed on, and takes it then.
            return Outcome.UNHARMED;
        }
        try {
            return compareTree(stack.client(), what);
        } finally {
            try {
                stack.close();
            } catch (IOException stopped) {
                assertThat(stopped.getMessage()).as(what).isNotBlank();
            }
        }
    }

    /** Reads all that can be read. What is not EIO must be as it was. */
    private static Outcome compareTree(FsClient client, String what) throws IOException {
        Map<String, String> found = new TreeMap<>();
        boolean isWhole = true;
        for (String path : tree.keySet()) {
            try {
                found.put(path, FsTree.line(client, path));
            } catch (FsException | IOException unreadable) {
                boolean isEio = !(unreadable instanceof FsException refused) || refused.errno() == org.scoutfs.base.Errno.EIO;
                assertThat(isEio).as("%s: %s answers %s", what, path, unreadable).isTrue();
                isWhole = false;
            }
        }
        for (Map.Entry<String, String> line : found.entrySet()) {
            assertThat(line.getValue()).as("%s: wrong data at %s", what, line.getKey()).isEqualTo(tree.get(line.getKey()));
        }
        return isWhole ? Outcome.UNHARMED : Outcome.PARTLY;
    }
}
