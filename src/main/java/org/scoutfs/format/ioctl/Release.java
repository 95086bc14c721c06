package org.scoutfs.format.ioctl;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * Number 3: the blocks of a range are in an archive, and let go here. {@code EINVAL} where the range is not whole blocks, {@code ESTALE} where
 * the file has another data version.
 *
 * @param offset bytes, unsigned
 * @param length bytes, unsigned; 0 does nothing
 */
public record Release(long offset, long length, long dataVersion) {
    public static final int SIZE = 24;

    private static final int OFFSET = 0; //        u64
    private static final int LENGTH = 8; //        u64
    private static final int DATA_VERSION = 16; // u64

    public static Release decode(MemorySegment in) {
        ByteBuffer bytes = Bytes.of(in, SIZE);
        return new Release(bytes.getLong(OFFSET), bytes.getLong(LENGTH), bytes.getLong(DATA_VERSION));
    }

    public byte[] encode() {
        ByteBuffer bytes = Bytes.zeroed(SIZE);
        bytes.putLong(OFFSET, offset);
        bytes.putLong(LENGTH, length);
        bytes.putLong(DATA_VERSION, dataVersion);
        return bytes.array();
    }
}
