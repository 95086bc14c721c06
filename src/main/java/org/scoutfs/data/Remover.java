package org.scoutfs.data;

import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.FsException;
import org.scoutfs.base.Invariants;
import org.scoutfs.base.MustWait;
import org.scoutfs.data.FileData.Reached;
import org.scoutfs.data.FileData.Step;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.item.ChecksumItem;
import org.scoutfs.item.ExtentItem;
import org.scoutfs.item.Keys;
import org.scoutfs.lsm.ItemReader;
import org.scoutfs.txn.DataSpace;
import org.scoutfs.txn.Transaction;

/** Takes blocks away, a bounded number per transaction: truncate, punch, release, and the end of a file. Thread-safe. */
final class Remover {
    /** Extent items that one step looks at. */
    private static final int STEP_ITEMS = 128;
    /** Blocks that one step takes away: so many checksum items at most have to go. */
    private static final long STEP_BLOCKS = 1 << 16;

    private final DataSpace space;
    private final FileStates states;
    private final Admission admission;
    private final Gatherer gatherer;

    Remover(DataSpace space, FileStates states, Admission admission, Gatherer gatherer) {
        this.space = space;
        this.states = states;
        this.admission = admission;
        this.gatherer = gatherer;
    }

    /** Prepares {@link #remove} of the bytes {@code [from, to)}; to the end of everything when {@code to} is the maximum. */
    Prepared admit(ItemReader view, long ino, long from, long to)
            throws FsException, MustWait, IOException {
        Invariants.check(from >= 0 && from <= to, "removes from", from);
        Prepared prepared = admission.prepare(ino, 0);
        boolean isReady = false;
        try {
            long first = FileState.blockAfter(from);
            long end = wholeEnd(to);
            long headBlock = FileState.blockOf(from);
            boolean hasHead = headBlock < first;
            boolean hasTail = to != Long.MAX_VALUE && FileState.blockOf(to) * BlockDevice.BLOCK_SIZE < to;
            if (hasHead || hasTail) {
                admitEdges(view, prepared, from, to, hasHead, hasTail);
            }
            if (first < end) {
                admission.learn(view, prepared, first, end, STEP_ITEMS);
            }
            prepared.itemBytes = removeBytes(prepared.file, headBlock, Math.max(end, headBlock));
            isReady = true;
            return prepared;
        } finally {
            if (!isReady) {
                prepared.close();
            }
        }
    }

    /** An upper bound of the items of one step: of the extents that it cuts, and of the checksum items that go. */
    private static long removeBytes(FileState file, long first, long end) {
        long items = Math.min(STEP_ITEMS, file.withMutex(() -> file.map.items(first, end).size())) + 4;
        long groups = Math.min(STEP_BLOCKS / ChecksumItem.GROUP_BLOCKS, (end - first) / ChecksumItem.GROUP_BLOCKS);
        return 2 * items * Admission.EXTENT_BYTES + (groups + items) * Keys.SIZE + 4 * Admission.CHECKSUM_BYTES;
    }

    private void admitEdges(
            ItemReader view, Prepared prepared, long from, long to, boolean hasHead, boolean hasTail)
            throws FsException, MustWait, IOException {
        long headBlock = FileState.blockOf(from);
        long tailBlock = to == Long.MAX_VALUE ? -1 : FileState.blockOf(to);
        if (hasHead) {
            admission.learn(view, prepared, headBlock, headBlock + 1, Integer.MAX_VALUE);
            int upTo = tailBlock == headBlock ? (int) (to % BlockDevice.BLOCK_SIZE) : BlockDevice.BLOCK_SIZE;
            prepared.head = admission.edge(view, prepared, headBlock, true, (int) (from % BlockDevice.BLOCK_SIZE), upTo);
        }
        if (hasTail && !(hasHead && tailBlock == headBlock)) {
            admission.learn(view, prepared, tailBlock, tailBlock + 1, Integer.MAX_VALUE);
            prepared.tail = admission.edge(view, prepared, tailBlock, true, 0, (int) (to % BlockDevice.BLOCK_SIZE));
        }
        int blocks = (prepared.head == null ? 0 : 1) + (prepared.tail == null ? 0 : 1);
        if (blocks > 0) {
            admission.admitMemory(blocks);
            prepared.memoryBlocks = blocks;
            prepared.reserve(blocks);
        }
    }

    private static long wholeEnd(long to) {
        return to == Long.MAX_VALUE ? ExtentItem.BLOCKS_END : FileState.blockOf(to);
    }

    /** Removes, as far as one step goes. */
    Step remove(Transaction txn, Prepared p, long ino, long from, long to) {
        FileState file = p.file;
        Invariants.check(file.ino == ino, "prepared for another inode", ino);
        file.mutex.lock();
        try {
            zeroEdge(txn, p, p.head, from, to);
            zeroEdge(txn, p, p.tail, from, to);
            long first = FileState.blockAfter(from);
            long end = wholeEnd(to);
            if (first >= end) {
                return new Step(BlockCounts.NONE, true);
            }
            long stepEnd = stepEnd(file, first, end);
            return new Step(removeBlocks(txn, file, first, stepEnd), stepEnd == end);
        } finally {
            file.mutex.unlock();
        }
    }

    private BlockCounts removeBlocks(Transaction txn, FileState file, long first, long end) {
        if (file.isHole(first, end)) {
            return BlockCounts.NONE;
        }
        states.touch(file, txn);
        BlockCounts before = file.counts(first, end);
        removeChecksums(txn, file, first, end);
        for (Piece piece : file.open.overlapping(first, end, Integer.MAX_VALUE)) {
            gatherer.dropOpen(txn, file, piece, first, end);
        }
        file.cutItems(txn, space, first, end, gone -> false);
        return new BlockCounts(-before.online(), -before.offline());
    }

