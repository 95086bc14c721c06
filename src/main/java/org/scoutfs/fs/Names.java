package org.scoutfs.fs;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;
import org.scoutfs.base.MustWait;
import org.scoutfs.item.DirentItem;
import org.scoutfs.item.FileType;
import org.scoutfs.item.InodeItem;
import org.scoutfs.lock.LockClient;
import org.scoutfs.lsm.ItemReader;
import org.scoutfs.net.LockMode;
import org.scoutfs.net.LockName;
import org.scoutfs.txn.Transaction;

/**
 * Looks names up, and gives, takes and moves them.
 *
 * <p>An operation that changes a name first looks up which inodes it is about, then takes all locks, then looks again: if
 * the name means something else by now, it starts over. Renames that give a directory another parent come one at a time over the whole
 * volume, so that no two of them can together make a loop.
 */
final class Names {
    static final int LINKS_MAX = Integer.MAX_VALUE;

    static final int RENAME_NOREPLACE = 1;
    static final int RENAME_EXCHANGE = 2;

    private static final LockName RENAME = new LockName(LockName.Kind.RENAME, 0);

    /** Nobody moves directories so fast; with more rounds than this something else is wrong. */
    private static final int ROUNDS_MAX = 1000;

    private final Core core;

    /** The cluster's rename lock orders nodes, this one the threads of this node. Taken after cluster locks, before inode locks. */
    private final ReentrantLock renameMutex = new ReentrantLock();

    Names(Core core) {
        this.core = core;
    }

    // ---- look-up

    Attributes lookup(long parentIno, byte[] name) throws FsException, MustWait, IOException {
        if (name.length > DirentItem.NAME_BYTES_MAX) {
            throw FsException.of(Errno.ENAMETOOLONG);
        }
        if (Core.isDot(name)) {
            return referenceByNumber(parentIno);
        }
        if (Core.isDotDot(name)) {
            return referenceByNumber(parent(parentIno));
        }
        for (int round = 0; round < ROUNDS_MAX; round++) {
            Attributes found = tryLookup(parentIno, name);
            if (found != null) {
                return found;
            }
        }
        throw FsException.of(Errno.ESTALE);
    }

    /**
     * A directory entry is one item, so it is read without the directory's lock. The inode that it names may lose its last name before
     * its lock is taken: then the name means something else by now, and null says so.
     */
    private @Nullable Attributes tryLookup(long parentIno, byte[] name) throws FsException, MustWait, IOException {
        try (LockClient.Use _ = core.acquire(parentIno, LockMode.READ)) {
            DirentItem entry = core.directories.find(parentIno, name);
            if (entry == null) {
                throw missing(parentIno);
            }
            if (core.isSameGroup(parentIno, entry.ino())) {
                return core.referenceNamed(entry.ino());
            }
            try (LockClient.Use _ = core.acquire(entry.ino(), LockMode.READ)) {
                return core.referenceNamed(entry.ino());
            }
        }
    }

    private FsException missing(long parentIno) throws FsException, IOException {
        var lock = core.inodeLocks.of(parentIno);
        long stamp = lock.readLock();
        try {
            Inode parent = core.require(core.transactions.view(), parentIno);
            return FsException.of(parent.isDirectory() ? Errno.ENOENT : Errno.ENOTDIR);
        } finally {
            lock.unlockRead(stamp);
        }
    }

    /** For file handles: an inode without a name is found only while it is in use here. */
    private Attributes referenceByNumber(long ino) throws FsException, MustWait, IOException {
        try (LockClient.Use _ = core.acquire(ino, LockMode.READ)) {
            var lock = core.inodeLocks.of(ino);
            long stamp = lock.readLock();
            try {
                Inode inode = core.find(core.transactions.view(), ino);
                if (inode == null || (inode.item.nlink == 0 && !core.isUsed(ino))) {
                    throw FsException.of(Errno.ENOENT);
                }
                core.references.add(ino, 1);
                return inode.attributes();
            } finally {
                lock.unlockRead(stamp);
            }
        }
    }

