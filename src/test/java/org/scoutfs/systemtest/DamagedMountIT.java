package org.scoutfs.systemtest;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.scoutfs.base.Rng;
import org.scoutfs.testkit.Await;
import org.scoutfs.testkit.Profile;

/**
 * Damaged images on real mounts: the mount is refused with a line that says why, or what it shows is what was there, and EIO for the
 * rest. Never a stack trace, a mount or a process that stays, or a call that does not come back.
 */
class DamagedMountIT {
    private static final int BLOCK = 4096;
    private static final Duration PATIENCE = Duration.ofSeconds(120);

    private enum Outcome {
        REFUSED,
        PARTLY,
        UNHARMED
    }

    private enum Damage {
        FLIP,
        ZERO,
        NOISE,
        SWAP,
        CUT
    }

    private final Path directory = SystemTests.directory("damaged");
    private final Path image = directory.resolve("volume.img");
    private final Path root = directory.resolve("mnt");
    private final Path list = directory.resolve("paths");
    private final Path log = directory.resolve("log");
    private final List<Transport> transports = Transport.available();

    @Test
    @Timeout(7200)
    void whatIsDamagedIsRefusedOrAnsweredWithEio() throws IOException {
        int images = Profile.count(16, 2000);
        long seed = Long.getLong("scoutfs.seed", 1);
        Map<Outcome, Integer> outcomes = new EnumMap<>(Outcome.class);
        Transport.enable();
        try {
            Map<String, String> tree = make();
            List<Long> blocks = writtenBlocks();
            Path whole = directory.resolve("whole.img");
            Files.move(image, whole);
            for (int number = 0; number < images; number++) {
                Command.of("cp", "--sparse=always", whole, image).run().mustSucceed();
                Rng rng = Rng.seeded(seed * 1_000_003 + number);
                String what = "image " + number + " of seed " + seed + ": " + damage(blocks, rng);
                try {
                    outcomes.merge(outcome(tree, transports.get(number % transports.size())), 1, Integer::sum);
                } catch (AssertionError e) {
                    throw new AssertionError(what + "; " + said(), e);
                }
            }
        } finally {
            Leftovers.cleanUp(directory);
            Transport.disable();
        }
        System.out.printf("[damage] real mounts, seed %d: %d images: %s%n", seed, images, outcomes);
        assertThat(outcomes.keySet()).contains(Outcome.REFUSED, Outcome.PARTLY);
    }

    /** A tree of a few hundred names, with the items of two mounts. @return each path with what {@code treeread} says of it */
    private Map<String, String> make() throws IOException {
        Files.createDirectories(root);
        ScoutfsTarget.cli("mkfs", "--size", "256M", image).mustSucceed();
        for (String line : List.of(
                "mkdir -p a/b many; head -c 300000 /dev/urandom > a/random; seq 1 20000 > a/b/numbers; ln -s b/numbers a/link; mkfifo a/fifo"
                        + "; for i in $(seq 1 300); do echo $i > many/file-with-a-longer-name-$i; done",
                "ln a/random a/b/hard; setfattr -n user.note -v text a/random; setfattr -n user.long -v $(printf 'x%.0s' $(seq 1 5000)) a/b"
                        + "; rm many/*7; truncate -s 1M a/sparse; echo end >> a/sparse; touch -d 2001-02-03 a/b/hard")) {
            mount(transports.getFirst()).mustSucceed();
            Command.shell(line).in(root).run().mustSucceed();
            ScoutfsTarget.cli("umount", root).mustSucceed();
        }
        mount(transports.getFirst()).mustSucceed();
        Files.write(list, Command.shell("find .").in(root).run().mustSucceed().output().lines().sorted().toList());
        Map<String, String> tree = read();
        ScoutfsTarget.cli("umount", root).mustSucceed();
        assertThat(tree).hasSizeGreaterThan(250);
        assertThat(tree.values()).noneMatch(line -> line.startsWith("error"));
        return tree;
    }

    private Command.Result mount(Transport transport) {
        return ScoutfsTarget.cli("mount", "-o", transport.option() + ",log=" + log, image, root);
    }

    private Map<String, String> read() {
        String output = Command.of(SystemTests.program("treeread"), root, list).within(PATIENCE).run().mustSucceed().output();
        List<String> lines = output.lines().toList();
        assertThat(lines.getLast()).isEqualTo("end");
        Map<String, String> found = new TreeMap<>();
        for (String line : lines.subList(0, lines.size() - 1)) {
            String[] parts = line.split("\t", 2);
            found.put(parts[0], parts[1]);
        }
        return found;
    }

