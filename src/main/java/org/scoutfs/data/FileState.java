package org.scoutfs.data;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Invariants;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.device.DeviceExtent;
import org.scoutfs.item.ChecksumItem;
import org.scoutfs.item.ExtentItem;
import org.scoutfs.txn.DataSpace;
import org.scoutfs.txn.Transaction;

/**
 * What this node keeps in memory of a file while it is being changed: dirty data, known extents, checksums.
 *
 * <p>Exists while a changing call is prepared, and from a change until its commit.
 * <ol>
 *   <li>The bytes of a block are those of its open piece, else of its frozen piece, else of its extent item.
 *   <li>Where an open piece is, the extent items of the open transaction have a hole: what was there before is already
 *       freed by it.
 *   <li>Each block of an open piece holds one reserved block, or, once its run is sealed, one taken block.
 *   <li>Each group of blocks with an open piece, or with a changed extent, has its checksums here.
 * </ol>
 */
final class FileState {
    final long ino;
    final ReentrantLock mutex = new ReentrantLock();

    // Guarded by the map of states: changed only inside compute() of the file's number.
    int pins;

    // Guarded by mutex.
    final ExtentMap map = new ExtentMap();
    final PieceMap open = new PieceMap();
    final PieceMap frozen = new PieceMap();
    final FreshStorage fresh = new FreshStorage();
    /** By {@link #index}. */
    private final Map<Long, ChecksumGroup> checksums = new HashMap<>();
    /** The last transaction that changed the file, 0 for none. */
    long touchedNumber;
    /** Whether the next barrier may give it storage ahead of its data; and then, where the last write ended, and the blocks with data. */
    boolean maySeeAhead;

    long writtenEnd;
    long onlineBlocks;
    /** Whether the next barrier has to look at the file. */
    boolean isTouched;

    FileState(long ino) {
        this.ino = ino;
    }

    /** What runs under the mutex and answers with a number. */
    interface UnderMutex {
        long run();
    }

    long withMutex(UnderMutex action) {
        mutex.lock();
        try {
            return action.run();
        } finally {
            mutex.unlock();
        }
    }

    /** Counts groups, for numbers that spread over a hash table. */
    private static long index(long block) {
        return block / ChecksumItem.GROUP_BLOCKS;
    }

    @Nullable ChecksumGroup groupOrNull(long block) {
        return checksums.get(index(block));
    }

    @Nullable ChecksumGroup removeGroup(long block) {
        return checksums.remove(index(block));
    }

    void putGroup(long block, ChecksumGroup group) {
        checksums.put(index(block), group);
    }

    void putGroupIfAbsent(long block, ChecksumGroup group) {
        checksums.putIfAbsent(index(block), group);
    }

    /** The checksums of a block's group, which was loaded. */
    ChecksumGroup group(long block) {
        ChecksumGroup group = checksums.get(index(block));
        if (group == null) {
            Invariants.check(false, "checksums not loaded for block", block);
            throw new IllegalStateException();
        }
        return group;
    }

    /**
     * Whether the group's checksums have to be read before {@code [first, end)} of the file is written or removed: they
     * are not here, and the group has written blocks that stay. The extents of the whole group are known.
     */
    boolean needsChecksums(long group, long first, long end) {
        if (checksums.containsKey(index(group))) {
            return false;
        }
        long groupEnd = group + ChecksumItem.GROUP_BLOCKS;
        return (group < first && map.hasWritten(group, Math.min(first, groupEnd)))
                || (end < groupEnd && map.hasWritten(Math.max(end, group), groupEnd));
    }

    /** Makes sure that each group of {@code [first, end)} has checksums here, empty where nothing needed to be read. */
    void ensureGroups(long first, long end) {
        for (long group = ChecksumItem.groupOf(first); group < end; group += ChecksumItem.GROUP_BLOCKS) {
            if (!checksums.containsKey(index(group))) {
                checksums.put(
                        index(group), ChecksumGroup.empty(map.hasWritten(group, group + ChecksumItem.GROUP_BLOCKS)));
            }
        }
    }