    long parent(long dirIno) throws FsException, MustWait, IOException {
        try (LockClient.Use _ = core.acquire(dirIno, LockMode.READ)) {
            return Directories.parent(core.transactions.view(), dirIno);
        }
    }

    /** Which inode a name means now, for finding out what to lock. */
    private DirentItem peek(long parentIno, byte[] name) throws FsException, MustWait, IOException {
        try (LockClient.Use _ = core.acquire(parentIno, LockMode.READ)) {
            DirentItem entry = core.directories.find(parentIno, name);
            if (entry == null) {
                throw missing(parentIno);
            }
            return entry;
        }
    }

    // ---- link

    Attributes link(long ino, long parentIno, byte[] name) throws FsException, MustWait, IOException {
        core.refuseIfReadOnly();
        refuseDots(name);
        Core.checkName(name);
        try (LockClient.Use _ = core.acquireBoth(parentIno, ino);
                InodeLocks.Held _ = core.inodeLocks.hold(parentIno, ino, 0, 0)) {
            ItemReader view = core.transactions.view();
            Inode parent = core.requireDirectory(view, parentIno);
            Inode inode = core.require(view, ino);
            InodeItem item = inode.item;
            if (inode.isDirectory()) {
                throw FsException.of(Errno.EPERM);
            }
            Directories.Slot slot = core.directories.slot(view, parent, name);
            slot.requireFree();
            boolean wasNameless = item.nlink == 0;
            if (wasNameless && !item.has(InodeItem.LINKABLE)) {
                throw FsException.of(Errno.ENOENT);
            }
            if (item.nlink == LINKS_MAX || parent.item.nextPosition == -1) {
                throw FsException.of(Errno.EMLINK);
            }
            try (Transaction txn = core.begin(2 * Core.INODE_BYTES + slot.itemBytes() + Core.BARE_BYTES)) {
                long now = core.clock.wallNanos();
                item.nlink++;
                item.set(InodeItem.LINKABLE, false);
                inode.setCtime(now);
                core.store(txn, inode);
                if (wasNameless) {
                    core.orphans.remove(txn, ino);
                }
                core.directories.add(txn, parent, slot, ino, FileType.ofMode(item.mode));
                parent.setMtimeAndCtime(now);
                core.store(txn, parent);
                core.references.add(ino, 1);
                return inode.attributes();
            }
        }
    }

    // ---- unlink and rmdir

    void remove(long parentIno, byte[] name, boolean isRmdir) throws FsException, MustWait, IOException {
        core.refuseIfReadOnly();
        if (Core.isDot(name)) {
            throw FsException.of(isRmdir ? Errno.EINVAL : Errno.EISDIR);
        }
        if (Core.isDotDot(name)) {
            throw FsException.of(isRmdir ? Errno.ENOTEMPTY : Errno.EISDIR);
        }
        Core.checkName(name);
        for (int round = 0; round < ROUNDS_MAX; round++) {
            DirentItem seen = peek(parentIno, name);
            if (tryRemove(parentIno, name, seen, isRmdir)) {
                core.orphans.checkUnused(seen.ino());
                return;
            }
        }
        throw FsException.of(Errno.ESTALE);
    }

    private boolean tryRemove(long parentIno, byte[] name, DirentItem seen, boolean isRmdir)
            throws FsException, MustWait, IOException {
        try (LockClient.Use _ = core.acquireBoth(parentIno, seen.ino());
                InodeLocks.Held _ = core.inodeLocks.hold(parentIno, seen.ino(), 0, 0)) {
            ItemReader view = core.transactions.view();
            Inode parent = core.requireDirectory(view, parentIno);
            Directories.Slot slot = core.directories.slot(view, parent, name);
            if (slot.require().ino() != seen.ino()) {
                return false;
            }
            Inode inode = core.requireNamed(view, seen);
            if (isRmdir) {
                refuseRmdir(inode);
            } else if (inode.isDirectory()) {
                throw FsException.of(Errno.EISDIR);
            }
            Core.refuseIfRetained(inode);
            long bytes = 2 * Core.INODE_BYTES + slot.itemBytes() + Core.BARE_BYTES;
            try (Transaction txn = core.beginShrinking(bytes)) {
                long now = core.clock.wallNanos();
                core.directories.remove(txn, parent, slot);
                parent.setMtimeAndCtime(now);
                if (isRmdir) {
                    parent.item.nlink--;
                }
                core.store(txn, parent);
                dropLink(txn, inode, now);
            }
            return true;
        }
    }

