package org.scoutfs.format.ioctl;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * Number 11: requests of this mount that wait for blocks of a range fail. ioctl(2) returns how many.
 *
 * @param dataVersion means nothing any more
 * @param offset bytes, unsigned
 * @param count bytes, unsigned; 0 does nothing
 * @param operations 1 read, 2 write, 4 change of size, or-ed
 * @param error a negative error number
 */
public record DataWaitError(long ino, long dataVersion, long offset, long count, long operations, long error) {
    public static final int SIZE = 48;

    private static final int INO = 0; //          u64
    private static final int DATA_VERSION = 8; // u64
    private static final int OFFSET = 16; //      u64
    private static final int COUNT = 24; //       u64
    private static final int OP = 32; //          u64
    private static final int ERR = 40; //         s64

    public static DataWaitError decode(MemorySegment in) {
        ByteBuffer bytes = Bytes.of(in, SIZE);
        return new DataWaitError(
                bytes.getLong(INO),
                bytes.getLong(DATA_VERSION),
                bytes.getLong(OFFSET),
                bytes.getLong(COUNT),
                bytes.getLong(OP),
                bytes.getLong(ERR));
    }

    public byte[] encode() {
        ByteBuffer bytes = Bytes.zeroed(SIZE);
        bytes.putLong(INO, ino);
        bytes.putLong(DATA_VERSION, dataVersion);
        bytes.putLong(OFFSET, offset);
        bytes.putLong(COUNT, count);
        bytes.putLong(OP, operations);
        bytes.putLong(ERR, error);
        return bytes.array();
    }
}
