package org.scoutfs.testkit;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;
import org.scoutfs.base.Rng;
import org.scoutfs.fs.FileSystem;

/**
 * A stream of random operations over a small name space, so that they meet: files are replaced, directories filled and removed,
 * links made and broken. One seed decides the stream. Operations that the file system refuses are part of it.
 */
public final class FsWorkload {
    /** The kinds, each about as often as its weight. */
    private enum Kind {
        CREATE(10),
        WRITE(8),
        APPEND(5),
        TRUNCATE(4),
        FALLOCATE(2),
        PUNCH(2),
        UNLINK(7),
        MKDIR(4),
        RMDIR(3),
        RENAME(7),
        EXCHANGE(2),
        LINK(3),
        SYMLINK(2),
        MKNOD(1),
        XATTR(4),
        REMOVE_XATTR(1),
        CHMOD(2),
        OPEN_UNLINKED(2),
        CLOSE_UNLINKED(1);

        final int weight;

        Kind(int weight) {
            this.weight = weight;
        }
    }

    private record OpenFile(long ino, long handle) {}

    private final FsClient client;
    private final Rng rng;
    private final int bytesMax;
    private final Map<Kind, Integer> done = new EnumMap<>(Kind.class);
    private final List<OpenFile> unlinkedOpen = new ArrayList<>();
    private int refused;

    /** @param bytesMax the most that one operation writes */
    public FsWorkload(FsClient client, long seed, int bytesMax) {
        this.client = client;
        this.rng = Rng.seeded(seed);
        this.bytesMax = bytesMax;
    }

    /** Something to begin with, so that the first operations are not all refused. */
    public void prepare() throws IOException {
        try {
            for (String directory : List.of("d0", "d1", "d0/d1")) {
                client.mkdir(directory);
                for (String name : List.of("a", "b", "c")) {
                    client.create(directory + "/" + name, bytes(rng.nextInt(9000)));
                }
            }
        } catch (FsException e) {
            throw new IOException("prepare: " + e.errno(), e);
        }
    }

    /**
     * Does the next operation.
     *
     * @return what it was, and its error where it was refused
     */
    public String step() throws IOException {
        Kind kind = draw();
        String one = path();
        String other = path();
        long offset = offset();
        int length = 1 + rng.nextInt(rng.nextInt(4) == 0 ? bytesMax : 3000);
        String what = kind + " " + one + " " + other + " " + offset + "+" + length;
        try {
            switch (kind) {
                case CREATE -> client.create(one, bytes(rng.nextInt(3) == 0 ? 0 : length));
                case WRITE -> client.write(one, offset, bytes(length));
                case APPEND -> client.append(one, bytes(length));
                case TRUNCATE -> client.truncate(one, offset);
                case FALLOCATE -> client.fallocate(one, offset, length, rng.nextInt(2));
                case PUNCH -> client.fallocate(one, offset, length, rng.nextInt(2) == 0 ? 3 : 0x10);
                case UNLINK -> client.unlink(one);
                case MKDIR -> client.mkdir(one);
                case RMDIR -> client.rmdir(one);
                case RENAME -> client.rename(one, other, rng.nextInt(4) == 0 ? 1 : 0);
                case EXCHANGE -> client.rename(one, other, 2);
                case LINK -> client.link(one, other);
                case SYMLINK -> client.symlink(one, "target".repeat(1 + rng.nextInt(100)));
                case MKNOD -> client.mknod(one, 0010644, 0);
                case XATTR -> setXattr(one, length);
                case REMOVE_XATTR -> client.removeXattr(one, xattrName());
                case CHMOD -> client.chmod(one, 0600 + rng.nextInt(64));
                case OPEN_UNLINKED -> openAndUnlink(one, length);
                case CLOSE_UNLINKED -> closeOne();
            }
            done.merge(kind, 1, Integer::sum);
            return what;
        } catch (FsException e) {
            if (e.errno() == Errno.EIO) {
                throw new IOException(what + ": EIO", e);
            }
            refused++;
            return what + ": " + e.errno();
        }
    }

