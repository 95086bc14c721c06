package org.scoutfs.fs;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;
import org.scoutfs.base.MustWait;
import org.scoutfs.data.BlockCounts;
import org.scoutfs.data.FileData;
import org.scoutfs.fs.xattr.XattrName;
import org.scoutfs.fs.xattr.XattrStore;
import org.scoutfs.item.InodeItem;
import org.scoutfs.item.OrphanItem;
import org.scoutfs.lock.LockClient;
import org.scoutfs.lsm.ItemReader;
import org.scoutfs.net.LockMode;
import org.scoutfs.txn.Transaction;

/**
 * Opens files, and reads and changes what is in them. An open file is only counted: its handle carries the access mode, and everything
 * else comes with each request.
 */
final class Files {
    private static final System.Logger LOG = System.getLogger("org.scoutfs.fs");

    private static final int O_ACCMODE = 3;
    private static final int O_TRUNC = 01000;
    private static final int O_APPEND = 02000;
    private static final int SETUID = 04000;
    private static final int SETGID = 02000;
    private static final int GROUP_EXECUTE = 010;

    private static final int KEEP_SIZE = 1;
    private static final int PUNCH_HOLE = 2;
    private static final int ZERO_RANGE = 0x10;

    private static final int SEEK_DATA = 3;
    private static final int SEEK_HOLE = 4;

    private static final int BLOCK_BITS = 12;
    private static final int HANDLE_FLAG_BITS = 3;
    /** In a handle: opened for appending, direct or synchronous writes. */
    private static final int SPECIAL_WRITES = 4;

    private static final int O_SPECIAL_WRITES = O_APPEND | 040000 | 010000; // O_DIRECT, O_DSYNC

    /** What one step of a copy moves, and one call at most: a caller with more calls again. */
    private static final int COPY_STEP_BYTES = 1 << 20;

    private static final long COPY_BYTES_MAX = 16L << 20;

    /** Truncates of so many steps are done by the caller, the rest in the background. */
    private static final int TRUNCATE_STEPS_INLINE = 16;

    private final Core core;
    private final AtomicLong nextHandle = new AtomicLong(1);
    /** What the kernel writes back too late. */
    final LateWrites late = new LateWrites(this::writeLate);

    Files(Core core) {
        this.core = core;
    }

    // ---- open

    /** @param flags of open(2) */
    long newHandle(int flags) {
        int special = (flags & O_SPECIAL_WRITES) == 0 ? 0 : SPECIAL_WRITES;
        return nextHandle.getAndIncrement() << HANDLE_FLAG_BITS | special | flags & O_ACCMODE;
    }

    static boolean isReadable(long handle) {
        return (handle & O_ACCMODE) != 1;
    }

    static boolean isWritable(long handle) {
        return (handle & O_ACCMODE) != 0;
    }

    /** Writable, and not in a way that stage refuses. */
    static boolean isStageable(long handle) {
        return isWritable(handle) && (handle & SPECIAL_WRITES) == 0;
    }

    /**
     * In a cluster the kernel's pages are right whenever there are some, since a revoke drops them; but it would append where it believes
     * the end to be, and keep the page there.
     */
    FileSystem.OpenFile opened(int flags, boolean hasOffline) {
        boolean isDirect = hasOffline || !core.options.isAlone() && (flags & O_APPEND) != 0;
        return new FileSystem.OpenFile(newHandle(flags), isDirect, true);
    }

    /**
     * How a file's contents are locked for reading. Pages of a file that is open for writing here can change through a mapping without a
     * word to us, so the kernel gets them only while nobody else can read the file.
     */
    private LockMode modeForReading(long ino) {
        return core.writableOpens.get(ino) > 0 ? LockMode.WRITE : LockMode.READ;
    }

    /** The lock for reading a file's contents. */
    private LockClient.Use acquireForReading(long ino) throws FsException, MustWait {
        if (core.options.isAlone()) {
            return core.acquire(ino, LockMode.READ);
        }
        late.awaitNone(ino);
        while (true) {
            LockMode mode = modeForReading(ino);
            LockClient.Use use = core.acquire(ino, mode);
            // Whoever opens it for writing holds the lock for writing then: so this holds until the lock is given up.
            if (mode == LockMode.WRITE || modeForReading(ino) == LockMode.READ) {
                return use;
            }
            use.close();
        }
    }

