package org.scoutfs.fuse.wire;

import java.lang.foreign.ValueLayout;

/** Integers on the wire: the host's order, at any address. */
public final class Wire {
    public static final ValueLayout.OfByte U8 = ValueLayout.JAVA_BYTE;
    public static final ValueLayout.OfShort U16 = ValueLayout.JAVA_SHORT_UNALIGNED;
    public static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT_UNALIGNED;
    public static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG_UNALIGNED;

    /** Names, names with attributes and extensions are padded to this. */
    public static final int ALIGNMENT = 8;

    /** The longest name of a file; the kernel lets longer ones through. */
    public static final int NAME_SIZE_MAX = 255;

    /** The node id of the root, and its inode number. */
    public static final long ROOT = 1;

    private Wire() {}

    /**
     * The kernel's name of an inode: the number with its 32-bit halves swapped, so that a file handle of the original, which
     * holds the number as it is, decodes to it. Inode 2^32 is never allocated: its node id would be the root's.
     */
    public static long nodeId(long ino) {
        return ino == ROOT ? ROOT : Long.rotateLeft(ino, 32);
    }

    /** The inverse of {@link #nodeId}. */
    public static long ino(long nodeId) {
        return nodeId == ROOT ? ROOT : Long.rotateLeft(nodeId, 32);
    }

    static long align(long size) {
        return (size + ALIGNMENT - 1) & -ALIGNMENT;
    }
}
