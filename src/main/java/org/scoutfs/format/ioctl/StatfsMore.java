package org.scoutfs.format.ioctl;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * Number 10: what statfs(2) does not show.
 *
 * @param rid this mount's incarnation
 * @param committedSeq the stable bound: what clamps {@link WalkInodes}
 * @param totalMetaBlocks of 64 KiB
 * @param totalDataBlocks of 4 KiB
 * @param reservedMetaBlocks of 64 KiB, not for ordinary allocation
 */
public record StatfsMore(
        long fsid, long rid, long committedSeq, long totalMetaBlocks, long totalDataBlocks, long reservedMetaBlocks) {
    public static final int SIZE = 48;

    private static final int FSID = 0; //                u64
    private static final int RID = 8; //                 u64
    private static final int COMMITTED_SEQ = 16; //      u64
    private static final int TOTAL_META_BLOCKS = 24; //  u64
    private static final int TOTAL_DATA_BLOCKS = 32; //  u64
    private static final int RESERVED_META_BLOCKS = 40; // u64

    public byte[] encode() {
        ByteBuffer bytes = Bytes.zeroed(SIZE);
        bytes.putLong(FSID, fsid);
        bytes.putLong(RID, rid);
        bytes.putLong(COMMITTED_SEQ, committedSeq);
        bytes.putLong(TOTAL_META_BLOCKS, totalMetaBlocks);
        bytes.putLong(TOTAL_DATA_BLOCKS, totalDataBlocks);
        bytes.putLong(RESERVED_META_BLOCKS, reservedMetaBlocks);
        return bytes.array();
    }

    public static StatfsMore decode(MemorySegment out) {
        ByteBuffer bytes = Bytes.of(out, SIZE);
        return new StatfsMore(
                bytes.getLong(FSID),
                bytes.getLong(RID),
                bytes.getLong(COMMITTED_SEQ),
                bytes.getLong(TOTAL_META_BLOCKS),
                bytes.getLong(TOTAL_DATA_BLOCKS),
                bytes.getLong(RESERVED_META_BLOCKS));
    }
}
