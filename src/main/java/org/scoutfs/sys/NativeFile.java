package org.scoutfs.sys;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicInteger;
import org.scoutfs.base.Errno;
import org.scoutfs.base.Invariants;

/**
 * A file descriptor with positional reads and writes of native memory, as the kernel offers them.
 *
 * <p>{@link java.nio.channels.FileChannel} can do direct I/O too, but not without a {@code ByteBuffer} for each call, and it
 * can neither ask a block device for its size nor preallocate.
 *
 * <p>Thread-safe but for {@link #close}, which comes after everything else. Calls that a signal interrupts are repeated.
 * Cost: a call into the kernel plus some 20 ns; nothing is allocated.
 */
public final class NativeFile implements AutoCloseable {
    public static final int O_RDONLY = 0;
    public static final int O_RDWR = 2;
    public static final int O_CREAT = 0x40;
    /** With {@link #O_CREAT}: the file must be new. On a block device without it: fails with EBUSY when it is in use. */
    public static final int O_EXCL = 0x80;

    public static final int O_CLOEXEC = 0x80000;
    /** Past the page cache. The number differs between architectures. */
    public static final int O_DIRECT = System.getProperty("os.arch").equals("aarch64") ? 0x10000 : 0x4000;

    public static final int FALLOC_FL_KEEP_SIZE = 1;
    public static final int FALLOC_FL_PUNCH_HOLE = 2;

    private static final long BLKGETSIZE64 = 0x80081272L;
    private static final long BLKFLSBUF = 0x1261L;
    private static final int SEEK_END = 2;

    private static final Linker LINKER = Linker.nativeLinker();
    private static final Linker.Option ERRNO = Linker.Option.captureCallState("errno");
    private static final StructLayout CALL_STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO_OF =
            CALL_STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
    private static final MemoryLayout INT = ValueLayout.JAVA_INT;
    private static final MemoryLayout LONG = ValueLayout.JAVA_LONG;
    private static final MemoryLayout POINTER = ValueLayout.ADDRESS;

    private static final MethodHandle OPEN = LINKER.downcallHandle(
            symbol("open"),
            FunctionDescriptor.of(ValueLayout.JAVA_INT, POINTER, INT, INT),
            ERRNO,
            Linker.Option.firstVariadicArg(2));
    private static final MethodHandle IOCTL = LINKER.downcallHandle(
            symbol("ioctl"),
            FunctionDescriptor.of(ValueLayout.JAVA_INT, INT, LONG, POINTER),
            ERRNO,
            Linker.Option.firstVariadicArg(2));
    private static final MethodHandle PREAD = call("pread", ValueLayout.JAVA_LONG, INT, POINTER, LONG, LONG);
    private static final MethodHandle PWRITE = call("pwrite", ValueLayout.JAVA_LONG, INT, POINTER, LONG, LONG);
    private static final MethodHandle FDATASYNC = call("fdatasync", ValueLayout.JAVA_INT, INT);
    private static final MethodHandle FSYNC = call("fsync", ValueLayout.JAVA_INT, INT);
    private static final MethodHandle FTRUNCATE = call("ftruncate", ValueLayout.JAVA_INT, INT, LONG);
    private static final MethodHandle FALLOCATE = call("fallocate", ValueLayout.JAVA_INT, INT, INT, LONG, LONG);
    private static final MethodHandle LSEEK = call("lseek", ValueLayout.JAVA_LONG, INT, LONG, INT);
    private static final MethodHandle CLOSE = call("close", ValueLayout.JAVA_INT, INT);

