package org.scoutfs.server;

import java.io.IOException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.scoutfs.base.Clock;
import org.scoutfs.quorum.Quorum;
import org.scoutfs.quorum.Reign;

/**
 * Looks again and again whether a later epoch was given to anybody, on a thread of its own. When it was, this server ends.
 *
 * <p>That none is known here proves nothing, since this host may be cut off. So the server reads the claim at each round too: whoever
 * serves next writes it first, and then waits for longer than what was promised before that. Therefore a server goes on without a
 * majority while nobody else claims the volume: the last mounts of a cluster can end in order (decision 0017).
 *
 * <p>Thread-safe. {@code mutex} guards the wish to stop.
 */
final class QuorumRounds {
    private final Quorum quorum;
    private final long epoch;
    private final Clock clock;
    private final long everyNanos;
    private final LongConsumer onLeading;
    private final Consumer<IOException> onDeposed;
    private final Thread thread;
    private final ReentrantLock mutex = new ReentrantLock();
    private final Condition stopped = mutex.newCondition();

    // Guarded by mutex.
    private boolean isStopped;

    /**
     * @param onLeading is told when a successful round began
     * @param onDeposed is told once that this server does not lead any more
     */
    QuorumRounds(
            Quorum quorum, long epoch, Clock clock, long everyNanos, LongConsumer onLeading, Consumer<IOException> onDeposed) {
        this.quorum = quorum;
        this.epoch = epoch;
        this.clock = clock;
        this.everyNanos = everyNanos;
        this.onLeading = onLeading;
        this.onDeposed = onDeposed;
        this.thread = Thread.ofPlatform().name("scoutfs-quorum-rounds").daemon(true).unstarted(this::run);
    }

    void start() {
        thread.start();
    }

    /** Does not wait for a round under way; what it says is not heard any more. */
    void stop() {
        mutex.lock();
        try {
            isStopped = true;
            stopped.signalAll();
        } finally {
            mutex.unlock();
        }
    }

    private void run() {
        try {
            do {
                long began = clock.monotonicNanos();
                if (!round(began)) {
                    return;
                }
            } while (rest());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean round(long began) {
        Reign newest = quorum.reign();
        if (newest == null || newest.epoch() <= epoch) {
            onLeading.accept(began);
            return true;
        }
        onDeposed.accept(new IOException(newest.nodeName() + " was elected in epoch " + newest.epoch() + ", after epoch " + epoch));
        return false;
    }

    /** Whether to go on. */
    private boolean rest() throws InterruptedException {
        mutex.lock();
        try {
            long left = everyNanos;
            while (!isStopped && left > 0) {
                left = stopped.awaitNanos(left);
            }
            return !isStopped;
        } finally {
            mutex.unlock();
        }
    }
}
