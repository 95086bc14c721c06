package org.scoutfs.fs.archive;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;
import org.scoutfs.format.ioctl.WalkInodes;
import org.scoutfs.fs.CallerMemory;
import org.scoutfs.item.IndexKeys;
import org.scoutfs.item.Keys;
import org.scoutfs.lsm.Cursor;
import org.scoutfs.txn.Transactions;

/**
 * Walks an index of inodes by change. It reads one published version and nothing beyond that version's stable bound, so nothing can come
 * later at or before a place that a walk has passed.
 */
final class IndexWalk {
    /** Entries that are handed to the caller at a time. */
    private static final int BATCH = 1024;

    private IndexWalk() {}

    /** @return how many entries the caller has */
    static int run(Transactions transactions, WalkInodes walk, CallerMemory caller) throws FsException, IOException {
        if (walk.index() != WalkInodes.META_SEQ && walk.index() != WalkInodes.DATA_SEQ) {
            throw FsException.of(Errno.EINVAL);
        }
        int type = walk.index() == WalkInodes.META_SEQ ? Keys.Type.META_SEQ : Keys.Type.DATA_SEQ;
        int capacity = walk.capacity();
        if (capacity == 0) {
            return 0;
        }
        try (Transactions.PublishedView view = transactions.published()) {
            WalkInodes.Position first = walk.first();
            WalkInodes.Position last = walk.last();
            if (Long.compareUnsigned(last.major(), view.stableSeq()) > 0) {
                last = new WalkInodes.Position(view.stableSeq(), -1, -1);
            }
            // In every entry minor is 0: a place with another one lies behind all inodes of its seq.
            boolean isBehind = first.minor() != 0;
            if (isBehind && first.major() == -1) {
                return 0;
            }
            long firstSeq = isBehind ? first.major() + 1 : first.major();
            byte[] from = IndexKeys.of(type, firstSeq, isBehind ? 0 : first.ino());
            byte[] to = IndexKeys.of(type, last.major(), last.minor() != 0 ? -1 : last.ino());
            return copy(view, from, to, walk.entriesPointer(), capacity, caller);
        }
    }

    private static int copy(
            Transactions.PublishedView view, byte[] from, byte[] to, long address, int capacity, CallerMemory caller)
            throws FsException, IOException {
        if (Arrays.compareUnsigned(from, to) > 0) {
            return 0;
        }
        int done = 0;
        try (Arena arena = Arena.ofConfined();
                Cursor cursor = view.scan(from, to)) {
            MemorySegment batch = arena.allocate((long) Math.min(BATCH, capacity) * WalkInodes.Entry.SIZE, Long.BYTES);
            boolean isEnd = false;
            while (!isEnd && done < capacity) {
                int count = 0;
                while (count < Math.min(BATCH, capacity - done) && !isEnd) {
                    isEnd = !cursor.next();
                    if (!isEnd) {
                        byte[] key = cursor.key();
                        new WalkInodes.Entry(IndexKeys.seq(key), IndexKeys.ino(key)).encode(batch, count++);
                    }
                }
                if (count > 0) {
                    caller.write(
                            address + (long) done * WalkInodes.Entry.SIZE,
                            batch.asSlice(0, (long) count * WalkInodes.Entry.SIZE));
                }
                done += count;
            }
        } catch (FsException | IOException e) {
            if (done == 0) {
                throw e;
            }
        }
        return done;
    }
}
