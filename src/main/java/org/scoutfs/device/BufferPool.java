package org.scoutfs.device;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Invariants;
import org.scoutfs.sys.NativeMemory;

/**
 * Page-aligned native memory for direct I/O, borrowed and returned, so that no request allocates or touches fresh pages.
 *
 * <ol>
 *   <li>A buffer belongs to one borrower from {@link #borrow} to {@link PooledBuffer#close}. Its bytes are whatever was in it.
 *   <li>Buffers that wait to be borrowed and those that are borrowed together stay below the limit, but for one case: a
 *       borrower that found the pool empty for {@value #WAIT_MILLIS_MAX} ms gets its buffer all the same. The limit is there
 *       to slow down, not to make a commit fail, and two borrowers that each hold a buffer and want another go on.
 * </ol>
 * <p>Thread-safe; {@code mutex} guards the lists and is a leaf.
 * <p>Cost: some 50 ns when a buffer of the size waits. Sizes are rounded up to powers of two.
 */
public final class BufferPool implements AutoCloseable {
    private static final long WAIT_MILLIS_MAX = 1000;
    private static final int CLASS_COUNT = 40;

    private final long limitBytes;

    private final ReentrantLock mutex = new ReentrantLock();
    private final Condition returned = mutex.newCondition();
    private final List<Deque<PooledBuffer>> idle = new ArrayList<>(CLASS_COUNT);
    private long allocatedBytes;
    private long idleBytes;
    private boolean isClosed;

    /** @param limitBytes most bytes in buffers, idle and borrowed */
    public BufferPool(long limitBytes) {
        this.limitBytes = limitBytes;
        for (int i = 0; i < CLASS_COUNT; i++) {
            idle.add(new ArrayDeque<>());
        }
    }

    /** A buffer of at least one and otherwise exactly {@code size} bytes, rounded up to whole blocks. */
    public PooledBuffer borrow(long size) {
        Invariants.check(size >= 0 && size <= limitBytes, "buffer size beyond the pool's limit", size);
        int sizeClass = classOf(size);
        PooledBuffer buffer = take(sizeClass);
        if (buffer == null) {
            buffer = new PooledBuffer(this, sizeClass);
        }
        buffer.begin(roundUp(size));
        return buffer;
    }

    /** An idle buffer, or null when the caller may make a new one: it is already counted. */
    private @Nullable PooledBuffer take(int sizeClass) {
        long classBytes = 1L << sizeClass;
        List<PooledBuffer> discarded = new ArrayList<>();
        mutex.lock();
        try {
            long waitNanos = TimeUnit.MILLISECONDS.toNanos(WAIT_MILLIS_MAX);
            while (true) {
                Invariants.check(!isClosed, "borrowed from a closed pool");
                PooledBuffer waiting = idle.get(sizeClass).pollFirst();
                if (waiting != null) {
                    idleBytes -= classBytes;
                    return waiting;
                }
                discardIdle(allocatedBytes + classBytes - limitBytes, discarded);
                if (allocatedBytes + classBytes <= limitBytes || waitNanos <= 0) {
                    allocatedBytes += classBytes;
                    return null;
                }
                waitNanos = awaitReturn(waitNanos);
            }
        } finally {
            mutex.unlock();
            discarded.forEach(PooledBuffer::free);
        }
    }

    /** Takes idle buffers of other sizes out until this many bytes are, so that sizes that went out of use make room. */
    private void discardIdle(long bytes, List<PooledBuffer> discarded) {
        for (int i = CLASS_COUNT - 1; i >= 0 && bytes > 0 && idleBytes > 0; i--) {
            PooledBuffer victim = idle.get(i).pollLast();
            while (victim != null) {
                discarded.add(victim);
                idleBytes -= 1L << i;
                allocatedBytes -= 1L << i;
                bytes -= 1L << i;
                victim = bytes > 0 ? idle.get(i).pollLast() : null;
            }
        }
    }

    private long awaitReturn(long nanos) {
        boolean wasInterrupted = false;
        try {
            while (true) {
                try {
                    return returned.awaitNanos(nanos);
                } catch (InterruptedException shutdown) {
                    // Whoever waits for memory under an I/O does not stop half-way: the flag is kept for its caller.
                    wasInterrupted = true;
                    nanos = 0;
                }
            }
        } finally {
            if (wasInterrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    void giveBack(PooledBuffer buffer) {
        boolean isKept;
        mutex.lock();
        try {
            long bytes = 1L << buffer.sizeClass();
            isKept = !isClosed && allocatedBytes <= limitBytes;
            if (isKept) {
                idle.get(buffer.sizeClass()).addFirst(buffer);
                idleBytes += bytes;
            } else {
                allocatedBytes -= bytes;
            }
            returned.signal();
        } finally {
            mutex.unlock();
        }
        if (!isKept) {
            buffer.free();
        }
    }

    /** Bytes in buffers, idle and borrowed. */
    public long allocatedBytes() {
        mutex.lock();
        try {
            return allocatedBytes;
        } finally {
            mutex.unlock();
        }
    }

    /** Bytes that are borrowed now; tests end with 0. */
    public long borrowedBytes() {
        mutex.lock();
        try {
            return allocatedBytes - idleBytes;
        } finally {
            mutex.unlock();
        }
    }

    /** Frees what is idle; buffers that are still borrowed are freed when they come back. */
    @Override
    public void close() {
        List<PooledBuffer> discarded = new ArrayList<>();
        mutex.lock();
        try {
            isClosed = true;
            discardIdle(Long.MAX_VALUE, discarded);
        } finally {
            mutex.unlock();
        }
        discarded.forEach(PooledBuffer::free);
    }

    private static int classOf(long size) {
        long rounded = Math.max(roundUp(size), BlockDevice.BLOCK_SIZE);
        return Long.SIZE - Long.numberOfLeadingZeros(rounded - 1);
    }

    private static long roundUp(long size) {
        return (Math.max(size, 1) + BlockDevice.BLOCK_SIZE - 1) & -BlockDevice.BLOCK_SIZE;
    }

    static MemorySegment allocate(int sizeClass, Arena arena) {
        return NativeMemory.map(1L << sizeClass, arena);
    }
}
