package org.scoutfs.testkit;

import java.io.IOException;
import org.scoutfs.base.FsException;
import org.scoutfs.base.Rng;

/**
 * One operation drawn at random over a small name space, so that operations meet. Some names are too long: which error such a step
 * gets first depends on who resolves the path.
 */
public record PosixStep(Op op, String path, String other, long offset, byte[] bytes, int number, String linkTarget) {
    private static final String TOO_LONG = "y".repeat(256);
    private static final String[] NAMES = {"a", "b", "c", "d", "x".repeat(255), TOO_LONG};
    private static final int[] FALLOCATE_MODES = {0, 1, 3, 0x10, 0x11};

    /** What is done. WAIT means nothing to a {@link PosixCaller}: whoever can makes something wait. */
    public enum Op {
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

    /** @param linkPrefix what the targets of symbolic links begin with */
    public static PosixStep draw(Rng rng, String linkPrefix) {
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
        return new PosixStep(op, path, other, offset, bytes, number, linkPrefix + "to" + number);
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

    /** Whether a name in it is longer than a name may be. */
    public boolean hasNameTooLong() {
        return path.contains(TOO_LONG) || other.contains(TOO_LONG) && (op == Op.LINK || op == Op.RENAME);
    }

    public int renameFlags() {
        return number % 3;
    }

    public int fallocateMode() {
        return FALLOCATE_MODES[number % FALLOCATE_MODES.length];
    }

    public String xattrName() {
        return "user." + number % 3;
    }

    public void apply(PosixCaller caller) throws FsException, IOException {
        switch (op) {
            case CREATE -> caller.create(path, bytes);
            case MKDIR -> caller.mkdir(path);
            case FIFO -> caller.fifo(path);
            case SYMLINK -> caller.symlink(path, linkTarget);
            case LINK -> caller.link(path, other);
            case UNLINK -> caller.unlink(path);
            case RMDIR -> caller.rmdir(path);
            case RENAME -> caller.rename(path, other, renameFlags());
            case WRITE -> {
                if (bytes.length > 0) {
                    caller.write(path, offset, bytes);
                } else {
                    caller.append(path, bytes);
                }
            }
            case APPEND -> caller.append(path, bytes);
            case TRUNCATE -> caller.truncate(path, offset);
            case FALLOCATE -> caller.fallocate(path, offset, 1 + bytes.length, fallocateMode());
            case CHMOD -> caller.chmod(path, number & 07777);
            case SET_XATTR -> caller.setXattr(path, xattrName(), bytes);
            case REMOVE_XATTR -> caller.removeXattr(path, xattrName());
            case WAIT -> {}
        }
    }

    @Override
    public String toString() {
        return op + " " + path + " " + other + " " + offset + "+" + bytes.length + " " + number;
    }
}
