package org.scoutfs.sys;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Errno;

/** {@code mount(2)}, {@code umount2(2)}, and what is mounted in this process's namespace. */
public final class Mounts {
    public static final long MS_RDONLY = 1;
    public static final long MS_NOSUID = 2;
    public static final long MS_NODEV = 4;
    public static final long MS_NOEXEC = 8;
    public static final long MS_SYNCHRONOUS = 16;
    public static final long MS_DIRSYNC = 128;
    public static final long MS_NOATIME = 1024;
    public static final long MS_NODIRATIME = 2048;
    public static final long MS_RELATIME = 1 << 21;
    public static final long MS_STRICTATIME = 1 << 24;
    public static final long MS_LAZYTIME = 1 << 25;

    public static final int MNT_FORCE = 1;
    public static final int MNT_DETACH = 2;
    /** Does not follow a symbolic link at the end of the path. */
    public static final int UMOUNT_NOFOLLOW = 8;

    private static final MethodHandle MOUNT = Libc.function(
            "mount", Libc.INT, Libc.POINTER, Libc.POINTER, Libc.POINTER, Libc.LONG, Libc.POINTER);
    private static final MethodHandle UMOUNT2 = Libc.function("umount2", Libc.INT, Libc.POINTER, Libc.INT);

    private static final MethodHandle STATFS = Libc.function("statfs", Libc.INT, Libc.POINTER, Libc.POINTER);
    private static final int STATFS_SIZE = 120;

    private Mounts() {}

    /**
     * One line of {@code /proc/self/mountinfo}.
     *
     * @param device {@code major:minor} of the super block
     */
    public record MountPoint(int id, String device, Path path, String type, String source, String superOptions) {}

    /** @param options of the file system, separated by commas, which no option can contain */
    public static void mount(String source, Path target, String type, long flags, String options)
            throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            int result = (int) MOUNT.invokeExact(
                    Libc.state(),
                    arena.allocateFrom(source),
                    arena.allocateFrom(target.toString()),
                    arena.allocateFrom(type),
                    flags,
                    arena.allocateFrom(options));
            if (result < 0) {
                throw Libc.failure("mount " + source + " on " + target + " as " + type + " with " + options);
            }
        } catch (Throwable thrown) {
            throw Libc.unexpected(thrown);
        }
    }

    /** @param flags a sum of the {@code MNT} and {@code UMOUNT} constants */
    public static void unmount(Path target, int flags) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment path = arena.allocateFrom(target.toString());
            int result = (int) UMOUNT2.invokeExact(Libc.state(), path, flags);
            if (result < 0) {
                throw Libc.failure("umount " + target);
            }
        } catch (Throwable thrown) {
            throw Libc.unexpected(thrown);
        }
    }

    /** Sends a file system a request and waits for its answer, which is thrown away. */
    public static void askStatistics(Path path) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocateFrom(path.toString());
            MemorySegment answer = arena.allocate(STATFS_SIZE, Long.BYTES);
            int result = (int) STATFS.invokeExact(Libc.state(), name, answer);
            if (result < 0) {
                throw Libc.failure("statfs " + path);
            }
        } catch (Throwable thrown) {
            throw Libc.unexpected(thrown);
        }
    }

    /** Whether the process that served this mount point is gone, so that only unmounting is left to do. */
    public static boolean isAbandoned(Path path) throws IOException {
        try {
            askStatistics(path);
            return false;
        } catch (SystemCallException failure) {
            if (failure.errno() == Errno.ENOTCONN || failure.errno() == Errno.ECONNABORTED) {
                return true;
            }
            throw failure;
        }
    }

    /** All mounts that this process sees, in the order they were made. Sends no request to any file system. */
    public static List<MountPoint> list() throws IOException {
        // Paths are bytes; Latin-1 keeps each of them, and the escapes are resolved afterwards.
        String text = Files.readString(Path.of("/proc/self/mountinfo"), StandardCharsets.ISO_8859_1);
        List<MountPoint> mounts = new ArrayList<>();
        for (String line : text.split("\n", -1)) {
            MountPoint mount = parse(line);
            if (mount != null) {
                mounts.add(mount);
            }
        }
        return mounts;
    }

    /** The topmost mount on exactly this path, or null. */
    public static @Nullable MountPoint find(Path path) throws IOException {
        MountPoint found = null;
        for (MountPoint mount : list()) {
            if (mount.path().equals(path)) {
                found = mount;
            }
        }
        return found;
    }

    /** Null for a line that is not one; fields are separated by spaces, the optional ones end with a single dash. */
    static @Nullable MountPoint parse(String line) {
        String[] fields = line.split(" ", -1);
        int dash = 6;
        while (dash < fields.length && !fields[dash].equals("-")) {
            dash++;
        }
        if (dash + 3 >= fields.length) {
            return null;
        }
        return new MountPoint(
                Integer.parseInt(fields[0]),
                fields[2],
                Path.of(unescape(fields[4])),
                fields[dash + 1],
                unescape(fields[dash + 2]),
                fields[dash + 3]);
    }

    /** The kernel writes space, tab, line feed and backslash as three octal digits. */
    private static String unescape(String field) {
        byte[] bytes = field.getBytes(StandardCharsets.ISO_8859_1);
        byte[] plain = new byte[bytes.length];
        int length = 0;
        for (int i = 0; i < bytes.length; i++) {
            if (bytes[i] == '\\' && i + 3 < bytes.length) {
                plain[length++] = (byte) Integer.parseInt(field.substring(i + 1, i + 4), 8);
                i += 3;
            } else {
                plain[length++] = bytes[i];
            }
        }
        return new String(plain, 0, length, StandardCharsets.UTF_8);
    }
}
