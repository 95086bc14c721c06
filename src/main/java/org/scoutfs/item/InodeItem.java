package org.scoutfs.item;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import org.scoutfs.base.CorruptionException;

/**
 * An inode as it is stored. docs/format.md, "Inode item".
 *
 * <p>The fields can be changed: an inode is changed with each write, and a record of this many fields would be copied as often. Who
 * holds one, guards it. Times are seconds since 1970 and nanoseconds in [0, 10^9).
 */
public final class InodeItem {
    /** Bytes of the value. */
    public static final int SIZE = 152;

    public static final int VERSION = 1;

    /** A truncate has set the size and not yet removed all that lies beyond it. There is a {@link OrphanItem#truncateKey} then. */
    public static final int TRUNCATING = 1;
    /** The file may not be changed. */
    public static final int RETENTION = 1 << 1;
    /** Made without a name, and may get one. */
    public static final int LINKABLE = 1 << 2;
    /** There is an xattr {@code system.posix_acl_access}. */
    public static final int ACCESS_ACL = 1 << 3;
    /** There is an xattr {@code system.posix_acl_default}. */
    public static final int DEFAULT_ACL = 1 << 4;
    /** There is an xattr {@code security.capability}. */
    public static final int CAPABILITY = 1 << 5;

    private static final int KNOWN_FLAGS = (1 << 6) - 1;

    private static final int AT_VERSION = 0; //         u8
    private static final int AT_FLAGS = 1; //           u8
    private static final int AT_RESERVED = 2; //        u16, zero
    private static final int AT_MODE = 4; //            u32
    private static final int AT_NLINK = 8; //           u32
    private static final int AT_UID = 12; //            u32
    private static final int AT_GID = 16; //            u32
    private static final int AT_RDEV = 20; //           u32
    private static final int AT_SIZE = 24; //           u64
    private static final int AT_META_SEQ = 32; //       u64
    private static final int AT_DATA_SEQ = 40; //       u64
    private static final int AT_DATA_VERSION = 48; //   u64
    private static final int AT_ONLINE_BLOCKS = 56; //  u64
    private static final int AT_OFFLINE_BLOCKS = 64; // u64
    private static final int AT_NEXT_POSITION = 72; //  u64
    private static final int AT_NEXT_XATTR_ID = 80; //  u64
    private static final int AT_PROJECT_ID = 88; //     u64
    private static final int AT_ATIME = 96; //          s64
    private static final int AT_MTIME = 104; //         s64
    private static final int AT_CTIME = 112; //         s64
    private static final int AT_CRTIME = 120; //        s64
    private static final int AT_ATIME_NANOS = 128; //   u32
    private static final int AT_MTIME_NANOS = 132; //   u32
    private static final int AT_CTIME_NANOS = 136; //   u32
    private static final int AT_CRTIME_NANOS = 140; //  u32
    private static final int AT_XATTR_COUNT = 144; //   u32
    private static final int AT_RESERVED_2 = 148; //    u32, zero

    private static final VarHandle U16 = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle U32 = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle U64 = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    public int flags;
    /** Type and permissions, as {@code st_mode}. */
    public int mode;
    /** Unsigned; at most 2^31 - 1. */
    public int nlink;

    public int uid;
    public int gid;
    /** In the kernel's 32-bit encoding. */
    public int rdev;
    /** Bytes of a file; of a directory the sum of its names' lengths; of a symbolic link the length of its target. */
    public long size;

    public long metaSeq;
    public long dataSeq;
    public long dataVersion;
    public long onlineBlocks;
    public long offlineBlocks;
    /** Directories: the position that the next entry gets; from 2 up. */
    public long nextPosition;
    /** The id that the next xattr gets; from 1 up. */
    public long nextXattrId;

    public long projectId;
    public long atime;
    public long mtime;
    public long ctime;
    public long crtime;
    public int atimeNanos;
    public int mtimeNanos;
    public int ctimeNanos;
    public int crtimeNanos;
    /** Lets those who ask for an xattr of an inode without any have their answer without a look-up. */
    public int xattrCount;

    public static byte[] key(long ino) {
        return Keys.of(Keys.Zone.FS, ino, Keys.Type.INODE, 0, 0, 0);
    }

    public boolean has(int flag) {
        return (flags & flag) != 0;
    }

    public void set(int flag, boolean isSet) {
        flags = isSet ? flags | flag : flags & ~flag;
    }

