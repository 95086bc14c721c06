package org.scoutfs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.scoutfs.base.Counters;
import org.scoutfs.base.FsException;
import org.scoutfs.base.Rng;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.device.FileBlockDevice;
import org.scoutfs.testkit.FakeHost;
import org.scoutfs.testkit.FsClient;
import org.scoutfs.testkit.HeadlessStack;
import org.scoutfs.testkit.Profile;
import org.scoutfs.testkit.SeededTest;

/**
 * {@code check} and {@code print} of devices that are damaged, cut short, or none of ours: an exit status of theirs, something said, and
 * never a stack trace.
 */
class DamagedDeviceTest {
    private static final int BLOCK = BlockDevice.BLOCK_SIZE;
    private static final long BLOCKS = 8192;

    @TempDir
    private static Path directory;

    private static Path image;
    private static final List<Long> WRITTEN = new ArrayList<>();

    @BeforeAll
    static void make() throws IOException, FsException {
        image = directory.resolve("image");
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength(BLOCKS * BLOCK);
        }
        try (BlockDevice device = FileBlockDevice.open(image, FileBlockDevice.Mode.READ_WRITE, new Counters())) {
            HeadlessStack.format(device, BLOCKS, 0, 1);
            try (HeadlessStack stack = HeadlessStack.mount(device, FakeHost.of(1), 1)) {
                FsClient client = stack.client();
                client.create("file", "contents".getBytes());
                client.mkdir("directory");
                client.link("file", "directory/link");
                client.symlink("symlink", "target");
                client.setXattr("file", "user.x", new byte[3]);
                client.syncFileSystem();
                client.unlink("directory/link");
            }
        }
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "r")) {
            byte[] bytes = new byte[BLOCK];
            for (long blkno = 0; blkno < BLOCKS; blkno++) {
                file.seek(blkno * BLOCK);
                file.readFully(bytes);
                if (!java.util.Arrays.equals(bytes, new byte[BLOCK])) {
                    WRITTEN.add(blkno);
                }
            }
        }
    }

    private static CommandLine.Result assertSane(String what, String command, List<Integer> statuses, String... words) {
        List<String> all = new ArrayList<>(List.of(command));
        all.addAll(List.of(words));
        CommandLine.Result result;
        try {
            result = new CommandLine().run(all.toArray(new String[0]));
        } catch (RuntimeException | Error bug) {
            throw new AssertionError(command + " of " + what, bug);
        }
        String said = result.out() + result.err();
        assertThat(result.status()).as("%s of %s: %s", command, what, said).isIn(statuses);
        assertThat(said).as("%s of %s", command, what).isNotBlank().doesNotContain("Exception", "\tat ", "org.scoutfs.");
        return result;
    }

    private static void assertBothSane(String what, Path device) {
        CommandLine.Result check = assertSane(what, "check", List.of(0, 4, 8), "-d", device.toString());
        if (check.status() == 4) {
            assertThat(check.out().lines().toList().getLast()).as(what).matches("\\d+ problems?");
        } else if (check.status() == 0) {
            assertThat(check.out()).isEqualTo("clean\n");
        }
        assertSane(what, "print", List.of(0, 1), device.toString());
    }

    @Test
    void healthy() {
        assertThat(assertSane("healthy", "check", List.of(0), "-d", image.toString()).out()).isEqualTo("clean\n");
    }

    @SeededTest(runs = 1)
    void damagedBlocks(long seed) throws IOException {
        Rng rng = Rng.seeded(seed);
        int images = Profile.count(250, 4000);
        Path damaged = Files.copy(image, directory.resolve("damaged" + seed));
        Map<Integer, Integer> statuses = new TreeMap<>();
        try (RandomAccessFile file = new RandomAccessFile(damaged.toFile(), "rw")) {
            for (int i = 0; i < images; i++) {
                long blkno = WRITTEN.get((int) ((long) WRITTEN.size() * i / images));
                byte[] before = new byte[BLOCK];
                file.seek(blkno * BLOCK);
                file.readFully(before);
                byte[] bytes = before.clone();
                int kind = rng.nextInt(3);
                if (kind == 0) {
                    bytes[rng.nextInt(BLOCK)] ^= (byte) (1 << rng.nextInt(8));
                } else if (kind == 1) {
                    bytes = new byte[BLOCK];
                } else {
                    file.seek(WRITTEN.get(rng.nextInt(WRITTEN.size())) * BLOCK);
                    file.readFully(bytes);
                }
                file.seek(blkno * BLOCK);
                file.write(bytes);
                assertBothSane(List.of("a flipped bit", "zeroes", "another block").get(kind) + " in block " + blkno, damaged);
                statuses.merge(new CommandLine().run("check", damaged.toString()).status(), 1, Integer::sum);
                file.seek(blkno * BLOCK);
                file.write(before);
            }
        }
        assertThat(statuses.keySet()).as("exit statuses of check: %s", statuses).contains(0, 4);
        assertThat(assertSane("restored", "check", List.of(0), damaged.toString()).out()).isEqualTo("clean\n");
    }

    @Test
    void cutDevices() throws IOException {
        for (long bytes : new long[] {0, 1, 511, 4095, 4096, 65_536, 65_537, 69_632, 1 << 20, 5 << 20, BLOCKS * BLOCK - 1}) {
            Path cut = Files.copy(image, directory.resolve("cut" + bytes));
            try (RandomAccessFile file = new RandomAccessFile(cut.toFile(), "rw")) {
                file.setLength(bytes);
            }
            assertBothSane("cut to " + bytes, cut);
            assertThat(new CommandLine().run("check", cut.toString()).status()).as("cut to %d", bytes).isNotZero();
            Files.delete(cut);
        }
    }

    @Test
    void foreignDevices() throws IOException {
        Path noise = directory.resolve("noise");
        byte[] bytes = new byte[8 << 20];
        new java.util.Random(1).nextBytes(bytes);
        Files.write(noise, bytes);
        assertBothSane("noise", noise);
        assertThat(new CommandLine().run("check", noise.toString()).status()).isEqualTo(4);
        assertThat(new CommandLine().run("check", noise.toString(), image.toString()).status()).isIn(4, 8);
        assertThat(new CommandLine().run("check", image.toString(), noise.toString()).status()).isIn(0, 4, 8);
    }

    /**
     * What {@code print} shows of each structure, numbers aside. Where this fails because a line was changed on purpose: the test writes
     * what it found to {@code target/print.txt}; copy that over {@code src/test/resources/print.txt}.
     */
    @Test
    void printShowsEveryStructure() throws IOException {
        List<String> lines = new ArrayList<>();
        assertSane("healthy", "print", List.of(0), image.toString()).out().lines().forEach(line -> {
            // Host names and boots are words of the test; UUIDs and counts differ from run to run.
            String shape = line.replaceAll("\\b([0-9a-f]{16}|[0-9a-f]{32})\\b", "#")
                    .replaceAll("-?\\b\\d+\\b", "#")
                    .replaceAll("#(\\+#)?(, #(\\+#)?)+", "#")
                    .replaceAll("(?<=#[ .]d? ?)[0-9a-f]+$", "#")
                    .replaceAll("(DeviceExtent\\[[^\\]]*\\])(, \\1)+", "$1")
                    .replaceAll("(segment # at block #(\\+#)?)(, \\1)+", "$1");
            if (!lines.contains(shape)) {
                lines.add(shape);
            }
        });
        Path golden = Path.of("src/test/resources/print.txt");
        Files.createDirectories(Path.of("target"));
        Files.write(Path.of("target/print.txt"), lines);
        // More than that may be there: which edits a checkpoint needs depends on when merges were done.
        assertThat(lines).containsAll(Files.readAllLines(golden));
    }
}