    /** The lock for changing a file's contents. */
    private LockClient.Use acquireForWriting(long ino) throws FsException, MustWait {
        late.awaitNone(ino);
        return core.acquire(ino, LockMode.WRITE);
    }

    FileSystem.OpenFile open(Request request, long ino, int flags, boolean killPrivileges)
            throws FsException, MustWait, IOException {
        boolean truncates = (flags & O_TRUNC) != 0;
        if (truncates) {
            core.refuseIfReadOnly();
        }
        boolean isShared = !core.options.isAlone();
        boolean isCountedWritable = isShared && (flags & O_ACCMODE) != 0;
        boolean isExclusive = truncates || isCountedWritable;
        if (truncates) {
            late.awaitNone(ino);
        }
        boolean hasOffline;
        try (LockClient.Use _ = core.acquire(ino, isExclusive ? LockMode.WRITE : LockMode.READ)) {
            var lock = core.inodeLocks.of(ino);
            long stamp = truncates ? lock.writeLock() : lock.readLock();
            try {
                Inode inode = core.require(core.transactions.view(), ino);
                if (inode.isDirectory() && (flags & O_ACCMODE) != 0) {
                    throw FsException.of(Errno.EISDIR);
                }
                if (inode.isSymlink()) {
                    throw FsException.of(Errno.ELOOP);
                }
                // In a cluster only what is open counts: that is what other nodes are asked before they destroy it.
                if (inode.item.nlink == 0 && !(isShared ? core.opens.get(ino) > 0 : core.isUsed(ino))) {
                    throw FsException.of(Errno.ESTALE);
                }
                if (truncates && inode.isRegular()) {
                    truncate(request, inode, 0, killPrivileges, null);
                }
                hasOffline = inode.item.offlineBlocks > 0;
                core.opens.add(ino, 1);
                if (isCountedWritable) {
                    core.writableOpens.add(ino, 1);
                }
            } finally {
                lock.unlock(stamp);
            }
        }
        return opened(flags, hasOffline);
    }

    // ---- read

    int read(Request request, long ino, long offset, MemorySegment into) throws FsException, MustWait, IOException {
        core.offlineWaiters.resume(request);
        try (LockClient.Use _ = acquireForReading(ino)) {
            var lock = core.inodeLocks.of(ino);
            long stamp = lock.readLock();
            try {
                ItemReader view = core.transactions.view();
                return read(request, view, core.require(view, ino), offset, into);
            } finally {
                lock.unlockRead(stamp);
            }
        }
    }

    private int read(Request request, ItemReader view, Inode inode, long offset, MemorySegment into)
            throws FsException, MustWait, IOException {
        requireRegular(inode);
        if (offset < 0) {
            throw FsException.of(Errno.EINVAL);
        }
        long size = inode.item.size;
        if (offset >= size || into.byteSize() == 0) {
            return 0;
        }
        int count = (int) Math.min(into.byteSize(), size - offset);
        awaitOnline(request, view, inode, offset, count, OfflineWaiters.READ);
        // Whole blocks, where there is room: then the last one too goes from the device straight into the request's memory.
        long toBlockEnd = -(offset + count) & ((1L << BLOCK_BITS) - 1);
        long whole = Math.min(into.byteSize(), count + toBlockEnd);
        core.data.read(view, inode.ino, size, offset, whole == into.byteSize() ? into : into.asSlice(0, whole));
        return count;
    }

    /** The first offline block in {@code [offset, offset + length)}, or -1. */
    private long firstOffline(ItemReader view, Inode inode, long offset, long length) throws IOException {
        if (inode.item.offlineBlocks == 0) {
            return -1;
        }
        long first = offset >>> BLOCK_BITS;
        long end = (offset + length - 1 >>> BLOCK_BITS) + 1;
        return core.data.firstOffline(view, inode.ino, first, end - first);
    }

    private void awaitOnline(Request request, ItemReader view, Inode inode, long offset, long length, int operation)
            throws FsException, MustWait, IOException {
        long block = firstOffline(view, inode, offset, length);
        if (block >= 0) {
            throw core.offlineWaiters.await(request, inode.ino, block, operation);
        }
    }