    public byte[] encode() {
        byte[] value = new byte[SIZE];
        value[AT_VERSION] = VERSION;
        value[AT_FLAGS] = (byte) flags;
        U32.set(value, AT_MODE, mode);
        U32.set(value, AT_NLINK, nlink);
        U32.set(value, AT_UID, uid);
        U32.set(value, AT_GID, gid);
        U32.set(value, AT_RDEV, rdev);
        U64.set(value, AT_SIZE, size);
        U64.set(value, AT_META_SEQ, metaSeq);
        U64.set(value, AT_DATA_SEQ, dataSeq);
        U64.set(value, AT_DATA_VERSION, dataVersion);
        U64.set(value, AT_ONLINE_BLOCKS, onlineBlocks);
        U64.set(value, AT_OFFLINE_BLOCKS, offlineBlocks);
        U64.set(value, AT_NEXT_POSITION, nextPosition);
        U64.set(value, AT_NEXT_XATTR_ID, nextXattrId);
        U64.set(value, AT_PROJECT_ID, projectId);
        U64.set(value, AT_ATIME, atime);
        U64.set(value, AT_MTIME, mtime);
        U64.set(value, AT_CTIME, ctime);
        U64.set(value, AT_CRTIME, crtime);
        U32.set(value, AT_ATIME_NANOS, atimeNanos);
        U32.set(value, AT_MTIME_NANOS, mtimeNanos);
        U32.set(value, AT_CTIME_NANOS, ctimeNanos);
        U32.set(value, AT_CRTIME_NANOS, crtimeNanos);
        U32.set(value, AT_XATTR_COUNT, xattrCount);
        return value;
    }

    /** @param ino for the error only */
    public static InodeItem decode(long ino, byte[] value) throws CorruptionException {
        if (value.length != SIZE) {
            throw damaged(ino, SIZE + " bytes", value.length + " bytes");
        }
        if (value[AT_VERSION] != VERSION) {
            throw damaged(ino, "version " + VERSION, "version " + (value[AT_VERSION] & 0xff));
        }
        InodeItem inode = new InodeItem();
        inode.flags = value[AT_FLAGS] & 0xff;
        inode.mode = (int) U32.get(value, AT_MODE);
        inode.nlink = (int) U32.get(value, AT_NLINK);
        inode.uid = (int) U32.get(value, AT_UID);
        inode.gid = (int) U32.get(value, AT_GID);
        inode.rdev = (int) U32.get(value, AT_RDEV);
        inode.size = (long) U64.get(value, AT_SIZE);
        inode.metaSeq = (long) U64.get(value, AT_META_SEQ);
        inode.dataSeq = (long) U64.get(value, AT_DATA_SEQ);
        inode.dataVersion = (long) U64.get(value, AT_DATA_VERSION);
        inode.onlineBlocks = (long) U64.get(value, AT_ONLINE_BLOCKS);
        inode.offlineBlocks = (long) U64.get(value, AT_OFFLINE_BLOCKS);
        inode.nextPosition = (long) U64.get(value, AT_NEXT_POSITION);
        inode.nextXattrId = (long) U64.get(value, AT_NEXT_XATTR_ID);
        inode.projectId = (long) U64.get(value, AT_PROJECT_ID);
        inode.atime = (long) U64.get(value, AT_ATIME);
        inode.mtime = (long) U64.get(value, AT_MTIME);
        inode.ctime = (long) U64.get(value, AT_CTIME);
        inode.crtime = (long) U64.get(value, AT_CRTIME);
        inode.atimeNanos = (int) U32.get(value, AT_ATIME_NANOS);
        inode.mtimeNanos = (int) U32.get(value, AT_MTIME_NANOS);
        inode.ctimeNanos = (int) U32.get(value, AT_CTIME_NANOS);
        inode.crtimeNanos = (int) U32.get(value, AT_CRTIME_NANOS);
        inode.xattrCount = (int) U32.get(value, AT_XATTR_COUNT);
        inode.verify(ino, (short) U16.get(value, AT_RESERVED), (int) U32.get(value, AT_RESERVED_2));
        return inode;
    }

    private void verify(long ino, int reserved, int reserved2) throws CorruptionException {
        if ((flags & ~KNOWN_FLAGS) != 0) {
            throw damaged(ino, "known flags", "flags 0x" + Integer.toHexString(flags));
        }
        if (reserved != 0 || reserved2 != 0) {
            throw damaged(ino, "zero in reserved fields", reserved + " and " + reserved2);
        }
        if (FileType.ofMode(mode) == 0 || mode >>> 16 != 0) {
            throw damaged(ino, "a mode with a file type", "mode 0" + Integer.toOctalString(mode));
        }
        if (size < 0 || nlink < 0 || xattrCount < 0 || onlineBlocks < 0 || offlineBlocks < 0) {
            throw damaged(
                    ino,
                    "size and counts from 0 up",
                    "size " + size + ", links " + nlink + ", xattrs " + xattrCount + ", blocks " + onlineBlocks + " and "
                            + offlineBlocks);
        }
        if (!isNanos(atimeNanos) || !isNanos(mtimeNanos) || !isNanos(ctimeNanos) || !isNanos(crtimeNanos)) {
            throw damaged(ino, "nanoseconds below 10^9", "times with more");
        }
    }

    private static boolean isNanos(int nanos) {
        return nanos >= 0 && nanos < 1_000_000_000;
    }

    private static CorruptionException damaged(long ino, String expected, String actual) {
        return CorruptionException.of("inode " + Long.toUnsignedString(ino), expected, actual);
    }
}
