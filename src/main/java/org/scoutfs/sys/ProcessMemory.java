package org.scoutfs.sys;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import org.scoutfs.base.Errno;

/**
 * The memory and the privileges of another thread, which holds still because it waits for us.
 *
 * <p>Touching memory that is a mapping of our own mount makes the kernel send us requests before the call returns: never call
 * this on a thread that serves requests.
 */
public final class ProcessMemory {
    private static final MethodHandle READ = Libc.function(
            "process_vm_readv",
            Libc.LONG,
            Libc.INT,
            Libc.POINTER,
            Libc.LONG,
            Libc.POINTER,
            Libc.LONG,
            Libc.LONG);
    private static final MethodHandle WRITE = Libc.function(
            "process_vm_writev",
            Libc.LONG,
            Libc.INT,
            Libc.POINTER,
            Libc.LONG,
            Libc.POINTER,
            Libc.LONG,
            Libc.LONG);

    private static final int IOVEC_SIZE = 16;

    private ProcessMemory() {}

    /** Fills {@code into} from {@code address} of the process of thread {@code pid}; {@code EFAULT} where less is there. */
    public static void read(int pid, long address, MemorySegment into) throws SystemCallException {
        transfer(READ, "process_vm_readv", pid, address, into);
    }

    /** Stores all of {@code from} at {@code address} of the process of thread {@code pid}, or a part and {@code EFAULT}. */
    public static void write(int pid, long address, MemorySegment from) throws SystemCallException {
        transfer(WRITE, "process_vm_writev", pid, address, from);
    }

    private static void transfer(MethodHandle call, String name, int pid, long address, MemorySegment here)
            throws SystemCallException {
        long size = here.byteSize();
        if (size == 0) {
            return;
        }
        String what = name + " of " + size + " bytes at 0x" + Long.toHexString(address) + " of thread " + pid;
        if (pid <= 0) {
            throw new SystemCallException(what, Errno.EFAULT.number());
        }
        try (Arena arena = Arena.ofConfined()) {
            // The system call takes addresses, and arrays of the heap have none.
            MemorySegment bytes = here.isNative() ? here : arena.allocate(size).copyFrom(here);
            MemorySegment local = vector(arena, bytes.address(), size);
            MemorySegment remote = vector(arena, address, size);
            long count = (long) call.invokeExact(Libc.state(), pid, local, 1L, remote, 1L, 0L);
            if (count < 0) {
                throw Libc.failure(what);
            }
            if (count < size) {
                throw new SystemCallException(what + ", after " + count, Errno.EFAULT.number());
            }
            if (!here.isNative() && call.equals(READ)) {
                here.copyFrom(bytes);
            }
        } catch (SystemCallException failure) {
            throw failure;
        } catch (Throwable thrown) {
            throw Libc.bug(thrown);
        }
    }

    private static MemorySegment vector(Arena arena, long address, long size) {
        MemorySegment vector = arena.allocate(IOVEC_SIZE, Long.BYTES);
        vector.set(ValueLayout.JAVA_LONG, 0, address);
        vector.set(ValueLayout.JAVA_LONG, Long.BYTES, size);
        return vector;
    }

    /** The effective capabilities of a thread, one bit each; 0 when it is gone or not visible from here. */
    public static long effectiveCapabilities(int pid) {
        String mask = status(pid, "CapEff:");
        return mask.isEmpty() ? 0 : Long.parseUnsignedLong(mask, 16);
    }

    /** The supplementary groups of a thread; none when it is gone or not visible from here. */
    public static Set<Integer> groups(int pid) {
        Set<Integer> groups = new HashSet<>();
        for (String gid : status(pid, "Groups:").split("\\s+", -1)) {
            if (!gid.isEmpty()) {
                groups.add(Integer.parseUnsignedInt(gid));
            }
        }
        return groups;
    }

    private static String status(int pid, String field) {
        if (pid <= 0) {
            return "";
        }
        try {
            for (String line : Files.readAllLines(Path.of("/proc/" + pid + "/status"))) {
                if (line.startsWith(field)) {
                    return line.substring(field.length()).strip();
                }
            }
            return "";
        } catch (IOException gone) {
            return "";
        }
    }
}
