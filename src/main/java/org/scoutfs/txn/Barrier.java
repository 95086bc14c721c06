package org.scoutfs.txn;

import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Counts the operations inside the open transaction, and lets one thread wait until there is none.
 *
 * <p>Thread-safe; {@link #close} and {@link #open} belong to one thread. The counts are spread over cache lines by thread,
 * because every operation of every thread changes one twice.
 *
 * <p>Why nobody is missed: an operation first counts itself and then looks whether the barrier is closed; the closing thread
 * first closes and then looks at the counts. Both are sequentially consistent, so at least one sees the other.
 */
final class Barrier {
    private static final int STRIPES = 32;
    private static final int LONGS_PER_STRIPE = 16; // two cache lines: neighbours are fetched in pairs
    private static final int SPINS = 200;
    private static final long PARK_NANOS = 1_000_000; // only against a lost wake-up

    private final AtomicLongArray inside = new AtomicLongArray((STRIPES + 1) * LONGS_PER_STRIPE);
    private volatile boolean isClosed;
    private volatile @Nullable Thread closing;

    /** A token for {@link #leave}, or -1 while the barrier is closed. */
    int tryEnter() {
        int stripe = (int) (Thread.currentThread().threadId() & (STRIPES - 1)) + 1;
        int token = stripe * LONGS_PER_STRIPE;
        inside.getAndIncrement(token);
        if (isClosed) {
            leave(token);
            return -1;
        }
        return token;
    }

    void leave(int token) {
        inside.getAndDecrement(token);
        if (isClosed) {
            Thread waiting = closing;
            if (waiting != null) {
                LockSupport.unpark(waiting);
            }
        }
    }

    /** Lets nobody in any more and waits until the last one has left. */
    void close() {
        closing = Thread.currentThread();
        isClosed = true;
        for (int stripe = 1; stripe <= STRIPES; stripe++) {
            for (int spins = 0; inside.get(stripe * LONGS_PER_STRIPE) != 0; spins++) {
                if (spins < SPINS) {
                    Thread.onSpinWait();
                } else {
                    LockSupport.parkNanos(this, PARK_NANOS);
                }
            }
        }
        closing = null;
    }

    void open() {
        isClosed = false;
    }

    boolean isClosed() {
        return isClosed;
    }
}
