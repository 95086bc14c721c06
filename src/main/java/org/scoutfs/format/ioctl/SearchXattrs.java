package org.scoutfs.format.ioctl;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * Number 9: the inodes from {@code nextIno} to {@code lastIno} that may have an xattr of a name. ioctl(2) returns how many u64 it stored. The
 * request code has no room for an answer: {@link #END} is stored at {@link #OUTPUT_FLAGS} of the caller's structure.
 */
public record SearchXattrs(
        long nextIno, long lastIno, long namePointer, long inodesPointer, long outputFlags, long inodeCount, int nameBytes) {
    public static final int SIZE = 56;
    /** In the output flags: there are no more up to {@code lastIno}. */
    public static final long END = 1;

    private static final int NEXT_INO = 0; //   u64
    private static final int LAST_INO = 8; //   u64
    private static final int NAME_PTR = 16; //  u64
    private static final int INODES_PTR = 24; // u64
    public static final int OUTPUT_FLAGS = 32; // u64
    private static final int NR_INODES = 40; // u64
    private static final int NAME_BYTES = 48; // u16, 6 bytes of padding after it

    public static SearchXattrs decode(MemorySegment in) {
        ByteBuffer bytes = Bytes.of(in, SIZE);
        return new SearchXattrs(
                bytes.getLong(NEXT_INO),
                bytes.getLong(LAST_INO),
                bytes.getLong(NAME_PTR),
                bytes.getLong(INODES_PTR),
                bytes.getLong(OUTPUT_FLAGS),
                bytes.getLong(NR_INODES),
                bytes.getShort(NAME_BYTES) & 0xffff);
    }

    public byte[] encode() {
        ByteBuffer bytes = Bytes.zeroed(SIZE);
        bytes.putLong(NEXT_INO, nextIno);
        bytes.putLong(LAST_INO, lastIno);
        bytes.putLong(NAME_PTR, namePointer);
        bytes.putLong(INODES_PTR, inodesPointer);
        bytes.putLong(OUTPUT_FLAGS, outputFlags);
        bytes.putLong(NR_INODES, inodeCount);
        bytes.putShort(NAME_BYTES, (short) nameBytes);
        return bytes.array();
    }
}
