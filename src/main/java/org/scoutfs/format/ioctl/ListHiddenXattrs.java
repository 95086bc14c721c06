package org.scoutfs.format.ioctl;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * Number 8: names of an inode's hidden xattrs, each with a NUL. ioctl(2) returns how many bytes it stored, 0 at the end; the place to go on
 * from comes back in the structure, and means nothing to the caller.
 *
 * @param idPosition with {@code hashPosition}: the place, zeroes at first
 */
public record ListHiddenXattrs(long idPosition, long bufferPointer, int bufferBytes, int hashPosition) {
    public static final int SIZE = 24;

    private static final int ID_POS = 0; //    u64
    private static final int BUF_PTR = 8; //   u64
    private static final int BUF_BYTES = 16; // u32
    private static final int HASH_POS = 20; // u32

    public static ListHiddenXattrs decode(MemorySegment in) {
        ByteBuffer bytes = Bytes.of(in, SIZE);
        return new ListHiddenXattrs(
                bytes.getLong(ID_POS), bytes.getLong(BUF_PTR), bytes.getInt(BUF_BYTES), bytes.getInt(HASH_POS));
    }

    public byte[] encode() {
        ByteBuffer bytes = Bytes.zeroed(SIZE);
        bytes.putLong(ID_POS, idPosition);
        bytes.putLong(BUF_PTR, bufferPointer);
        bytes.putInt(BUF_BYTES, bufferBytes);
        bytes.putInt(HASH_POS, hashPosition);
        return bytes.array();
    }
}
