package org.scoutfs.fs;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.locks.StampedLock;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Clock;
import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;
import org.scoutfs.base.MustWait;
import org.scoutfs.data.FileData;
import org.scoutfs.format.ioctl.QuotaRule;
import org.scoutfs.fs.Creation.Plan;
import org.scoutfs.item.FileType;
import org.scoutfs.item.InodeItem;
import org.scoutfs.item.SymlinkItem;
import org.scoutfs.lock.LockClient;
import org.scoutfs.lock.RevokeHandler;
import org.scoutfs.net.LockMode;
import org.scoutfs.net.Message;
import org.scoutfs.txn.Transactions;

/**
 * The file system of one mount. Each method says which part does the work; the parts share {@link Core}.
 *
 * <p>{@link #start} comes before the first request and {@link #close} after the last; the last commit is the caller's.
 */
public final class NodeFileSystem implements FileSystem, AutoCloseable {
    private static final int O_EXCL = 0200;
    private static final int BYTES_PER_INODE_GUESS = 2048;
    private static final int BLOCK_BYTES = 4096;

    final Core core; // for tests that take one step of an orphan at a time
    private final VolumeState volume;
    private final Names names;
    private final Creation creation;
    private final Files files;
    private final AttributeOps attributes;
    private final ArchiveAttributes archiveAttributes;
    private final OfflineData offline;
    private final Listing listing;
    private final Paths paths;
    private final AdvisoryLocks fileLocks = new AdvisoryLocks();
    /** Null where this node is alone, which alone decides about file locks then. */
    private @Nullable ClusterFileLocks clusterFileLocks;

    public NodeFileSystem(
            Transactions transactions,
            LockClient locks,
            FileData data,
            InodeNumbers numbers,
            VolumeState volume,
            KernelCache kernel,
            CallerPrivileges privileges,
            Clock clock,
            FsOptions options) {
        this(transactions, locks, data, numbers, volume, kernel, privileges, clock, options, new KernelCounts());
    }

    /** @param counts what the kernel has already, of an earlier incarnation of this mount */
    public NodeFileSystem(
            Transactions transactions,
            LockClient locks,
            FileData data,
            InodeNumbers numbers,
            VolumeState volume,
            KernelCache kernel,
            CallerPrivileges privileges,
            Clock clock,
            FsOptions options,
            KernelCounts counts) {
        this.core = new Core(transactions, locks, data, numbers, kernel, privileges, clock, options, counts);
        this.volume = volume;
        this.names = new Names(core);
        this.creation = new Creation(core);
        this.files = new Files(core);
        this.attributes = new AttributeOps(core, files);
        this.archiveAttributes = new ArchiveAttributes(core, files);
        this.offline = new OfflineData(core, files);
        this.listing = new Listing(core);
        this.paths = new Paths(core);
    }

    /**
     * Makes the root directory of a new volume, and takes up what earlier mounts left undone.
     *
     * @param threadName of the background thread
     */
    public void start(String threadName) throws FsException, MustWait, IOException {
        enter(); // a view that is taken outside would keep the space of removed segments until the collector comes
        try (LockClient.Use _ = core.acquire(Core.ROOT_INO, LockMode.WRITE)) {
            if (core.find(core.transactions.view(), Core.ROOT_INO) == null) {
                creation.makeRoot();
            }
        } finally {
            leave();
        }
        if (!core.options.isReadOnly()) {
            core.orphans.start(threadName);
        }
    }

    /** Ends the background thread. */
    @Override
    public void close() {
        files.late.stop();
        core.orphans.stop();
    }

    /** Waits until everything that can be destroyed is. @return whether that came in time */
    public boolean awaitOrphans(long millis) throws InterruptedException {
        return core.orphans.awaitIdle(millis);
    }

    /** Forgets decoded inodes. */
    void forgetInodes(long firstIno, long count) {
        core.cache.removeRange(firstIno, count);
    }

    /** What is done before one of this node's locks goes to another node. */
    public RevokeHandler revokeHandler() {
        return core.revoker;
    }

    /**
     * In a cluster, before {@link #start}.
     *
     * @param server whom to ask what other nodes have open
     * @param leaseNanos of this node; 0 where none ends
     */
    public void shareWith(ServerRequests server, long leaseNanos) {
        core.orphans.shareWith(server, leaseNanos);
        clusterFileLocks = new ClusterFileLocks(server, fileLocks);
    }

