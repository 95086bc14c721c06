package org.scoutfs.item;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import org.scoutfs.base.CorruptionException;
import org.scoutfs.base.Invariants;

/**
 * A run of file blocks, and where its bytes are. docs/format.md, "Extent item".
 *
 * <p>The key carries the <em>last</em> file block, so that one forward scan from a block finds the extent that covers it.
 * Extents of a file never overlap; blocks without an extent are a hole.
 *
 * @param block first file block
 * @param blockCount at least 1; at most {@link #STORED_BLOCKS_MAX} where it has storage
 * @param blkno first device block, 0 without storage
 * @param isUnwritten has storage that was never written: reads as zeroes
 * @param isOffline the bytes are in an archive
 * @param rid the incarnation that may write into unwritten storage, 0 for others
 */
public record ExtentItem(
        long block, long blockCount, long blkno, boolean isUnwritten, boolean isOffline, long rid) {
    /** One past the largest block number of a file. */
    public static final long BLOCKS_END = 1L << 52;
    /** An extent with storage is not longer, 128 MiB: so that freeing one is a small piece of work. */
    public static final long STORED_BLOCKS_MAX = 1 << 15;
    /** No encoded value is longer. */
    public static final int SIZE_MAX = 25;

    private static final int FLAGS = 0; //  u8
    private static final int COUNT = 1; //  u64
    private static final int BLKNO = 9; //  u64, where there is storage
    private static final int RID = 17; //   u64, where there is unwritten storage

    private static final int UNWRITTEN = 1;
    private static final int OFFLINE = 2;

    private static final VarHandle U64LE =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    public ExtentItem {
        Invariants.check(block >= 0 && blockCount > 0 && blockCount <= BLOCKS_END - block, "extent at", block);
        boolean hasStorage = isUnwritten || !isOffline;
        Invariants.check(!hasStorage || blockCount <= STORED_BLOCKS_MAX, "extent too long", blockCount);
        Invariants.check(hasStorage == (blkno > 0), "extent with wrong block number", blkno);
        Invariants.check(isUnwritten || rid == 0, "only unwritten extents name an incarnation", rid);
    }

    public static ExtentItem written(long block, long blockCount, long blkno) {
        return new ExtentItem(block, blockCount, blkno, false, false, 0);
    }

    public static ExtentItem unwritten(long block, long blockCount, long blkno, long rid) {
        return new ExtentItem(block, blockCount, blkno, true, false, rid);
    }

    public static ExtentItem offline(long block, long blockCount) {
        return new ExtentItem(block, blockCount, 0, false, true, 0);
    }

    /** One past the last file block. */
    public long end() {
        return block + blockCount;
    }

    public boolean hasStorage() {
        return blkno != 0;
    }

    /** Whether the storage holds the bytes: these blocks count as online. */
    public boolean isWritten() {
        return !isUnwritten && !isOffline;
    }

    /** The part of this extent in {@code [from, to)}, which must overlap it. */
    public ExtentItem part(long from, long to) {
        long first = Math.max(from, block);
        long end = Math.min(to, end());
        return new ExtentItem(
                first, end - first, hasStorage() ? blkno + (first - block) : 0, isUnwritten, isOffline, rid);
    }

    /** Whether {@code next} goes on where this one ends, in the file and on the device, and one item can say both. */
    public boolean canJoin(ExtentItem next) {
        return next.block == end()
                && next.isUnwritten == isUnwritten
                && next.isOffline == isOffline
                && next.rid == rid
                && (hasStorage()
                        ? next.blkno == blkno + blockCount && blockCount + next.blockCount <= STORED_BLOCKS_MAX
                        : !next.hasStorage());
    }

    /** Both as one, after {@link #canJoin}. */
    public ExtentItem join(ExtentItem next) {
        return new ExtentItem(block, blockCount + next.blockCount, blkno, isUnwritten, isOffline, rid);
    }

    public byte[] key(long ino) {
        return key(ino, end() - 1);
    }

    /** The key of the extent that ends with {@code lastBlock}; and where a scan for the extent of a block begins. */
    public static byte[] key(long ino, long lastBlock) {
        return Keys.of(Keys.Zone.FS, ino, Keys.Type.EXTENT, lastBlock, 0, 0);
    }

    /** Where a scan of all extents of the file ends. */
    public static byte[] lastKey(long ino) {
        return Keys.of(Keys.Zone.FS, ino, Keys.Type.EXTENT, -1L, -1L, 0xff);
    }

    public byte[] value() {
        byte[] value = new byte[size(isUnwritten, isOffline)];
        value[FLAGS] = (byte) ((isUnwritten ? UNWRITTEN : 0) | (isOffline ? OFFLINE : 0));
        U64LE.set(value, COUNT, blockCount);
        if (hasStorage()) {
            U64LE.set(value, BLKNO, blkno);
        }
        if (isUnwritten) {
            U64LE.set(value, RID, rid);
        }
        return value;
    }

    private static int size(boolean isUnwritten, boolean isOffline) {
        return isUnwritten ? SIZE_MAX : isOffline ? BLKNO : RID;
    }

    /** Refuses everything that {@link #value} would not have made. */
    public static ExtentItem decode(byte[] key, byte[] value) throws CorruptionException {
        if (Keys.third(key) != 0 || Keys.fourth(key) != 0) {
            throw damaged(key, "a key that ends in zeroes", Keys.toString(key));
        }
        if (value.length < BLKNO) {
            throw damaged(key, "at least " + BLKNO + " bytes", value.length + " bytes");
        }
        int flags = value[FLAGS];
        if ((flags & ~(UNWRITTEN | OFFLINE)) != 0) {
            throw damaged(key, "known flags", "flags " + Integer.toHexString(flags & 0xff));
        }
        boolean isUnwritten = (flags & UNWRITTEN) != 0;
        boolean isOffline = (flags & OFFLINE) != 0;
        if (value.length != size(isUnwritten, isOffline)) {
            throw damaged(key, size(isUnwritten, isOffline) + " bytes", value.length + " bytes");
        }
        long last = Keys.second(key);
        long count = (long) U64LE.get(value, COUNT);
        if (last < 0 || last >= BLOCKS_END || count < 1 || count > last + 1) {
            throw damaged(key, "1 to " + (last + 1) + " blocks, below 2^52", count + " blocks");
        }
        boolean hasStorage = isUnwritten || !isOffline;
        if (hasStorage && count > STORED_BLOCKS_MAX) {
            throw damaged(key, "at most " + STORED_BLOCKS_MAX + " blocks", count + " blocks");
        }
        long blkno = hasStorage ? (long) U64LE.get(value, BLKNO) : 0;
        if (hasStorage && (blkno < 1 || blkno > Long.MAX_VALUE - count)) {
            throw damaged(key, "a block number", Long.toString(blkno));
        }
        return new ExtentItem(
                last - count + 1, count, blkno, isUnwritten, isOffline, isUnwritten ? (long) U64LE.get(value, RID) : 0);
    }

    private static CorruptionException damaged(byte[] key, String expected, String actual) {
        return CorruptionException.of("extent item " + Keys.toString(key), expected, actual);
    }
}
