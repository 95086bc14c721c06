package org.scoutfs.lsm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Invariants;

/**
 * A piece of the cache's memory and the block that is in it now.
 *
 * <p>{@link #pins} says who may touch it: -1, nobody but the cache, which fills or replaces it; 0 and up, so many readers, and
 * the block in it stays. It goes from 0 to -1 only in the cache. {@link #owner}, {@link #position} and {@link #bytes} change
 * only at -1, or by the one who fills it and has not shown it to anybody; so a reader that pinned first and then finds the
 * block it wants in these fields has it until it unpins.
 */
final class CachedBlock implements AutoCloseable {
    private static final VarHandle PINS;

    static {
        try {
            PINS = MethodHandles.lookup().findVarHandle(CachedBlock.class, "pins", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** All of the piece, as long as the longest block that it may hold. */
    final MemorySegment memory;

    final int sizeClass;
    /** Of a piece outside the cache's budget, made because every other was pinned; freed at the last unpin. */
    private final @Nullable Arena ownArena;

    private volatile int pins = -1;
    @Nullable SegmentReader owner;
    int position;
    /** The block: the used front of {@link #memory}. */
    MemorySegment bytes;
    /** Set when the block is used, cleared when the clock's hand passes. Races are harmless. */
    boolean isReferenced;

    CachedBlock(MemorySegment memory, int sizeClass, @Nullable Arena ownArena) {
        this.memory = memory;
        this.sizeClass = sizeClass;
        this.ownArena = ownArena;
        this.bytes = memory;
    }

    /** Pins the block of {@code reader} at {@code at}; false when there is another block by now. */
    boolean tryPin(SegmentReader reader, int at) {
        int seen = pins;
        while (seen >= 0) {
            if (PINS.compareAndSet(this, seen, seen + 1)) {
                if (owner == reader && position == at) {
                    if (!isReferenced) {
                        isReferenced = true;
                    }
                    return true;
                }
                close();
                return false;
            }
            seen = pins;
        }
        return false;
    }

    /** Takes the piece for replacement; false when somebody reads it. */
    boolean tryTake() {
        return pins == 0 && PINS.compareAndSet(this, 0, -1);
    }

    /** The one who takes a piece to fill it is its first reader. */
    void pinFirst() {
        Invariants.check(pins == -1, "filled while pinned");
        pins = 1;
    }

    /**
     * Back to nobody's, by its only reader, which has not shown it to others. Somebody who looks for the block that was here
     * before may hold it for the few instructions that it takes to see that it is gone.
     */
    void unshare() {
        while (!PINS.compareAndSet(this, 1, -1)) {
            Thread.onSpinWait();
        }
    }

    boolean isTemporary() {
        return ownArena != null;
    }

    /** Unpins. */
    @Override
    public void close() {
        int left = (int) PINS.getAndAdd(this, -1) - 1;
        if (left == 0 && ownArena != null) {
            ownArena.close();
        }
    }
}
