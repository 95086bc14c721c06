package org.scoutfs.data;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.FsException;
import org.scoutfs.base.MustWait;
import org.scoutfs.lsm.ItemReader;
import org.scoutfs.txn.Transaction;

/**
 * The contents of files. Offsets and sizes are bytes; block numbers of a file count 4 KiB blocks from 0.
 *
 * <p>Locks: the caller holds the inode's lock, shared for reading calls, exclusive for changing ones. Calls that take a
 * {@link Transaction} are inside it and never wait; what may have to wait or fail comes first, in {@link #admitWrite}.
 */
public interface FileData {
    /** A piece of a file's map, as {@code get-fiemap} and {@code print} show it. */
    record FileExtent(long block, long blockCount, long blkno, boolean isUnwritten, boolean isOffline) {
        /** One past the last file block. */
        public long end() {
            return block + blockCount;
        }
    }

    /** File blocks {@code [first, end)}. */
    record BlockRange(long first, long end) {}

    /**
     * Reads into all of {@code into}; holes and unwritten blocks give zeroes. Blocks must not be offline ({@link #firstOffline}).
     *
     * @param fileSize bytes from there on read as zeroes
     */
    void read(ItemReader view, long ino, long fileSize, long offset, MemorySegment into) throws IOException;

    /**
     * Prepares a write, before its transaction begins: reserves space for the blocks that it will need, and reads the
     * partial blocks at its ends that it does not replace whole.
     *
     * @param onlineBlocks of the file before the write; negative where the file shall get no storage ahead of its data
     * @return to be handed to {@link #write}, or closed
     */
    PreparedWrite admitWrite(
            ItemReader view, long ino, long fileSize, long onlineBlocks, long offset, long length)
            throws FsException, MustWait, IOException;

    /** Space and edge blocks for one write. Closing it gives back what was not used; after {@link #write} that is nothing. */
    interface PreparedWrite extends AutoCloseable {
        /** An upper bound for {@link org.scoutfs.txn.Transactions#begin}. */
        long itemBytes();

        @Override
        void close();
    }

    /** Takes the bytes: they are read back by this node from now on and durable with the transaction. */
    BlockCounts write(Transaction txn, PreparedWrite prepared, long ino, long offset, MemorySegment from);

    /**
     * Removes what is beyond {@code newSize}, zeroing the rest of its last block, a bounded number of extents per call.
     *
     * @return the change, and whether all is done; if not, the caller calls again in another transaction
     */
    Step truncate(Transaction txn, PreparedWrite edge, long ino, long newSize);

    /**
     * Makes the first blocks offline, in the transaction in which {@link #truncate} to size 0 was done.
     *
     * @param edge what that was prepared with
     */
    BlockCounts makeOffline(Transaction txn, PreparedWrite edge, long ino, long blockCount);

    /** Prepares {@link #truncate}: the partial last block, when there is one, has to be rewritten. */
    PreparedWrite admitTruncate(ItemReader view, long ino, long oldSize, long newSize)
            throws FsException, MustWait, IOException;

    /** Part of a long change. */
    record Step(BlockCounts counts, boolean isDone) {}

    /**
     * Makes unwritten blocks of the holes in {@code [block, block + blockCount)}, a bounded number per call.
     *
     * @return how far it came (one past the last block that is allocated now), at least one block further
     */
    Reached allocate(Transaction txn, PreparedWrite prepared, long ino, long block, long blockCount);

    /** Part of a long change, up to before a block. */
    record Reached(BlockCounts counts, long endBlock) {}

    PreparedWrite admitAllocate(ItemReader view, long ino, long block, long blockCount)
            throws FsException, MustWait, IOException;

    /**
     * Makes a hole of {@code [offset, offset + length)}: whole blocks lose their storage, partial ones are zeroed there.
     * {@code fs} has checked that nothing in it is offline. A bounded number of extents per call.
     */
    Step punch(Transaction txn, PreparedWrite edges, long ino, long offset, long length);

    PreparedWrite admitPunch(ItemReader view, long ino, long fileSize, long offset, long length)
            throws FsException, MustWait, IOException;

    /**
     * Lets the storage of {@code [block, block + blockCount)} go: what has an extent is offline then, holes stay holes. The file has no
     * gathered data ({@link #isDirty}). A bounded number of extents per call.
     *
     * @return how far it came, at least one block further
     */
    Reached release(Transaction txn, PreparedWrite prepared, long ino, long block, long blockCount);

    PreparedWrite admitRelease(ItemReader view, long ino, long block, long blockCount)
            throws FsException, MustWait, IOException;

    /**
     * The last opener has closed the file. What is returned was preallocated without anybody asking for it: the caller may
     * {@linkplain #punch punch} what of it lies beyond the end of the file, or say with {@link #keepTail} that it could not.
     */
    @Nullable BlockRange takeTail(long ino);

    void keepTail(long ino, BlockRange tail);

    /** First offline block in {@code [block, block + blockCount)}, or -1. */
    long firstOffline(ItemReader view, long ino, long block, long blockCount) throws IOException;

    /** {@code SEEK_DATA}: offset of the first byte at or after {@code offset} that is data, or -1. Offline is data; unwritten is a hole. */
    long seekData(ItemReader view, long ino, long fileSize, long offset) throws IOException;

    /** {@code SEEK_HOLE}: offset of the first byte at or after {@code offset} in a hole; {@code fileSize} where there is none. */
    long seekHole(ItemReader view, long ino, long fileSize, long offset) throws IOException;

    /** The map from block {@code block} on, at most {@code max} pieces, written-but-not-placed data included with blkno 0. */
    List<FileExtent> extents(ItemReader view, long ino, long block, int max) throws IOException;

    /** Whether gathered data of this file wait for the commit. */
    boolean isDirty(long ino);
}
