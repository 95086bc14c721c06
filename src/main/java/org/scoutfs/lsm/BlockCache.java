package org.scoutfs.lsm;

import static org.scoutfs.lsm.SegmentLayout.UNIT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Invariants;
import org.scoutfs.sys.NativeMemory;

/**
 * Verified blocks of segments, data and filter and index alike, in native memory of a fixed size.
 *
 * <p>A hit takes no lock: each {@link SegmentReader} knows where its blocks are, and pins one with a compare-and-set. Only a
 * miss comes here, for memory. Memory is cut into slabs, each slab into pieces of one size class (1, 2, 4 ... units). A class
 * that needs a piece takes a free one, cuts a slab that was never used, or replaces what its clock hand finds neither pinned
 * nor used since the last round. Every {@value #REBALANCE_INTERVAL}th replacement takes a whole slab from another class
 * instead, so that the shares of the classes follow what is asked for.
 * <ol>
 *   <li>The pieces of all slabs together never exceed the budget. Only when every piece is pinned does a reader get memory
 *       beyond it, which is freed when it unpins.
 *   <li>A piece is replaced only when nobody has it pinned.
 * </ol>
 * <p>Thread-safe. {@code mutex} guards the lists and is a leaf; no I/O happens under it.
 * <p>Cost: a hit 20 ns; memory that was never filled is not there. Some 100 bytes of heap for each piece.
 */
final class BlockCache implements AutoCloseable {
    private static final int SLAB_SIZE = 1 << 19;
    private static final int CLASS_COUNT = Integer.numberOfTrailingZeros(SLAB_SIZE / UNIT) + 1;
    private static final int REBALANCE_INTERVAL = 32;

    private final Arena arena = Arena.ofShared();
    private final MemorySegment memory;

    private final ReentrantLock mutex = new ReentrantLock();
    private final SizeClass[] classes = new SizeClass[CLASS_COUNT];
    private final List<Slab> slabs = new ArrayList<>();
    private final int slabCountMax;
    private int slabHand;
    private long replacements;
    private long temporaryBlocks;

    private static final class SizeClass {
        final Deque<CachedBlock> free = new ArrayDeque<>();
        final List<CachedBlock> all = new ArrayList<>();
        int hand;
    }

    private static final class Slab {
        final MemorySegment memory;
        int sizeClass;
        List<CachedBlock> pieces = List.of();

        Slab(MemorySegment memory, int sizeClass) {
            this.memory = memory;
            this.sizeClass = sizeClass;
        }
    }

    BlockCache(long limitBytes) {
        this.slabCountMax = (int) Math.max(1, limitBytes / SLAB_SIZE);
        this.memory = NativeMemory.map((long) slabCountMax * SLAB_SIZE, arena);
        for (int i = 0; i < CLASS_COUNT; i++) {
            classes[i] = new SizeClass();
        }
    }

    /** A piece for a block of {@code units}, pinned by the caller, who fills it and then publishes or discards it. */
    CachedBlock reserve(int units) {
        int sizeClass = Integer.SIZE - Integer.numberOfLeadingZeros(units - 1);
        Invariants.check(units > 0 && sizeClass < CLASS_COUNT, "block units", units);
        CachedBlock piece;
        mutex.lock();
        try {
            piece = take(sizeClass);
            if (piece == null) {
                temporaryBlocks++;
            }
        } finally {
            mutex.unlock();
        }
        if (piece == null) {
            Arena own = Arena.ofShared();
            piece = new CachedBlock(NativeMemory.map((long) UNIT << sizeClass, own), sizeClass, own);
        }
        piece.bytes = piece.memory.asSlice(0, (long) units * UNIT);
        piece.pinFirst();
        return piece;
    }

    private @Nullable CachedBlock take(int sizeClass) {
        SizeClass wanted = classes[sizeClass];
        CachedBlock free = wanted.free.pollFirst();
        if (free != null) {
            return free;
        }
        if (slabs.size() < slabCountMax) {
            Slab slab = new Slab(memory.asSlice((long) slabs.size() * SLAB_SIZE, SLAB_SIZE), sizeClass);
            slabs.add(slab);
            cut(slab, sizeClass);
            return wanted.free.pollFirst();
        }
        boolean wantsSlab = ++replacements % REBALANCE_INTERVAL == 0 || wanted.all.isEmpty();
        if (wantsSlab && stealSlab(sizeClass)) {
            return wanted.free.pollFirst();
        }
        CachedBlock replaced = replace(wanted);
        if (replaced == null && stealSlab(sizeClass)) {
            replaced = wanted.free.pollFirst();
        }
        return replaced;
    }