    /*
     * Where the C library's errno is kept right after a call, one for each thread. An automatic arena is the fitting owner:
     * the memory has to live exactly as long as its thread, and no thread tells us that it ends.
     */
    private static final ThreadLocal<MemorySegment> STATE =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(CALL_STATE));

    private final String path;
    private final AtomicInteger descriptor;

    private NativeFile(String path, int descriptor) {
        this.path = path;
        this.descriptor = new AtomicInteger(descriptor);
    }

    /**
     * @param flags of {@code open(2)}; {@link #O_CLOEXEC} is always added
     * @param mode permissions of a file that this call creates
     */
    public static NativeFile open(String path, int flags, int mode) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocateFrom(path);
            while (true) {
                int result = (int) OPEN.invokeExact(STATE.get(), name, flags | O_CLOEXEC, mode);
                if (result >= 0) {
                    return new NativeFile(path, result);
                }
                failUnlessInterrupted("open", path);
            }
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    /** The number, for calls of other classes; valid until {@link #close}. */
    public int descriptor() {
        return descriptor.get();
    }

    /** Fills {@code into} from byte {@code offset} on; the file's end before that is an error. */
    public void readFully(MemorySegment into, long offset) throws IOException {
        long size = into.byteSize();
        long done = 0;
        while (done < size) {
            long count = read(done == 0 ? into : into.asSlice(done), offset + done);
            if (count == 0) {
                throw new IOException("read of " + size + " bytes at " + offset + " of " + path + ": ends after " + done);
            }
            done += count;
        }
    }

    private long read(MemorySegment into, long offset) throws IOException {
        try {
            while (true) {
                long count = (long)
                        PREAD.invokeExact(STATE.get(), descriptor.get(), into, into.byteSize(), offset);
                if (count >= 0) {
                    return count;
                }
                failUnlessInterrupted("read of " + into.byteSize() + " bytes at " + offset, path);
            }
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    /** Writes all of {@code from} at byte {@code offset}. */
    public void writeFully(MemorySegment from, long offset) throws IOException {
        long size = from.byteSize();
        long done = 0;
        while (done < size) {
            done += write(done == 0 ? from : from.asSlice(done), offset + done);
        }
    }

    private long write(MemorySegment from, long offset) throws IOException {
        try {
            while (true) {
                long count = (long)
                        PWRITE.invokeExact(STATE.get(), descriptor.get(), from, from.byteSize(), offset);
                if (count > 0) {
                    return count;
                }
                if (count == 0) {
                    throw new IOException("write at " + offset + " of " + path + ": nothing was written");
                }
                failUnlessInterrupted("write of " + from.byteSize() + " bytes at " + offset, path);
            }
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    /** Makes what was written durable, with the size of the file but not its times. */
    public void syncData() throws IOException {
        try {
            while (true) {
                int result = (int) FDATASYNC.invokeExact(STATE.get(), descriptor.get());
                if (result == 0) {
                    return;
                }
                failUnlessInterrupted("fdatasync", path);
            }
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    /** Makes the file and its attributes durable. */
    public void sync() throws IOException {
        try {
            while (true) {
                int result = (int) FSYNC.invokeExact(STATE.get(), descriptor.get());
                if (result == 0) {
                    return;
                }
                failUnlessInterrupted("fsync", path);
            }
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    /** The size in bytes: of a plain file, or what the kernel says of a block device. */
    public long size() throws IOException {
        try {
            long end = (long) LSEEK.invokeExact(STATE.get(), descriptor.get(), 0L, SEEK_END);
            if (end < 0) {
                throw failure("lseek", path);
            }
            return end;
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    /** The size of a block device in bytes. */
    public long blockDeviceSize() throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment answer = arena.allocate(ValueLayout.JAVA_LONG);
            int result = ioctl(BLKGETSIZE64, answer);
            if (result < 0) {
                throw failure("BLKGETSIZE64", path);
            }
            return answer.get(ValueLayout.JAVA_LONG, 0);
        }
    }

    /** Drops what the kernel has cached of a block device, so that reads through its cache see other hosts' writes. */
    public void dropBlockDeviceCache() throws IOException {
        if (ioctl(BLKFLSBUF, MemorySegment.NULL) < 0) {
            throw failure("BLKFLSBUF", path);
        }
    }

    private int ioctl(long request, MemorySegment argument) throws IOException {
        try {
            return (int) IOCTL.invokeExact(STATE.get(), descriptor.get(), request, argument);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    /** Sets the size of a plain file; new bytes read as zeroes and take no space. */
    public void truncate(long size) throws IOException {
        try {
            while (true) {
                int result = (int) FTRUNCATE.invokeExact(STATE.get(), descriptor.get(), size);
                if (result == 0) {
                    return;
                }
                failUnlessInterrupted("ftruncate to " + size, path);
            }
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    /** @param mode a sum of the {@code FALLOC_FL} constants; 0 allocates and lengthens the file */
    public void fallocate(int mode, long offset, long size) throws IOException {
        try {
            while (true) {
                int result = (int) FALLOCATE.invokeExact(STATE.get(), descriptor.get(), mode, offset, size);
                if (result == 0) {
                    return;
                }
                failUnlessInterrupted("fallocate of " + size + " bytes at " + offset, path);
            }
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    /** Exactly once. An error here says that earlier writes may be lost, where they were not synced. */
    @Override
    public void close() throws IOException {
        int closing = descriptor.getAndSet(-1);
        Invariants.check(closing >= 0, "closed twice", path);
        try {
            // After EINTR the descriptor is gone all the same: a second close might hit somebody else's.
            int result = (int) CLOSE.invokeExact(STATE.get(), closing);
            if (result < 0 && errno() != Errno.EINTR.number()) {
                throw failure("close", path);
            }
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    private static void failUnlessInterrupted(String what, String path) throws SystemCallException {
        if (errno() != Errno.EINTR.number()) {
            throw failure(what, path);
        }
    }

    private static SystemCallException failure(String what, String path) {
        return new SystemCallException(what + " of " + path, errno());
    }

    private static int errno() {
        return (int) ERRNO_OF.get(STATE.get(), 0L);
    }

    /** Method handles may throw anything; what they do throw is ours or a bug. */
    private static IOException unexpected(Throwable t) throws IOException {
        switch (t) {
            case IOException failure -> throw failure;
            case RuntimeException bug -> throw bug;
            case Error error -> throw error;
            default -> throw new IllegalStateException(t);
        }
    }

    private static MemorySegment symbol(String name) {
        return LINKER.defaultLookup().findOrThrow(name);
    }

    private static MethodHandle call(String name, MemoryLayout result, MemoryLayout... arguments) {
        return LINKER.downcallHandle(symbol(name), FunctionDescriptor.of(result, arguments), ERRNO);
    }
}
