package org.scoutfs.fs;

/**
 * What the kernel of this host keeps of the file system, as far as {@code fs} has to take it back. Implemented by {@code fuse}.
 * Calls are queued and carried out by threads that serve no request; they never wait for one.
 */
public interface KernelCache {
    /** Attributes, ACLs and, from {@code offset >= 0} on, pages of an inode are out of date; a negative offset keeps pages. */
    void invalidateInode(long ino, long offset, long length);

    /** A name of a directory is out of date. */
    void invalidateEntry(long parentIno, byte[] name);
}