    /** In a cluster: file locks went elsewhere, or the server may be another one; who waits for some asks again. */
    public void fileLocksFreed() {
        ClusterFileLocks cluster = clusterFileLocks;
        if (cluster != null) {
            cluster.wake();
        }
    }

    /** The file locks that this node holds. */
    public List<Message.FileLockRange> heldFileLocks() {
        return fileLocks.held();
    }

    /**
     * Whether this node has an inode open that another one wants to destroy. If so, that is left to this node's last close. Never
     * waits.
     */
    public boolean isOpenHere(long ino) {
        return core.orphans.isOpenHere(ino);
    }

    @Override
    public void enter() {
        core.transactions.enter();
    }

    @Override
    public void leave() {
        core.transactions.leave();
    }

    // ---- names

    @Override
    public Attributes lookup(Request request, long parentIno, byte[] name) throws FsException, MustWait, IOException {
        return names.lookup(parentIno, name);
    }

    @Override
    public void forget(long ino, long count) {
        if (core.references.subtract(ino, count) == 0) {
            core.orphans.checkUnused(ino);
        }
    }

    @Override
    public Attributes mknod(Request request, long parentIno, byte[] name, int mode, int rdev, int umask)
            throws FsException, MustWait, IOException {
        checkNewName(name);
        return creation.make(request, Plan.node(parentIno, name, mode, rdev, umask));
    }

    @Override
    public Attributes mkdir(Request request, long parentIno, byte[] name, int mode, int umask)
            throws FsException, MustWait, IOException {
        checkNewName(name);
        int directory = FileType.DIRECTORY << 12 | mode & 07777;
        return creation.make(request, Plan.node(parentIno, name, directory, 0, umask));
    }

    @Override
    public Attributes symlink(Request request, long parentIno, byte[] name, byte[] target)
            throws FsException, MustWait, IOException {
        checkNewName(name);
        if (target.length == 0) {
            throw FsException.of(Errno.ENOENT);
        }
        if (target.length > SymlinkItem.TARGET_BYTES_MAX) {
            throw FsException.of(Errno.ENAMETOOLONG);
        }
        return creation.make(request, Plan.symlink(parentIno, name, target));
    }

    @Override
    public Attributes link(Request request, long ino, long newParentIno, byte[] newName)
            throws FsException, MustWait, IOException {
        return names.link(ino, newParentIno, newName);
    }

    @Override
    public void unlink(Request request, long parentIno, byte[] name) throws FsException, MustWait, IOException {
        names.remove(parentIno, name, false);
    }

    @Override
    public void rmdir(Request request, long parentIno, byte[] name) throws FsException, MustWait, IOException {
        names.remove(parentIno, name, true);
    }

    @Override
    public void rename(
            Request request, long oldParentIno, byte[] oldName, long newParentIno, byte[] newName, int flags)
            throws FsException, MustWait, IOException {
        names.rename(oldParentIno, oldName, newParentIno, newName, flags);
    }

    @Override
    public byte[] readlink(Request request, long ino) throws FsException, MustWait, IOException {
        return attributes.readlink(ino);
    }

    private static void checkNewName(byte[] name) throws FsException {
        Core.checkName(name);
        if (Core.isDot(name) || Core.isDotDot(name)) {
            throw FsException.of(Errno.EEXIST);
        }
    }

    // ---- inodes

    @Override
    public Attributes getAttributes(Request request, long ino) throws FsException, MustWait, IOException {
        return attributes.get(ino);
    }

    @Override
    public Attributes setAttributes(Request request, long ino, AttributeChange change)
            throws FsException, MustWait, IOException {
        return attributes.set(request, ino, change);
    }

    /** A copy of all that is stored of an inode; for private ioctls. */
    public InodeItem inodeItem(long ino) throws FsException, MustWait, IOException {
        try (LockClient.Use _ = core.acquire(ino, LockMode.READ)) {
            StampedLock lock = core.inodeLocks.of(ino);
            long stamp = lock.readLock();
            try {
                return InodeItem.decode(ino, core.require(core.transactions.view(), ino).item.encode());
            } finally {
                lock.unlockRead(stamp);
            }
        }
    }

    /** Changes attributes for an archive manager, all or nothing; the caller has checked that it may. */
    public void changeArchived(Request request, long ino, ArchiveChange change)
            throws FsException, MustWait, IOException {
        archiveAttributes.change(request, ino, change);
    }

    /** A quota rule and its place in the list. */
    public record ListedRule(long hash, long index, QuotaRule rule) {}

