package org.scoutfs.data;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Invariants;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.device.DeviceExtent;
import org.scoutfs.item.ChecksumItem;
import org.scoutfs.item.ExtentItem;
import org.scoutfs.item.Keys;
import org.scoutfs.txn.DataSpace;
import org.scoutfs.txn.Transaction;

/** Copies bytes into dirty blocks, and takes dirty blocks away. All calls are under the file's mutex. */
final class Gatherer {
    private static final int COPY_BLOCKS = 4;

    private final DataSpace space;
    private final BlockMemory memory;
    private final long rid;

    Gatherer(DataSpace space, BlockMemory memory, long rid) {
        this.space = space;
        this.memory = memory;
        this.rid = rid;
    }

    /** Puts bytes, or zeroes when there is no {@code from}, into dirty blocks; under the file's mutex. */
    void replace(Transaction txn, Prepared p, long offset, long length, @Nullable MemorySegment from) {
        FileState file = p.file;
        long first = FileState.blockOf(offset);
        long end = FileState.blockAfter(offset + length);
        file.ensureGroups(first, end);
        for (Piece piece : file.open.overlapping(first, end, Integer.MAX_VALUE)) {
            if (piece.run().isSealed()) {
                dropOpen(txn, file, piece, first, end);
            }
        }
        // Storage that this incarnation preallocated and never wrote takes the bytes: no other block is needed.
        List<ExtentItem> unwritten = new ArrayList<>();
        file.cutItems(txn, space, first, end, gone -> gone.isUnwritten() && gone.rid() == rid && unwritten.add(gone));
        CRC32C crc = new CRC32C();
        long block = first;
        while (block < end) {
            Piece piece = file.open.at(block);
            int count;
            if (piece == null) {
                piece = gather(p, block, end);
                count = (int) (piece.end() - block);
                reserved(p, count - inherit(txn, piece, unwritten));
                clearOrKeepEdge(p, piece, block, offset, length);
                clearOrKeepEdge(p, piece, piece.end() - 1, offset, length);
            } else {
                count = (int) (Math.min(piece.end(), end) - block);
            }
            // In parts that the CPU's nearest cache holds: the checksum then reads what was just copied.
            for (long pieceEnd = block + count; block < pieceEnd; ) {
                int part = (int) Math.min(COPY_BLOCKS, pieceEnd - block);
                copy(piece, block, part, offset, length, from);
                checksum(txn, file, piece, block, part, crc);
                block += part;
            }
        }
    }

    private static void copy(Piece piece, long block, int count, long offset, long length, @Nullable MemorySegment from) {
        MemorySegment into = piece.run().memory(piece.indexOf(block), count);
        long start = FileState.offsetOf(block);
        long copyFrom = Math.max(start, offset);
        long copyBytes = Math.min(into.byteSize(), offset + length - start) - (copyFrom - start);
        if (from == null) {
            into.asSlice(copyFrom - start, copyBytes).fill((byte) 0);
        } else {
            MemorySegment.copy(from, copyFrom - offset, into, copyFrom - start, copyBytes);
        }
    }

    private static void checksum(Transaction txn, FileState file, Piece piece, long block, int count, CRC32C crc) {
        ChecksumGroup group = file.group(block);
        for (int i = 0; i < count; i++) {
            int index = (int) ((block + i) % ChecksumItem.GROUP_BLOCKS);
            group = index == 0 ? file.group(block + i) : group;
            group.checksums[index] = piece.run().checksum(crc, piece.indexOf(block + i));
            group.change(txn);
        }
    }

    private static void reserved(Prepared p, int blocks) {
        p.spaceBlocks -= blocks;
        Invariants.check(p.spaceBlocks >= 0, "more blocks than were admitted, inode", p.file.ino);
    }

    /**
     * Gives new dirty blocks the unwritten storage that was at their place in the file; returns how many have some. No reservation
     * speaks for the items of these: each stretch may become an extent of its own.
     */
    private static int inherit(Transaction txn, Piece piece, List<ExtentItem> unwritten) {
        int blocks = 0;
        for (ExtentItem item : unwritten) {
            if (item.block() < piece.end() && item.end() > piece.block()) {
                ExtentItem part = item.part(piece.block(), piece.end());
                for (long block = part.block(); block < part.end(); block++) {
                    piece.run().inherit(piece.indexOf(block), part.blkno() + (block - part.block()));
                    blocks++;
                }
                keepExtent(txn);
            }
        }
        return blocks;
    }

