package org.scoutfs.fs;

import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;
import org.scoutfs.base.MustWait;
import org.scoutfs.data.FileData;
import org.scoutfs.fs.Attributes.Timestamp;
import org.scoutfs.item.InodeItem;
import org.scoutfs.lock.LockClient;
import org.scoutfs.net.LockMode;
import org.scoutfs.txn.Transaction;

/** Changes what an archive manager knows of a file: version, size in the archive, retention, project. All or nothing. */
final class ArchiveAttributes {
    private static final int BLOCK_BITS = 12;
    private static final int NANOS_MAX = 999_999_999;

    private final Core core;
    private final Files files;

    ArchiveAttributes(Core core, Files files) {
        this.core = core;
        this.files = files;
    }

    /** What was checked before: the caller's privilege. */
    void change(Request request, long ino, ArchiveChange change) throws FsException, MustWait, IOException {
        if (request.progress() instanceof CompletableFuture<?> forgotten && forgotten.isDone()) {
            request.setProgress(null);
            return; // it was done before, and the kernel knows now
        }
        core.refuseIfReadOnly();
        if (core.options.kernelKeepsTimes()) {
            // The kernel acknowledges writes that we could not refuse any more.
            throw FsException.of(Errno.EOPNOTSUPP);
        }
        refuseNonsense(change);
        files.late.awaitNone(ino);
        try (LockClient.Use _ = core.acquire(ino, LockMode.WRITE)) {
            var lock = core.inodeLocks.of(ino);
            long stamp = lock.writeLock();
            try {
                Inode inode = core.require(core.transactions.view(), ino);
                refuseIfWrong(inode, change);
                if (change.isSizeOffline()) {
                    changeWithExtent(inode, change);
                } else {
                    try (Transaction txn = core.begin(Core.INODE_BYTES)) {
                        apply(txn, inode, change);
                    }
                }
            } finally {
                lock.unlockWrite(stamp);
            }
        }
        // The kernel does not see in an ioctl that it changes what stat(2) shows: it must have forgotten that when the caller goes on.
        CompletableFuture<Void> forgotten = core.kernel.forgetAttributes(ino);
        if (!forgotten.isDone()) {
            request.setProgress(forgotten);
            throw MustWait.on(forgotten);
        }
    }

    private static void refuseNonsense(ArchiveChange change) throws FsException {
        Long version = change.dataVersion();
        Long size = change.size();
        boolean isVersionZero = version != null && version == 0;
        boolean isSizeAlone = size != null && size != 0 && version == null;
        boolean isOfflineAlone = change.isSizeOffline() && (size == null || size == 0);
        if (isVersionZero || isSizeAlone || isOfflineAlone || (size != null && size < 0)) {
            throw FsException.of(Errno.EINVAL);
        }
        refuseNonsense(change.ctime());
        refuseNonsense(change.crtime());
    }

    private static void refuseNonsense(@Nullable Timestamp time) throws FsException {
        if (time != null && (time.nanos() < 0 || time.nanos() > NANOS_MAX)) {
            throw FsException.of(Errno.EINVAL);
        }
    }

    private static void refuseIfWrong(Inode inode, ArchiveChange change) throws FsException {
        InodeItem item = inode.item;
        boolean isAboutContents = change.dataVersion() != null || change.size() != null;
        if ((isAboutContents && (!inode.isRegular() || item.dataVersion != 0))
                || (change.retention() != null && !inode.isRegular())
                || (change.isSizeOffline() && (item.onlineBlocks != 0 || item.offlineBlocks != 0))) {
            throw FsException.of(Errno.EINVAL);
        }
        boolean ends = change.retention() != null && !change.retention();
        if (!ends) {
            Core.refuseIfRetained(inode);
        }
    }

    /** Storage that was preallocated goes first; the last step of that makes the extent. */
    private void changeWithExtent(Inode inode, ArchiveChange change) throws FsException, MustWait, IOException {
        InodeItem item = inode.item;
        Long size = change.size();
        long blocks = size == null ? 0 : (size - 1 >>> BLOCK_BITS) + 1;
        boolean isDone = false;
        while (!isDone) {
            try (FileData.PreparedWrite edge = core.data.admitTruncate(core.transactions.view(), inode.ino, item.size, 0);
                    Transaction txn = core.begin(Core.INODE_BYTES + edge.itemBytes())) {
                isDone = core.data.truncate(txn, edge, inode.ino, 0).isDone();
                if (isDone) {
                    item.offlineBlocks += core.data.makeOffline(txn, edge, inode.ino, blocks).offline();
                    apply(txn, inode, change);
                }
            }
        }
    }

    private void apply(Transaction txn, Inode inode, ArchiveChange change) {
        InodeItem item = inode.item;
        item.dataVersion = change.dataVersion() == null ? item.dataVersion : change.dataVersion();
        item.size = change.size() == null ? item.size : change.size();
        item.projectId = change.projectId() == null ? item.projectId : change.projectId();
        if (change.retention() != null) {
            item.set(InodeItem.RETENTION, change.retention());
        }
        Timestamp ctime = change.ctime();
        if (ctime != null) {
            inode.setCtime(ctime.seconds(), ctime.nanos());
        }
        Timestamp crtime = change.crtime();
        if (crtime != null) {
            item.crtime = crtime.seconds();
            item.crtimeNanos = crtime.nanos();
        }
        core.store(txn, inode);
    }
}
