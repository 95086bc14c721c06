package org.scoutfs.fuse.wire;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.scoutfs.fs.Attributes;
import org.scoutfs.fs.Attributes.Timestamp;
import org.scoutfs.fs.FileSystem.FileLock;
import org.scoutfs.fs.FileSystem.Statistics;

/** Writes the bodies of replies. Each method fills every byte of its structure and returns its size. */
public final class Replies {
    private static final int BLOCK_SIZE = 4096;

    // struct fuse_attr
    private static final int ATTR_INO = 0;
    private static final int ATTR_FILE_SIZE = 8;
    private static final int ATTR_BLOCKS = 16;
    private static final int ATTR_ATIME = 24;
    private static final int ATTR_MTIME = 32;
    private static final int ATTR_CTIME = 40;
    private static final int ATTR_ATIME_NANOS = 48;
    private static final int ATTR_MTIME_NANOS = 52;
    private static final int ATTR_CTIME_NANOS = 56;
    private static final int ATTR_MODE = 60;
    private static final int ATTR_NLINK = 64;
    private static final int ATTR_UID = 68;
    private static final int ATTR_GID = 72;
    private static final int ATTR_RDEV = 76;
    private static final int ATTR_BLKSIZE = 80;
    private static final int ATTR_FLAGS = 84;
    private static final int ATTR_SIZE = 88;

    // struct fuse_entry_out
    private static final int ENTRY_NODE_ID = 0;
    private static final int ENTRY_GENERATION = 8;
    private static final int ENTRY_VALID = 16;
    private static final int ENTRY_ATTR_VALID = 24;
    private static final int ENTRY_VALID_NANOS = 32;
    private static final int ENTRY_ATTR_VALID_NANOS = 36;
    private static final int ENTRY_ATTR = 40;
    public static final int ENTRY_SIZE = ENTRY_ATTR + ATTR_SIZE;

    // struct fuse_attr_out
    private static final int ATTR_OUT_VALID = 0;
    private static final int ATTR_OUT_VALID_NANOS = 8;
    private static final int ATTR_OUT_ATTR = 16;
    public static final int ATTR_OUT_SIZE = ATTR_OUT_ATTR + ATTR_SIZE;

    // struct fuse_statx_out
    private static final int STATX_VALID = 0;
    private static final int STATX_VALID_NANOS = 8;
    private static final int STATX_STAT = 32;
    public static final int STATX_SIZE = STATX_STAT + 256;
    /** Basic statistics and the birth time. */
    private static final int STATX_MASK = 0xfff;

    // struct fuse_open_out
    private static final int OPEN_HANDLE = 0;
    private static final int OPEN_FLAGS = 8;
    public static final int OPEN_SIZE = 16;
    public static final int OPEN_DIRECT_IO = 1;
    public static final int OPEN_KEEP_CACHE = 2;
    public static final int OPEN_CACHE_DIRECTORY = 8;

    // struct fuse_dirent, and fuse_direntplus: an entry, then that
    private static final int DIRENT_INO = 0;
    private static final int DIRENT_COOKIE = 8;
    private static final int DIRENT_NAME_SIZE = 16;
    private static final int DIRENT_TYPE = 20;
    private static final int DIRENT_NAME = 24;

    private static final int KSTATFS_SIZE = 80;
    private static final int LOCK_SIZE = 24;
    public static final int IOCTL_SIZE = 16;

    private Replies() {}

    /** @param timeouts only for the attributes */
    public static int attributes(MemorySegment to, long at, Attributes attributes, Timeouts timeouts) {
        Words out = new Words(ATTR_OUT_SIZE);
        out.u64(ATTR_OUT_VALID, Timeouts.seconds(timeouts.attributeNanos()));
        out.u32(ATTR_OUT_VALID_NANOS, Timeouts.nanos(timeouts.attributeNanos()));
        attr(out, ATTR_OUT_ATTR, attributes);
        return out.copyTo(to, at);
    }

    /** @param attributeNanos for how long the attributes hold; 0 where another answer could already have overtaken this one */
    public static int entry(
            MemorySegment to, long at, Attributes attributes, long entryNanos, long attributeNanos) {
        Words out = new Words(ENTRY_SIZE);
        entry(out, attributes, entryNanos, attributeNanos);
        return out.copyTo(to, at);
    }

