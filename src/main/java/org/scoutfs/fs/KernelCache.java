package org.scoutfs.fs;

import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;

/**
 * What the kernel of this host keeps of the file system, as far as {@code fs} has to take it back. Implemented by {@code fuse}.
 * Calls are queued and carried out by threads that serve no request; they never wait for one.
 */
public interface KernelCache {
    /** Attributes, ACLs and, from {@code offset >= 0} on, pages of an inode are out of date; a negative offset keeps pages. */
    void invalidateInode(long ino, long offset, long length);

    /** As {@link #invalidateInode} without pages. @return completes when the kernel knows no attributes of before the call */
    default CompletableFuture<Void> forgetAttributes(long ino) {
        return CompletableFuture.completedFuture(null);
    }

    /** A name of a directory is out of date. */
    void invalidateEntry(long parentIno, byte[] name);

    /**
     * Attributes, ACLs and all pages of an inode go, because another node may change it. Pages that a waiting read owns have no
     * bytes yet, and stay; dirty ones come back as writes.
     *
     * @param isKnown whether the kernel has a reference, or is about to: then an answer that says it knows nothing is not believed
     * @return completes when the kernel has nothing of the inode that could be out of date
     */
    default CompletableFuture<Void> drop(long ino, BooleanSupplier isKnown) {
        return CompletableFuture.completedFuture(null);
    }
}