    private static void refuseRmdir(Inode inode) throws FsException {
        if (!inode.isDirectory()) {
            throw FsException.of(Errno.ENOTDIR);
        }
        if (inode.item.size != 0) {
            throw FsException.of(Errno.ENOTEMPTY);
        }
        if (inode.ino == Core.ROOT_INO) {
            throw FsException.of(Errno.EBUSY);
        }
    }

    /** One name less; a directory has only one. */
    private void dropLink(Transaction txn, Inode inode, long now) {
        inode.item.nlink = inode.isDirectory() ? 0 : inode.item.nlink - 1;
        inode.setCtime(now);
        if (inode.item.nlink == 0) {
            core.orphans.add(txn, inode.ino);
        }
        core.store(txn, inode);
    }

    // ---- rename

    /** The two names of a rename, and what they meant when it began; {@code targetIno} is 0 for no such name. */
    private record Move(
            long oldParentIno,
            byte[] oldName,
            long newParentIno,
            byte[] newName,
            int flags,
            long sourceIno,
            int sourceType,
            long targetIno,
            int targetType) {
        boolean isExchange() {
            return (flags & RENAME_EXCHANGE) != 0;
        }

        boolean isToOtherParent() {
            return oldParentIno != newParentIno;
        }

        /** Whether a directory gets another parent. */
        boolean movesDirectory() {
            return isToOtherParent()
                    && (sourceType == FileType.DIRECTORY || (isExchange() && targetType == FileType.DIRECTORY));
        }
    }

