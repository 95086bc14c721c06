package org.scoutfs.data;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.scoutfs.base.FsException;
import org.scoutfs.base.Invariants;
import org.scoutfs.base.MustWait;
import org.scoutfs.data.FileData.Reached;
import org.scoutfs.device.DeviceExtent;
import org.scoutfs.item.ExtentItem;
import org.scoutfs.lsm.ItemReader;
import org.scoutfs.txn.DataSpace;
import org.scoutfs.txn.Transaction;

/** Gives holes storage that was never written. Thread-safe. */
final class Preallocator {
    /** Extent items that one step looks at. */
    private static final int STEP_ITEMS = 128;
    /** Extents that one step makes. */
    private static final int STEP_FRAGMENTS = 64;

    private final DataSpace space;
    private final FileStates states;
    private final Admission admission;
    private final long rid;

    Preallocator(DataSpace space, FileStates states, Admission admission, long rid) {
        this.space = space;
        this.states = states;
        this.admission = admission;
        this.rid = rid;
    }

    /** See {@link FileData#admitAllocate}. */
    Prepared admit(ItemReader view, long ino, long block, long blockCount)
            throws FsException, MustWait, IOException {
        Invariants.check(block >= 0 && blockCount > 0 && blockCount <= ExtentItem.BLOCKS_END - block, "allocates at", block);
        Prepared prepared = admission.prepare(ino, 0);
        boolean isReady = false;
        try {
            FileState file = prepared.file;
            long end = Math.min(block + blockCount, block + ExtentItem.STORED_BLOCKS_MAX);
            admission.learn(view, prepared, block, end, STEP_ITEMS);
            long holes = file.withMutex(() -> {
                long known = file.map.firstUnknown(block, end);
                long blocks = 0;
                for (long[] hole : holes(file, block, known)) {
                    blocks += hole[1] - hole[0];
                }
                return blocks;
            });
            prepared.reserve(holes);
            prepared.itemBytes = Admission.itemBytes(prepared, block, block, STEP_FRAGMENTS);
            isReady = true;
            return prepared;
        } finally {
            if (!isReady) {
                prepared.close();
            }
        }
    }

    /** The stretches of known {@code [first, end)} that have neither an extent nor dirty data. */
    private static List<long[]> holes(FileState file, long first, long end) {
        List<long[]> holes = new ArrayList<>();
        long block = first;
        while (block < end) {
            ExtentItem item = file.map.at(block);
            Piece piece = file.open.at(block);
            if (item != null || piece != null) {
                block = item != null ? item.end() : piece == null ? block : piece.end();
                continue;
            }
            List<ExtentItem> items = file.map.items(block, end);
            long to = file.open.nextAfter(block, items.isEmpty() ? end : items.getFirst().block());
            holes.add(new long[] {block, to});
            block = to;
        }
        return holes;
    }

    /** See {@link FileData#allocate}. */
    Reached allocate(Transaction txn, Prepared p, long ino, long block, long blockCount) {
        FileState file = p.file;
        Invariants.check(file.ino == ino, "prepared for another inode", ino);
        file.mutex.lock();
        try {
            long end = Math.min(block + blockCount, block + ExtentItem.STORED_BLOCKS_MAX);
            long known = file.map.firstUnknown(block, end);
            int fragments = 0;
            for (long[] hole : holes(file, block, known)) {
                long at = hole[0];
                while (at < hole[1]) {
                    if (fragments == STEP_FRAGMENTS) {
                        return new Reached(BlockCounts.NONE, at);
                    }
                    states.touch(file, txn);
                    DeviceExtent extent = space.take(hole[1] - at, Placer.endOfItem(file, at));
                    p.spaceBlocks -= extent.blockCount();
                    file.fresh.add(extent);
                    file.map.place(
                            txn, ino, ExtentItem.unwritten(at, extent.blockCount(), extent.blkno(), rid));
                    at += extent.blockCount();
                    fragments++;
                }
            }
            return new Reached(BlockCounts.NONE, known);
        } finally {
            file.mutex.unlock();
        }
    }
}
