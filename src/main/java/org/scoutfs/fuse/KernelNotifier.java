package org.scoutfs.fuse;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Errno;
import org.scoutfs.fs.KernelCache;
import org.scoutfs.fuse.wire.Notifications;
import org.scoutfs.sys.FuseDevice;

/**
 * Makes the kernel forget what is out of date. A notification returns when it has been carried out, and some wait for
 * requests that we have yet to answer: so each runs on a thread that serves nothing and holds nothing.
 */
final class KernelNotifier implements KernelCache {
    private static final Logger LOG = System.getLogger("org.scoutfs.fuse");

    private final FuseDevice device;
    private final Executor expendable;
    private final @Nullable KernelDrops drops;

    /** @param drops null where this mount is alone */
    KernelNotifier(FuseDevice device, Executor expendable, @Nullable KernelDrops drops) {
        this.device = device;
        this.expendable = expendable;
        this.drops = drops;
    }

    @Override
    public CompletableFuture<Void> drop(long ino, BooleanSupplier isKnown) {
        return drops == null ? CompletableFuture.completedFuture(null) : drops.drop(ino, isKnown);
    }

    /** Carries an invalidation out on this thread. @return 0 or a negative error number */
    static int invalidate(FuseDevice device, long ino, long offset, long length) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(Notifications.SIZE_MAX, Long.BYTES);
            int size = Notifications.invalidateInode(memory, ino, offset, length);
            return (int) Math.min(0, device.write(FuseDevice.allocateState(arena), memory, size));
        }
    }

    @Override
    public void invalidateInode(long ino, long offset, long length) {
        submit("invalidation of inode " + ino, to -> Notifications.invalidateInode(to, ino, offset, length));
    }

    @Override
    public CompletableFuture<Void> forgetAttributes(long ino) {
        CompletableFuture<Void> told = new CompletableFuture<>();
        try {
            expendable.execute(() -> {
                try {
                    send("invalidation of inode " + ino, to -> Notifications.invalidateInode(to, ino, -1, 0));
                } finally {
                    told.complete(null);
                }
            });
        } catch (RejectedExecutionException ended) {
            told.complete(null); // the kernel's caches end with the connection
        }
        return told;
    }

    @Override
    public void invalidateEntry(long parentIno, byte[] name) {
        submit("invalidation of a name of inode " + parentIno, to ->
                Notifications.invalidateEntry(to, parentIno, name));
    }

    /** Writes a message and returns its size. */
    private interface Message {
        int write(MemorySegment to);
    }

    private void submit(String what, Message message) {
        try {
            expendable.execute(() -> send(what, message));
        } catch (RejectedExecutionException ended) {
            // The connection has ended, and the kernel's caches with it.
        }
    }

    private void send(String what, Message message) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(Notifications.SIZE_MAX, Long.BYTES);
            long result = device.write(FuseDevice.allocateState(arena), memory, message.write(memory));
            // ENOENT: the kernel has nothing of it.
            if (result < 0 && -result != Errno.ENOENT.number() && -result != Errno.ENODEV.number()) {
                LOG.log(Level.WARNING, what + ": " + Errno.textOf((int) -result));
            }
        }
    }
}
