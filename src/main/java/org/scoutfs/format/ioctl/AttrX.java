package org.scoutfs.format.ioctl;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * Numbers 18 and 19: some attributes of an inode, to be read or changed. The request code of reading has no room for an answer: it is stored
 * in the caller's structure, from its beginning to the last field that was asked for ({@link #end}).
 *
 * @param mask which fields mean something
 * @param flags {@link #SIZE_OFFLINE}
 * @param bits {@link #RETENTION_BIT}
 */
public record AttrX(
        long mask,
        long flags,
        long metaSeq,
        long dataSeq,
        long dataVersion,
        long onlineBlocks,
        long offlineBlocks,
        long ctimeSeconds,
        int ctimeNanos,
        int crtimeNanos,
        long crtimeSeconds,
        long size,
        long bits,
        long projectId) {
    public static final int SIZE = 104;

    public static final long META_SEQ = 1;
    public static final long DATA_SEQ = 1 << 1;
    public static final long DATA_VERSION = 1 << 2;
    public static final long ONLINE_BLOCKS = 1 << 3;
    public static final long OFFLINE_BLOCKS = 1 << 4;
    public static final long CTIME = 1 << 5;
    public static final long CRTIME = 1 << 6;
    public static final long FILE_SIZE = 1 << 7;
    public static final long BITS_RETENTION = 1 << 8;
    public static final long PROJECT_ID = 1 << 9;
    public static final long ALL = (1 << 10) - 1;

    /** In the flags: the size that is set is that of bytes in an archive. */
    public static final long SIZE_OFFLINE = 1;
    /** In the bits: the file may not be changed. */
    public static final long RETENTION_BIT = 1;

    private static final int AT_MASK = 0; //           u64
    private static final int AT_FLAGS = 8; //          u64
    private static final int AT_META_SEQ = 16; //      u64
    private static final int AT_DATA_SEQ = 24; //      u64
    private static final int AT_DATA_VERSION = 32; //  u64
    private static final int AT_ONLINE_BLOCKS = 40; // u64
    private static final int AT_OFFLINE_BLOCKS = 48; // u64
    private static final int AT_CTIME_SEC = 56; //     s64
    private static final int AT_CTIME_NSEC = 64; //    u32
    private static final int AT_CRTIME_NSEC = 68; //   u32
    private static final int AT_CRTIME_SEC = 72; //    s64
    private static final int AT_SIZE = 80; //          u64
    private static final int AT_BITS = 88; //          u64
    private static final int AT_PROJECT_ID = 96; //    u64

    /** One past the last byte of each field, by the number of its bit. */
    private static final int[] ENDS = {24, 32, 40, 48, 56, 68, 80, 88, 96, 104};

    public boolean has(long field) {
        return (mask & field) != 0;
    }

    /** One past the last byte of the fields in the mask. */
    public int end() {
        int end = 0;
        for (int bit = 0; bit < ENDS.length; bit++) {
            end = has(1L << bit) ? Math.max(end, ENDS[bit]) : end;
        }
        return end;
    }

    public static AttrX decode(MemorySegment in) {
        ByteBuffer bytes = Bytes.of(in, SIZE);
        return new AttrX(
                bytes.getLong(AT_MASK),
                bytes.getLong(AT_FLAGS),
                bytes.getLong(AT_META_SEQ),
                bytes.getLong(AT_DATA_SEQ),
                bytes.getLong(AT_DATA_VERSION),
                bytes.getLong(AT_ONLINE_BLOCKS),
                bytes.getLong(AT_OFFLINE_BLOCKS),
                bytes.getLong(AT_CTIME_SEC),
                bytes.getInt(AT_CTIME_NSEC),
                bytes.getInt(AT_CRTIME_NSEC),
                bytes.getLong(AT_CRTIME_SEC),
                bytes.getLong(AT_SIZE),
                bytes.getLong(AT_BITS),
                bytes.getLong(AT_PROJECT_ID));
    }

    public byte[] encode() {
        ByteBuffer bytes = Bytes.zeroed(SIZE);
        bytes.putLong(AT_MASK, mask);
        bytes.putLong(AT_FLAGS, flags);
        bytes.putLong(AT_META_SEQ, metaSeq);
        bytes.putLong(AT_DATA_SEQ, dataSeq);
        bytes.putLong(AT_DATA_VERSION, dataVersion);
        bytes.putLong(AT_ONLINE_BLOCKS, onlineBlocks);
        bytes.putLong(AT_OFFLINE_BLOCKS, offlineBlocks);
        bytes.putLong(AT_CTIME_SEC, ctimeSeconds);
        bytes.putInt(AT_CTIME_NSEC, ctimeNanos);
        bytes.putInt(AT_CRTIME_NSEC, crtimeNanos);
        bytes.putLong(AT_CRTIME_SEC, crtimeSeconds);
        bytes.putLong(AT_SIZE, size);
        bytes.putLong(AT_BITS, bits);
        bytes.putLong(AT_PROJECT_ID, projectId);
        return bytes.array();
    }
}
