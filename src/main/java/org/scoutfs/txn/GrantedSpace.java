package org.scoutfs.txn;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Invariants;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.device.DeviceExtent;
import org.scoutfs.net.Message;

/**
 * The device space and the segment ids that this incarnation may use, and what is left of them.
 *
 * <ol>
 *   <li>granted = free + taken + committed, in blocks, for data and for segments. Only giving back makes the sum smaller.
 *   <li>A block that was taken is never taken again, also not after a failed write: what is given back goes to the server.
 *   <li>Reserved data blocks are among the free ones: {@link #takeData} never fails for a reserved count.
 * </ol>
 * <p>On a volume with one device both kinds come from one pool, and space that lies idle here for one use is moved to the other
 * before the server is asked.
 *
 * <p>Thread-safe. {@code mutex} guards all fields and is a leaf.
 * <p>Cost: O(log n) per take, 100 bytes per free extent.
 */
final class GrantedSpace {
    /** What a segment may waste: the rest of its last data block, and the ends of filter and index. */
    private static final long SEGMENT_WASTE_BLOCKS = 8;

    /** What is only good to have takes no more than this part of the free data blocks. */
    private static final long SPARE_PART = 4;

    private static final int BLOCK_BYTES = BlockDevice.BLOCK_SIZE;

    /** Item bytes that surely fit in a block: what {@link MemTable} counts is an upper bound, but for index and block ends. */
    private static final long BLOCK_ITEM_BYTES = BLOCK_BYTES * 15 / 16;

    private final boolean isOnePool;
    private final int segmentBlocksMax;

    private final ReentrantLock mutex = new ReentrantLock();

    // Guarded by mutex.
    private final ExtentPool data = new ExtentPool();
    private final ExtentPool meta = new ExtentPool();
    private final ArrayDeque<long[]> segmentIds = new ArrayDeque<>(); // {next, end}
    private final List<DeviceExtent> unwanted = new ArrayList<>();
    private long dataReservedBlocks;
    private long segmentIdCount;

    /**
     * @param isOnePool whether data and segments share one device
     * @param segmentBlocksMax no segment is longer
     */
    GrantedSpace(boolean isOnePool, int segmentBlocksMax) {
        this.isOnePool = isOnePool;
        this.segmentBlocksMax = segmentBlocksMax;
    }

    void add(Message.Grants grants) {
        mutex.lock();
        try {
            grants.data().forEach(data::add);
            grants.meta().forEach(meta::add);
            if (grants.segmentIdCount() > 0) {
                segmentIds.add(new long[] {grants.firstSegmentId(), grants.firstSegmentId() + grants.segmentIdCount()});
                segmentIdCount += grants.segmentIdCount();
            }
        } finally {
            mutex.unlock();
        }
    }

    // ---- data ------------------------------------------------------------------------------------------------------

    /** Whether there were so many blocks; then they are set aside. */
    boolean tryReserveData(long blocks) {
        mutex.lock();
        try {
            if (data.blocks() - dataReservedBlocks < blocks) {
                return false;
            }
            dataReservedBlocks += blocks;
            return true;
        } finally {
            mutex.unlock();
        }
    }

    void unreserveData(long blocks) {
        mutex.lock();
        try {
            Invariants.check(blocks >= 0 && blocks <= dataReservedBlocks, "unreserves more than is reserved", blocks);
            dataReservedBlocks -= blocks;
        } finally {
            mutex.unlock();
        }
    }

    DeviceExtent takeData(long blocks, long afterBlkno) {
        mutex.lock();
        try {
            Invariants.check(blocks > 0 && blocks <= dataReservedBlocks, "takes more than is reserved", blocks);
            DeviceExtent extent = data.take(blocks, afterBlkno);
            if (extent == null) {
                throw new IllegalStateException("reserved data blocks are not there");
            }
            dataReservedBlocks -= extent.blockCount();
            return extent;
        } finally {
            mutex.unlock();
        }
    }

    /** A run for which nothing was reserved, while several times as much is free; null where it is not, or not at that place. */
    @Nullable DeviceExtent takeSpareData(long blocks, long beginBlkno) {
        mutex.lock();
        try {
            boolean isPlenty = (data.blocks() - dataReservedBlocks) / SPARE_PART >= blocks;
            return isPlenty && (beginBlkno < 0 || data.beginsAt(beginBlkno)) ? data.take(blocks, beginBlkno) : null;
        } finally {
            mutex.unlock();
        }
    }

    /** Blocks that were taken and that no commit will name. */
    void giveBack(DeviceExtent extent) {
        mutex.lock();
        try {
            unwanted.add(extent);
        } finally {
            mutex.unlock();
        }
    }

    /** What goes back to the server with the next message that can carry it. */
    List<DeviceExtent> takeUnwanted() {
        mutex.lock();
        try {
            List<DeviceExtent> all = Extents.joined(unwanted);
            unwanted.clear();
            return all;
        } finally {
            mutex.unlock();
        }
    }

    long dataReservedBlocks() {
        mutex.lock();
        try {
            return dataReservedBlocks;
        } finally {
            mutex.unlock();
        }
    }

