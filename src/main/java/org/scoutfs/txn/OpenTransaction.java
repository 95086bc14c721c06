package org.scoutfs.txn;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.scoutfs.device.DeviceExtent;

/**
 * What the operations of one transaction have gathered: items, blocks that come into use, blocks that go out of use.
 *
 * <p>Thread-safe while it is open; frozen, it belongs to the commit thread.
 */
final class OpenTransaction {
    private static final VarHandle DIRTY_SINCE;

    static {
        try {
            DIRTY_SINCE = MethodHandles.lookup().findVarHandle(OpenTransaction.class, "dirtySinceNanos", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** See {@link Transaction#number}. */
    final long number;

    final long seq;
    final MemTable table = new MemTable();

    /** Completes when the transaction is durable and published, or failed. */
    final CompletableFuture<Void> durable = new CompletableFuture<>();

    /** Bytes of items that operations inside may still put, and of those that were put. */
    final AtomicLong promisedBytes = new AtomicLong();

    /** Inodes created less inodes destroyed. */
    final AtomicLong inodeCountDelta = new AtomicLong();
    /** Of what the items name, the part that is file data. */
    final AtomicLong consumedDataBlocks = new AtomicLong();

    /** When the first change came; {@link Long#MIN_VALUE} while there is none. */
    @SuppressWarnings("unused") // through DIRTY_SINCE
    private volatile long dirtySinceNanos = Long.MIN_VALUE;

    private final ReentrantLock mutex = new ReentrantLock();

    // Guarded by mutex.
    private final List<DeviceExtent> consumed = new ArrayList<>();
    private final List<DeviceExtent> freed = new ArrayList<>();

    OpenTransaction(long number, long seq) {
        this.number = number;
        this.seq = seq;
    }

    boolean isDirty() {
        return dirtySinceNanos != Long.MIN_VALUE;
    }

    long dirtySinceNanos() {
        return dirtySinceNanos;
    }

    /** Whether this call was the first. */
    boolean markDirty(long nowNanos) {
        return DIRTY_SINCE.compareAndSet(this, Long.MIN_VALUE, nowNanos);
    }

    void consume(DeviceExtent extent) {
        mutex.lock();
        try {
            consumed.add(extent);
        } finally {
            mutex.unlock();
        }
    }

    void free(DeviceExtent extent) {
        mutex.lock();
        try {
            freed.add(extent);
        } finally {
            mutex.unlock();
        }
    }

    /** Whether its commit gives blocks back. */
    boolean freesSpace() {
        mutex.lock();
        try {
            return !freed.isEmpty();
        } finally {
            mutex.unlock();
        }
    }

    /** Sorted and joined, as {@link #freed} is. */
    List<DeviceExtent> consumed() {
        mutex.lock();
        try {
            return Extents.joined(consumed);
        } finally {
            mutex.unlock();
        }
    }

    List<DeviceExtent> freed() {
        mutex.lock();
        try {
            return Extents.joined(freed);
        } finally {
            mutex.unlock();
        }
    }
}