    private void cut(Slab slab, int sizeClass) {
        long size = (long) UNIT << sizeClass;
        slab.sizeClass = sizeClass;
        slab.pieces = new ArrayList<>();
        for (long at = 0; at < SLAB_SIZE; at += size) {
            CachedBlock piece = new CachedBlock(slab.memory.asSlice(at, size), sizeClass, null);
            slab.pieces.add(piece);
            classes[sizeClass].all.add(piece);
            classes[sizeClass].free.addLast(piece);
        }
    }

    /** Two rounds of the clock: the first may only clear marks. */
    private @Nullable CachedBlock replace(SizeClass sizeClass) {
        int count = sizeClass.all.size();
        for (int i = 0; i < 2 * count; i++) {
            sizeClass.hand = sizeClass.hand + 1 < count ? sizeClass.hand + 1 : 0;
            CachedBlock piece = sizeClass.all.get(sizeClass.hand);
            if (piece.isReferenced) {
                piece.isReferenced = false;
            } else if (piece.tryTake()) {
                detach(piece);
                return piece;
            }
        }
        return null;
    }

    /** Empties a slab of another class and cuts it anew; false when the slabs that were tried have pinned pieces. */
    private boolean stealSlab(int sizeClass) {
        for (int tries = 0; tries < Math.min(slabs.size(), 64); tries++) {
            slabHand = slabHand + 1 < slabs.size() ? slabHand + 1 : 0;
            Slab slab = slabs.get(slabHand);
            if (slab.sizeClass != sizeClass && emptied(slab)) {
                SizeClass loser = classes[slab.sizeClass];
                loser.all.removeAll(new HashSet<>(slab.pieces));
                loser.free.removeAll(new HashSet<>(slab.pieces));
                loser.hand = 0;
                cut(slab, sizeClass);
                return true;
            }
        }
        return false;
    }

    private boolean emptied(Slab slab) {
        SizeClass sizeClass = classes[slab.sizeClass];
        List<CachedBlock> taken = new ArrayList<>();
        Set<CachedBlock> free = new HashSet<>(sizeClass.free);
        for (CachedBlock piece : slab.pieces) {
            if (free.contains(piece)) {
                continue;
            }
            if (!piece.tryTake()) {
                for (CachedBlock other : taken) {
                    sizeClass.free.addLast(other);
                }
                return false;
            }
            detach(piece);
            taken.add(piece);
        }
        return true;
    }

    private static void detach(CachedBlock piece) {
        SegmentReader owner = piece.owner;
        if (owner != null) {
            owner.forgetBlock(piece);
            piece.owner = null;
        }
        piece.isReferenced = false;
    }

    /** Gives a piece back that was reserved and could not be filled, or was not needed. Its caller alone has it. */
    void discard(CachedBlock piece) {
        if (piece.isTemporary()) {
            piece.close();
            return;
        }
        piece.owner = null;
        piece.unshare();
        mutex.lock();
        try {
            classes[piece.sizeClass].free.addFirst(piece);
        } finally {
            mutex.unlock();
        }
    }

    /** Frees blocks of a segment that is gone, but for those that somebody reads still: the clock finds these. */
    void free(CachedBlock piece) {
        if (piece.isTemporary() || !piece.tryTake()) {
            return;
        }
        mutex.lock();
        try {
            detach(piece);
            classes[piece.sizeClass].free.addFirst(piece);
        } finally {
            mutex.unlock();
        }
    }

    /** Blocks that found all others pinned; more than a few mean that the cache is too small. */
    long temporaryBlocks() {
        mutex.lock();
        try {
            return temporaryBlocks;
        } finally {
            mutex.unlock();
        }
    }

    /** Bytes of memory that were ever used. */
    long usedBytes() {
        mutex.lock();
        try {
            return (long) slabs.size() * SLAB_SIZE;
        } finally {
            mutex.unlock();
        }
    }

    /** Nobody reads any more. */
    @Override
    public void close() {
        arena.close();
    }
}
