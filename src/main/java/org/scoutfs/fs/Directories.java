package org.scoutfs.fs;

import java.io.IOException;
import java.util.concurrent.locks.StampedLock;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.CorruptionException;
import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;
import org.scoutfs.base.Invariants;
import org.scoutfs.item.BackrefItem;
import org.scoutfs.item.DirentItem;
import org.scoutfs.item.Keys;
import org.scoutfs.item.NameHash;
import org.scoutfs.item.ReaddirItem;
import org.scoutfs.lsm.Cursor;
import org.scoutfs.lsm.ItemReader;
import org.scoutfs.txn.Transaction;

/**
 * The entries of directories as items. An entry is three items: found by its name, listed by its position, and known to the inode
 * that it names.
 * <ol>
 *   <li>A directory's size is the sum of its names' lengths. It is empty when that is 0.
 *   <li>A position is used once. The entry of a name keeps its position when it comes to name another inode.
 * </ol>
 * <p>Changes are made under the directory's exclusive lock; the caller stores the directory's inode afterwards. Thread-safe.
 */
final class Directories {
    private final Core core;
    private final EntryCache cache = new EntryCache();

    Directories(Core core) {
        this.core = core;
    }

    /** What is known of a name before it is made or removed: the item of its hash, and the entry if there is one. */
    record Slot(byte[] name, long hash, byte[] key, byte @Nullable [] value, @Nullable DirentItem entry) {
        /** An upper bound of the items for adding, changing or removing this entry. */
        long itemBytes() {
            return 4L * Keys.SIZE
                    + (value == null ? 0 : value.length)
                    + DirentItem.size(name.length)
                    + ReaddirItem.size(name.length);
        }

        DirentItem require() throws FsException {
            if (entry == null) {
                throw FsException.of(Errno.ENOENT);
            }
            return entry;
        }

        void requireFree() throws FsException, CorruptionException {
            if (entry != null) {
                throw FsException.of(Errno.EEXIST);
            }
            if (value != null && DirentItem.count(value) >= DirentItem.COLLISIONS_MAX) {
                throw FsException.of(Errno.ENOSPC);
            }
        }
    }

    /** What a name means now. The caller holds the cluster's lock of the directory, and no inode lock. */
    @Nullable DirentItem find(long dirIno, byte[] name) throws IOException {
        long hash = NameHash.of(name);
        Inode dir = core.cache.get(dirIno);
        EntryCache.Entry known = dir == null ? null : cache.get(dir, hash);
        byte[] value = known == null ? read(dirIno, hash) : known.value();
        return value == null ? null : DirentItem.find(value, name);
    }

    /** Reads without the directory's lock, and remembers what it read if nobody had that lock exclusively meanwhile. */
    private byte @Nullable [] read(long dirIno, long hash) throws IOException {
        StampedLock lock = core.inodeLocks.of(dirIno);
        long before = lock.tryOptimisticRead();
        byte[] value = core.transactions.view().get(DirentItem.key(dirIno, hash));
        long stamp = before == 0 ? 0 : lock.tryConvertToReadLock(before);
        if (stamp != 0) {
            try {
                Inode dir = core.cache.get(dirIno);
                if (dir != null) {
                    cache.put(dir, hash, value);
                }
            } finally {
                lock.unlockRead(stamp);
            }
        }
        return value;
    }

    /** The caller holds the directory's lock exclusively. */
    Slot slot(ItemReader view, Inode dir, byte[] name) throws IOException {
        long hash = NameHash.of(name);
        byte[] key = DirentItem.key(dir.ino, hash);
        EntryCache.Entry known = cache.get(dir, hash);
        byte[] value = known == null ? view.get(key) : known.value();
        return new Slot(name, hash, key, value, value == null ? null : DirentItem.find(value, name));
    }

    /** Adds an entry at the directory's next position. */
    void add(Transaction txn, Inode dir, Slot slot, long ino, int type) {
        long position = dir.item.nextPosition++;
        DirentItem entry = new DirentItem(position, ino, type, slot.name());
        // Listing and back reference first: who finds the name, finds all of the entry.
        txn.putNew(ReaddirItem.key(dir.ino, position), new ReaddirItem(ino, type, slot.name()).encode());
        txn.putNew(BackrefItem.key(ino, dir.ino, position), BackrefItem.value());
        byte[] value = slot.value() == null ? entry.encode() : entry.encodeAfter(slot.value());
        if (slot.value() == null) {
            txn.putNew(slot.key(), value);
        } else {
            txn.put(slot.key(), value);
        }
        cache.put(dir, slot.hash(), value);
        dir.item.size += slot.name().length;
    }

    void remove(Transaction txn, Inode dir, Slot slot) throws CorruptionException {
        DirentItem entry = slot.entry();
        byte[] value = slot.value();
        if (entry == null || value == null) {
            throw new IllegalStateException("removes an entry that is not there");
        }
        byte[] rest = DirentItem.without(value, slot.name());
        if (rest == null) {
            txn.delete(slot.key());
        } else {
            txn.put(slot.key(), rest);
        }
        cache.put(dir, slot.hash(), rest);
        txn.delete(ReaddirItem.key(dir.ino, entry.position()));
        txn.delete(BackrefItem.key(entry.ino(), dir.ino, entry.position()));
        dir.item.size -= slot.name().length;
        Invariants.check(dir.item.size >= 0, "a directory shrinks below nothing", dir.ino);
    }

    /** Makes an entry that exists name another inode, at the same position. */
    void redirect(Transaction txn, Inode dir, Slot slot, long ino, int type) throws CorruptionException {
        DirentItem old = slot.entry();
        byte[] value = slot.value();
        if (old == null || value == null) {
            throw new IllegalStateException("redirects an entry that is not there");
        }
        DirentItem entry = new DirentItem(old.position(), ino, type, slot.name());
        txn.delete(BackrefItem.key(old.ino(), dir.ino, old.position()));
        txn.put(BackrefItem.key(ino, dir.ino, old.position()), BackrefItem.value());
        txn.put(ReaddirItem.key(dir.ino, old.position()), new ReaddirItem(ino, type, slot.name()).encode());
        byte[] changed = entry.encodeAfter(DirentItem.without(value, slot.name()));
        txn.put(slot.key(), changed);
        cache.put(dir, slot.hash(), changed);
    }

    /** The directory that names this one; of the root, and of one without a name, itself. */
    static long parent(ItemReader view, long dirIno) throws IOException {
        if (dirIno == Core.ROOT_INO) {
            return dirIno;
        }
        try (Cursor cursor = view.scan(BackrefItem.key(dirIno, 0, 0), BackrefItem.key(dirIno, -1, -1))) {
            return cursor.next() ? BackrefItem.dirIno(cursor.key()) : dirIno;
        }
    }
}
