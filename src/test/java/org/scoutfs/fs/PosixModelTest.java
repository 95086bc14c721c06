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
import org.scoutfs.testkit.PosixCaller;
import org.scoutfs.testkit.PosixModel;
import org.scoutfs.testkit.PosixStep;
import org.scoutfs.testkit.PosixStep.Op;
import org.scoutfs.testkit.Profile;
import org.scoutfs.testkit.SeededTest;

/** The same random operations on the file system and on the model: same answers, same tree, also after commits and crashes. */
class PosixModelTest {
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
            if (Profile.isLong()) {
                return; // what a seed that nobody chose leaves out, another has
            }
            int sum = worked.values().stream().mapToInt(Integer::intValue).sum();
            assertThat(sum).as("the test tested too little: " + worked).isGreaterThan(steps / 12);
            assertThat(worked.size()).as("operations that worked: " + worked).isGreaterThan(Op.values().length - 3);
            assertThat(refused.size()).as("errors: " + refused).isGreaterThan(6);
        }
    }

    private void step(Rng rng, FsHarness harness, PosixModel model) throws IOException {
        PosixStep step = PosixStep.draw(rng, "");
        if (step.op() == Op.WAIT) {
            harness.locks.waitInAcquire(step.number() % 4);
            harness.transactions.waitInBegin(step.number() % 3);
        }
        Errno expected = errno(step, model);
        Errno actual = errno(step, new Caller(harness.client));
        if (step.hasNameTooLong()) {
            // Which of two errors comes first is the kernel's affair, which resolves paths.
            assertThat(actual == null && step.op() != Op.WAIT).as(step.toString()).isFalse();
        } else {
            assertThat(actual).as(step.toString()).isEqualTo(expected);
        }
        if (actual == null) {
            worked.merge(step.op(), 1, Integer::sum);
        } else {
            refused.merge(actual, 1, Integer::sum);
        }
    }

    private static Errno errno(PosixStep step, PosixCaller caller) throws IOException {
        try {
            step.apply(caller);
            return null;
        } catch (FsException e) {
            return e.errno();
        }
    }

    /** The file system as it is asked by a kernel. */
    private record Caller(FsClient client) implements PosixCaller {
        @Override
        public void create(String path, byte[] contents) throws FsException, IOException {
            client.create(path, contents);
        }

        @Override
        public void mkdir(String path) throws FsException, IOException {
            client.mkdir(path);
        }

        @Override
        public void fifo(String path) throws FsException, IOException {
            client.mknod(path, 0010644, 0);
        }

        @Override
        public void symlink(String path, String target) throws FsException, IOException {
            client.symlink(path, target);
        }

        @Override
        public void link(String path, String newPath) throws FsException, IOException {
            client.link(path, newPath);
        }

        @Override
        public void unlink(String path) throws FsException, IOException {
            client.unlink(path);
        }

        @Override
        public void rmdir(String path) throws FsException, IOException {
            client.rmdir(path);
        }

        @Override
        public void rename(String from, String to, int flags) throws FsException, IOException {
            client.rename(from, to, flags);
        }

        @Override
        public void write(String path, long offset, byte[] bytes) throws FsException, IOException {
            client.write(path, offset, bytes);
        }

        @Override
        public void append(String path, byte[] bytes) throws FsException, IOException {
            client.append(path, bytes);
        }

        @Override
        public void truncate(String path, long size) throws FsException, IOException {
            client.truncate(path, size);
        }

        @Override
        public void fallocate(String path, long offset, long length, int mode) throws FsException, IOException {
            client.fallocate(path, offset, length, mode);
        }

        @Override
        public void chmod(String path, int permissions) throws FsException, IOException {
            client.chmod(path, permissions);
        }

        @Override
        public void setXattr(String path, String name, byte[] value) throws FsException, IOException {
            client.setXattr(path, name, value);
        }

        @Override
        public void removeXattr(String path, String name) throws FsException, IOException {
            client.removeXattr(path, name);
        }
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
