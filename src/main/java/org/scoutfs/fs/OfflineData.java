package org.scoutfs.fs;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;
import org.scoutfs.base.MustWait;
import org.scoutfs.data.BlockCounts;
import org.scoutfs.data.FileData;
import org.scoutfs.item.ExtentItem;
import org.scoutfs.item.InodeItem;
import org.scoutfs.lock.LockClient;
import org.scoutfs.lsm.ItemReader;
import org.scoutfs.net.LockMode;
import org.scoutfs.txn.Transaction;

/**
 * Contents that are kept elsewhere: release lets blocks go, stage brings them back. docs/decisions/0019-offline-data.md has the invariants.
 * Neither changes times, size, data_seq or data_version; both change meta_seq.
 */
final class OfflineData {
    private static final int BLOCK_BITS = 12;
    private static final int BLOCK_SIZE = 1 << BLOCK_BITS;

    private final Core core;
    private final Files files;

    OfflineData(Core core, Files files) {
        this.core = core;
        this.files = files;
    }

    /** With write-back the kernel keeps changes that this mount has not heard of: no archive can be right about such a file. */
    private void refuseWriteBack() throws FsException {
        if (core.options.kernelKeepsTimes()) {
            throw FsException.of(Errno.EOPNOTSUPP);
        }
    }

    /** Blocks that the range has, as a request says it: offset and length of any size, both whole blocks. */
    void release(long ino, boolean isWritable, long offset, long length, long dataVersion)
            throws FsException, MustWait, IOException {
        core.refuseIfReadOnly();
        refuseWriteBack();
        long block = offset >>> BLOCK_BITS;
        long end = Math.min(block + (length >>> BLOCK_BITS), ExtentItem.BLOCKS_END);
        try (LockClient.Use _ = core.acquire(ino, LockMode.WRITE)) {
            var lock = core.inodeLocks.of(ino);
            long stamp = lock.writeLock();
            try {
                Inode inode = core.require(core.transactions.view(), ino);
                if (!inode.isRegular() || !isWritable) {
                    throw FsException.of(Errno.EINVAL);
                }
                requireVersion(inode, dataVersion);
                files.finishTruncate(inode);
                if (core.data.isDirty(ino)) {
                    // What is on the device can be let go extent by extent; what is on its way there is awaited.
                    throw MustWait.on(core.transactions.commit());
                }
                releaseBlocks(inode, block, end);
                dropBeyondEnd(inode);
            } finally {
                lock.unlockWrite(stamp);
            }
        }
        // Readers must come here to learn that the blocks are gone.
        core.kernel.invalidateInode(ino, 0, -1);
    }

    private void releaseBlocks(Inode inode, long first, long end) throws FsException, MustWait, IOException {
        long block = first;
        while (block < end) {
            ItemReader view = core.transactions.view();
            try (FileData.PreparedWrite prepared = core.data.admitRelease(view, inode.ino, block, end - block);
                    Transaction txn = core.beginShrinking(Core.INODE_BYTES + prepared.itemBytes())) {
                FileData.Reached reached = core.data.release(txn, prepared, inode.ino, block, end - block);
                count(inode.item, reached.counts());
                core.store(txn, inode);
                block = reached.endBlock();
            }
        }
    }

    /** A file that is offline as a whole keeps nothing behind its end. */
    private void dropBeyondEnd(Inode inode) throws FsException, MustWait, IOException {
        InodeItem item = inode.item;
        boolean isDone = item.onlineBlocks > 0 || item.size == 0 || item.size > Long.MAX_VALUE - BLOCK_SIZE;
        long end = (item.size + BLOCK_SIZE - 1) & -BLOCK_SIZE;
        while (!isDone) {
            ItemReader view = core.transactions.view();
            try (FileData.PreparedWrite prepared = core.data.admitTruncate(view, inode.ino, end, end);
                    Transaction txn = core.beginShrinking(Core.INODE_BYTES + prepared.itemBytes())) {
                FileData.Step step = core.data.truncate(txn, prepared, inode.ino, end);
                count(item, step.counts());
                core.store(txn, inode);
                isDone = step.isDone();
            }
        }
    }

    private static void count(InodeItem item, BlockCounts change) {
        item.onlineBlocks += change.online();
        item.offlineBlocks += change.offline();
    }

    private static void requireVersion(Inode inode, long dataVersion) throws FsException {
        if (inode.item.dataVersion != dataVersion) {
            throw FsException.of(Errno.ESTALE);
        }
    }

    /** That a file can be staged to in this range; what {@link #stage} checks again for each piece. */
    void checkStage(long ino, boolean isWritable, long dataVersion, long offset, long length)
            throws FsException, MustWait, IOException {
        core.refuseIfReadOnly();
        refuseWriteBack();
        try (LockClient.Use _ = core.acquire(ino, LockMode.READ)) {
            var lock = core.inodeLocks.of(ino);
            long stamp = lock.readLock();
            try {
                requireStage(core.require(core.transactions.view(), ino), isWritable, dataVersion, offset, length);
            } finally {
                lock.unlockRead(stamp);
            }
        }
    }

    private static void requireStage(Inode inode, boolean isWritable, long dataVersion, long offset, long length)
            throws FsException {
        long size = inode.item.size;
        long end = offset + length;
        boolean endsRight = (end & BLOCK_SIZE - 1) == 0 || end == size;
        if (!inode.isRegular() || !isWritable || offset < 0 || end < offset || end > size || !endsRight) {
            throw FsException.of(Errno.EINVAL);
        }
        requireVersion(inode, dataVersion);
    }

    /** Stores bytes of a file that an archive had, over whatever is there. */
    void stage(long ino, long dataVersion, long offset, MemorySegment bytes) throws FsException, MustWait, IOException {
        try (LockClient.Use _ = core.acquire(ino, LockMode.WRITE)) {
            var lock = core.inodeLocks.of(ino);
            long stamp = lock.writeLock();
            try {
                Inode inode = core.require(core.transactions.view(), ino);
                requireStage(inode, true, dataVersion, offset, bytes.byteSize());
                files.finishTruncate(inode);
                ItemReader view = core.transactions.view();
                try (FileData.PreparedWrite prepared =
                                core.data.admitWrite(view, ino, inode.item.size, -1, offset, bytes.byteSize());
                        Transaction txn = core.begin(Core.INODE_BYTES + prepared.itemBytes())) {
                    count(inode.item, core.data.write(txn, prepared, ino, offset, bytes));
                    core.store(txn, inode);
                }
            } finally {
                lock.unlockWrite(stamp);
            }
        }
        core.offlineWaiters.wake(ino, 1);
        core.kernel.invalidateInode(ino, offset, bytes.byteSize());
    }

    /**
     * Makes requests fail that wait for blocks of a file.
     *
     * @return how many
     */
    int fail(long ino, long firstBlock, long lastBlock, int operations, Errno error) throws FsException, MustWait, IOException {
        if (!core.isUsed(ino)) {
            throw FsException.of(Errno.ESTALE);
        }
        try (LockClient.Use _ = core.acquire(ino, LockMode.READ)) {
            if (!core.require(core.transactions.view(), ino).isRegular()) {
                throw FsException.of(Errno.EINVAL);
            }
        }
        return core.offlineWaiters.fail(ino, firstBlock, lastBlock, operations, error);
    }
}
