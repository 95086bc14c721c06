package org.scoutfs.fs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;
import org.scoutfs.base.Rng;
import org.scoutfs.testkit.FsClient;
import org.scoutfs.testkit.FsTree;
import org.scoutfs.testkit.PosixModel;
import org.scoutfs.testkit.Profile;
import org.scoutfs.testkit.SeededTest;

/** The same random operations on the file system and on the model: same answers, same tree, also after commits and crashes. */
class PosixModelTest {
    private static final String TOO_LONG = "y".repeat(256);
    private static final String[] NAMES = {"a", "b", "c", "d", "x".repeat(255), TOO_LONG};

    private enum Op {
        CREATE,
        MKDIR,
        FIFO,
        SYMLINK,
        LINK,
        UNLINK,
        RMDIR,
        RENAME,
        WRITE,
        APPEND,
        TRUNCATE,
        FALLOCATE,
        CHMOD,
        SET_XATTR,
        REMOVE_XATTR,
        WAIT
    }

    private final Map<Op, Integer> worked = new EnumMap<>(Op.class);
    private final Map<Errno, Integer> refused = new EnumMap<>(Errno.class);

    @SeededTest(runs = 20)
    void sameAnswersAndSameTree(long seed) throws Exception {
        int steps = Profile.count(1500, 20_000);
        Rng rng = Rng.seeded(seed);
        try (FsHarness harness = new FsHarness()) {
            PosixModel model = new PosixModel();
            PosixModel committed = model.copy();
            for (int step = 0; step < steps; step++) {
                step(rng, harness, model);
                switch (rng.nextInt(200)) {
                    case 0, 1, 2 -> {
                        harness.commit();
                        committed = model.copy();
                        assertThat(TreeWalker.walk(harness.transactions.committedItems(), true)).isEmpty();
                    }
                    case 3 -> {
                        harness.crash();
                        model = committed.copy();
                        compare(model, harness.client);
                    }
                    case 4 -> {
                        harness.remount();
                        committed = model.copy();
                        compare(model, harness.client);
                    }
                    default -> {}
                }
            }
            compare(model, harness.client);
            harness.settle();
            harness.commit();
            assertThat(TreeWalker.walk(harness.transactions.committedItems(), true)).isEmpty();
            int sum = worked.values().stream().mapToInt(Integer::intValue).sum();
            assertThat(sum).as("the test tested too little: " + worked).isGreaterThan(steps / 12);
            assertThat(worked.size()).as("operations that worked: " + worked).isGreaterThan(Op.values().length - 3);
            assertThat(refused.size()).as("errors: " + refused).isGreaterThan(6);
        }
    }

    private interface Action {
        void run() throws FsException, IOException;
    }

    private void step(Rng rng, FsHarness harness, PosixModel model) throws IOException {
        FsClient client = harness.client;
        Op op = Op.values()[rng.nextInt(Op.values().length)];
        if (op == Op.UNLINK || op == Op.WAIT) {
            op = rng.nextInt(3) == 0 ? op : Op.CREATE; // else the tree stays empty
        } else if (op == Op.RMDIR || op == Op.FIFO || op == Op.SYMLINK || op == Op.CHMOD) {
            op = rng.nextInt(3) == 0 ? op : Op.MKDIR;
        }
        String path = path(rng);
        String other = path(rng);
        byte[] bytes = PosixModel.pattern(rng.nextLong(), rng.nextInt(rng.nextInt(3) == 0 ? 30_000 : 200));
        long offset = rng.nextInt(4) == 0 ? 4096L * rng.nextInt(6) : rng.nextInt(20_000);
        int number = rng.nextInt(1 << 16);
        String what = op + " " + path + " " + other + " " + offset + "+" + bytes.length + " " + number;
        String one = op + " " + path + " " + offset + "+" + bytes.length + " " + number;
        switch (op) {
            case CREATE -> both(op, one, () -> client.create(path, bytes), () -> model.create(path, bytes));
            case MKDIR -> both(op, one, () -> client.mkdir(path), () -> model.mkdir(path));
            case FIFO -> both(op, one, () -> client.mknod(path, 0010644, 0), () -> model.fifo(path));
            case SYMLINK -> both(op, one, () -> client.symlink(path, "to" + number), () -> model.symlink(path, "to" + number));
            case LINK -> both(op, what, () -> client.link(path, other), () -> model.link(path, other));
            case UNLINK -> both(op, one, () -> client.unlink(path), () -> model.unlink(path));
            case RMDIR -> both(op, one, () -> client.rmdir(path), () -> model.rmdir(path));
            case RENAME -> {
                int flags = number % 3;
                both(op, what, () -> client.rename(path, other, flags), () -> model.rename(path, other, flags));
            }
            case WRITE -> both(op, one, () -> client.write(path, offset, bytes), () -> {
                if (bytes.length > 0) {
                    model.write(path, offset, bytes);
                } else {
                    model.append(path, bytes);
                }
            });
            case APPEND -> both(op, one, () -> client.append(path, bytes), () -> model.append(path, bytes));
            case TRUNCATE -> both(op, one, () -> client.truncate(path, offset), () -> model.truncate(path, offset));
            case FALLOCATE -> {
                int mode = new int[] {0, 1, 3, 0x10, 0x11}[number % 5];
                long length = 1 + bytes.length;
                both(
                        op,
                        one,
                        () -> client.fallocate(path, offset, length, mode),
                        () -> model.fallocate(path, offset, length, mode));
            }
            case CHMOD -> both(op, one, () -> client.chmod(path, number & 07777), () -> model.chmod(path, number & 07777));
            case SET_XATTR -> {
                String name = "user." + number % 3;
                both(op, one, () -> client.setXattr(path, name, bytes), () -> model.setXattr(path, name, bytes));
            }
            case REMOVE_XATTR -> {
                String name = "user." + number % 3;
                both(op, one, () -> client.removeXattr(path, name), () -> model.removeXattr(path, name));
            }
            case WAIT -> {
                harness.locks.waitInAcquire(number % 4);
                harness.transactions.waitInBegin(number % 3);
                worked.merge(op, 1, Integer::sum);
            }
        }
    }

