package org.scoutfs.testkit;

import java.util.HashSet;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;
import org.scoutfs.base.Invariants;
import org.scoutfs.device.DeviceExtent;
import org.scoutfs.txn.DataSpace;
import org.scoutfs.txn.Transaction;

/**
 * Data space that counts upward and never hands a block out twice. It follows each block from free over taken to consumed,
 * and throws where a caller breaks that order. Freed blocks come back as room, not as numbers.
 */
public final class MemoryDataSpace implements DataSpace {
    private final ReentrantLock mutex = new ReentrantLock();

    // Guarded by mutex.
    private long nextBlkno;
    private long roomBlocks;
    private long reservedBlocks;
    private long longestRun = Long.MAX_VALUE;
    private final TreeSet<Long> taken = new TreeSet<>();
    private final TreeSet<Long> used = new TreeSet<>();
    private final Set<Long> consumedNow = new HashSet<>();
    private final Set<Long> freedNow = new HashSet<>();

    MemoryDataSpace(long firstBlkno, long blocks) {
        this.nextBlkno = firstBlkno;
        this.roomBlocks = blocks;
    }

    /** Makes {@link #take} hand out runs of at most this many blocks, with a gap after each: a fragmented volume. */
    public void fragment(long longestRunBlocks) {
        mutex.lock();
        try {
            longestRun = longestRunBlocks;
        } finally {
            mutex.unlock();
        }
    }

    /** Changes how many blocks are free; for full-volume tests. */
    public void setFreeBlocks(long blocks) {
        mutex.lock();
        try {
            roomBlocks = blocks;
        } finally {
            mutex.unlock();
        }
    }

    public long freeBlocks() {
        return roomBlocks;
    }

    @Override
    public long pendingBlocks() {
        return 0; // the statistics of tests are constants
    }

    public long reservedBlocks() {
        return reservedBlocks;
    }

    /** Taken, and neither consumed nor given back. */
    public long takenBlocks() {
        return taken.size();
    }

    /** Named by committed items, going by what was consumed and freed. */
    public long usedBlocks() {
        return used.size();
    }

    public boolean isUsed(long blkno) {
        return used.contains(blkno);
    }

    @Override
    public void reserve(long blocks) throws FsException {
        mutex.lock();
        try {
            if (blocks > roomBlocks) {
                throw FsException.of(Errno.ENOSPC);
            }
            roomBlocks -= blocks;
            reservedBlocks += blocks;
        } finally {
            mutex.unlock();
        }
    }

    @Override
    public void unreserve(long blocks) {
        mutex.lock();
        try {
            Invariants.check(blocks <= reservedBlocks, "unreserve of more than is reserved", blocks);
            reservedBlocks -= blocks;
            roomBlocks += blocks;
        } finally {
            mutex.unlock();
        }
    }

    @Override
    public DeviceExtent take(long blocks, long afterBlkno) {
        mutex.lock();
        try {
            Invariants.check(blocks > 0 && blocks <= reservedBlocks, "take of more than is reserved", blocks);
            long count = Math.min(blocks, longestRun);
            reservedBlocks -= count;
            DeviceExtent extent = new DeviceExtent(nextBlkno, count);
            nextBlkno += count + (longestRun == Long.MAX_VALUE ? 0 : 1);
            for (long blkno = extent.blkno(); blkno < extent.end(); blkno++) {
                taken.add(blkno);
            }
            return extent;
        } finally {
            mutex.unlock();
        }
    }

    @Override
    public void giveBack(DeviceExtent extent) {
        mutex.lock();
        try {
            for (long blkno = extent.blkno(); blkno < extent.end(); blkno++) {
                Invariants.check(taken.remove(blkno), "gives a block back that is not taken", blkno);
            }
            roomBlocks += extent.blockCount();
        } finally {
            mutex.unlock();
        }
    }

    @Override
    public void consume(Transaction transaction, DeviceExtent extent) {
        mutex.lock();
        try {
            for (long blkno = extent.blkno(); blkno < extent.end(); blkno++) {
                Invariants.check(taken.remove(blkno), "consumes a block that is not taken", blkno);
                consumedNow.add(blkno);
            }
        } finally {
            mutex.unlock();
        }
    }

    void free(DeviceExtent extent) {
        mutex.lock();
        try {
            for (long blkno = extent.blkno(); blkno < extent.end(); blkno++) {
                Invariants.check(
                        used.contains(blkno) && !freedNow.contains(blkno), // before this commit, as the server asks
                        "frees a block that no commit named, or twice",
                        blkno);
                freedNow.add(blkno);
            }
        } finally {
            mutex.unlock();
        }
    }

    @Override
    public @Nullable DeviceExtent takeSpare(long blocks, long beginBlkno) {
        mutex.lock();
        try {
            boolean isThere = beginBlkno < 0 || beginBlkno == nextBlkno;
            if (!isThere || longestRun != Long.MAX_VALUE || blocks > roomBlocks / 4) {
                return null;
            }
            roomBlocks -= blocks;
            reservedBlocks += blocks;
        } finally {
            mutex.unlock();
        }
        return take(blocks, beginBlkno);
    }

    /** Blocks that the next commit names. */
    long consumedBlocks() {
        mutex.lock();
        try {
            return consumedNow.size();
        } finally {
            mutex.unlock();
        }
    }

    boolean hasConsumed() {
        mutex.lock();
        try {
            return !consumedNow.isEmpty();
        } finally {
            mutex.unlock();
        }
    }

    void commit() {
        mutex.lock();
        try {
            used.addAll(consumedNow);
            freedNow.forEach(used::remove);
            roomBlocks += freedNow.size();
            consumedNow.clear();
            freedNow.clear();
        } finally {
            mutex.unlock();
        }
    }

    void crash() {
        mutex.lock();
        try {
            roomBlocks += consumedNow.size() + taken.size() + reservedBlocks;
            reservedBlocks = 0;
            taken.clear();
            consumedNow.clear();
            freedNow.clear();
        } finally {
            mutex.unlock();
        }
    }
}
