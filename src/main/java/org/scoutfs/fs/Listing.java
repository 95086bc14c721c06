package org.scoutfs.fs;

import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.FsException;
import org.scoutfs.base.MustWait;
import org.scoutfs.item.FileType;
import org.scoutfs.item.ReaddirItem;
import org.scoutfs.lock.LockClient;
import org.scoutfs.lsm.Cursor;
import org.scoutfs.lsm.ItemReader;
import org.scoutfs.net.LockMode;

/**
 * Lists directories. An entry's cookie is its position plus one: where the next look begins. Positions rise and are never used again,
 * so a listing needs no lock of the directory: what was there all along is found once, whatever comes and goes meanwhile.
 */
final class Listing {
    private static final byte[] DOT = {'.'};
    private static final byte[] DOT_DOT = {'.', '.'};
    private static final long DOT_DOT_POSITION = 1;

    private final Core core;

    Listing(Core core) {
        this.core = core;
    }

    void read(long ino, long cookie, boolean withAttributes, FileSystem.DirectorySink sink)
            throws FsException, MustWait, IOException {
        try (LockClient.Use _ = core.acquire(ino, LockMode.READ)) {
            ItemReader view = core.transactions.view();
            requireDirectory(view, ino);
            if (cookie == 0 && !sink.add(DOT, ino, FileType.DIRECTORY, DOT_DOT_POSITION, null)) {
                return;
            }
            if (Long.compareUnsigned(cookie, DOT_DOT_POSITION) <= 0
                    && !sink.add(
                            DOT_DOT, Directories.parent(view, ino), FileType.DIRECTORY, ReaddirItem.FIRST_POSITION, null)) {
                return;
            }
            long position = Long.compareUnsigned(cookie, ReaddirItem.FIRST_POSITION) < 0 ? ReaddirItem.FIRST_POSITION : cookie;
            readEntries(view, ino, position, position != cookie, withAttributes, sink);
        }
    }

    /** Also one that was removed and is still open: it is empty. */
    private void requireDirectory(ItemReader view, long ino) throws FsException, IOException {
        var lock = core.inodeLocks.of(ino);
        long stamp = lock.readLock();
        try {
            if (!core.require(view, ino).isDirectory()) {
                throw FsException.of(org.scoutfs.base.Errno.ENOTDIR);
            }
        } finally {
            lock.unlockRead(stamp);
        }
    }

    private void readEntries(
            ItemReader view,
            long dirIno,
            long position,
            boolean isBegun,
            boolean withAttributes,
            FileSystem.DirectorySink sink)
            throws FsException, MustWait, IOException {
        boolean isAnyTaken = isBegun;
        try (Cursor cursor = view.scan(ReaddirItem.key(dirIno, position), ReaddirItem.key(dirIno, -1))) {
            while (cursor.next()) {
                ReaddirItem entry = ReaddirItem.decode(cursor.key(), cursor.value());
                long next = ReaddirItem.position(cursor.key()) + 1;
                try {
                    boolean isTaken = withAttributes
                            ? addWithAttributes(dirIno, entry, next, sink)
                            : sink.add(entry.name(), entry.ino(), entry.type(), next, null);
                    if (!isTaken) {
                        return;
                    }
                } catch (MustWait e) {
                    if (!isAnyTaken) {
                        throw e;
                    }
                    return; // the next call begins with this entry, and waits
                }
                isAnyTaken = true;
            }
        }
    }

    private boolean addWithAttributes(long dirIno, ReaddirItem entry, long next, FileSystem.DirectorySink sink)
            throws FsException, MustWait, IOException {
        if (core.isSameGroup(dirIno, entry.ino())) {
            return addReferenced(entry, next, sink);
        }
        try (LockClient.Use _ = core.acquire(entry.ino(), LockMode.READ)) {
            return addReferenced(entry, next, sink);
        }
    }

    /** Counts the reference before the kernel can see it, so that the inode cannot go between. */
    private boolean addReferenced(ReaddirItem entry, long next, FileSystem.DirectorySink sink) throws IOException {
        Attributes attributes = core.referenceNamed(entry.ino());
        if (attributes == null) {
            return true; // it lost its last name since the item was read
        }
        if (sink.add(entry.name(), entry.ino(), entry.type(), next, attributes)) {
            return true;
        }
        core.references.subtract(entry.ino(), 1);
        core.orphans.checkUnused(entry.ino());
        return false;
    }
}
