package org.scoutfs.item;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Makes and reads item keys. docs/format.md, "Keys". */
public final class Keys {
    public static final int SIZE = 27;

    private static final int ZONE = 0; //   u8
    private static final int FIRST = 1; //  u64, big-endian
    private static final int TYPE = 9; //   u8
    private static final int SECOND = 10; // u64, big-endian
    private static final int THIRD = 18; // u64, big-endian
    private static final int FOURTH = 26; // u8

    private static final VarHandle U64BE = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    private Keys() {}

    /** The zones, from low to high. */
    public static final class Zone {
        public static final int INODE_INDEX = 1;
        public static final int XATTR_INDEX = 2;
        public static final int ORPHAN = 3;
        public static final int VOLUME = 4;
        public static final int CHECKSUM = 5;
        public static final int FS = 6;
        public static final int XATTR_TOTAL = 7;
        public static final int XATTR_SEARCH = 8;

        private Zone() {}
    }

    /** The types within their zones. */
    public static final class Type {
        /** INODE_INDEX: second = meta_seq, third = inode number; no value. */
        public static final int META_SEQ = 1;
        /** INODE_INDEX: second = data_seq, third = inode number; no value. Regular files only. */
        public static final int DATA_SEQ = 2;

        /** XATTR_INDEX: delta items; first = major, second = minor, third = inode number; value = how many xattrs say so. */
        public static final int XATTR_SORTED = 1;

        /** XATTR_TOTAL: delta items; first, second, third = the three numbers of the name; value = total and count. */
        public static final int XATTR_TOTAL = 1;

        /** XATTR_SEARCH: first = name hash, second = inode number, third = xattr id; no value. */
        public static final int XATTR_SEARCH = 1;

        /** ORPHAN: second = inode number; no value. */
        public static final int ORPHAN = 1;
        /** ORPHAN: second = inode number of a file that a truncate is not done with; no value. */
        public static final int TRUNCATE = 2;

        /** VOLUME: second = hash; value = all quota rules with that hash. */
        public static final int QUOTA_RULE = 1;

        /** CHECKSUM: first = inode number, second = file block of the group's first block; value = CRC32C per block. */
        public static final int CHECKSUM = 1;

        /** FS: first = inode number throughout. The inode itself. */
        public static final int INODE = 1;
        /** FS: second = name hash, third = xattr id, fourth = part. */
        public static final int XATTR = 2;
        /** FS: first = directory, second = name hash; value = all entries with that hash. For look-ups. */
        public static final int DIRENT = 3;
        /** FS: first = directory, second = position. For listing. */
        public static final int READDIR = 4;
        /** FS: second = directory, third = position. For paths from inodes. */
        public static final int BACKREF = 5;
        /** FS: value = the target. */
        public static final int SYMLINK = 6;
        /** FS: second = last file block of the extent: a forward scan from a block finds the extent that covers it. */
        public static final int EXTENT = 7;

        private Type() {}
    }

    public static byte[] of(int zone, long first, int type, long second, long third, int fourth) {
        byte[] key = new byte[SIZE];
        key[ZONE] = (byte) zone;
        U64BE.set(key, FIRST, first);
        key[TYPE] = (byte) type;
        U64BE.set(key, SECOND, second);
        U64BE.set(key, THIRD, third);
        key[FOURTH] = (byte) fourth;
        return key;
    }

    public static int zone(byte[] key) {
        return key[ZONE] & 0xff;
    }

    public static long first(byte[] key) {
        return (long) U64BE.get(key, FIRST);
    }

    public static int type(byte[] key) {
        return key[TYPE] & 0xff;
    }

    public static long second(byte[] key) {
        return (long) U64BE.get(key, SECOND);
    }

    public static long third(byte[] key) {
        return (long) U64BE.get(key, THIRD);
    }

    public static int fourth(byte[] key) {
        return key[FOURTH] & 0xff;
    }

    /** Six numbers with dots, as dumps show keys. */
    public static String toString(byte[] key) {
        return key.length != SIZE
                ? "key of " + key.length + " bytes"
                : zone(key) + "." + Long.toUnsignedString(first(key)) + "." + type(key) + "."
                        + Long.toUnsignedString(second(key)) + "." + Long.toUnsignedString(third(key)) + "."
                        + fourth(key);
    }
}