    // ---- release

    /** Prepares {@link #release} of the blocks {@code [first, end)}. */
    Prepared admitRelease(ItemReader view, long ino, long first, long end) throws FsException, MustWait, IOException {
        Prepared prepared = admission.prepare(ino, 0);
        boolean isReady = false;
        try {
            admission.learn(view, prepared, first, end, STEP_ITEMS);
            // Each extent that goes comes back as an offline one, joined with the one before it.
            prepared.itemBytes = removeBytes(prepared.file, first, end) + 2L * (STEP_ITEMS + 4) * Admission.EXTENT_BYTES;
            isReady = true;
            return prepared;
        } finally {
            if (!isReady) {
                prepared.close();
            }
        }
    }

    /** Removes as {@link #remove} does, and says of each block that had an extent that it is offline. */
    Reached release(Transaction txn, Prepared p, long ino, long first, long end) {
        FileState file = p.file;
        Invariants.check(file.ino == ino, "prepared for another inode", ino);
        file.mutex.lock();
        try {
            long stepEnd = stepEnd(file, first, end);
            Invariants.check(file.open.overlapping(first, stepEnd, 1).isEmpty(), "releases gathered data of inode", ino);
            List<ExtentItem> before = file.map.items(first, stepEnd);
            BlockCounts counts = removeBlocks(txn, file, first, stepEnd);
            for (ExtentItem item : before) {
                ExtentItem gone = item.part(first, stepEnd);
                file.map.place(txn, ino, ExtentItem.offline(gone.block(), gone.blockCount()));
                counts = counts.plus(new BlockCounts(0, gone.blockCount()));
            }
            return new Reached(counts, stepEnd);
        } finally {
            file.mutex.unlock();
        }
    }

    /** See {@link FileData#makeOffline}. */
    BlockCounts makeOffline(Transaction txn, Prepared p, long ino, long blockCount) {
        FileState file = p.file;
        Invariants.check(file.ino == ino, "prepared for another inode", ino);
        file.mutex.lock();
        try {
            Invariants.check(file.isHole(0, blockCount), "made offline over data in inode", ino);
            states.touch(file, txn);
            file.map.place(txn, ino, ExtentItem.offline(0, blockCount));
            return new BlockCounts(0, blockCount);
        } finally {
            file.mutex.unlock();
        }
    }

    private void zeroEdge(Transaction txn, Prepared p, Prepared.@Nullable Edge edge, long from, long to) {
        if (edge == null) {
            return;
        }
        long start = Math.max(from, FileState.offsetOf(edge.block()));
        long stop = Math.min(to, FileState.offsetOf(edge.block() + 1));
        states.touch(p.file, txn);
        gatherer.replace(txn, p, start, stop - start, null);
    }

    /** How far one step goes: to what is known, bounded in items and blocks, and to the end of a group unless it is the last. */
    private static long stepEnd(FileState file, long first, long end) {
        long to = FileState.groupsEnd(end);
        long known = file.map.firstUnknown(first, to);
        List<ExtentItem> items = file.map.items(first, known);
        long blocks = 0;
        for (int i = 0; i < items.size(); i++) {
            ExtentItem item = items.get(i);
            // Without storage there are no checksums, and nothing to free.
            blocks += item.hasStorage() ? item.blockCount() : 0;
            if (blocks > STEP_BLOCKS || i >= STEP_ITEMS) {
                known = item.block();
                break;
            }
        }
        if (known >= to) {
            return end;
        }
        long whole = ChecksumItem.groupOf(Math.min(known, end));
        Invariants.check(whole > first, "a step of a long change gets nowhere at block", first);
        return whole;
    }

    /** The checksums of {@code [first, end)}: groups that lie in it whole go, others keep what stays. */
    private static void removeChecksums(Transaction txn, FileState file, long first, long end) {
        long done = first;
        for (ExtentItem item : file.map.items(first, end)) {
            long to = Math.min(end, item.end());
            if (item.isWritten() && to > done) {
                removeGroups(txn, file, Math.max(done, item.block()), to, first, end, true);
                done = FileState.groupsEnd(to);
            }
        }
        for (Piece piece : file.open.overlapping(first, end, Integer.MAX_VALUE)) {
            removeGroups(txn, file, Math.max(first, piece.block()), Math.min(end, piece.end()), first, end, false);
        }
    }

    private static void removeGroups(
            Transaction txn, FileState file, long from, long to, long first, long end, boolean isStored) {
        for (long group = ChecksumItem.groupOf(from); group < to; group += ChecksumItem.GROUP_BLOCKS) {
            long groupEnd = group + ChecksumItem.GROUP_BLOCKS;
            if (group >= first && groupEnd <= end) {
                ChecksumGroup gone = file.removeGroup(group);
                if (gone == null ? isStored : gone.isStored) {
                    txn.delete(ChecksumItem.key(file.ino, group));
                }
                continue;
            }
            ChecksumGroup kept = file.groupOrNull(group);
            if (kept == null) {
                // Nothing of the group stays: otherwise it was loaded.
                kept = ChecksumGroup.empty(isStored);
                file.putGroup(group, kept);
            }
            for (long block = Math.max(group, first); block < Math.min(groupEnd, end); block++) {
                kept.checksums[(int) (block - group)] = 0;
            }
            kept.change(txn);
        }
    }
}
