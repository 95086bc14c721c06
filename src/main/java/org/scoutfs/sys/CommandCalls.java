package org.scoutfs.sys;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import org.scoutfs.base.Errno;

/**
 * The few system calls of short commands, all through the C library's {@code syscall}. Linking a function costs 10 to 30 ms of a
 * command that takes 70, so there is one handle for all of them.
 *
 * <p>Not for anything that is called often: {@link NativeFile} and the transports link each function for itself.
 */
public final class CommandCalls {
    private static final boolean IS_ARM = System.getProperty("os.arch").equals("aarch64");
    private static final long OPENAT = IS_ARM ? 56 : 257;
    private static final long CLOSE = IS_ARM ? 57 : 3;
    private static final long IOCTL = IS_ARM ? 29 : 16;
    private static final long UMOUNT2 = IS_ARM ? 39 : 166;
    private static final long PRCTL = IS_ARM ? 167 : 157;
    private static final long AT_FDCWD = -100;
    private static final long O_CLOEXEC = 0x80000;
    private static final int O_RDWR = 2;
    private static final long PR_SET_IO_FLUSHER = 57;

    /** With {@link #umount}: detach the mount point now, the rest when nobody uses it any more. */
    public static final int MNT_DETACH = 2;

    private static final Linker LINKER = Linker.nativeLinker();
    private static final MethodHandle SYSCALL = LINKER.downcallHandle(
            LINKER.defaultLookup().findOrThrow("syscall"),
            FunctionDescriptor.of(
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG),
            Linker.Option.captureCallState("errno"),
            Linker.Option.firstVariadicArg(1));
    private static final VarHandle ERRNO =
            Linker.Option.captureStateLayout().varHandle(MemoryLayout.PathElement.groupElement("errno"));

    private CommandCalls() {}

    /** Opens a file or directory for reading; the number has to be given to {@link #close}. */
    public static int openReadOnly(String path) throws SystemCallException {
        try (Arena arena = Arena.ofConfined()) {
            return (int) call("open " + path, OPENAT, AT_FDCWD, arena.allocateFrom(path).address(), O_CLOEXEC, 0, 0);
        }
    }

    /** Opens a file for reading and writing; the number has to be given to {@link #close}. */
    public static int openReadWrite(String path) throws SystemCallException {
        try (Arena arena = Arena.ofConfined()) {
            return (int)
                    call("open " + path, OPENAT, AT_FDCWD, arena.allocateFrom(path).address(), O_CLOEXEC | O_RDWR, 0, 0);
        }
    }

    public static void close(int descriptor) throws SystemCallException {
        long ignored = call("close", CLOSE, descriptor, 0, 0, 0, 0);
    }

    /** @return what ioctl(2) returns, at least 0 */
    public static int ioctl(int descriptor, int command, MemorySegment argument) throws SystemCallException {
        return (int) call("ioctl", IOCTL, descriptor, Integer.toUnsignedLong(command), argument.address(), 0, 0);
    }

    /** @param flags 0, or {@link #MNT_DETACH} */
    public static void umount(String path, int flags) throws SystemCallException {
        try (Arena arena = Arena.ofConfined()) {
            long ignored = call("umount " + path, UMOUNT2, arena.allocateFrom(path).address(), flags, 0, 0, 0);
        }
    }

    /**
     * Says that this thread, and every thread that it starts from now on, writes out other processes' dirty memory: when it
     * needs memory itself, the kernel must not wait for such writes.
     *
     * @return false where the kernel does not know or not allow it
     */
    public static boolean becomeIoFlusher() {
        try {
            return call("prctl", PRCTL, PR_SET_IO_FLUSHER, 1, 0, 0, 0) == 0;
        } catch (SystemCallException notAllowed) {
            return false;
        }
    }

    private static long call(String what, long number, long a, long b, long c, long d, long e)
            throws SystemCallException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(Linker.Option.captureStateLayout());
            while (true) {
                long result = (long) SYSCALL.invokeExact(state, number, a, b, c, d, e);
                if (result >= 0) {
                    return result;
                }
                int errno = (int) ERRNO.get(state, 0L);
                if (errno != Errno.EINTR.number()) {
                    throw new SystemCallException(what, errno);
                }
            }
        } catch (IOException failure) {
            throw (SystemCallException) failure;
        } catch (Throwable t) {
            throw new IllegalStateException(what, t);
        }
    }
}
