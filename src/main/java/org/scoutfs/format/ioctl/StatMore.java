package org.scoutfs.format.ioctl;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/** Number 5: what stat(2) does not show of an inode. Blocks are of 4 KiB. */
public record StatMore(
        long metaSeq,
        long dataSeq,
        long dataVersion,
        long onlineBlocks,
        long offlineBlocks,
        long crtimeSeconds,
        int crtimeNanos) {
    public static final int SIZE = 56;

    private static final int META_SEQ = 0; //       u64
    private static final int DATA_SEQ = 8; //       u64
    private static final int DATA_VERSION = 16; //  u64
    private static final int ONLINE_BLOCKS = 24; // u64
    private static final int OFFLINE_BLOCKS = 32; // u64
    private static final int CRTIME_SEC = 40; //    s64
    private static final int CRTIME_NSEC = 48; //   u32, 4 bytes of padding after it

    public byte[] encode() {
        ByteBuffer bytes = Bytes.zeroed(SIZE);
        bytes.putLong(META_SEQ, metaSeq);
        bytes.putLong(DATA_SEQ, dataSeq);
        bytes.putLong(DATA_VERSION, dataVersion);
        bytes.putLong(ONLINE_BLOCKS, onlineBlocks);
        bytes.putLong(OFFLINE_BLOCKS, offlineBlocks);
        bytes.putLong(CRTIME_SEC, crtimeSeconds);
        bytes.putInt(CRTIME_NSEC, crtimeNanos);
        return bytes.array();
    }

    public static StatMore decode(MemorySegment out) {
        ByteBuffer bytes = Bytes.of(out, SIZE);
        return new StatMore(
                bytes.getLong(META_SEQ),
                bytes.getLong(DATA_SEQ),
                bytes.getLong(DATA_VERSION),
                bytes.getLong(ONLINE_BLOCKS),
                bytes.getLong(OFFLINE_BLOCKS),
                bytes.getLong(CRTIME_SEC),
                bytes.getInt(CRTIME_NSEC));
    }
}