    private void refuseOffline(ItemReader view, Inode inode, long offset, long length) throws FsException, IOException {
        if (firstOffline(view, inode, offset, length) >= 0) {
            throw FsException.of(Errno.ENODATA);
        }
    }

    // ---- write

    int write(
            Request request, long ino, long offset, MemorySegment from, boolean append, boolean killPrivileges)
            throws FsException, MustWait, IOException {
        core.refuseIfReadOnly();
        core.offlineWaiters.resume(request);
        core.quota.prepare();
        try (LockClient.Use _ = acquireForWriting(ino)) {
            return writeLocked(request, ino, offset, from, append, killPrivileges, true);
        }
    }

    /** @param isCounted whether a quota may refuse it: not what was written long ago, through a mapping */
    private int writeLocked(
            Request request,
            long ino,
            long offset,
            MemorySegment from,
            boolean append,
            boolean killPrivileges,
            boolean isCounted)
            throws FsException, MustWait, IOException {
        var lock = core.inodeLocks.of(ino);
        long stamp = lock.writeLock();
        try {
            Inode inode = core.require(core.transactions.view(), ino);
            requireRegular(inode);
            return write(request, inode, append ? inode.item.size : offset, from, killPrivileges, isCounted);
        } finally {
            lock.unlockWrite(stamp);
        }
    }

    /**
     * Bytes of a mapping, written back by the kernel. In a cluster a revoke may wait for the answer: so this does not wait for
     * the lock.
     */
    int writeBack(Request request, long ino, long offset, MemorySegment from, boolean killPrivileges)
            throws FsException, MustWait, IOException {
        if (core.options.isAlone()) {
            return writeFromPages(request, ino, offset, from, killPrivileges);
        }
        core.refuseIfReadOnly();
        core.offlineWaiters.resume(request);
        LockClient.Use use = core.revoker.tryLaunder(core.lockName(ino));
        if (use == null) {
            late.keep(ino, offset, from);
            return (int) from.byteSize();
        }
        try (use) {
            return writeLocked(request, ino, offset, from, false, killPrivileges, false);
        }
    }

    private int writeFromPages(Request request, long ino, long offset, MemorySegment from, boolean killPrivileges)
            throws FsException, MustWait, IOException {
        core.refuseIfReadOnly();
        core.offlineWaiters.resume(request);
        try (LockClient.Use _ = acquireForWriting(ino)) {
            return writeLocked(request, ino, offset, from, false, killPrivileges, false);
        }
    }

    private void writeLate(long ino, long offset, MemorySegment bytes) throws FsException, MustWait, IOException {
        core.transactions.enter();
        try {
            int _ = writeFromPages(new Request(0, 0, 0), ino, offset, bytes, false);
        } finally {
            core.transactions.leave();
        }
        core.kernel.invalidateInode(ino, offset, bytes.byteSize());
    }

    private int write(
            Request request, Inode inode, long offset, MemorySegment from, boolean killPrivileges, boolean isCounted)
            throws FsException, MustWait, IOException {
        if (offset < 0) {
            throw FsException.of(Errno.EINVAL);
        }
        long length = Math.min(from.byteSize(), Long.MAX_VALUE - offset);
        if (from.byteSize() == 0) {
            return 0;
        }
        if (length == 0) {
            throw FsException.of(Errno.EFBIG);
        }
        Core.refuseIfRetained(inode);
        finishTruncate(inode);
        if (isCounted) {
            core.quota.checkData(inode);
        }
        ItemReader view = core.transactions.view();
        InodeItem item = inode.item;
        awaitOnline(request, view, inode, 0, Math.max(1, item.size), OfflineWaiters.WRITE);
        Privileges privileges = privileges(view, inode, killPrivileges);
        MemorySegment bytes = length == from.byteSize() ? from : from.asSlice(0, length);
        boolean modeChanged = privileges.mode != item.mode;
        try (FileData.PreparedWrite prepared = core.data.admitWrite(
                        view, inode.ino, item.size, item.onlineBlocks, offset, length);
                Transaction txn = core.begin(Core.INODE_BYTES + privileges.itemBytes() + prepared.itemBytes())) {
            BlockCounts counts = core.data.write(txn, prepared, inode.ino, offset, bytes);
            item.onlineBlocks += counts.online();
            item.offlineBlocks += counts.offline();
            item.size = Math.max(item.size, offset + length);
            item.dataVersion++;
            setWritten(inode);
            privileges.drop(txn, inode);
            core.storeWithData(txn, inode);
        }
        if (modeChanged) {
            core.kernel.invalidateInode(inode.ino, -1, 0);
        }
        return (int) length;
    }

