package org.scoutfs.fuse;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import org.scoutfs.base.Clock;

/**
 * The inodes that the kernel is made to drop now, and what a write has to do with it. Only mounts that share their volume have one.
 *
 * <p>A write that is under way while its pages are dropped can be undone in the page cache: the kernel has copied the bytes into
 * a page and sent them, the page is dropped, somebody reads it in again before the write is applied, and from then on it is old.
 * So a write that waited, or came soon after a drop, has its pages dropped once more before it is answered.
 *
 * <p>Thread-safe.
 */
final class KernelDrops {
    /** A write that the kernel sent before a drop is here by then. */
    private static final long RECENT_NANOS = 50_000_000;

    /** The invalidation can hang only on the write's own last page, which holds what was written, or on a read that comes after it. */
    private static final long ANSWER_MILLIS = 5;

    /** Tells the kernel on the calling thread, which may hang in it until a waiting request is answered. */
    interface Kernel {
        int invalidate(long ino, long offset, long length);
    }

    private final Kernel kernel;
    private final Executor expendable;
    private final WaitingRequests waiting;
    private final Clock clock;
    private final ConcurrentMap<Long, InodeDrop> drops = new ConcurrentHashMap<>();
    private volatile long lastNanos;
    private volatile boolean hasDropped;

    KernelDrops(Kernel kernel, Executor expendable, WaitingRequests waiting, Clock clock) {
        this.kernel = kernel;
        this.expendable = expendable;
        this.waiting = waiting;
        this.clock = clock;
        waiting.watch(this::parked);
    }

    /** As {@link org.scoutfs.fs.KernelCache#drop}. One at a time for each inode. */
    CompletableFuture<Void> drop(long ino, BooleanSupplier isKnown) {
        InodeDrop drop = new InodeDrop(ino, this::invalidate, this::runLater, isKnown);
        drops.put(ino, drop);
        // After it is in the map: who begins to wait now is told of by one or the other, or both.
        waiting.forEachOf(ino, drop::parked);
        drop.start();
        return drop.done().whenComplete((_, _) -> {
            lastNanos = clock.monotonicNanos();
            hasDropped = true;
            var _ = drops.remove(ino, drop);
        });
    }

    private void parked(ParkedPages pages) {
        InodeDrop drop = drops.get(pages.ino());
        if (drop != null) {
            drop.parked(pages);
        }
    }

    /** After a write through the page cache was applied and before it is answered. */
    void beforeAnswer(long ino, long offset, long size, boolean hasWaited) {
        if (!hasWaited && !(hasDropped && clock.monotonicNanos() - lastNanos < RECENT_NANOS)) {
            return;
        }
        try {
            var _ = invalidate(ino, offset, size, () -> {}).get(ANSWER_MILLIS, TimeUnit.MILLISECONDS);
        } catch (TimeoutException | ExecutionException itsOwnPage) {
            // Locked until the answer: it holds what was written.
        } catch (InterruptedException shutdown) {
            Thread.currentThread().interrupt();
        }
    }

    private CompletableFuture<Integer> invalidate(long ino, long offset, long length, Runnable begun) {
        return CompletableFuture.supplyAsync(
                () -> {
                    begun.run();
                    return kernel.invalidate(ino, offset, length);
                },
                this::run);
    }

    private void run(Runnable task) {
        try {
            expendable.execute(task);
        } catch (RejectedExecutionException ended) {
            // The connection has ended, and the kernel's caches with it. What waits for this must go on.
            task.run();
        }
    }

    private void runLater(long millis, Runnable task) {
        CompletableFuture.delayedExecutor(millis, TimeUnit.MILLISECONDS, this::run).execute(task);
    }
}