    /** How many blocks of {@code [first, end)} count as online and offline. */
    BlockCounts counts(long first, long end) {
        long online = 0;
        long offline = 0;
        for (Piece piece : open.overlapping(first, end, Integer.MAX_VALUE)) {
            online += Math.min(end, piece.end()) - Math.max(first, piece.block());
        }
        for (ExtentItem item : map.items(first, end)) {
            long blocks = Math.min(end, item.end()) - Math.max(first, item.block());
            if (item.isOffline()) {
                offline += blocks;
            } else if (!item.isUnwritten()) {
                online += blocks;
            }
        }
        return new BlockCounts(online, offline);
    }

    /** Whether known {@code [first, end)} has neither extents nor dirty data. */
    boolean isHole(long first, long end) {
        return open.overlapping(first, end, 1).isEmpty() && map.items(first, end).isEmpty();
    }

    /**
     * Cuts the extent items of {@code [first, end)} away, and frozen pieces with them; their storage is let go.
     *
     * @param keeps says of a piece that its storage stays: the caller has a use for it
     */
    void cutItems(Transaction txn, DataSpace space, long first, long end, Predicate<ExtentItem> keeps) {
        for (Piece piece : frozen.overlapping(first, end, Integer.MAX_VALUE)) {
            frozen.cut(piece, first, end);
        }
        map.cut(txn, ino, first, end, gone -> {
            if (!keeps.test(gone)) {
                fresh.release(txn, space, new DeviceExtent(gone.blkno(), gone.blockCount()));
            }
        });
    }

    /** Puts the checksum items that changed since the last barrier. */
    void putChecksums(Transaction txn) {
        for (Map.Entry<Long, ChecksumGroup> entry : checksums.entrySet()) {
            ChecksumGroup group = entry.getValue();
            if (!group.isChanged()) {
                continue;
            }
            group.put();
            long first = entry.getKey() * ChecksumItem.GROUP_BLOCKS;
            int count = 0;
            for (ExtentItem item : map.items(first, first + ChecksumItem.GROUP_BLOCKS)) {
                if (item.isWritten()) {
                    count = (int) (Math.min(item.end(), first + ChecksumItem.GROUP_BLOCKS) - first);
                }
            }
            if (count > 0) {
                txn.put(ChecksumItem.key(ino, first), ChecksumItem.value(group.checksums, count));
                group.isStored = true;
            } else if (group.isStored) {
                txn.delete(ChecksumItem.key(ino, first));
                group.isStored = false;
            }
        }
    }

    /** The file block that a byte is in. */
    static long blockOf(long offset) {
        return offset / BlockDevice.BLOCK_SIZE;
    }

    /** The first byte of a block; the largest offset for the block past the last. */
    static long offsetOf(long block) {
        return block >= 1L << 51 ? Long.MAX_VALUE : block * BlockDevice.BLOCK_SIZE;
    }

    /** The first block that begins at or after a byte. */
    static long blockAfter(long offset) {
        return (offset >>> 12) + ((offset & (BlockDevice.BLOCK_SIZE - 1)) == 0 ? 0 : 1);
    }

    /** Where the last group of blocks before {@code end} ends. */
    static long groupsEnd(long end) {
        return end >= ExtentItem.BLOCKS_END
                ? ExtentItem.BLOCKS_END
                : ChecksumItem.groupOf(end + ChecksumItem.GROUP_BLOCKS - 1);
    }

    /** The pieces of {@code [first, end)} that are dirty, open before frozen, each block once, in order. */
    List<Piece> dirty(long first, long end) {
        List<Piece> openPieces = open.overlapping(first, end, Integer.MAX_VALUE);
        List<Piece> frozenPieces = frozen.overlapping(first, end, Integer.MAX_VALUE);
        if (frozenPieces.isEmpty()) {
            return openPieces;
        }
        PieceMap merged = new PieceMap();
        frozenPieces.forEach(merged::put);
        for (Piece piece : openPieces) {
            for (Piece below : merged.overlapping(piece.block(), piece.end(), Integer.MAX_VALUE)) {
                merged.cut(below, piece.block(), piece.end());
            }
            merged.put(piece);
        }
        return merged.overlapping(first, end, Integer.MAX_VALUE);
    }
}
