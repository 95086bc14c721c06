package org.scoutfs.device;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicBoolean;
import org.scoutfs.base.Invariants;

/** Memory of a {@link BufferPool}, from its borrowing to its {@link #close}. Used by one thread at a time. */
public final class PooledBuffer implements AutoCloseable {
    private final BufferPool pool;
    private final int sizeClass;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment whole;
    private final AtomicBoolean isBorrowed = new AtomicBoolean();
    private MemorySegment memory;

    PooledBuffer(BufferPool pool, int sizeClass) {
        this.pool = pool;
        this.sizeClass = sizeClass;
        this.whole = BufferPool.allocate(sizeClass, arena);
        this.memory = whole;
    }

    void begin(long size) {
        Invariants.check(isBorrowed.compareAndSet(false, true), "borrowed twice");
        memory = size == whole.byteSize() ? whole : whole.asSlice(0, size);
    }

    int sizeClass() {
        return sizeClass;
    }

    void free() {
        arena.close();
    }

    /** As many bytes as were asked for, rounded up to whole blocks; aligned for direct I/O. Not to be used after close. */
    public MemorySegment memory() {
        return memory;
    }

    /** Gives the memory back. Exactly once. */
    @Override
    public void close() {
        Invariants.check(isBorrowed.compareAndSet(true, false), "buffer returned twice");
        pool.giveBack(this);
    }
}
