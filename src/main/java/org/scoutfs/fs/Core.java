package org.scoutfs.fs;

import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Clock;
import org.scoutfs.base.CorruptionException;
import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;
import org.scoutfs.base.MustWait;
import org.scoutfs.data.FileData;
import org.scoutfs.item.DirentItem;
import org.scoutfs.item.InodeItem;
import org.scoutfs.item.Keys;
import org.scoutfs.lock.LockClient;
import org.scoutfs.lsm.ItemReader;
import org.scoutfs.net.LockMode;
import org.scoutfs.net.LockName;
import org.scoutfs.txn.Transaction;
import org.scoutfs.txn.Transactions;

/**
 * What the parts of the file system share: the layers below, the inodes in memory, and the few steps that every operation is made of.
 * It has no state of its own.
 */
final class Core {
    static final long ROOT_INO = 1;

    /** Key and value of an inode item, and the deletes and puts of its two index items. */
    static final long INODE_BYTES = Keys.SIZE + InodeItem.SIZE + 4L * Keys.SIZE;

    /** Key and empty value. */
    static final long BARE_BYTES = Keys.SIZE;

    private static final int LOCK_NAMES = 256;

    final Transactions transactions;
    final LockClient locks;
    final FileData data;
    final InodeNumbers numbers;
    final KernelCache kernel;
    final CallerPrivileges privileges;
    final Clock clock;
    final FsOptions options;

    final InodeCache cache;
    final InodeLocks inodeLocks = new InodeLocks();
    final Directories directories = new Directories(this);
    /** See {@link KernelCounts}. */
    final CountMap references;

    final CountMap opens;
    final CountMap writableOpens;

    final IndexChanges index = new IndexChanges();
    final Orphans orphans = new Orphans(this);
    final Quota quota = new Quota(this);
    final LockRevoker revoker = new LockRevoker(this);
    final OfflineWaiters offlineWaiters = new OfflineWaiters();

    private final int groupShift;
    /** Names of the groups used last. A race only makes a name twice. */
    private final @Nullable LockName[] lockNames = new LockName[LOCK_NAMES];

    Core(
            Transactions transactions,
            LockClient locks,
            FileData data,
            InodeNumbers numbers,
            KernelCache kernel,
            CallerPrivileges privileges,
            Clock clock,
            FsOptions options,
            KernelCounts counts) {
        this.references = counts.references;
        this.opens = counts.opens;
        this.writableOpens = counts.writableOpens;
        this.transactions = transactions;
        this.locks = locks;
        this.data = data;
        this.numbers = numbers;
        this.kernel = kernel;
        this.privileges = privileges;
        this.clock = clock;
        this.options = options;
        this.cache = new InodeCache(options.cachedInodes());
        this.groupShift = Integer.numberOfTrailingZeros(options.lockGroupInodes());
        transactions.addParticipant(index);
    }

    // ---- cluster locks

    LockName lockName(long ino) {
        long group = ino >>> groupShift;
        int slot = (int) group & LOCK_NAMES - 1;
        LockName name = lockNames[slot];
        if (name == null || name.number() != group) {
            name = new LockName(LockName.Kind.INODES, group);
            lockNames[slot] = name;
        }
        return name;
    }

    /** The first number of a group that a lock is about. */
    long firstIno(LockName name) {
        return name.number() << groupShift;
    }

    boolean isSameGroup(long inoA, long inoB) {
        return inoA >>> groupShift == inoB >>> groupShift;
    }

    LockClient.Use acquire(long ino, LockMode mode) throws FsException, MustWait {
        return locks.acquire(lockName(ino), mode);
    }

    /** Both inodes' locks for changing them. */
    LockClient.Use acquireBoth(long inoA, long inoB) throws FsException, MustWait {
        return isSameGroup(inoA, inoB)
                ? acquire(inoA, LockMode.WRITE)
                : locks.acquire(List.of(want(inoA, LockMode.WRITE), want(inoB, LockMode.WRITE)));
    }

    LockClient.Want want(long ino, LockMode mode) {
        return new LockClient.Want(lockName(ino), mode);
    }

    // ---- inodes