    /** Every other one is tagged, and says something outside of its inode. */
    private String xattrName() {
        int number = rng.nextInt(4);
        return switch (rng.nextInt(8)) {
            case 0 -> "scoutfs.hide.srch.a" + number;
            case 1 -> "scoutfs.totl.t" + number + ".1.2." + number % 2;
            case 2 -> "scoutfs.srch.totl.t.1.2." + number;
            case 3 -> "scoutfs.indx.i" + number + ".7." + number % 2;
            default -> "user.a" + number;
        };
    }

    private void setXattr(String path, int length) throws FsException, IOException {
        String name = xattrName();
        byte[] value = name.contains("indx.")
                ? new byte[0]
                : name.contains("totl.")
                        ? Integer.toString(length).getBytes(StandardCharsets.US_ASCII)
                        : bytes(rng.nextInt(5) == 0 ? length % 9000 : 20);
        client.setXattr(path, name, value);
    }

    /** A file that stays open after its name is gone; its inode must be gone after a crash, and after the close. */
    private void openAndUnlink(String path, int length) throws FsException, IOException {
        client.create(path, bytes(length));
        FileSystem fs = client.fileSystem();
        long ino = client.ino(path);
        FileSystem.OpenFile file = client.call(request -> fs.open(request, ino, 2, false));
        unlinkedOpen.add(new OpenFile(ino, file.handle()));
        client.unlink(path);
        client.write(ino, file.handle(), length, bytes(100), false);
    }

    private void closeOne() {
        if (!unlinkedOpen.isEmpty()) {
            OpenFile file = unlinkedOpen.remove(rng.nextInt(unlinkedOpen.size()));
            client.fileSystem().release(file.ino, file.handle, 0, false);
        }
    }

    /** Closes what is still open, as an unmount does. */
    public void closeAll() {
        while (!unlinkedOpen.isEmpty()) {
            closeOne();
        }
    }

    /** Fails where the stream was not what it is meant to be. What a seed of the long profile leaves out, another has. */
    public void assertItWorked(int steps) {
        if (Profile.isLong()) {
            return;
        }
        int sum = done.values().stream().mapToInt(Integer::intValue).sum();
        if (sum < steps / 4 || (steps > 1000 && done.size() < Kind.values().length)) {
            throw new AssertionError("of " + steps + " operations worked only " + done + "; refused " + refused);
        }
    }

    private Kind draw() {
        int sum = 0;
        for (Kind kind : Kind.values()) {
            sum += kind.weight;
        }
        int at = rng.nextInt(sum);
        for (Kind kind : Kind.values()) {
            at -= kind.weight;
            if (at < 0) {
                return kind;
            }
        }
        throw new AssertionError();
    }

    private String path() {
        String name = "abcdefgh".charAt(rng.nextInt(8)) + (rng.nextInt(10) == 0 ? "x".repeat(200) : "");
        return switch (rng.nextInt(5)) {
            case 0, 1 -> name;
            case 2, 3 -> "d" + rng.nextInt(2) + "/" + name;
            default -> rng.nextInt(2) == 0 ? "d" + rng.nextInt(2) : "d0/d1/" + name;
        };
    }

    private long offset() {
        return switch (rng.nextInt(5)) {
            case 0 -> 0;
            case 1 -> 4096L * rng.nextInt(8);
            case 2 -> rng.nextInt(100);
            case 3 -> rng.nextInt(200_000);
            default -> rng.nextInt(20_000);
        };
    }

    private byte[] bytes(int size) {
        byte[] bytes = new byte[size];
        long seed = rng.nextLong();
        for (int i = 0; i < size; i++) {
            bytes[i] = (byte) (seed >>> 8 * (i % 7) ^ i / 7);
        }
        return bytes;
    }
}