    void rename(long oldParentIno, byte[] oldName, long newParentIno, byte[] newName, int flags)
            throws FsException, MustWait, IOException {
        core.refuseIfReadOnly();
        if ((flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE)) != 0 || flags == (RENAME_NOREPLACE | RENAME_EXCHANGE)) {
            throw FsException.of(Errno.EINVAL);
        }
        if (Core.isDot(oldName) || Core.isDotDot(oldName) || Core.isDot(newName) || Core.isDotDot(newName)) {
            throw FsException.of(Errno.EBUSY);
        }
        Core.checkName(oldName);
        Core.checkName(newName);
        for (int round = 0; round < ROUNDS_MAX; round++) {
            DirentItem source = peek(oldParentIno, oldName);
            DirentItem target = peekTarget(newParentIno, newName);
            Move move = new Move(
                    oldParentIno,
                    oldName,
                    newParentIno,
                    newName,
                    flags,
                    source.ino(),
                    source.type(),
                    target == null ? 0 : target.ino(),
                    target == null ? 0 : target.type());
            if (tryRename(move)) {
                if (move.targetIno != 0 && !move.isExchange()) {
                    core.orphans.checkUnused(move.targetIno);
                }
                return;
            }
        }
        throw FsException.of(Errno.ESTALE);
    }

    private @Nullable DirentItem peekTarget(long parentIno, byte[] name) throws FsException, MustWait, IOException {
        try (LockClient.Use _ = core.acquire(parentIno, LockMode.READ)) {
            return core.directories.find(parentIno, name);
        }
    }

    private boolean tryRename(Move move) throws FsException, MustWait, IOException {
        if (!move.movesDirectory()) {
            try (LockClient.Use _ = core.locks.acquire(wants(move, List.of()))) {
                return renameLocked(move);
            }
        }
        // The ancestors are looked up before any lock is held, then locked, then checked again by renameLocked.
        List<Long> ancestors = ancestors(move);
        try (LockClient.Use _ = core.locks.acquire(wants(move, ancestors))) {
            renameMutex.lock();
            try {
                return ancestors.equals(ancestors(move)) && renameLocked(move);
            } finally {
                renameMutex.unlock();
            }
        }
    }

    private List<LockClient.Want> wants(Move move, List<Long> ancestors) {
        List<LockClient.Want> wants = new ArrayList<>(5 + ancestors.size());
        if (move.movesDirectory()) {
            wants.add(new LockClient.Want(RENAME, LockMode.WRITE));
            for (long ancestor : ancestors) {
                wants.add(core.want(ancestor, LockMode.READ));
            }
        }
        wants.add(core.want(move.oldParentIno, LockMode.WRITE));
        wants.add(core.want(move.newParentIno, LockMode.WRITE));
        wants.add(core.want(move.sourceIno, LockMode.WRITE));
        if (move.targetIno != 0) {
            wants.add(core.want(move.targetIno, LockMode.WRITE));
        }
        return wants;
    }

    /** The chain from the new parent up to the root, and for an exchange that from the old parent after it. {@code EINVAL} for a loop. */
    private List<Long> ancestors(Move move) throws FsException, MustWait, IOException {
        requireDirectory(move.newParentIno);
        List<Long> chain = new ArrayList<>();
        climb(chain, move.newParentIno, move.sourceIno);
        if (move.isExchange()) {
            climb(chain, move.oldParentIno, move.targetIno);
        }
        return chain;
    }

    /** A file has ancestors, too, but nothing can be moved into it. */
    private void requireDirectory(long ino) throws FsException, MustWait, IOException {
        try (LockClient.Use _ = core.acquire(ino, LockMode.READ)) {
            var lock = core.inodeLocks.of(ino);
            long stamp = lock.readLock();
            try {
                core.requireDirectory(core.transactions.view(), ino);
            } finally {
                lock.unlockRead(stamp);
            }
        }
    }

    private void climb(List<Long> chain, long fromIno, long forbiddenIno) throws FsException, MustWait, IOException {
        long ino = fromIno;
        while (true) {
            if (ino == forbiddenIno) {
                throw FsException.of(Errno.EINVAL);
            }
            chain.add(ino);
            long parent = parent(ino);
            if (parent == ino) {
                return;
            }
            ino = parent;
        }
    }

    private boolean renameLocked(Move move) throws FsException, MustWait, IOException {
        try (InodeLocks.Held _ =
                core.inodeLocks.hold(move.oldParentIno, move.newParentIno, move.sourceIno, move.targetIno)) {
            ItemReader view = core.transactions.view();
            Inode oldParent = core.requireDirectory(view, move.oldParentIno);
            Inode newParent = move.isToOtherParent() ? core.requireDirectory(view, move.newParentIno) : oldParent;
            Directories.Slot from = core.directories.slot(view, oldParent, move.oldName);
            Directories.Slot to = core.directories.slot(view, newParent, move.newName);
            DirentItem source = from.require();
            DirentItem target = to.entry();
            if (source.ino() != move.sourceIno || (target == null ? 0 : target.ino()) != move.targetIno) {
                return false;
            }
            Inode moved = core.requireNamed(view, source);
            Inode replaced = target == null ? null : core.requireNamed(view, target);
            Core.refuseIfRetained(moved);
            if (replaced != null) {
                Core.refuseIfRetained(replaced);
            }
            if (move.isExchange()) {
                if (replaced == null) {
                    throw FsException.of(Errno.ENOENT);
                }
                if (replaced.ino != moved.ino) {
                    exchange(move, oldParent, newParent, from, to, moved, replaced);
                }
                return true;
            }
            if (replaced != null && (move.flags & RENAME_NOREPLACE) != 0) {
                throw FsException.of(Errno.EEXIST);
            }
            if (replaced != null && replaced.ino == moved.ino) {
                return true; // two names of one inode: POSIX wants nothing to happen
            }
            if (replaced == null) {
                to.requireFree();
            } else {
                refuseReplacing(moved, replaced);
            }
            refuseTooManyLinks(move, newParent, moved, replaced);
            move(move, oldParent, newParent, from, to, moved, replaced);
            return true;
        }
    }

    private static void refuseReplacing(Inode moved, Inode replaced) throws FsException {
        if (moved.isDirectory() && !replaced.isDirectory()) {
            throw FsException.of(Errno.ENOTDIR);
        }
        if (!moved.isDirectory() && replaced.isDirectory()) {
            throw FsException.of(Errno.EISDIR);
        }
        if (replaced.isDirectory()) {
            refuseRmdir(replaced);
        }
    }

    private static void refuseTooManyLinks(Move move, Inode newParent, Inode moved, @Nullable Inode replaced)
            throws FsException {
        boolean comesNew = move.isToOtherParent() && moved.isDirectory() && replaced == null;
        if ((comesNew && newParent.item.nlink == LINKS_MAX) || newParent.item.nextPosition == -1) {
            throw FsException.of(Errno.EMLINK);
        }
    }

    private void move(
            Move move,
            Inode oldParent,
            Inode newParent,
            Directories.Slot from,
            Directories.Slot to,
            Inode moved,
            @Nullable Inode replaced)
            throws FsException, MustWait, IOException {
        long bytes = 4 * Core.INODE_BYTES + 2 * (from.itemBytes() + to.itemBytes()) + Core.BARE_BYTES;
        try (Transaction txn = core.begin(bytes)) {
            long now = core.clock.wallNanos();
            core.directories.remove(txn, oldParent, from);
            Directories.Slot slot = again(txn, from, to, newParent);
            if (replaced == null) {
                core.directories.add(txn, newParent, slot, moved.ino, FileType.ofMode(moved.item.mode));
            } else {
                // At the same position: a lister who was past it must not see the name again.
                core.directories.redirect(txn, newParent, slot, moved.ino, FileType.ofMode(moved.item.mode));
                dropLink(txn, replaced, now);
                newParent.item.nlink -= replaced.isDirectory() ? 1 : 0;
            }
            if (moved.isDirectory()) {
                oldParent.item.nlink--;
                newParent.item.nlink++;
            }
            moved.setCtime(now);
            core.store(txn, moved);
            storeParents(txn, oldParent, newParent, now);
        }
    }

    private void exchange(
            Move move,
            Inode oldParent,
            Inode newParent,
            Directories.Slot from,
            Directories.Slot to,
            Inode moved,
            Inode replaced)
            throws FsException, MustWait, IOException {
        if (move.isToOtherParent() && moved.isDirectory() != replaced.isDirectory()) {
            Inode gains = moved.isDirectory() ? newParent : oldParent;
            if (gains.item.nlink == LINKS_MAX) {
                throw FsException.of(Errno.EMLINK);
            }
        }
        long bytes = 4 * Core.INODE_BYTES + 2 * (from.itemBytes() + to.itemBytes());
        try (Transaction txn = core.begin(bytes)) {
            long now = core.clock.wallNanos();
            core.directories.redirect(txn, oldParent, from, replaced.ino, FileType.ofMode(replaced.item.mode));
            Directories.Slot slot = again(txn, from, to, newParent);
            core.directories.redirect(txn, newParent, slot, moved.ino, FileType.ofMode(moved.item.mode));
            if (moved.isDirectory()) {
                oldParent.item.nlink--;
                newParent.item.nlink++;
            }
            if (replaced.isDirectory()) {
                newParent.item.nlink--;
                oldParent.item.nlink++;
            }
            moved.setCtime(now);
            replaced.setCtime(now);
            core.store(txn, moved);
            core.store(txn, replaced);
            storeParents(txn, oldParent, newParent, now);
        }
    }

    /** Two names of one directory can share an item; then the first change of it is seen by the second. */
    private Directories.Slot again(
            Transaction txn, Directories.Slot changed, Directories.Slot next, Inode nextParent) throws IOException {
        return Arrays.equals(changed.key(), next.key())
                ? core.directories.slot(txn.view(), nextParent, next.name())
                : next;
    }

    private void storeParents(Transaction txn, Inode oldParent, Inode newParent, long now) {
        oldParent.setMtimeAndCtime(now);
        core.store(txn, oldParent);
        if (newParent.ino != oldParent.ino) {
            newParent.setMtimeAndCtime(now);
            core.store(txn, newParent);
        }
    }

    private static void refuseDots(byte[] name) throws FsException {
        if (Core.isDot(name) || Core.isDotDot(name)) {
            throw FsException.of(Errno.EEXIST);
        }
    }
}
