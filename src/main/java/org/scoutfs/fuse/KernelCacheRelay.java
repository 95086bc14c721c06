package org.scoutfs.fuse;

import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.scoutfs.fs.KernelCache;

/**
 * The {@link KernelCache} for a file system that is made before its mount. Until {@link #connect} there is no kernel that
 * could have cached anything, so calls before it do nothing.
 */
public final class KernelCacheRelay implements KernelCache {
    private volatile @Nullable KernelCache connected;

    /** From now on {@code mount} is told. */
    public void connect(FuseMount mount) {
        connected = mount.kernelCache();
    }

    @Override
    public void invalidateInode(long ino, long offset, long length) {
        KernelCache cache = connected;
        if (cache != null) {
            cache.invalidateInode(ino, offset, length);
        }
    }

    @Override
    public CompletableFuture<Void> forgetAttributes(long ino) {
        KernelCache to = connected;
        return to == null ? CompletableFuture.completedFuture(null) : to.forgetAttributes(ino);
    }

    @Override
    public CompletableFuture<Void> drop(long ino, BooleanSupplier isKnown) {
        KernelCache cache = connected;
        return cache == null ? CompletableFuture.completedFuture(null) : cache.drop(ino, isKnown);
    }

    @Override
    public void invalidateEntry(long parentIno, byte[] name) {
        KernelCache cache = connected;
        if (cache != null) {
            cache.invalidateEntry(parentIno, name);
        }
    }
}