    /** The quota rules from a place on. */
    public List<ListedRule> quotaRules(long fromHash, long fromIndex, int max) throws FsException, MustWait, IOException {
        return core.quota.list(fromHash, fromIndex, max).stream()
                .map(one -> new ListedRule(one.hash(), one.index(), one.rule()))
                .toList();
    }

    public void addQuotaRule(QuotaRule rule) throws FsException, MustWait, IOException {
        core.quota.add(rule);
    }

    public void removeQuotaRule(QuotaRule rule) throws FsException, MustWait, IOException {
        core.quota.remove(rule);
    }

    /** {@code EROFS} on a read-only mount. */
    public void refuseIfReadOnly() throws FsException {
        core.refuseIfReadOnly();
    }

    /** A directory entry that names an inode, or a path that ends with it. */
    public record NamePlace(long dirIno, long position, long ino, int type, byte[] name) {}

    /** The entries that name an inode, in the order of (directory, position), from a place on. */
    public List<NamePlace> referringEntries(long ino, long fromDirIno, long fromPosition, int max)
            throws FsException, MustWait, IOException {
        return paths.links(ino, fromDirIno, fromPosition, max).stream()
                .map(link -> new NamePlace(link.dirIno(), link.position(), ino, link.type(), link.name()))
                .toList();
    }

    /** A path from the root, by the first entry from a place on; {@code ENOENT} where there is none. */
    public NamePlace path(long ino, long fromDirIno, long fromPosition) throws FsException, MustWait, IOException {
        Paths.Path path = paths.path(ino, fromDirIno, fromPosition);
        return new NamePlace(path.dirIno(), path.position(), ino, 0, path.bytes());
    }

    /** Which of these numbers inodes have, without a name included. */
    public long[] existingInodes(long first, long last) throws FsException, MustWait, IOException {
        return paths.existing(first, last);
    }

    /** Whether an open file's mode allows reading; directories always do. */
    public static boolean isReadable(long handle) {
        return Files.isReadable(handle);
    }

    /** Whether an open file's mode allows writing. */
    public static boolean isWritable(long handle) {
        return Files.isWritable(handle);
    }

    // ---- open files

    @Override
    public OpenFile open(Request request, long ino, int flags, boolean killPrivileges)
            throws FsException, MustWait, IOException {
        return files.open(request, ino, flags, killPrivileges);
    }

    @Override
    public Created create(Request request, long parentIno, byte[] name, int flags, int mode, int umask)
            throws FsException, MustWait, IOException {
        checkNewName(name);
        while (true) {
            try {
                Attributes made = creation.make(request, Plan.open(parentIno, name, mode, umask, isCountedWritable(flags)));
                return new Created(made, files.opened(flags, false), true);
            } catch (FsException e) {
                if (e.errno() != Errno.EEXIST || (flags & O_EXCL) != 0) {
                    throw e;
                }
            }
            Created existing = openExisting(request, parentIno, name, flags);
            if (existing != null) {
                return existing;
            }
        }
    }

    /** What the kernel did not know of when it sent a create: null when it has gone again. */
    private @Nullable Created openExisting(Request request, long parentIno, byte[] name, int flags)
            throws FsException, MustWait, IOException {
        Attributes found;
        try {
            found = names.lookup(parentIno, name);
        } catch (FsException e) {
            if (e.errno() == Errno.ENOENT) {
                return null;
            }
            throw e;
        }
        boolean isOpen = false;
        try {
            OpenFile file = files.open(request, found.ino(), flags, false);
            isOpen = true;
            return new Created(attributes.get(found.ino()), file, false);
        } finally {
            if (!isOpen) {
                forget(found.ino(), 1);
            }
        }
    }

    @Override
    public Created tmpfile(Request request, long parentIno, int flags, int mode, int umask)
            throws FsException, MustWait, IOException {
        boolean isLinkable = (flags & O_EXCL) == 0;
        Attributes made = creation.make(request, Plan.temporary(parentIno, mode, umask, isCountedWritable(flags), isLinkable));
        return new Created(made, files.opened(flags, false), true);
    }

    @Override
    public void release(long ino, long handle, long lockOwner, boolean unlockFlock) {
        ClusterFileLocks cluster = clusterFileLocks;
        if (cluster == null) {
            var _ = fileLocks.dropHandle(ino, handle, lockOwner, unlockFlock);
        } else {
            cluster.dropHandle(ino, handle, lockOwner, unlockFlock);
        }
        if (isCountedWritable((int) handle)) {
            core.writableOpens.subtract(ino, 1);
        }
        closed(ino);
    }