    /**
     * The times after a change of contents. Where the kernel keeps its own it tells them to programs from the write on and sends them at some
     * time, perhaps before it sends the bytes: then ours must not come last.
     */
    private void setWritten(Inode inode) {
        if (!core.options.kernelKeepsTimes()) {
            inode.setMtimeAndCtime(core.clock.wallNanos());
        }
    }

    /** What a change of contents takes from a file: set-id bits where asked for, and file capabilities always. */
    private record Privileges(int mode, XattrStore.@Nullable Found capability) {
        long itemBytes() {
            return capability == null ? 0 : XattrStore.itemBytes(XattrName.CAPABILITY, 0, capability);
        }

        void drop(Transaction txn, Inode inode) {
            inode.item.mode = mode;
            if (capability != null) {
                XattrStore.remove(txn, inode.ino, capability);
                inode.item.xattrCount--;
                inode.item.set(InodeItem.CAPABILITY, false);
            }
        }
    }

    private static Privileges privileges(ItemReader view, Inode inode, boolean kill) throws IOException {
        InodeItem item = inode.item;
        return new Privileges(
                kill ? withoutSetIds(item.mode) : item.mode,
                item.has(InodeItem.CAPABILITY) ? XattrStore.find(view, inode.ino, XattrName.CAPABILITY) : null);
    }

    /** Set-group-id without group execution stands for mandatory locking in old systems, and stays. */
    static int withoutSetIds(int mode) {
        int without = mode & ~SETUID;
        return (mode & GROUP_EXECUTE) != 0 ? without & ~SETGID : without;
    }

    // ---- truncate

    /** Further changes in the transaction that changes the size. */
    interface MoreChanges {
        long itemBytes();

        void apply(Transaction txn, Inode inode);
    }

    /**
     * Sets the size. The caller holds the inode's locks exclusively. Blocks beyond a smaller size go at once as far as that is quick; the
     * rest is remembered in the inode and done in the background.
     */
    void truncate(Request request, Inode inode, long size, boolean killPrivileges, @Nullable MoreChanges more)
            throws FsException, MustWait, IOException {
        Core.refuseIfRetained(inode);
        finishTruncate(inode);
        ItemReader view = core.transactions.view();
        InodeItem item = inode.item;
        if (size > 0 && size != item.size) {
            awaitOnline(request, view, inode, 0, size, OfflineWaiters.CHANGE_SIZE);
        }
        boolean hadOffline = item.offlineBlocks > 0;
        Privileges privileges = privileges(view, inode, killPrivileges);
        FileData.@Nullable PreparedWrite edge =
                size <= item.size ? core.data.admitTruncate(view, inode.ino, item.size, size) : null;
        long bytes = Core.INODE_BYTES + Core.BARE_BYTES + privileges.itemBytes()
                + (edge == null ? 0 : edge.itemBytes()) + (more == null ? 0 : more.itemBytes());
        boolean isDone = true;
        try (FileData.@Nullable PreparedWrite _ = edge;
                Transaction txn = size <= item.size ? core.beginShrinking(bytes) : core.begin(bytes)) {
            if (edge != null) {
                FileData.Step step = core.data.truncate(txn, edge, inode.ino, size);
                item.onlineBlocks += step.counts().online();
                item.offlineBlocks += step.counts().offline();
                isDone = step.isDone();
            }
            if (!isDone) {
                item.set(InodeItem.TRUNCATING, true);
                txn.put(OrphanItem.truncateKey(inode.ino), OrphanItem.value());
            }
            item.dataVersion += size == item.size ? 0 : 1;
            item.size = size;
            setWritten(inode);
            privileges.drop(txn, inode);
            if (more != null) {
                more.apply(txn, inode);
            }
            core.storeWithData(txn, inode);
        }
        if (!isDone) {
            removeRestSoon(inode);
        }
        if (hadOffline) {
            core.offlineWaiters.wake(inode.ino, 1);
        }
    }