    /** One more extent at the barrier, and the tombstone of the one that it is joined with. */
    private static void keepExtent(Transaction txn) {
        txn.keep(2, Admission.EXTENT_BYTES + Keys.SIZE);
    }

    /** New dirty blocks from {@code block} on, one at least, up to {@code end} or the next piece at most. */
    private Piece gather(Prepared p, long block, long end) {
        FileState file = p.file;
        long to = file.open.nextAfter(block, end);
        Piece before = block == 0 ? null : file.open.at(block - 1);
        if (before != null) {
            Run run = before.run();
            int room = run.capacity() - run.used;
            if (!run.isSealed() && room > 0 && before.index() + before.count() == run.used) {
                int count = (int) Math.min(room, to - block);
                run.used += count;
                run.live += count;
                Piece longer = new Piece(before.block(), before.count() + count, run, before.index());
                file.open.put(longer);
                return longer.part(block, longer.end());
            }
        }
        int need = (int) Math.min(to - block, BlockMemory.BUFFER_BLOCKS_MAX);
        BlockMemory.Buffer buffer = buffer(p, need, gathered(file, block, before));
        Run run = new Run(memory, buffer);
        int count = Math.min(need, buffer.blocks());
        run.used = count;
        run.live = count;
        Piece piece = new Piece(block, count, run, 0);
        file.open.put(piece);
        return piece;
    }

    /** How many dirty blocks lie right before {@code block}, as far as it matters for the size of the next buffer. */
    private static int gathered(FileState file, long block, @Nullable Piece before) {
        int blocks = 0;
        Piece piece = before;
        while (piece != null && blocks < BlockMemory.BUFFER_BLOCKS_MAX) {
            blocks += piece.count();
            piece = piece.block() == 0 ? null : file.open.at(piece.block() - 1);
        }
        return blocks;
    }

    /** A buffer for {@code need} blocks; larger, for what may follow, when the file streams and memory is plenty. */
    private BlockMemory.Buffer buffer(Prepared p, int need, int gathered) {
        int wanted = Math.min(BlockMemory.BUFFER_BLOCKS_MAX, Math.max(need, gathered));
        int size = wanted == 1 ? 1 : Integer.highestOneBit(wanted - 1) << 1;
        if (size > need) {
            // What is left of the admitted memory has to do for the rest of the write.
            boolean isPlenty = memory.freeBlocks() > memory.limitBlocks() / 2;
            if (isPlenty && memory.tryAdmit(size - need)) {
                p.memoryBlocks += size - need;
            } else {
                size = Integer.highestOneBit(need);
            }
        }
        Invariants.check(size <= p.memoryBlocks, "more memory than was admitted, inode", p.file.ino);
        BlockMemory.Buffer buffer = memory.allocate(size);
        p.memoryBlocks -= buffer.blocks();
        return buffer;
    }

    /** Gives a new block that the write does not fill the bytes that it had. */
    private static void clearOrKeepEdge(Prepared p, Piece piece, long block, long offset, long length) {
        long start = FileState.offsetOf(block);
        if (offset <= start && offset + length - start >= BlockDevice.BLOCK_SIZE) {
            return;
        }
        MemorySegment bytes = piece.run().memory(piece.indexOf(block), 1);
        Prepared.Edge edge = p.edge(block);
        if (edge == null) {
            bytes.fill((byte) 0);
        } else {
            MemorySegment.copy(edge.bytes(), 0, bytes, 0, BlockDevice.BLOCK_SIZE);
        }
    }

    /** Takes blocks of an open piece out, with their reservations or places. */
    void dropOpen(Transaction txn, FileState file, Piece piece, long from, long to) {
        Piece gone = piece.part(from, to);
        Run run = piece.run();
        if (gone.block() > piece.block() && gone.end() < piece.end()) {
            keepExtent(txn); // one stretch becomes two
        }
        file.open.cut(piece, from, to);
        run.live -= gone.count();
        if (!run.isSealed()) {
            int reserved = 0;
            for (int i = gone.index(); i < gone.index() + gone.count(); i++) {
                if (run.inherited(i) == 0) {
                    reserved++;
                } else {
                    file.fresh.release(txn, space, new DeviceExtent(run.inherited(i), 1));
                }
            }
            if (reserved > 0) {
                space.unreserve(reserved);
            }
            if (run.live == 0) {
                run.close();
            }
            return;
        }
        gone.forEachPlace( (index, count, blkno) -> {
            DeviceExtent extent = new DeviceExtent(blkno, count);
            if (run.inherited(index) == 0) {
                space.giveBack(extent);
            } else {
                file.fresh.release(txn, space, extent);
            }
        });
    }
}