    /** @param flags of open, or a handle: both carry the access mode in the same bits */
    private boolean isCountedWritable(int flags) {
        return !core.options.isAlone() && Files.isWritable(flags);
    }

    private void closed(long ino) {
        if (core.opens.subtract(ino, 1) == 0) {
            files.returnStorageAhead(ino);
            core.orphans.checkUnused(ino);
        }
    }

    @Override
    public void flush(Request request, long ino, long handle, long lockOwner) {
        ClusterFileLocks cluster = clusterFileLocks;
        if (cluster == null) {
            var _ = fileLocks.dropOwner(ino, lockOwner);
        } else {
            cluster.dropOwner(ino, lockOwner);
        }
    }

    @Override
    public int read(Request request, long ino, long handle, long offset, MemorySegment into)
            throws FsException, MustWait, IOException {
        return files.read(request, ino, offset, into);
    }

    @Override
    public int write(
            Request request,
            long ino,
            long handle,
            long offset,
            MemorySegment from,
            boolean append,
            boolean fromPageCache,
            boolean killPrivileges)
            throws FsException, MustWait, IOException {
        return fromPageCache
                ? files.writeBack(request, ino, offset, from, killPrivileges)
                : files.write(request, ino, offset, from, append, killPrivileges);
    }

    @Override
    public void fsync(Request request, long ino, long handle, boolean dataOnly)
            throws FsException, MustWait, IOException {
        files.late.awaitDurable(ino);
        commit(request);
    }

    // ---- offline data

    /** Lets the blocks of a range go, whose bytes an archive has. As {@code RELEASE}. */
    public void release(long ino, long handle, long offset, long length, long dataVersion)
            throws FsException, MustWait, IOException {
        offline.release(ino, Files.isWritable(handle), offset, length, dataVersion);
    }

    /** Whether all of a range can be staged to through this handle. */
    public void checkStage(long ino, long handle, long dataVersion, long offset, long length)
            throws FsException, MustWait, IOException {
        offline.checkStage(ino, Files.isStageable(handle), dataVersion, offset, length);
    }

    /** Stores a piece of a range that {@link #checkStage} found right. */
    public void stage(long ino, long dataVersion, long offset, MemorySegment bytes) throws FsException, MustWait, IOException {
        offline.stage(ino, dataVersion, offset, bytes);
    }

    /** Requests of this mount that wait for one block. */
    public record OfflineWait(long ino, long block, int operations) {}

    /** Those that wait for offline blocks after a place, in order. */
    public List<OfflineWait> offlineWaits(long afterIno, long afterBlock, int max) {
        return core.offlineWaiters.list(afterIno, afterBlock, max).stream()
                .map(one -> new OfflineWait(one.ino(), one.block(), one.operations()))
                .toList();
    }

    /** Makes requests fail that wait for blocks of a file. @return how many */
    public int failOfflineWaits(long ino, long firstBlock, long lastBlock, int operations, Errno error)
            throws FsException, MustWait, IOException {
        return offline.fail(ino, firstBlock, lastBlock, operations, error);
    }

    /** @throws FsException {@code EROFS} on a mount for reading */
    public void requireWritable() throws FsException {
        core.refuseIfReadOnly();
    }

    @Override
    public void syncFileSystem(Request request) throws FsException, MustWait, IOException {
        commit(request);
    }