    /** Reads an inode. The caller holds its lock, and took the view after it. */
    @Nullable Inode find(ItemReader view, long ino) throws IOException {
        Inode known = cache.get(ino);
        if (known != null) {
            return known;
        }
        byte[] value = view.get(InodeItem.key(ino));
        return value == null ? null : cache.add(new Inode(ino, InodeItem.decode(ino, value)));
    }

    /** As {@link #find}, for an inode that the kernel knows. */
    Inode require(ItemReader view, long ino) throws FsException, IOException {
        Inode inode = find(view, ino);
        if (inode == null) {
            throw FsException.of(Errno.ESTALE);
        }
        return inode;
    }

    /** An inode that a directory entry names must exist. */
    Inode requireNamed(ItemReader view, DirentItem entry) throws IOException {
        Inode inode = find(view, entry.ino());
        if (inode == null) {
            throw CorruptionException.missing("inode " + Long.toUnsignedString(entry.ino()), entry);
        }
        return inode;
    }

    /**
     * Notes one more reference of the kernel's to an inode that an entry named when it was read.
     *
     * @return null when the inode has lost its last name since
     */
    @Nullable Attributes referenceNamed(long ino) throws IOException {
        var lock = inodeLocks.of(ino);
        long stamp = lock.readLock();
        try {
            Inode inode = find(transactions.view(), ino);
            if (inode == null || inode.item.nlink == 0) {
                return null;
            }
            references.add(inode.ino, 1);
            return inode.attributes();
        } finally {
            lock.unlockRead(stamp);
        }
    }

    /** A directory in which names can be looked up, made and removed. */
    Inode requireDirectory(ItemReader view, long ino) throws FsException, IOException {
        Inode inode = require(view, ino);
        if (!inode.isDirectory()) {
            throw FsException.of(Errno.ENOTDIR);
        }
        if (inode.item.nlink == 0) {
            throw FsException.of(Errno.ENOENT);
        }
        return inode;
    }

    /** Puts a changed inode: its seq and its place in the index move with the transaction. */
    void store(Transaction txn, Inode inode) {
        InodeItem item = inode.item;
        long seq = txn.seq();
        if (item.metaSeq != seq) {
            index.moved(txn.number(), Keys.Type.META_SEQ, inode.ino, item.metaSeq, seq);
            item.metaSeq = seq;
        }
        inode.changed();
        txn.put(InodeItem.key(inode.ino), item.encode());
    }

    /** As {@link #store}, for a regular file whose contents changed. */
    void storeWithData(Transaction txn, Inode inode) {
        InodeItem item = inode.item;
        long seq = txn.seq();
        if (item.dataSeq != seq) {
            index.moved(txn.number(), Keys.Type.DATA_SEQ, inode.ino, item.dataSeq, seq);
            item.dataSeq = seq;
        }
        store(txn, inode);
    }

    /** Whether the kernel or an open file keeps an inode alive that has no name. */
    boolean isUsed(long ino) {
        return references.get(ino) > 0 || opens.get(ino) > 0;
    }

    // ---- the rest

    Transaction begin(long itemBytes) throws FsException, MustWait {
        return transactions.begin(itemBytes, Transactions.SpaceUse.GROW);
    }

    Transaction beginShrinking(long itemBytes) throws FsException, MustWait {
        return transactions.begin(itemBytes, Transactions.SpaceUse.SHRINK);
    }

    void refuseIfReadOnly() throws FsException {
        if (options.isReadOnly()) {
            throw FsException.of(Errno.EROFS);
        }
    }

    /** A file under retention does not change. */
    static void refuseIfRetained(Inode inode) throws FsException {
        if (inode.item.has(InodeItem.RETENTION)) {
            throw FsException.of(Errno.EPERM);
        }
    }

    static void checkName(byte[] name) throws FsException {
        if (name.length > DirentItem.NAME_BYTES_MAX) {
            throw FsException.of(Errno.ENAMETOOLONG);
        }
        if (name.length == 0) {
            throw FsException.of(Errno.ENOENT);
        }
        for (byte one : name) {
            if (one == 0 || one == '/') {
                throw FsException.of(Errno.EINVAL);
            }
        }
    }

    static boolean isDot(byte[] name) {
        return name.length == 1 && name[0] == '.';
    }

    static boolean isDotDot(byte[] name) {
        return name.length == 2 && name[0] == '.' && name[1] == '.';
    }
}