    long freeDataBlocks() {
        mutex.lock();
        try {
            return data.blocks() - dataReservedBlocks;
        } finally {
            mutex.unlock();
        }
    }

    // ---- segments --------------------------------------------------------------------------------------------------

    /** How many bytes of items surely find room. */
    long metaItemBytes() {
        mutex.lock();
        try {
            long blocks = 0;
            // Each segment needs an id. Half of them are for the cuts that a commit makes of its own accord.
            long ids = segmentIdCount / 2;
            for (DeviceExtent extent : meta.longestFirst()) {
                ids -= segmentsIn(extent.blockCount());
                if (ids < 0) {
                    break;
                }
                blocks += usableBlocks(extent.blockCount());
            }
            return blocks * BLOCK_ITEM_BYTES;
        } finally {
            mutex.unlock();
        }
    }

    /** How many blocks of segments hold so many bytes of items, where they come in one run. */
    static long metaBlocksFor(long itemBytes, int segmentBlocksMax) {
        long blocks = (itemBytes + BLOCK_ITEM_BYTES - 1) / BLOCK_ITEM_BYTES;
        return blocks + (blocks / (segmentBlocksMax - SEGMENT_WASTE_BLOCKS) + 1) * SEGMENT_WASTE_BLOCKS;
    }

    long freeMetaBlocks() {
        mutex.lock();
        try {
            return meta.blocks();
        } finally {
            mutex.unlock();
        }
    }

    /**
     * Takes runs out in which so many bytes of items surely find room, for one commit to write its segments into. What it does
     * not use comes back through {@link SegmentRuns#close}.
     */
    SegmentRuns carve(long itemBytes) {
        mutex.lock();
        try {
            ExtentPool runs = new ExtentPool();
            long wanted = metaBlocksFor(itemBytes, segmentBlocksMax);
            long bytes = 0;
            while (bytes < itemBytes && meta.blocks() > 0) {
                DeviceExtent extent = meta.take(Math.max(wanted, SEGMENT_WASTE_BLOCKS + 1), -1);
                if (extent == null) {
                    break;
                }
                runs.add(extent);
                wanted -= extent.blockCount();
                bytes += usableBlocks(extent.blockCount()) * BLOCK_ITEM_BYTES;
            }
            return new SegmentRuns(this, runs);
        } finally {
            mutex.unlock();
        }
    }

    private long usableBlocks(long run) {
        return Math.max(0, run - segmentsIn(run) * SEGMENT_WASTE_BLOCKS);
    }

    private long segmentsIn(long run) {
        return (run + segmentBlocksMax - 1) / segmentBlocksMax;
    }

    /** Free runs of segment space come back unused. */
    void uncarve(ExtentPool runs) {
        mutex.lock();
        try {
            runs.takeAll().forEach(meta::add);
        } finally {
            mutex.unlock();
        }
    }

    long nextSegmentId() throws IOException {
        mutex.lock();
        try {
            long[] range = segmentIds.peek();
            if (range == null) {
                throw new IOException("no granted segment id is left");
            }
            long id = range[0]++;
            segmentIdCount--;
            if (range[0] == range[1]) {
                segmentIds.remove();
            }
            return id;
        } finally {
            mutex.unlock();
        }
    }

    long segmentIdCount() {
        mutex.lock();
        try {
            return segmentIdCount;
        } finally {
            mutex.unlock();
        }
    }

    // ---- between the two, and back to the server ---------------------------------------------------------------------

    /** Moves idle data space to the segments' pool, at most so many blocks. False when nothing was moved. */
    boolean moveDataToMeta(long blocks) {
        return isOnePool && move(data, meta, blocks, 0);
    }

    /** Moves idle segment space to the data pool, at most so many blocks, and leaves {@code keep}. False when nothing was moved. */
    boolean moveMetaToData(long blocks, long keep) {
        return isOnePool && move(meta, data, blocks, keep);
    }

    private boolean move(ExtentPool from, ExtentPool to, long blocks, long keep) {
        mutex.lock();
        try {
            long left = Math.min(blocks, from.blocks() - keep - (from == data ? dataReservedBlocks : 0));
            if (left <= 0) {
                return false;
            }
            while (left > 0) {
                DeviceExtent extent = from.take(left, -1);
                if (extent == null) {
                    break;
                }
                to.add(extent);
                left -= extent.blockCount();
            }
            return true;
        } finally {
            mutex.unlock();
        }
    }

    /** Takes out what is free and neither reserved nor to be kept, to be returned to the server. */
    List<DeviceExtent> takeIdle(long keepDataBlocks, long keepMetaBlocks) {
        List<DeviceExtent> idle = new ArrayList<>();
        mutex.lock();
        try {
            takeIdle(data, dataReservedBlocks + keepDataBlocks, idle);
            takeIdle(meta, keepMetaBlocks, idle);
            idle.addAll(unwanted);
            unwanted.clear();
        } finally {
            mutex.unlock();
        }
        return Extents.joined(idle);
    }

    private static void takeIdle(ExtentPool pool, long keep, List<DeviceExtent> into) {
        while (pool.blocks() > keep) {
            DeviceExtent extent = pool.take(pool.blocks() - keep, -1);
            if (extent == null) {
                return;
            }
            into.add(extent);
        }
    }
}
