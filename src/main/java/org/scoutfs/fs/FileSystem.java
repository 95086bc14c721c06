package org.scoutfs.fs;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.FsException;
import org.scoutfs.base.MustWait;

/**
 * Every request of the kernel that is about files, with inode numbers (not FUSE node ids), names as bytes without NUL, and
 * offsets and sizes in bytes. Errors are {@link FsException} (an answer), {@link IOException} ({@code EIO}, logged), or
 * {@link MustWait} (run the call again later with the same {@link Request}).
 *
 * <p><b>References.</b> Each successful call that returns an {@link Attributes} of a looked-up or new inode (lookup, create,
 * tmpfile, mknod, mkdir, symlink, link) counts one kernel reference to it; {@link #forget} takes them back. An inode without a name
 * lives as long as it is referenced or open.
 *
 * <p>Thread-safe.
 */
public interface FileSystem {
    /**
     * A request begins on this thread. What it reads is kept until the {@link #leave} that belongs to this call; calls outside of
     * the two work as well, and keep it longer.
     */
    default void enter() {}

    /** The request's end, on the same thread. */
    default void leave() {}

    // ---- names
    /** Throws {@code ENOENT} where there is no such name. Also {@code "."} of any inode (for file handles) and {@code ".."}. */
    Attributes lookup(Request request, long parentIno, byte[] name) throws FsException, MustWait, IOException;

    void forget(long ino, long count);

    /** @param umask applied unless the directory has a default ACL */
    Attributes mknod(Request request, long parentIno, byte[] name, int mode, int rdev, int umask)
            throws FsException, MustWait, IOException;

    Attributes mkdir(Request request, long parentIno, byte[] name, int mode, int umask)
            throws FsException, MustWait, IOException;

    Attributes symlink(Request request, long parentIno, byte[] name, byte[] target)
            throws FsException, MustWait, IOException;

    Attributes link(Request request, long ino, long newParentIno, byte[] newName)
            throws FsException, MustWait, IOException;

    void unlink(Request request, long parentIno, byte[] name) throws FsException, MustWait, IOException;

    void rmdir(Request request, long parentIno, byte[] name) throws FsException, MustWait, IOException;

    /** @param flags of renameat2: 1 NOREPLACE, 2 EXCHANGE; others are {@code EINVAL} */
    void rename(Request request, long oldParentIno, byte[] oldName, long newParentIno, byte[] newName, int flags)
            throws FsException, MustWait, IOException;

    byte[] readlink(Request request, long ino) throws FsException, MustWait, IOException;

    // ---- inodes
    Attributes getAttributes(Request request, long ino) throws FsException, MustWait, IOException;

    Attributes setAttributes(Request request, long ino, AttributeChange change)
            throws FsException, MustWait, IOException;

    // ---- open files
    /** @param flags of open(2) on x86-64; {@code O_TRUNC} is done here; {@code killPrivileges} when it clears set-id bits */
    OpenFile open(Request request, long ino, int flags, boolean killPrivileges)
            throws FsException, MustWait, IOException;

    Created create(Request request, long parentIno, byte[] name, int flags, int mode, int umask)
            throws FsException, MustWait, IOException;

    /** {@code O_TMPFILE}: a file without a name. */
    Created tmpfile(Request request, long parentIno, int flags, int mode, int umask)
            throws FsException, MustWait, IOException;

    /** The last close of an open file: its flocks and leftover locks go. Never waits. */
    void release(long ino, long handle, long lockOwner, boolean unlockFlock);

    /** One close(2): the POSIX locks of this owner go. */
    void flush(Request request, long ino, long handle, long lockOwner) throws FsException, MustWait, IOException;

    /** @return bytes read, less than the size of {@code into} only at the end of the file */
    int read(Request request, long ino, long handle, long offset, MemorySegment into)
            throws FsException, MustWait, IOException;

    /** @param offset ignored when {@code append}: the bytes go to the true end of the file
     *  @param fromPageCache from a mapping or the kernel's write-back: the request's credentials mean nothing */
    int write(
            Request request,
            long ino,
            long handle,
            long offset,
            MemorySegment from,
            boolean append,
            boolean fromPageCache,
            boolean killPrivileges)
            throws FsException, MustWait, IOException;

