package org.scoutfs.format;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;
import org.scoutfs.base.CorruptionException;

/**
 * The last 32 bytes of every block of the volume's own structures. docs/format.md, "Block trailer".
 *
 * <p>The claim and the heartbeat, which are overwritten in place, are sealed within their first 512 bytes, which a device
 * writes or does not write, and are zero behind that; so a power cut leaves the old one or the new one.
 *
 * @param volumeId which volume
 * @param blkno where the block belongs
 * @param epoch the server's epoch that wrote it
 * @param kind what it is
 */
public record BlockTrailer(long volumeId, long blkno, long epoch, BlockKind kind) {
    public static final int SIZE = 32;

    private static final int VOLUME_ID = 0; // u64
    private static final int BLKNO = 8; // u64
    private static final int EPOCH = 16; // u64
    private static final int KIND = 24; // u32
    private static final int CRC = 28; // u32, CRC32C of everything before it

    private static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** Bytes before the trailer in a block of 4096. */
    public static final int PAYLOAD_SIZE = VolumeLayout.BLOCK_SIZE - SIZE;

    /** Zeroes {@code sealed}, puts {@code payload} at its start and this trailer at its end. */
    public void seal(MemorySegment sealed, byte[] payload) {
        int size = Math.toIntExact(sealed.byteSize());
        int trailer = size - SIZE;
        if (payload.length > trailer) {
            throw new IllegalArgumentException(kind + " of " + payload.length + " bytes does not fit in " + trailer);
        }
        sealed.fill((byte) 0);
        MemorySegment.copy(payload, 0, sealed, ValueLayout.JAVA_BYTE, 0, payload.length);
        sealed.set(U64, trailer + VOLUME_ID, volumeId);
        sealed.set(U64, trailer + BLKNO, blkno);
        sealed.set(U64, trailer + EPOCH, epoch);
        sealed.set(U32, trailer + KIND, kind.code());
        sealed.set(U32, trailer + CRC, crc(sealed));
    }

    /** Whether the checksum is right and the kind is this one: something of ours, perhaps of another volume or place. */
    public static boolean isSealed(MemorySegment sealed, BlockKind kind) {
        long trailer = sealed.byteSize() - SIZE;
        return sealed.get(U32, trailer + KIND) == kind.code() && sealed.get(U32, trailer + CRC) == crc(sealed);
    }

    /** The trailer of a block that {@link #isSealed}. */
    static BlockTrailer of(MemorySegment sealed, BlockKind kind) {
        long trailer = sealed.byteSize() - SIZE;
        return new BlockTrailer(
                sealed.get(U64, trailer + VOLUME_ID),
                sealed.get(U64, trailer + BLKNO),
                sealed.get(U64, trailer + EPOCH),
                kind);
    }

    /**
     * Checks everything but the volume and the epoch, for the first look at a device.
     *
     * @param sealed the block, or its sealed first part
     */
    public static BlockTrailer open(MemorySegment sealed, long blkno, BlockKind kind) throws CorruptionException {
        String where = kind + " at block " + blkno;
        long trailer = sealed.byteSize() - SIZE;
        int code = sealed.get(U32, trailer + KIND);
        if (code != kind.code()) {
            throw CorruptionException.of(where, "kind " + kind, code == 0 ? "no block" : BlockKind.describe(code));
        }
        int stored = sealed.get(U32, trailer + CRC);
        int actual = crc(sealed);
        if (stored != actual) {
            throw CorruptionException.of(
                    where, "checksum " + Integer.toHexString(stored), Integer.toHexString(actual));
        }
        long storedBlkno = sealed.get(U64, trailer + BLKNO);
        if (storedBlkno != blkno) {
            throw CorruptionException.of(where, "block number " + blkno, "block number " + storedBlkno);
        }
        return of(sealed, kind);
    }

    /** As {@link #open(MemorySegment, long, BlockKind)}, and the block must be this volume's. */
    public static BlockTrailer open(MemorySegment sealed, long volumeId, long blkno, BlockKind kind)
            throws CorruptionException {
        BlockTrailer trailer = open(sealed, blkno, kind);
        if (trailer.volumeId != volumeId) {
            throw CorruptionException.of(kind + " at block " + blkno, "volume " + Long.toHexString(volumeId),
                    "volume " + Long.toHexString(trailer.volumeId));
        }
        return trailer;
    }

    /** The bytes before the trailer. */
    public static ByteReader payload(MemorySegment sealed, String where) {
        byte[] bytes = sealed.asSlice(0, sealed.byteSize() - SIZE).toArray(ValueLayout.JAVA_BYTE);
        return new ByteReader(bytes, where);
    }

    private static int crc(MemorySegment sealed) {
        CRC32C crc = new CRC32C();
        crc.update(sealed.asSlice(0, sealed.byteSize() - Integer.BYTES).asByteBuffer());
        return (int) crc.getValue();
    }
}
