package org.scoutfs.systemtest;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Timeout;
import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;
import org.scoutfs.base.Rng;
import org.scoutfs.testkit.FsTree;
import org.scoutfs.testkit.PosixCaller;
import org.scoutfs.testkit.PosixModel;
import org.scoutfs.testkit.PosixModel.Kind;
import org.scoutfs.testkit.PosixStep;
import org.scoutfs.testkit.PosixStep.Op;
import org.scoutfs.testkit.Profile;
import org.scoutfs.testkit.SeededTest;

/**
 * The random operations of {@code PosixModelTest} as system calls on a real mount, on each transport: the same errors as the model has,
 * and the same tree, from time to time, after remounts, and with all caches of the kernel dropped.
 */
class MountedModelIT {
    /** Whoever follows a link gets ENOTDIR, as the model does, which follows none. */
    private static final String LINK_PREFIX = "/dev/null/";

    private final Map<Op, Integer> worked = new EnumMap<>(Op.class);
    private boolean isOurs = true;
    private final Map<Errno, Integer> refused = new EnumMap<>(Errno.class);

    @SeededTest(runs = 2, longRuns = 10)
    @Timeout(7200)
    void sameAnswersAndSameTree(long seed) throws IOException {
        for (Transport transport : Transport.available()) {
            run(transport, seed);
        }
    }

    private void run(Transport transport, long seed) throws IOException {
        worked.clear();
        refused.clear();
        int steps = Profile.count(3000, 30_000);
        Rng rng = Rng.seeded(seed);
        PosixModel model = new PosixModel();
        try (Target target = Target.create("model-" + transport, 1L << 30, transport)) {
            isOurs = target.kind().equals("scoutfs");
            target.mount();
            Files.deleteIfExists(target.root().resolve("lost+found"));
            MountedCaller caller = new MountedCaller(target.root());
            try {
                for (int step = 1; step <= steps; step++) {
                    step(PosixStep.draw(rng, LINK_PREFIX), model, caller);
                    if (step % (steps / 3) == 0) {
                        caller.close();
                        compare(model, target);
                        target.unmount();
                        target.check();
                        target.mount();
                        compare(model, target);
                        caller = new MountedCaller(target.root());
                    } else if (step % (steps / 9) == 0) {
                        Command.shell("sync -f . && echo 3 > /proc/sys/vm/drop_caches").in(target.root()).run().mustSucceed();
                        compare(model, target);
                    }
                }
            } finally {
                caller.close();
            }
            target.unmount();
            target.check();
        }
        int sum = worked.values().stream().mapToInt(Integer::intValue).sum();
        assertThat(sum).as("the test tested too little: " + worked).isGreaterThan(steps / 12);
        assertThat(worked.size()).as("operations that worked: " + worked).isGreaterThan(Op.values().length - 3);
        assertThat(refused.size()).as("errors: " + refused).isGreaterThan(6);
        System.out.printf("[model] %s, seed %d: %d steps, worked %s, refused %s%n", transport, seed, steps, worked, refused);
    }

    private void step(PosixStep step, PosixModel model, PosixCaller mounted) throws IOException {
        boolean tooLargeForExt4 = step.op() == Op.SET_XATTR && step.bytes().length > 500 && !isOurs;
        if (step.op() == Op.WAIT || tooLargeForExt4) {
            return;
        }
        Errno kernels = kernelsAnswer(step, model);
        Errno expected = kernels == null ? errno(step, model) : kernels;
        Errno actual = errno(step, mounted);
        if (step.hasNameTooLong()) {
            // Which of two errors comes first depends on how the kernel walks the path.
            assertThat(actual).as(step.toString()).isNotNull();
        } else {
            assertThat(actual).as(step.toString()).isEqualTo(expected);
        }
        if (actual == null) {
            worked.merge(step.op(), 1, Integer::sum);
        } else {
            refused.merge(actual, 1, Integer::sum);
        }
    }

    private static @Nullable Errno errno(PosixStep step, PosixCaller caller) throws IOException {
        try {
            step.apply(caller);
            return null;
        } catch (FsException e) {
            return e.errno();
        }
    }

    /** What the kernel answers before, or in another order than, a file system is asked; else null. */
    private static @Nullable Errno kernelsAnswer(PosixStep step, PosixModel model) {
        Kind kind = model.kindOf(step.path());
        Kind otherKind = model.kindOf(step.other());
        if (step.op() == Op.RENAME) {
            return renamesAnswer(step, model, kind, otherKind);
        }
        if (kind == null) {
            return null;
        }
        return switch (step.op()) {
            case SET_XATTR, REMOVE_XATTR ->
                // Attributes of users are for files and directories.
                kind == Kind.SYMLINK || kind == Kind.FIFO ? Errno.EPERM : null;
            case TRUNCATE -> kind == Kind.SYMLINK ? Errno.ENOTDIR : null; // follows it
            case FALLOCATE -> kind == Kind.FIFO ? Errno.ESPIPE : null;
            case LINK -> kind == Kind.DIRECTORY && otherKind != null ? Errno.EEXIST : null;
            default -> null;
        };
    }

    /** Both directories come first, then both names, then the question which is above which. */
    private static @Nullable Errno renamesAnswer(
            PosixStep step, PosixModel model, @Nullable Kind kind, @Nullable Kind otherKind) {
        String newParent = parentOf(step.other());
        Kind oldParentKind = model.kindOf(parentOf(step.path()));
        Kind newParentKind = model.kindOf(newParent);
        if (oldParentKind != null && oldParentKind != Kind.DIRECTORY) {
            return Errno.ENOTDIR;
        }
        if (oldParentKind != null && newParentKind != null && newParentKind != Kind.DIRECTORY) {
            return Errno.ENOTDIR;
        }
        if (kind == null || newParentKind == null) {
            return null;
        }
        boolean sourceIsAbove = kind == Kind.DIRECTORY && (newParent + "/").startsWith(step.path() + "/");
        boolean targetIsAbove =
                otherKind == Kind.DIRECTORY && (parentOf(step.path()) + "/").startsWith(step.other() + "/");
        if (step.renameFlags() == 1 && otherKind != null) {
            return Errno.EEXIST;
        }
        if (step.renameFlags() == 2 && otherKind == null) {
            return Errno.ENOENT;
        }
        if (sourceIsAbove) {
            return Errno.EINVAL;
        }
        return targetIsAbove ? step.renameFlags() == 2 ? Errno.EINVAL : Errno.ENOTEMPTY : null;
    }

    private static String parentOf(String path) {
        int slash = path.lastIndexOf('/');
        return slash < 0 ? "" : path.substring(0, slash);
    }

    private void compare(PosixModel model, Target target) throws IOException {
        assertThat(FsTree.difference(model.tree(), MountedCaller.tree(target.root(), isOurs))).isEmpty();
    }
}