    private void removeRestSoon(Inode inode) throws FsException, IOException {
        try {
            for (int step = 0; step < TRUNCATE_STEPS_INLINE; step++) {
                if (core.orphans.truncateStep(core.transactions.view(), inode)) {
                    return;
                }
            }
        } catch (MustWait e) {
            // The truncate itself has happened; nobody has to wait for the space.
        }
        core.orphans.finishTruncate(inode.ino);
    }

    /** Before contents change: no block of before an earlier truncate may come back into the file. */
    void finishTruncate(Inode inode) throws FsException, MustWait, IOException {
        while (inode.item.has(InodeItem.TRUNCATING)) {
            if (core.orphans.truncateStep(core.transactions.view(), inode)) {
                return;
            }
        }
    }

    // ---- fallocate

    void fallocate(long ino, long offset, long length, int mode) throws FsException, MustWait, IOException {
        core.refuseIfReadOnly();
        if (offset < 0 || length <= 0) {
            throw FsException.of(Errno.EINVAL);
        }
        boolean isPunch = mode == (PUNCH_HOLE | KEEP_SIZE);
        boolean isZero = (mode & ~KEEP_SIZE) == ZERO_RANGE;
        if (!isPunch && !isZero && mode != 0 && mode != KEEP_SIZE) {
            throw FsException.of(Errno.EOPNOTSUPP);
        }
        if (offset > Long.MAX_VALUE - length) {
            throw FsException.of(Errno.EFBIG);
        }
        core.quota.prepare();
        try (LockClient.Use _ = acquireForWriting(ino)) {
            var lock = core.inodeLocks.of(ino);
            long stamp = lock.writeLock();
            try {
                Inode inode = core.require(core.transactions.view(), ino);
                if (!inode.isRegular()) {
                    throw FsException.of(inode.isDirectory() ? Errno.EISDIR : Errno.ENODEV);
                }
                Core.refuseIfRetained(inode);
                finishTruncate(inode);
                if (isPunch || isZero) {
                    refuseOffline(core.transactions.view(), inode, offset, length);
                    // Preallocated blocks beyond the end go with a punch; zeroing them would be for nothing.
                    punch(inode, offset, isPunch ? length : Math.min(length, inode.item.size - offset));
                }
                if (!isPunch) {
                    allocate(inode, offset, length, (mode & KEEP_SIZE) != 0);
                }
            } finally {
                lock.unlockWrite(stamp);
            }
        }
    }

    private void punch(Inode inode, long offset, long length)
            throws FsException, MustWait, IOException {
        InodeItem item = inode.item;
        long end = offset + length;
        boolean isDone = length <= 0;
        while (!isDone) {
            ItemReader view = core.transactions.view();
            Privileges privileges = privileges(view, inode, false);
            try (FileData.PreparedWrite edges = core.data.admitPunch(view, inode.ino, item.size, offset, end - offset);
                    Transaction txn =
                            core.beginShrinking(Core.INODE_BYTES + edges.itemBytes() + privileges.itemBytes())) {
                FileData.Step step = core.data.punch(txn, edges, inode.ino, offset, end - offset);
                item.onlineBlocks += step.counts().online();
                item.offlineBlocks += step.counts().offline();
                item.dataVersion++;
                setWritten(inode);
                privileges.drop(txn, inode);
                core.storeWithData(txn, inode);
                isDone = step.isDone();
            }
        }
    }

    private void allocate(Inode inode, long offset, long length, boolean keepSize)
            throws FsException, MustWait, IOException {
        InodeItem item = inode.item;
        long end = offset + length;
        long block = offset >>> BLOCK_BITS;
        long endBlock = (end - 1 >>> BLOCK_BITS) + 1;
        while (block < endBlock) {
            core.quota.checkData(inode);
            ItemReader view = core.transactions.view();
            try (FileData.PreparedWrite prepared =
                            core.data.admitAllocate(view, inode.ino, block, endBlock - block);
                    Transaction txn = core.begin(Core.INODE_BYTES + prepared.itemBytes())) {
                FileData.Reached step = core.data.allocate(txn, prepared, inode.ino, block, endBlock - block);
                item.onlineBlocks += step.counts().online();
                item.offlineBlocks += step.counts().offline();
                block = step.endBlock();
                long reached = Math.min(end, block << BLOCK_BITS);
                if (!keepSize && reached > item.size) {
                    item.size = reached;
                    item.dataVersion++;
                }
                setWritten(inode);
                core.store(txn, inode);
            }
        }
    }

