package org.scoutfs.sys;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * An open file descriptor for what the JDK has no call for: ioctls, mostly. Always close-on-exec.
 *
 * <p>Thread-safe but for {@link #close}, which comes after everything else.
 */
public final class Descriptor implements AutoCloseable {
    public static final int O_RDONLY = 0;
    public static final int O_RDWR = 2;
    public static final int O_NONBLOCK = 0x800;
    public static final int O_DIRECTORY = System.getProperty("os.arch").equals("aarch64") ? 0x4000 : 0x10000;
    public static final int O_CLOEXEC = 0x80000;

    private static final MethodHandle OPEN =
            Libc.variadic("open", 2, Libc.INT, Libc.POINTER, Libc.INT, Libc.INT);
    private static final MethodHandle CLOSE = Libc.function("close", Libc.INT, Libc.INT);
    private static final MethodHandle IOCTL_POINTER =
            Libc.variadic("ioctl", 2, Libc.INT, Libc.INT, Libc.LONG, Libc.POINTER);
    private static final MethodHandle IOCTL_LONG =
            Libc.variadic("ioctl", 2, Libc.INT, Libc.INT, Libc.LONG, Libc.LONG);

    private static final int EINTR = 4;

    private final String path;
    private final AtomicInteger number;

    private Descriptor(String path, int number) {
        this.path = path;
        this.number = new AtomicInteger(number);
    }

    /** @param flags of {@code open(2)} without {@code O_CREAT}; {@link #O_CLOEXEC} is always added */
    public static Descriptor open(String path, int flags) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocateFrom(path);
            while (true) {
                int result = (int) OPEN.invokeExact(Libc.state(), name, flags | O_CLOEXEC, 0);
                if (result >= 0) {
                    return new Descriptor(path, result);
                }
                if (Libc.errno(Libc.state()) != EINTR) {
                    throw Libc.failure("open " + path);
                }
            }
        } catch (Throwable thrown) {
            throw Libc.unexpected(thrown);
        }
    }

    /** Takes over a descriptor that another call made. */
    static Descriptor of(int number, String what) {
        return new Descriptor(what, number);
    }

    /** Valid until {@link #close}. */
    public int number() {
        return number.get();
    }

    /** @return what the kernel answered, at least 0 */
    public int ioctl(long request, MemorySegment argument) throws IOException {
        try {
            int result = (int) IOCTL_POINTER.invokeExact(Libc.state(), number.get(), request, argument);
            if (result < 0) {
                throw ioctlFailure(request);
            }
            return result;
        } catch (Throwable thrown) {
            throw Libc.unexpected(thrown);
        }
    }

    /** @return what the kernel answered, at least 0 */
    public int ioctl(long request, long argument) throws IOException {
        try {
            int result = (int) IOCTL_LONG.invokeExact(Libc.state(), number.get(), request, argument);
            if (result < 0) {
                throw ioctlFailure(request);
            }
            return result;
        } catch (Throwable thrown) {
            throw Libc.unexpected(thrown);
        }
    }

    private SystemCallException ioctlFailure(long request) {
        return Libc.failure("ioctl 0x" + Long.toHexString(request) + " on " + path);
    }

    /** A second call does nothing: several owners of one mount may come to its end at once. */
    @Override
    public void close() {
        int closing = number.getAndSet(-1);
        if (closing < 0) {
            return;
        }
        try {
            // The descriptor is gone whatever the answer is, and nothing that is written goes through this class.
            int unused = (int) CLOSE.invokeExact(Libc.state(), closing);
        } catch (Throwable thrown) {
            throw Libc.bug(thrown);
        }
    }

    @Override
    public String toString() {
        return path + " (" + number.get() + ")";
    }
}
