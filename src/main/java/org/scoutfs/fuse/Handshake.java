package org.scoutfs.fuse;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.scoutfs.base.Errno;
import org.scoutfs.fuse.wire.Headers;
import org.scoutfs.fuse.wire.Init;
import org.scoutfs.fuse.wire.Opcode;
import org.scoutfs.fuse.wire.Wire;
import org.scoutfs.sys.FuseDevice;
import org.scoutfs.sys.IoUring;
import org.scoutfs.sys.SystemCallException;

/** The first request of a connection: what the kernel offers, and what we take of it. */
final class Handshake {
    /** Pages of the largest transfer. */
    private static final int PAGES_MAX = FuseMount.WRITE_BYTES_MAX / 4096;
    /** The default of 12 would let a few parked reads stop write-back. */
    private static final int BACKGROUND_MAX = 65535;

    private static final int CONGESTION_THRESHOLD = 49151;
    /** What the kernel takes as the upper limit; root sets the real one in sysfs. */
    private static final int READ_AHEAD_BYTES = 64 << 20;

    private static final long REQUIRED = Init.SETXATTR_EXT | Init.MAX_PAGES | Init.BIG_WRITES;
    /**
     * Not ASYNC_DIO: with it even a plain read with O_DIRECT waits uninterruptibly, and a process that reads offline data could not
     * be killed. The price: one request at a time for each thread that does direct I/O.
     */
    private static final long WANTED = REQUIRED
            | Init.ASYNC_READ
            | Init.ATOMIC_O_TRUNC
            | Init.EXPORT_SUPPORT
            | Init.DONT_MASK
            | Init.HAS_IOCTL_DIR
            | Init.DO_READDIRPLUS
            | Init.PARALLEL_DIROPS
            | Init.POSIX_ACL
            | Init.ABORT_ERROR
            | Init.CACHE_SYMLINKS
            | Init.EXPLICIT_INVAL_DATA
            | Init.HANDLE_KILLPRIV_V2
            | Init.DIRECT_IO_ALLOW_MMAP
            | Init.INIT_EXT;

    private Handshake() {}

    /** What was agreed on. */
    record Result(long flags, int minor) {
        boolean overUring() {
            return (flags & Init.OVER_IO_URING) != 0;
        }
    }

    /** Waits for the kernel's offer and answers it. */
    static Result perform(FuseDevice device, FuseOptions options) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = FuseDevice.allocateState(arena);
            MemorySegment memory = arena.allocate(FuseMount.WRITE_BYTES_MAX + 8192L, 4096);
            long size = receive(device, state, memory);
            long unique = memory.get(Wire.U64, Headers.IN_UNIQUE);
            if (memory.get(Wire.U32, Headers.IN_OPCODE) != Opcode.INIT
                    || size < Headers.IN_SIZE + Opcode.fixedSize(Opcode.INIT)) {
                throw new IOException("the kernel's first request is "
                        + Opcode.name(memory.get(Wire.U32, Headers.IN_OPCODE)) + " of " + size + " bytes, not init");
            }
            Init.Offer offer = Init.decode(memory, Headers.IN_SIZE, size - Headers.IN_SIZE);
            check(offer, options);
            long flags = choose(offer, options);
            Init.Answer answer = new Init.Answer(
                    flags,
                    READ_AHEAD_BYTES,
                    BACKGROUND_MAX,
                    CONGESTION_THRESHOLD,
                    FuseMount.WRITE_BYTES_MAX,
                    PAGES_MAX);
            int length = Headers.OUT_SIZE + Init.encode(memory, Headers.OUT_SIZE, answer);
            memory.set(Wire.U32, Headers.OUT_LENGTH, length);
            memory.set(Wire.U32, Headers.OUT_ERROR, 0);
            memory.set(Wire.U64, Headers.OUT_UNIQUE, unique);
            long result = device.write(state, memory, length);
            if (result < 0) {
                throw new SystemCallException("answer to the kernel's INIT", (int) -result);
            }
            return new Result(flags, offer.minor());
        }
    }

    private static long receive(FuseDevice device, MemorySegment state, MemorySegment memory) throws IOException {
        while (true) {
            long size = device.read(state, memory, memory.byteSize());
            if (size >= 0) {
                return size;
            }
            if (-size == Errno.EPERM.number()) {
                throw new IOException(
                        "this device is mounted already: the kernel gave us the mount of another process");
            }
            if (-size != Errno.EINTR.number()) {
                throw new SystemCallException("read of the kernel's INIT", (int) -size);
            }
        }
    }

    private static void check(Init.Offer offer, FuseOptions options) throws IOException {
        if (offer.major() != Init.MAJOR || offer.minor() < Init.MINOR_MIN || (offer.flags() & REQUIRED) != REQUIRED) {
            throw new IOException("the kernel speaks FUSE " + offer.major() + "." + offer.minor()
                    + " with flags 0x" + Long.toHexString(offer.flags()) + "; this program needs " + Init.MAJOR + "."
                    + Init.MINOR_MIN + " (Linux 5.15) or later");
        }
        if (options.uring() == FuseOptions.Uring.ON && (offer.flags() & Init.OVER_IO_URING) == 0) {
            throw new IOException("the kernel does not offer FUSE over io_uring: it takes Linux 6.14, and Y in"
                    + " /sys/module/fuse/parameters/enable_uring");
        }
        if (options.uring() == FuseOptions.Uring.ON && !IoUring.isAvailable()) {
            throw new IOException("this process may not use io_uring: see /proc/sys/kernel/io_uring_disabled");
        }
    }

    private static long choose(Init.Offer offer, FuseOptions options) {
        long wanted = WANTED;
        // Once agreed on, nothing gets through without it: so it is tried before.
        if (options.uring() != FuseOptions.Uring.OFF
                && (offer.flags() & Init.OVER_IO_URING) != 0
                && IoUring.isAvailable()) {
            wanted |= Init.OVER_IO_URING;
        }
        if (!options.kernelLocks()) {
            wanted |= Init.POSIX_LOCKS | Init.FLOCK_LOCKS;
        }
        if (!options.isAlone()) {
            // A revoke drops pages; this is for the time when nobody is here to do it: what has run out is not served.
            wanted = wanted & ~Init.EXPLICIT_INVAL_DATA | Init.AUTO_INVAL_DATA;
        }
        if (options.writeback()) {
            wanted |= Init.WRITEBACK_CACHE;
        }
        return wanted & offer.flags();
    }
}
