package org.scoutfs.format.ioctl;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * Number 4: bytes of an archive come back into a file. ioctl(2) returns how many were stored, which may be fewer.
 *
 * @param bufferPointer where the caller has them
 * @param offset in the file, bytes, unsigned
 * @param length bytes
 */
public record Stage(long dataVersion, long bufferPointer, long offset, int length) {
    public static final int SIZE = 32;

    private static final int DATA_VERSION = 0; // u64
    private static final int BUF_PTR = 8; //      u64
    private static final int OFFSET = 16; //      u64
    private static final int LENGTH = 24; //      s32, then 4 bytes that mean nothing

    public static Stage decode(MemorySegment in) {
        ByteBuffer bytes = Bytes.of(in, SIZE);
        return new Stage(
                bytes.getLong(DATA_VERSION), bytes.getLong(BUF_PTR), bytes.getLong(OFFSET), bytes.getInt(LENGTH));
    }

    public byte[] encode() {
        ByteBuffer bytes = Bytes.zeroed(SIZE);
        bytes.putLong(DATA_VERSION, dataVersion);
        bytes.putLong(BUF_PTR, bufferPointer);
        bytes.putLong(OFFSET, offset);
        bytes.putInt(LENGTH, length);
        return bytes.array();
    }
}
