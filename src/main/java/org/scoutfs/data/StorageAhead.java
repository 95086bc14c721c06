package org.scoutfs.data;

import org.jspecify.annotations.Nullable;
import org.scoutfs.data.FileData.BlockRange;
import org.scoutfs.device.DeviceExtent;
import org.scoutfs.item.ExtentItem;
import org.scoutfs.item.Keys;
import org.scoutfs.txn.DataSpace;
import org.scoutfs.txn.Transaction;

/**
 * Gives a file that grows from commit to commit unwritten storage ahead of its data, so that what comes next lies behind what is
 * there. What is written within one transaction lies together anyway, because places are given at the barrier; so this is for
 * logs and for slow streams.
 *
 * <p>It happens at the barrier, under the file's mutex, out of space that nobody has reserved. What lies beyond the end of the file
 * goes back when the file is closed ({@link #takeTail}), or with a truncate, as any preallocated storage does.
 */
final class StorageAhead {
    /** Extents that one barrier makes in one file. */
    private static final int EXTENTS_MAX = 2;

    private final DataSpace space;
    private final FileStates states;
    private final DataOptions options;
    private final long rid;

    StorageAhead(DataSpace space, FileStates states, DataOptions options, long rid) {
        this.space = space;
        this.states = states;
        this.options = options;
        this.rid = rid;
    }

    /** After a write up to block {@code end}, when {@code onlineBlocks} of the file have data: the barrier may look at it. */
    void written(Transaction txn, FileState file, long end, long onlineBlocks) {
        if (!file.maySeeAhead) {
            file.maySeeAhead = true;
            txn.keep(2 * EXTENTS_MAX, EXTENTS_MAX * (long) (Admission.EXTENT_BYTES + Keys.SIZE));
        }
        file.writtenEnd = end;
        file.onlineBlocks = onlineBlocks;
    }

    /** At the barrier, when the file's data have their items. */
    void allocate(Transaction last, FileState file, boolean isGoingOn) {
        if (!file.maySeeAhead) {
            return;
        }
        file.maySeeAhead = false;
        long most = options.preallocBlocks();
        long end = file.writtenEnd;
        long first = end;
        long left = Math.min(file.onlineBlocks, Math.min(most, ExtentItem.STORED_BLOCKS_MAX));
        if (options.isPreallocContigOnly()) {
            if (!isGoingOn || file.onlineBlocks != end || end <= 1 || file.map.knownHoleEnd(end) == end) {
                return;
            }
        } else {
            first = (end - 1) / most * most;
        }
        long to = options.isPreallocContigOnly() ? end + left : Math.min(first, ExtentItem.BLOCKS_END - most) + most;
        int extents = 0;
        for (long block = first; block < to && left > 0 && extents < EXTENTS_MAX; ) {
            long holeEnd = Math.min(to, file.map.knownHoleEnd(block));
            if (holeEnd == block) {
                ExtentItem item = file.map.at(block);
                if (item == null) {
                    return; // nobody has looked what is there
                }
                block = item.end();
                continue;
            }
            long behind = Placer.endOfItem(file, block);
            DeviceExtent extent = space.takeSpare(Math.min(left, holeEnd - block), behind);
            if (extent == null && behind >= 0 && !options.isPreallocContigOnly()) {
                extent = space.takeSpare(Math.min(left, holeEnd - block), -1);
            }
            if (extent != null) {
                file.fresh.add(extent);
                file.map.place(last, file.ino, ExtentItem.unwritten(block, extent.blockCount(), extent.blkno(), rid));
                left -= extent.blockCount();
                extents++;
                if (block >= end) {
                    states.addTail(file.ino, new BlockRange(block, block + extent.blockCount()));
                }
            }
            block = holeEnd;
        }
    }

    /** The file is closed: it gets nothing more, and what it has beyond its end is its last opener's to give back. */
    @Nullable BlockRange takeTail(long ino) {
        FileState file = states.get(ino);
        if (file != null) {
            var _ = file.withMutex(() -> {
                // What was announced stays promised until the barrier: that is not wrong.
                file.writtenEnd = 0;
                file.onlineBlocks = 0;
                return 0L;
            });
        }
        return states.takeTail(ino);
    }
}