    private List<Long> writtenBlocks() throws IOException {
        List<Long> written = new ArrayList<>();
        byte[] bytes = new byte[BLOCK];
        byte[] zeroes = new byte[BLOCK];
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "r")) {
            for (long blkno = 0; blkno < file.length() / BLOCK; blkno++) {
                file.seek(blkno * BLOCK);
                file.readFully(bytes);
                if (!Arrays.equals(bytes, zeroes)) {
                    written.add(blkno);
                }
            }
        }
        assertThat(written).hasSizeGreaterThan(50);
        return written;
    }

    /** One to four blocks, or the end of the device. */
    private String damage(List<Long> blocks, Rng rng) throws IOException {
        StringBuilder what = new StringBuilder();
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            int count = 1 + rng.nextInt(4);
            for (int i = 0; i < count; i++) {
                Damage damage = Damage.values()[rng.nextInt(i == 0 ? 5 : 4)];
                long blkno = blocks.get(rng.nextInt(blocks.size()));
                what.append(damage).append(' ').append(blkno).append(", ");
                byte[] bytes = bytes(file, blkno);
                switch (damage) {
                    case FLIP -> bytes[rng.nextInt(BLOCK)] ^= (byte) (1 << rng.nextInt(8));
                    case ZERO -> bytes = new byte[BLOCK];
                    case NOISE -> {
                        for (int at = rng.nextInt(BLOCK); at < BLOCK; at++) {
                            bytes[at] = (byte) rng.nextInt(256);
                        }
                    }
                    case SWAP -> {
                        long other = blocks.get(rng.nextInt(blocks.size()));
                        byte[] others = bytes(file, other);
                        file.seek(other * BLOCK);
                        file.write(bytes);
                        bytes = others;
                    }
                    case CUT -> {
                        file.setLength(blkno * BLOCK + rng.nextInt(2) * 512L);
                        return what.toString();
                    }
                }
                file.seek(blkno * BLOCK);
                file.write(bytes);
            }
        }
        return what.toString();
    }

    private static byte[] bytes(RandomAccessFile file, long blkno) throws IOException {
        byte[] bytes = new byte[BLOCK];
        file.seek(blkno * BLOCK);
        file.readFully(bytes);
        return bytes;
    }

    private Outcome outcome(Map<String, String> tree, Transport transport) throws IOException {
        Files.deleteIfExists(log);
        Command.Result mounted = mount(transport);
        if (mounted.exit() != 0) {
            assertThat(mounted.exit()).as(mounted.output()).isEqualTo(1);
            assertThat(mounted.output()).contains("scoutfs: mount failed: ");
            assertSane(mounted.output());
            Await.that("nothing stays of a refused mount", PATIENCE,
                    () -> Leftovers.mountsBelow(root).isEmpty() && Leftovers.processesNaming(root).isEmpty());
            return Outcome.REFUSED;
        }
        Map<String, String> found = read();
        assertThat(found.keySet()).isEqualTo(tree.keySet());
        boolean isWhole = true;
        for (Map.Entry<String, String> one : found.entrySet()) {
            boolean isSame = one.getValue().equals(tree.get(one.getKey()));
            assertThat(isSame || one.getValue().equals("error EIO"))
                    .as("%s is %s, was %s", one.getKey(), one.getValue(), tree.get(one.getKey()))
                    .isTrue();
            isWhole &= isSame;
        }
        // Changes work or do not; they come back.
        Command.Result changed =
                Command.shell("touch new; echo more >> a/b/numbers; rm -rf many; mkdir d; sync -f .").in(root).within(PATIENCE).run();
        assertThat(changed.output().lines())
                .allMatch(line -> line.matches(".*: (Input/output error|Read-only file system|Directory not empty)"), "EIO");
        ScoutfsTarget.cli("umount", root);
        Await.that("the mount ends", PATIENCE,
                () -> Leftovers.mountsBelow(root).isEmpty() && Leftovers.processesNaming(root).isEmpty());
        assertSane(Files.readString(log, StandardCharsets.UTF_8));
        return isWhole ? Outcome.UNHARMED : Outcome.PARTLY;
    }

    private static void assertSane(String text) {
        assertThat(text).doesNotContain("Exception", "\tat ", "OutOfMemory", "our bug", " null");
    }

    private String said() throws IOException {
        String text = Files.exists(log) ? Files.readString(log, StandardCharsets.UTF_8) : "";
        return text.length() <= 4000 ? text : text.substring(0, 2000) + "\n...\n" + text.substring(text.length() - 2000);
    }
}