    private static void entry(Words out, Attributes attributes, long entryNanos, long attributeNanos) {
        out.u64(ENTRY_NODE_ID, Wire.nodeId(attributes.ino()));
        out.u64(ENTRY_GENERATION, 0L);
        out.u64(ENTRY_VALID, Timeouts.seconds(entryNanos));
        out.u64(ENTRY_ATTR_VALID, Timeouts.seconds(attributeNanos));
        out.u32(ENTRY_VALID_NANOS, Timeouts.nanos(entryNanos));
        out.u32(ENTRY_ATTR_VALID_NANOS, Timeouts.nanos(attributeNanos));
        attr(out, ENTRY_ATTR, attributes);
    }

    /** There is no such name, and for {@code nanos} the kernel need not ask again. */
    public static int noEntry(MemorySegment to, long at, long nanos) {
        Words out = new Words(ENTRY_SIZE);
        out.u64(ENTRY_VALID, Timeouts.seconds(nanos));
        out.u32(ENTRY_VALID_NANOS, Timeouts.nanos(nanos));
        return out.copyTo(to, at);
    }

    private static void attr(Words out, int at, Attributes attributes) {
        out.u64(at + ATTR_INO, attributes.ino());
        out.u64(at + ATTR_FILE_SIZE, attributes.size());
        out.u64(at + ATTR_BLOCKS, attributes.blocks());
        out.u64(at + ATTR_ATIME, attributes.atime().seconds());
        out.u64(at + ATTR_MTIME, attributes.mtime().seconds());
        out.u64(at + ATTR_CTIME, attributes.ctime().seconds());
        out.u32(at + ATTR_ATIME_NANOS, attributes.atime().nanos());
        out.u32(at + ATTR_MTIME_NANOS, attributes.mtime().nanos());
        out.u32(at + ATTR_CTIME_NANOS, attributes.ctime().nanos());
        out.u32(at + ATTR_MODE, attributes.mode());
        out.u32(at + ATTR_NLINK, attributes.nlink());
        out.u32(at + ATTR_UID, attributes.uid());
        out.u32(at + ATTR_GID, attributes.gid());
        out.u32(at + ATTR_RDEV, attributes.rdev());
        out.u32(at + ATTR_BLKSIZE, BLOCK_SIZE);
        out.u32(at + ATTR_FLAGS, 0);
    }

    /** The attributes with the birth time. */
    public static int statx(MemorySegment to, long at, Attributes attributes, Timeouts timeouts) {
        to.asSlice(at, STATX_SIZE).fill((byte) 0);
        to.set(Wire.U64, at + STATX_VALID, Timeouts.seconds(timeouts.attributeNanos()));
        to.set(Wire.U32, at + STATX_VALID_NANOS, Timeouts.nanos(timeouts.attributeNanos()));
        long stat = at + STATX_STAT;
        to.set(Wire.U32, stat, STATX_MASK);
        to.set(Wire.U32, stat + 4, BLOCK_SIZE);
        to.set(Wire.U32, stat + 16, attributes.nlink());
        to.set(Wire.U32, stat + 20, attributes.uid());
        to.set(Wire.U32, stat + 24, attributes.gid());
        to.set(Wire.U16, stat + 28, (short) attributes.mode());
        to.set(Wire.U64, stat + 32, attributes.ino());
        to.set(Wire.U64, stat + 40, attributes.size());
        to.set(Wire.U64, stat + 48, attributes.blocks());
        statxTime(to, stat + 64, attributes.atime());
        statxTime(to, stat + 80, attributes.crtime());
        statxTime(to, stat + 96, attributes.ctime());
        statxTime(to, stat + 112, attributes.mtime());
        to.set(Wire.U32, stat + 128, (attributes.rdev() >>> 8) & 0xfff);
        to.set(Wire.U32, stat + 132, (attributes.rdev() & 0xff) | ((attributes.rdev() >>> 12) & 0xfff00));
        return STATX_SIZE;
    }