    private void both(Op op, String what, Action real, Action modelled) throws IOException {
        Errno expected = errno(modelled);
        Errno actual = errno(real);
        if (what.contains(TOO_LONG)) {
            // Which of two errors comes first is the kernel's affair, which resolves paths.
            assertThat(actual).as(what).isNotNull();
        } else {
            assertThat(actual).as(what).isEqualTo(expected);
        }
        if (actual == null) {
            worked.merge(op, 1, Integer::sum);
        } else {
            refused.merge(actual, 1, Integer::sum);
        }
    }

    private static Errno errno(Action action) throws IOException {
        try {
            action.run();
            return null;
        } catch (FsException e) {
            return e.errno();
        }
    }

    private static String path(Rng rng) {
        StringBuilder path = new StringBuilder();
        int depth = 1 + (rng.nextInt(5) + 1) / 3;
        for (int i = 0; i < depth; i++) {
            int most = rng.nextInt(8) == 0 ? NAMES.length : 4;
            path.append(i == 0 ? "" : "/").append(NAMES[rng.nextInt(most)]);
        }
        return path.toString();
    }

    private static void compare(PosixModel model, FsClient client) throws IOException {
        assertThat(FsTree.difference(model.tree(), tree(client))).isEmpty();
    }

    private static Map<String, String> tree(FsClient client) throws IOException {
        Map<String, String> lines = new TreeMap<>();
        try {
            collect(client, "", new HashMap<>(), lines);
        } catch (FsException e) {
            throw new AssertionError("after " + lines.keySet(), e);
        }
        return lines;
    }

    private static void collect(FsClient client, String path, Map<Long, String> seen, Map<String, String> lines)
            throws FsException, IOException {
        Attributes found = client.stat(path);
        PosixModel.Kind kind =
                switch (found.mode() >>> 12) {
                    case 4 -> PosixModel.Kind.DIRECTORY;
                    case 8 -> PosixModel.Kind.FILE;
                    case 10 -> PosixModel.Kind.SYMLINK;
                    case 1 -> PosixModel.Kind.FIFO;
                    default -> throw new AssertionError(path + " has mode " + found.mode());
                };
        String first = seen.putIfAbsent(found.ino(), path);
        byte[] contents =
                switch (kind) {
                    case FILE -> client.read(path);
                    case SYMLINK -> client.readlink(path).getBytes(java.nio.charset.StandardCharsets.UTF_8);
                    case DIRECTORY, FIFO -> new byte[0];
                };
        Map<String, byte[]> xattrs = new TreeMap<>();
        for (String name : client.xattrNames(found.ino())) {
            xattrs.put(name, client.xattr(found.ino(), name));
        }
        String line = PosixModel.line(
                kind, found.mode() & 07777, found.nlink(), found.size(), first == null ? path : first, contents, xattrs);
        assertThat(lines.put(path, line)).isNull();
        if (kind == PosixModel.Kind.DIRECTORY) {
            Map<String, Long> entries = new TreeMap<>();
            for (FsClient.Entry entry : client.list(path)) {
                assertThat(entries.put(entry.name(), entry.ino())).as("listed twice").isNull();
            }
            for (String name : entries.keySet()) {
                collect(client, path.isEmpty() ? name : path + "/" + name, seen, lines);
            }
        }
    }
}