    /**
     * Nobody has the file open any more: storage that it got ahead of its data, and that nobody asked for, goes back. Where that cannot
     * be done at once it stays until the next close, a truncate, or the end of the file.
     */
    void returnStorageAhead(long ino) {
        FileData.BlockRange tail = core.data.takeTail(ino);
        if (tail == null) {
            return;
        }
        try (LockClient.Use _ = core.acquire(ino, LockMode.WRITE)) {
            var lock = core.inodeLocks.of(ino);
            long stamp = lock.writeLock();
            try {
                punchBeyondEnd(core.require(core.transactions.view(), ino), tail);
            } finally {
                lock.unlockWrite(stamp);
            }
        } catch (MustWait later) {
            core.data.keepTail(ino, tail);
        } catch (FsException | IOException e) {
            LOG.log(System.Logger.Level.DEBUG, "preallocated storage of inode " + ino + " stays", e);
        }
    }

    private void punchBeyondEnd(Inode inode, FileData.BlockRange tail) throws FsException, MustWait, IOException {
        long size = inode.item.size;
        long first = Math.max(tail.first(), (size + (1L << BLOCK_BITS) - 1) >>> BLOCK_BITS);
        long offset = first << BLOCK_BITS;
        long length = (tail.end() - first) << BLOCK_BITS;
        boolean isDone = length <= 0;
        while (!isDone) {
            ItemReader view = core.transactions.view();
            try (FileData.PreparedWrite edges = core.data.admitPunch(view, inode.ino, size, offset, length);
                    Transaction txn = core.beginShrinking(edges.itemBytes())) {
                isDone = core.data.punch(txn, edges, inode.ino, offset, length).isDone();
            }
        }
    }

    // ---- seek

    long seek(long ino, long offset, int whence) throws FsException, MustWait, IOException {
        if (whence != SEEK_DATA && whence != SEEK_HOLE) {
            throw FsException.of(Errno.EINVAL);
        }
        try (LockClient.Use _ = acquireForReading(ino)) {
            var lock = core.inodeLocks.of(ino);
            long stamp = lock.readLock();
            try {
                ItemReader view = core.transactions.view();
                Inode inode = core.require(view, ino);
                requireRegular(inode);
                long size = inode.item.size;
                if (offset < 0 || offset >= size) {
                    throw FsException.of(Errno.ENXIO);
                }
                long found = whence == SEEK_DATA
                        ? core.data.seekData(view, ino, size, offset)
                        : core.data.seekHole(view, ino, size, offset);
                if (found < 0) {
                    throw FsException.of(Errno.ENXIO);
                }
                return found;
            } finally {
                lock.unlockRead(stamp);
            }
        }
    }

    // ---- copy

    /** Plain copying. @return how much; less than asked for at the end of the source, after an error, or for a large range */
    long copy(Request request, long fromIno, long fromOffset, long toIno, long toOffset, long length)
            throws FsException, MustWait, IOException {
        core.refuseIfReadOnly();
        if (fromOffset < 0 || toOffset < 0 || length < 0) {
            throw FsException.of(Errno.EINVAL);
        }
        long wanted = Math.min(length, COPY_BYTES_MAX);
        if (fromIno == toIno && fromOffset < toOffset + wanted && toOffset < fromOffset + wanted) {
            throw FsException.of(Errno.EINVAL);
        }
        long done = 0;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(Math.max(1, Math.min(wanted, COPY_STEP_BYTES)), 4096);
            while (done < wanted) {
                long step = Math.min(buffer.byteSize(), wanted - done);
                try {
                    int count = read(request, fromIno, fromOffset + done, buffer.asSlice(0, step));
                    if (count == 0) {
                        break;
                    }
                    done += write(request, toIno, toOffset + done, buffer.asSlice(0, count), false, false);
                } catch (FsException | MustWait | IOException e) {
                    if (done == 0) {
                        throw e;
                    }
                    break;
                }
            }
        }
        if (done > 0) {
            core.kernel.invalidateInode(toIno, toOffset, done);
        }
        return done;
    }

    private static void requireRegular(Inode inode) throws FsException {
        if (!inode.isRegular()) {
            throw FsException.of(inode.isDirectory() ? Errno.EISDIR : Errno.EINVAL);
        }
    }
}