    /** A commit that is under way is remembered in the request; a signal does not end the wait, since it cannot take long. */
    private void commit(Request request) throws MustWait, IOException {
        if (core.options.isReadOnly()) {
            return;
        }
        CompletableFuture<?> commit;
        if (request.progress() instanceof CompletableFuture<?> known) {
            commit = known;
        } else {
            commit = core.transactions.commit();
            request.setProgress(commit);
        }
        if (!commit.isDone()) {
            throw MustWait.on(commit);
        }
        request.setProgress(null);
        try {
            commit.get();
        } catch (ExecutionException | CompletionException e) {
            Throwable cause = e.getCause();
            throw cause instanceof IOException io ? io : new IOException("commit failed", cause);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    @Override
    public void fallocate(Request request, long ino, long handle, long offset, long length, int mode)
            throws FsException, MustWait, IOException {
        files.fallocate(ino, offset, length, mode);
    }

    @Override
    public long seek(Request request, long ino, long handle, long offset, int whence)
            throws FsException, MustWait, IOException {
        return files.seek(ino, offset, whence);
    }

    @Override
    public long copyFileRange(
            Request request,
            long fromIno,
            long fromHandle,
            long fromOffset,
            long toIno,
            long toHandle,
            long toOffset,
            long length)
            throws FsException, MustWait, IOException {
        return files.copy(request, fromIno, fromOffset, toIno, toOffset, length);
    }

    // ---- directories

    @Override
    public long openDirectory(Request request, long ino) throws FsException, MustWait, IOException {
        try (LockClient.Use _ = core.acquire(ino, LockMode.READ)) {
            StampedLock lock = core.inodeLocks.of(ino);
            long stamp = lock.readLock();
            try {
                if (!core.require(core.transactions.view(), ino).isDirectory()) {
                    throw FsException.of(Errno.ENOTDIR);
                }
                core.opens.add(ino, 1);
            } finally {
                lock.unlockRead(stamp);
            }
        }
        return files.newHandle(0);
    }

    @Override
    public void releaseDirectory(long ino, long handle) {
        closed(ino);
    }

    @Override
    public void readDirectory(
            Request request, long ino, long handle, long cookie, boolean withAttributes, DirectorySink sink)
            throws FsException, MustWait, IOException {
        listing.read(ino, cookie, withAttributes, sink);
    }

    // ---- extended attributes

    @Override
    public byte[] getXattr(Request request, long ino, byte[] name) throws FsException, MustWait, IOException {
        return attributes.getXattr(ino, name);
    }

    @Override
    public byte[] listXattrs(Request request, long ino) throws FsException, MustWait, IOException {
        return attributes.listXattrs(ino);
    }

    @Override
    public void setXattr(Request request, long ino, byte[] name, byte[] value, int flags, boolean clearSetgid)
            throws FsException, MustWait, IOException {
        attributes.setXattr(request, ino, name, value, flags, clearSetgid);
    }

    @Override
    public void removeXattr(Request request, long ino, byte[] name) throws FsException, MustWait, IOException {
        attributes.removeXattr(request, ino, name);
    }

    /**
     * A place in the order in which an inode's xattrs are kept, right after one of them; and the name of that one.
     *
     * @param nextHash with {@code nextId}: where the rest begins
     */
    public record HiddenXattr(byte[] name, long nextHash, long nextId) {}

    /** Names that {@link #listXattrs} leaves out, from a place on, as many as are not longer than {@code bytesMax} with a NUL after each. */
    public List<HiddenXattr> hiddenXattrs(long ino, long fromHash, long fromId, long bytesMax)
            throws FsException, MustWait, IOException {
        List<HiddenXattr> found = new ArrayList<>();
        long[] left = {bytesMax};
        attributes.hiddenXattrs(ino, fromHash, fromId, (hash, id, name) -> {
            left[0] -= name.length + 1;
            if (left[0] >= 0) {
                found.add(new HiddenXattr(name, hash, id + 1));
            }
            return left[0] > 0;
        });
        return found;
    }

    // ---- file locks

    @Override
    public @Nullable FileLock testLock(Request request, long ino, long handle, long owner, FileLock wanted)
            throws MustWait, IOException {
        ClusterFileLocks cluster = clusterFileLocks;
        return cluster == null ? fileLocks.test(ino, owner, wanted) : cluster.test(request, ino, owner, wanted);
    }

    @Override
    public void setLock(
            Request request, long ino, long handle, long owner, FileLock lock, boolean flock, boolean wait)
            throws FsException, MustWait, IOException {
        ClusterFileLocks cluster = clusterFileLocks;
        if (cluster == null) {
            fileLocks.set(request, ino, handle, owner, lock, flock, wait);
        } else {
            cluster.set(request, ino, handle, owner, lock, flock, wait);
        }
    }

    // ---- the volume

    @Override
    public Statistics statfs(Request request) throws FsException, MustWait {
        Message.VolumeStatus status = volume.status(request);
        long total = status.totalMetaBlocks() + status.totalDataBlocks();
        // What this node has written and not committed is free for the server, but not for anybody who asks.
        long pending = core.transactions.dataSpace().pendingBlocks();
        long free = Math.max(0, status.freeMetaBlocks() + status.freeDataBlocks() - pending);
        long freeFiles = free * (BLOCK_BYTES / BYTES_PER_INODE_GUESS);
        long available = Math.max(0, free - status.reservedBlocks());
        return new Statistics(total, free, available, freeFiles + status.inodeCount(), freeFiles);
    }
}
