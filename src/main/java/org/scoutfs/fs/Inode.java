package org.scoutfs.fs;

import org.jspecify.annotations.Nullable;
import org.scoutfs.fs.Attributes.Timestamp;
import org.scoutfs.item.FileType;
import org.scoutfs.item.InodeItem;

/**
 * A decoded inode in memory. What it holds is what the open transaction holds: an operation changes both under the inode's lock, so
 * that dropping the object loses nothing.
 *
 * <p>Guarded by the inode's lock of {@link InodeLocks}: read under it shared, changed under it exclusive.
 */
final class Inode {
    private static final int SECTORS_PER_BLOCK = 8;

    final long ino;
    final InodeItem item;
    /** Counts the changes of this object: who saw it unchanged knows that what he read of the inode's items still holds. */
    int changeCount;

    /** Made at the first {@code stat} after a change. The record is immutable, so a race of readers only makes it twice. */
    private @Nullable Attributes attributes;

    Inode(long ino, InodeItem item) {
        this.ino = ino;
        this.item = item;
    }

    boolean isDirectory() {
        return FileType.isDirectory(item.mode);
    }

    boolean isRegular() {
        return FileType.isRegular(item.mode);
    }

    boolean isSymlink() {
        return FileType.isSymlink(item.mode);
    }

    Attributes attributes() {
        Attributes known = attributes;
        if (known == null) {
            known = new Attributes(
                    ino,
                    item.size,
                    (item.onlineBlocks + item.offlineBlocks) * SECTORS_PER_BLOCK,
                    new Timestamp(item.atime, item.atimeNanos),
                    new Timestamp(item.mtime, item.mtimeNanos),
                    new Timestamp(item.ctime, item.ctimeNanos),
                    new Timestamp(item.crtime, item.crtimeNanos),
                    item.mode,
                    item.nlink,
                    item.uid,
                    item.gid,
                    item.rdev);
            attributes = known;
        }
        return known;
    }

    /** To be called with each change of {@link #item}. */
    void changed() {
        attributes = null;
        changeCount++;
    }

    void setAtime(long seconds, int nanos) {
        item.atime = seconds;
        item.atimeNanos = nanos;
    }

    void setMtime(long seconds, int nanos) {
        item.mtime = seconds;
        item.mtimeNanos = nanos;
    }

    void setCtime(long seconds, int nanos) {
        item.ctime = seconds;
        item.ctimeNanos = nanos;
    }

    void setCtime(long wallNanos) {
        setCtime(Math.floorDiv(wallNanos, 1_000_000_000L), (int) Math.floorMod(wallNanos, 1_000_000_000L));
    }

    /** Contents changed: of a file its bytes, of a directory its entries. */
    void setMtimeAndCtime(long wallNanos) {
        setCtime(wallNanos);
        setMtime(item.ctime, item.ctimeNanos);
    }
}
