package org.scoutfs.fuse.wire;

import java.lang.foreign.MemorySegment;

/** The handshake: what the kernel offers, and what we take of it. */
public final class Init {
    public static final long ASYNC_READ = 1L;
    public static final long POSIX_LOCKS = 1L << 1;
    public static final long ATOMIC_O_TRUNC = 1L << 3;
    public static final long EXPORT_SUPPORT = 1L << 4;
    public static final long BIG_WRITES = 1L << 5;
    public static final long DONT_MASK = 1L << 6;
    public static final long FLOCK_LOCKS = 1L << 10;
    public static final long HAS_IOCTL_DIR = 1L << 11;
    public static final long AUTO_INVAL_DATA = 1L << 12;
    public static final long DO_READDIRPLUS = 1L << 13;
    public static final long ASYNC_DIO = 1L << 15;
    public static final long WRITEBACK_CACHE = 1L << 16;
    public static final long PARALLEL_DIROPS = 1L << 18;
    public static final long POSIX_ACL = 1L << 20;
    public static final long ABORT_ERROR = 1L << 21;
    public static final long MAX_PAGES = 1L << 22;
    public static final long CACHE_SYMLINKS = 1L << 23;
    public static final long EXPLICIT_INVAL_DATA = 1L << 25;
    public static final long HANDLE_KILLPRIV_V2 = 1L << 28;
    public static final long SETXATTR_EXT = 1L << 29;
    public static final long INIT_EXT = 1L << 30;
    public static final long SECURITY_CTX = 1L << 32;
    public static final long CREATE_SUPP_GROUP = 1L << 34;
    /** A file that is opened for direct I/O can be mapped shared. */
    public static final long DIRECT_IO_ALLOW_MMAP = 1L << 36;
    public static final long OVER_IO_URING = 1L << 41;

    public static final int MAJOR = 7;
    public static final int MINOR = 45;
    /** Before this one requests had other layouts. Linux 5.15 has 34. */
    public static final int MINOR_MIN = 34;

    static final int REQUEST_SIZE_MIN = 16;
    private static final int REQUEST_FLAGS2 = 16;
    private static final int REQUEST_SIZE_WITH_FLAGS2 = 20;

    public static final int REPLY_SIZE = 64;

    /** What the kernel says. {@code flags} has the second word in its upper half. */
    public record Offer(int major, int minor, int readAheadBytes, long flags) {}

    /** What we answer. {@code flags} must be among the offered ones. */
    public record Answer(
            long flags, int readAheadBytes, int backgroundMax, int congestionThreshold, int writeBytesMax, int pagesMax) {}

    private Init() {}

    /** @param size of the part after the header */
    public static Offer decode(MemorySegment from, long at, long size) {
        long flags = Integer.toUnsignedLong(from.get(Wire.U32, at + 12));
        if (size >= REQUEST_SIZE_WITH_FLAGS2 && (flags & INIT_EXT) != 0) {
            flags |= (long) from.get(Wire.U32, at + REQUEST_FLAGS2) << 32;
        }
        return new Offer(
                from.get(Wire.U32, at), from.get(Wire.U32, at + 4), from.get(Wire.U32, at + 8), flags);
    }

    public static int encode(MemorySegment to, long at, Answer answer) {
        to.asSlice(at, REPLY_SIZE).fill((byte) 0);
        to.set(Wire.U32, at, MAJOR);
        to.set(Wire.U32, at + 4, MINOR);
        to.set(Wire.U32, at + 8, answer.readAheadBytes());
        to.set(Wire.U32, at + 12, (int) answer.flags());
        to.set(Wire.U16, at + 16, (short) answer.backgroundMax());
        to.set(Wire.U16, at + 18, (short) answer.congestionThreshold());
        to.set(Wire.U32, at + 20, answer.writeBytesMax());
        to.set(Wire.U32, at + 24, 1); // times are kept to the nanosecond
        to.set(Wire.U16, at + 28, (short) answer.pagesMax());
        to.set(Wire.U32, at + 32, (int) (answer.flags() >>> 32));
        return REPLY_SIZE;
    }
}