    private static void statxTime(MemorySegment to, long at, Timestamp time) {
        to.set(Wire.U64, at, time.seconds());
        to.set(Wire.U32, at + 8, time.nanos());
    }

    /** @param flags a sum of the {@code OPEN} constants */
    public static int open(MemorySegment to, long at, long handle, int flags) {
        to.set(Wire.U64, at + OPEN_HANDLE, handle);
        to.set(Wire.U64, at + OPEN_FLAGS, Integer.toUnsignedLong(flags));
        return OPEN_SIZE;
    }

    /** Size of the record of a name in a plain listing. */
    public static long direntSize(int nameSize) {
        return Wire.align(DIRENT_NAME + nameSize);
    }

    /** Writes the record of one name; its size is {@link #direntSize}. */
    public static void dirent(MemorySegment to, long at, byte[] name, long ino, int type, long nextCookie) {
        Words out = new Words(direntSize(name.length));
        dirent(out, 0, name, ino, type, nextCookie);
        int unused = out.copyTo(to, at);
    }

    private static void dirent(Words out, int at, byte[] name, long ino, int type, long nextCookie) {
        out.u64(at + DIRENT_INO, ino);
        out.u64(at + DIRENT_COOKIE, nextCookie);
        out.u32(at + DIRENT_NAME_SIZE, name.length);
        out.u32(at + DIRENT_TYPE, type);
        out.bytes(at + DIRENT_NAME, name);
    }

    /**
     * Writes the record of one name with its attributes; its size is that of an entry and of the record without them.
     *
     * @param attributes null says that there are none here, and nothing of whether the name exists
     */
    public static void direntPlus(
            MemorySegment to,
            long at,
            @Nullable Attributes attributes,
            Timeouts timeouts,
            byte[] name,
            long ino,
            int type,
            long nextCookie) {
        Words out = new Words(ENTRY_SIZE + direntSize(name.length));
        if (attributes != null) {
            entry(out, attributes, timeouts.entryNanos(), timeouts.attributeNanos());
        }
        dirent(out, ENTRY_SIZE, name, ino, type, nextCookie);
        int unused = out.copyTo(to, at);
    }

    public static int statfs(MemorySegment to, long at, Statistics statistics) {
        to.asSlice(at, KSTATFS_SIZE).fill((byte) 0);
        to.set(Wire.U64, at, statistics.blocks());
        to.set(Wire.U64, at + 8, statistics.freeBlocks());
        to.set(Wire.U64, at + 16, statistics.availableBlocks());
        to.set(Wire.U64, at + 24, statistics.files());
        to.set(Wire.U64, at + 32, statistics.freeFiles());
        to.set(Wire.U32, at + 40, BLOCK_SIZE);
        to.set(Wire.U32, at + 44, Wire.NAME_SIZE_MAX);
        to.set(Wire.U32, at + 48, BLOCK_SIZE);
        return KSTATFS_SIZE;
    }

    /** @param type one of the {@code Requests.LOCK} constants */
    public static int lock(MemorySegment to, long at, FileLock lock, int type) {
        to.set(Wire.U64, at, lock.start());
        to.set(Wire.U64, at + 8, lock.end());
        to.set(Wire.U32, at + 16, type);
        to.set(Wire.U32, at + 20, lock.pid());
        return LOCK_SIZE;
    }

    /** Also of the number of bytes that a xattr or a list of them needs. */
    public static int count(MemorySegment to, long at, int count) {
        to.set(Wire.U64, at, Integer.toUnsignedLong(count));
        return Long.BYTES;
    }

    public static int count64(MemorySegment to, long at, long count) {
        to.set(Wire.U64, at, count);
        return Long.BYTES;
    }

    /** What stands before the bytes that an ioctl copies out. */
    public static int ioctl(MemorySegment to, long at, int result) {
        to.set(Wire.U32, at, result);
        to.set(Wire.U32, at + 4, 0);
        to.set(Wire.U64, at + 8, 0L);
        return IOCTL_SIZE;
    }

    public static int bytes(MemorySegment to, long at, byte[] bytes) {
        MemorySegment.copy(bytes, 0, to, Wire.U8, at, bytes.length);
        return bytes.length;
    }
}