    void fsync(Request request, long ino, long handle, boolean dataOnly) throws FsException, MustWait, IOException;

    /** {@code sync(2)}, {@code syncfs(2)}, and the last commit of an unmount. */
    void syncFileSystem(Request request) throws FsException, MustWait, IOException;

    /** @param mode of fallocate(2): 0, 1 KEEP_SIZE, 3 PUNCH_HOLE|KEEP_SIZE, 0x10 ZERO_RANGE, 0x11; others {@code EOPNOTSUPP} */
    void fallocate(Request request, long ino, long handle, long offset, long length, int mode)
            throws FsException, MustWait, IOException;

    /** @param whence 3 SEEK_DATA or 4 SEEK_HOLE */
    long seek(Request request, long ino, long handle, long offset, int whence)
            throws FsException, MustWait, IOException;

    long copyFileRange(
            Request request, long fromIno, long fromHandle, long fromOffset, long toIno, long toHandle, long toOffset, long length)
            throws FsException, MustWait, IOException;

    // ---- directories
    long openDirectory(Request request, long ino) throws FsException, MustWait, IOException;

    void releaseDirectory(long ino, long handle);

    /**
     * Lists entries after {@code cookie} (0 for all) until {@code sink} is full. Cookies are stable over the life of the entry.
     *
     * @param withAttributes whether {@link DirectorySink#add} gets them, except for {@code "."} and {@code ".."}; each entry
     *     that the sink took with attributes counts one reference
     */
    void readDirectory(Request request, long ino, long handle, long cookie, boolean withAttributes, DirectorySink sink)
            throws FsException, MustWait, IOException;

    /** Takes the entries of one reply. */
    interface DirectorySink {
        /** @param type d_type: mode >> 12. @return false when it had no room and took nothing */
        boolean add(byte[] name, long ino, int type, long nextCookie, @Nullable Attributes attributes);
    }

    // ---- extended attributes
    /** @throws FsException {@code ENODATA} where there is none */
    byte[] getXattr(Request request, long ino, byte[] name) throws FsException, MustWait, IOException;

    /** Names with a NUL after each. */
    byte[] listXattrs(Request request, long ino) throws FsException, MustWait, IOException;

    /** @param flags 1 XATTR_CREATE, 2 XATTR_REPLACE
     *  @param clearSetgid setting an access ACL took the group's right to set-group-id away */
    void setXattr(Request request, long ino, byte[] name, byte[] value, int flags, boolean clearSetgid)
            throws FsException, MustWait, IOException;

    void removeXattr(Request request, long ino, byte[] name) throws FsException, MustWait, IOException;

    // ---- file locks
    /** @return the first lock in the way, or null */
    @Nullable FileLock testLock(Request request, long ino, long handle, long owner, FileLock wanted)
            throws FsException, MustWait, IOException;

    /** @param wait park until it is granted, else {@code EAGAIN}. {@code flock}: whole-file lock of flock(2) */
    void setLock(Request request, long ino, long handle, long owner, FileLock lock, boolean flock, boolean wait)
            throws FsException, MustWait, IOException;

    /** The range includes {@code end}; {@code Long.MAX_VALUE} is to the end of the file. */
    record FileLock(long start, long end, Kind kind, int pid) {
        /** What a file lock does. */
        public enum Kind {
            READ,
            WRITE,
            UNLOCK
        }
    }

    // ---- the volume
    Statistics statfs(Request request) throws FsException, MustWait, IOException;

    record Statistics(long blocks, long freeBlocks, long availableBlocks, long files, long freeFiles) {}

    /** @param isNew whether create made it (else it existed, and was opened) */
    record Created(Attributes attributes, OpenFile file, boolean isNew) {}

    /** @param directIo the kernel must not cache its pages
     *  @param keepCache the kernel's cached pages of earlier opens are still right */
    record OpenFile(long handle, boolean directIo, boolean keepCache) {}
}
