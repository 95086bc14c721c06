package org.scoutfs.format;

import org.scoutfs.device.BlockDevice;

/** Where the fixed structures are. docs/format.md, "Map of the volume". All numbers are blocks of 4096 bytes. */
public final class VolumeLayout {
    /** The version of everything in docs/format.md. */
    public static final int FORMAT_VERSION = 2;

    /** Blocks before this one belong to the platform (partition tables, boot loaders) and are never written. */
    public static final long CLAIM_BLKNO = 16;

    public static final long HEARTBEAT_BLKNO = 17;

    /** First block of the ring of take-over blocks. */
    public static final long TAKEOVER_BLKNO = 32;

    /** First block of the ring of super slots. */
    public static final long SLOT_BLKNO = 288;

    /** Blocks in each of the two rings; an epoch's place is its number modulo this. */
    public static final int RING_BLOCKS = 256;

    /** First of the voter blocks, one per quorum slot. */
    public static final long VOTER_BLKNO = 544;

    /** First block that the allocator owns. */
    public static final long FIRST_EXTENT_BLKNO = 1024;

    /** The first block of a separate data device has this number. */
    public static final long DATA_DEVICE_BLKNO = 1L << 40;

    /** The label of a separate data device; its first 64 KiB are left alone, too. */
    public static final long DATA_LABEL_BLKNO = DATA_DEVICE_BLKNO + 16;

    /** First block of a separate data device that the allocator owns. */
    public static final long FIRST_DATA_EXTENT_BLKNO = DATA_DEVICE_BLKNO + 256;

    /** What the claim, the slots and the data label begin with, so that other programs can tell what the device holds. */
    public static final long MAGIC = 0x4a73667475_6f6373L; // "scoutfsJ" as little-endian bytes

    public static final int BLOCK_SIZE = BlockDevice.BLOCK_SIZE;

    private VolumeLayout() {}

    public static long slotBlkno(long epoch) {
        return SLOT_BLKNO + Long.remainderUnsigned(epoch, RING_BLOCKS);
    }

    public static long takeoverBlkno(long epoch) {
        return TAKEOVER_BLKNO + Long.remainderUnsigned(epoch, RING_BLOCKS);
    }

    public static long voterBlkno(int slot) {
        return VOTER_BLKNO + slot;
    }

    public static boolean isDataDevice(long blkno) {
        return blkno >= DATA_DEVICE_BLKNO;
    }
}
