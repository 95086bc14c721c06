package org.scoutfs.data;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Invariants;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.sys.NativeMemory;

/**
 * Memory for blocks, outside the heap, with a limit: a buddy allocator over slabs of 1 MiB. Buffers are aligned to blocks
 * and have 1, 2, 4 ... 256 of them.
 *
 * <p>Room is <em>admitted</em> first, in blocks, and allocated later from what was admitted:
 * <ol>
 *   <li>admitted + free = limit. Admitting may fail; allocating what was admitted never does, though it may give
 *       smaller buffers than asked for: sizes are powers of two and every block of a buffer counts.
 *   <li>Memory that was never used is never touched; what was used last is used again first.
 * </ol>
 * <p>Thread-safe; {@code mutex} is a leaf.
 */
final class BlockMemory implements AutoCloseable {
    /** Blocks of the largest buffer. */
    static final int BUFFER_BLOCKS_MAX = 256;

    private static final int ORDERS = 9;
    private static final int NONE = -1;

    /** Memory of {@code blocks} blocks. What is in it at first is undefined. */
    record Buffer(int index, int blocks, MemorySegment memory) {}

    private final Arena arena = Arena.ofShared();
    private final MemorySegment memory;
    private final int slabLimit;
    private final int limitBlocks;

    private final ReentrantLock mutex = new ReentrantLock();
    // Guarded by mutex.
    private int slabCount;
    private long freeBlocks;
    private @Nullable CompletableFuture<Void> room;
    // Free buffers, by their first block: the order, and doubly linked lists per order.
    private final byte[] freeOrder;
    private final int[] next;
    private final int[] previous;
    private final int[] heads = new int[ORDERS];

    BlockMemory(long limitBytes) {
        long count = limitBytes / ((long) BUFFER_BLOCKS_MAX * BlockDevice.BLOCK_SIZE);
        Invariants.check(count > 0 && count <= 1 << 16, "memory limit", limitBytes);
        this.limitBlocks = (int) count * BUFFER_BLOCKS_MAX;
        this.slabLimit = (int) count;
        this.memory = NativeMemory.mapLarge((long) limitBlocks * BlockDevice.BLOCK_SIZE, arena);
        this.freeBlocks = limitBlocks;
        this.freeOrder = new byte[limitBlocks];
        Arrays.fill(freeOrder, (byte) NONE);
        this.next = new int[limitBlocks];
        this.previous = new int[limitBlocks];
        Arrays.fill(heads, NONE);
    }

    int limitBlocks() {
        return limitBlocks;
    }

    long freeBlocks() {
        mutex.lock();
        try {
            return freeBlocks;
        } finally {
            mutex.unlock();
        }
    }

    boolean tryAdmit(long blocks) {
        mutex.lock();
        try {
            if (blocks > freeBlocks) {
                return false;
            }
            freeBlocks -= blocks;
            return true;
        } finally {
            mutex.unlock();
        }
    }

    /** Admits and returns null, or returns what is completed when it is worth trying again. */
    @Nullable CompletableFuture<Void> admitOrWait(long blocks) {
        Invariants.check(blocks <= limitBlocks, "more memory than there is", blocks);
        mutex.lock();
        try {
            if (blocks <= freeBlocks) {
                freeBlocks -= blocks;
                return null;
            }
            CompletableFuture<Void> wait = room;
            if (wait == null) {
                wait = new CompletableFuture<>();
                room = wait;
            }
            return wait;
        } finally {
            mutex.unlock();
        }
    }

    /** Gives back what was admitted and not allocated. */
    void unadmit(long blocks) {
        if (blocks > 0) {
            addFree(blocks, null);
        }
    }

    /** A buffer of at most {@code blocks} blocks, a power of two, out of what was admitted. */
    Buffer allocate(int blocks) {
        Invariants.check(Integer.bitCount(blocks) == 1 && blocks <= BUFFER_BLOCKS_MAX, "buffer size", blocks);
        int order = Integer.numberOfTrailingZeros(blocks);
        mutex.lock();
        try {
            int index = take(order);
            while (index == NONE) {
                // No buffer of this size or larger is left, so there are smaller ones.
                order--;
                Invariants.check(order >= 0, "allocates more than was admitted");
                index = take(order);
            }
            return buffer(index, 1 << order);
        } finally {
            mutex.unlock();
        }
    }

    void release(Buffer buffer) {
        addFree(buffer.blocks(), buffer);
    }

    private void addFree(long blocks, @Nullable Buffer buffer) {
        CompletableFuture<Void> wake = null;
        mutex.lock();
        try {
            if (buffer != null) {
                free(buffer.index(), Integer.numberOfTrailingZeros(buffer.blocks()));
            }
            freeBlocks += blocks;
            Invariants.check(freeBlocks <= limitBlocks, "more memory given back than was admitted");
            if (room != null && freeBlocks >= limitBlocks / 8) {
                wake = room;
                room = null;
            }
        } finally {
            mutex.unlock();
        }
        if (wake != null) {
            wake.complete(null);
        }
    }

    private Buffer buffer(int index, int blocks) {
        return new Buffer(
                index,
                blocks,
                memory.asSlice((long) index * BlockDevice.BLOCK_SIZE, (long) blocks * BlockDevice.BLOCK_SIZE));
    }

    private int take(int order) {
        int from = order;
        while (from < ORDERS && heads[from] == NONE) {
            from++;
        }
        int index;
        if (from < ORDERS) {
            index = heads[from];
            unlink(index, from);
        } else if (slabCount < slabLimit) {
            index = slabCount * BUFFER_BLOCKS_MAX;
            slabCount++;
            from = ORDERS - 1;
        } else {
            return NONE;
        }
        while (from > order) {
            from--;
            link(index + (1 << from), from);
        }
        return index;
    }

    private void free(int index, int order) {
        Invariants.check(freeOrder[index] == NONE, "buffer released twice", index);
        int merged = index;
        int mergedOrder = order;
        while (mergedOrder < ORDERS - 1 && freeOrder[merged ^ (1 << mergedOrder)] == mergedOrder) {
            int buddy = merged ^ (1 << mergedOrder);
            unlink(buddy, mergedOrder);
            merged = Math.min(merged, buddy);
            mergedOrder++;
        }
        link(merged, mergedOrder);
    }

    private void link(int index, int order) {
        freeOrder[index] = (byte) order;
        previous[index] = NONE;
        next[index] = heads[order];
        if (heads[order] != NONE) {
            previous[heads[order]] = index;
        }
        heads[order] = index;
    }

    private void unlink(int index, int order) {
        freeOrder[index] = NONE;
        if (previous[index] == NONE) {
            heads[order] = next[index];
        } else {
            next[previous[index]] = next[index];
        }
        if (next[index] != NONE) {
            previous[next[index]] = previous[index];
        }
    }

    @Override
    public void close() {
        arena.close();
    }
}
