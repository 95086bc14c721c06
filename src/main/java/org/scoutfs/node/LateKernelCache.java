package org.scoutfs.node;

import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.scoutfs.fs.KernelCache;

/**
 * The kernel's caches, for a file system that is there before its mount is. Until {@link #connect} there is nothing that the kernel
 * could have cached.
 */
final class LateKernelCache implements KernelCache {
    private volatile @Nullable KernelCache kernel;

    void connect(KernelCache to) {
        kernel = to;
    }

    @Override
    public void invalidateInode(long ino, long offset, long length) {
        KernelCache to = kernel;
        if (to != null) {
            to.invalidateInode(ino, offset, length);
        }
    }

    @Override
    public void invalidateEntry(long parentIno, byte[] name) {
        KernelCache to = kernel;
        if (to != null) {
            to.invalidateEntry(parentIno, name);
        }
    }

    @Override
    public CompletableFuture<Void> forgetAttributes(long ino) {
        KernelCache to = kernel;
        return to == null ? CompletableFuture.completedFuture(null) : to.forgetAttributes(ino);
    }

    @Override
    public CompletableFuture<Void> drop(long ino, BooleanSupplier isKnown) {
        KernelCache to = kernel;
        return to == null ? CompletableFuture.completedFuture(null) : to.drop(ino, isKnown);
    }
}
