package org.scoutfs.format.ioctl;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * Number 16: the inode numbers from {@code startIno} to the end of its group of 1024 that exist. ioctl(2) returns how many u64 it
 * stored. {@code EINVAL} for a pointer that is no multiple of 8 or room for less than one.
 */
public record AllocatedInos(long startIno, long inosPointer, long inosBytes) {
    public static final int SIZE = 24;
    /** How many numbers an answer can have at most. */
    public static final int GROUP = 1024;

    private static final int START_INO = 0; //  u64
    private static final int INOS_PTR = 8; //   u64
    private static final int INOS_BYTES = 16; // u64

    /** The last number that can be in the answer. */
    public long lastIno() {
        return startIno | (GROUP - 1);
    }

    public static AllocatedInos decode(MemorySegment in) {
        ByteBuffer bytes = Bytes.of(in, SIZE);
        return new AllocatedInos(bytes.getLong(START_INO), bytes.getLong(INOS_PTR), bytes.getLong(INOS_BYTES));
    }

    public byte[] encode() {
        ByteBuffer bytes = Bytes.zeroed(SIZE);
        bytes.putLong(START_INO, startIno);
        bytes.putLong(INOS_PTR, inosPointer);
        bytes.putLong(INOS_BYTES, inosBytes);
        return bytes.array();
    }
}
