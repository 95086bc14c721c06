package org.scoutfs.data;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.CorruptionException;
import org.scoutfs.base.FsException;
import org.scoutfs.base.Invariants;
import org.scoutfs.base.MustWait;
import org.scoutfs.item.ChecksumItem;
import org.scoutfs.item.ExtentItem;
import org.scoutfs.item.Keys;
import org.scoutfs.lsm.ItemReader;
import org.scoutfs.txn.DataSpace;
import org.scoutfs.txn.Transactions;

/** The first half of changing calls: everything that may wait or fail. Thread-safe. */
final class Admission {
    /** No write is longer. */
    private static final long WRITE_BYTES_MAX = 16 << 20;

    static final int EXTENT_BYTES = Keys.SIZE + ExtentItem.SIZE_MAX;
    static final int CHECKSUM_BYTES = Keys.SIZE + ChecksumItem.SIZE_MAX;

    private final Transactions transactions;
    private final DataSpace space;
    private final BlockMemory memory;
    private final FileStates states;
    private final MergedReader reader;
    private final long rid;

    Admission(Transactions transactions, BlockMemory memory, FileStates states, MergedReader reader, long rid) {
        this.transactions = transactions;
        this.space = transactions.dataSpace();
        this.memory = memory;
        this.states = states;
        this.reader = reader;
        this.rid = rid;
    }

    /** See {@link FileData#admitWrite}. */
    Prepared admitWrite(ItemReader view, long ino, long offset, long length)
            throws FsException, MustWait, IOException {
        Invariants.check(
                offset >= 0 && length > 0 && length <= WRITE_BYTES_MAX && length <= Long.MAX_VALUE - offset,
                "write of bytes",
                length);
        long first = FileState.blockOf(offset);
        long end = FileState.blockAfter(offset + length);
        Prepared prepared = prepare(ino, end - first);
        boolean isReady = false;
        try {
            learn(view, prepared, first, end, Integer.MAX_VALUE);
            FileState file = prepared.file;
            prepared.reserve(end - first - file.withMutex(() -> file.map.unwrittenBlocks(first, end, rid)));
            long lastByte = offset + length;
            boolean isHeadPartial = offset != FileState.offsetOf(first);
            boolean isTailPartial = lastByte != FileState.offsetOf(end);
            if (isHeadPartial || (isTailPartial && end - 1 == first)) {
                prepared.head = edge(view, prepared, first, false, 0, 0);
            }
            if (isTailPartial && end - 1 > first) {
                prepared.tail = edge(view, prepared, end - 1, false, 0, 0);
            }
            prepared.itemBytes = itemBytes(prepared, first, end, end - first);
            isReady = true;
            return prepared;
        } finally {
            if (!isReady) {
                prepared.close();
            }
        }
    }

    /** Room in memory, and the file's state pinned. */
    Prepared prepare(long ino, long memoryBlocks) throws MustWait {
        admitMemory(memoryBlocks);
        Prepared prepared = new Prepared(states, memory, space, states.pin(ino));
        prepared.memoryBlocks = memoryBlocks;
        return prepared;
    }

    /** Sets memory aside for the caller. */
    void admitMemory(long blocks) throws MustWait {
        CompletableFuture<Void> room = memory.admitOrWait(blocks);
        if (room != null) {
            // Only a commit writes what is too small to be written early. Who needs its outcome asks for one; here it makes
            // room, and a failed one stops all writes.
            transactions.commit().exceptionally(failure -> null);
            throw MustWait.on(room);
        }
    }

    /**
     * Makes the extents of {@code [first, end)} and of the groups at its ends known, at most {@code max} items of them, and
     * the checksums that are needed when the range changes.
     */
    void learn(ItemReader view, Prepared prepared, long first, long end, int max) throws IOException {
        FileState file = prepared.file;
        long from = ChecksumItem.groupOf(first);
        long to = FileState.groupsEnd(end);
        int left = max;
        while (left > 0) {
            long unknown = file.withMutex(() -> file.map.firstUnknown(from, to));
            if (unknown >= to) {
                break;
            }
            ExtentMap.Found found = ExtentMap.read(view, file.ino, unknown, to, left);
            file.withMutex(() -> {
                file.map.learn(found);
                return 0L;
            });
            left -= Math.max(1, found.items().size());
        }
        learnChecksums(view, file, first, end, ChecksumItem.groupOf(first));
        if (end < ExtentItem.BLOCKS_END) {
            learnChecksums(view, file, first, end, ChecksumItem.groupOf(end - 1));
        }
    }

    private static void learnChecksums(ItemReader view, FileState file, long first, long end, long group)
            throws IOException {
        if (file.withMutex(() -> file.needsChecksums(group, first, end) ? 1L : 0L) == 0) {
            return;
        }
        byte[] key = ChecksumItem.key(file.ino, group);
        byte[] value = view.get(key);
        if (value == null) {
            throw CorruptionException.missing(
                    "checksum item " + Keys.toString(key), "extents of inode " + Long.toUnsignedString(file.ino));
        }
        ChecksumGroup loaded = new ChecksumGroup(ChecksumItem.decode(key, value), true);
        file.withMutex(() -> {
            file.putGroupIfAbsent(group, loaded);
            return 0L;
        });
    }

    /**
     * The bytes of a block that is only partly replaced; null where it has none, or, when something is to be zeroed
     * in it, where that is zero already.
     */
    Prepared.@Nullable Edge edge(
            ItemReader view, Prepared prepared, long block, boolean isForZeroes, int from, int to)
            throws FsException, MustWait, IOException {
        FileState file = prepared.file;
        boolean hasBytes;
        file.mutex.lock();
        try {
            Piece piece = file.open.at(block);
            if (piece != null && !piece.run().isSealed()) {
                int index = piece.indexOf(block);
                if (isForZeroes && isZero(piece.run().memory(index, 1), from, to)) {
                    return null;
                }
                piece.run().pin();
                return new Prepared.Edge(block, piece.run(), index, null);
            }
            ExtentItem item = file.map.at(block);
            hasBytes = piece != null || (item != null && item.isWritten());
        } finally {
            file.mutex.unlock();
        }
        if (!hasBytes) {
            return null;
        }
        admitMemory(1);
        BlockMemory.Buffer buffer = memory.allocate(1);
        boolean isRead = false;
        try {
            reader.read(view, file.ino, Long.MAX_VALUE, FileState.offsetOf(block), buffer.memory());
            isRead = !isForZeroes || !isZero(buffer.memory(), from, to);
            return isRead ? new Prepared.Edge(block, null, 0, buffer) : null;
        } finally {
            if (!isRead) {
                memory.release(buffer);
            }
        }
    }

    private static boolean isZero(MemorySegment bytes, int from, int to) {
        for (int i = from; i < to; i++) {
            if (bytes.get(ValueLayout.JAVA_BYTE, i) != 0) {
                return false;
            }
        }
        return true;
    }

    /** An upper bound of the items that changing {@code [first, end)} puts, now and at the barrier. */
    static long itemBytes(Prepared prepared, long first, long end, long newExtents) {
        FileState file = prepared.file;
        long items = file.withMutex(() -> file.map.items(first, end).size());
        long groups = (end - first) / ChecksumItem.GROUP_BLOCKS + 2;
        return (2 * items + 2 * newExtents + 8) * EXTENT_BYTES + (groups + items) * CHECKSUM_BYTES;
    }
}
