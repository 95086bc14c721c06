package org.scoutfs.server;

import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;
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
 * <p>It also sees when the server's thread does not come to an end with what it has begun, because its device hangs: then another voter is
 * asked to lead, again and again until this server has ended, so that the others are not dragged along.
 *
 * <p>Thread-safe. {@code mutex} guards the wish to stop.
 */
final class QuorumRounds {
    private static final System.Logger LOG = System.getLogger("org.scoutfs.cluster");

    private final Quorum quorum;
    private final long epoch;
    private final Clock clock;
    private final long everyNanos;
    private final LongSupplier stuckNanos;
    private final long stuckNanosMax;
    private final LongConsumer onLeading;
    private final Consumer<IOException> onDeposed;
    private final Thread thread;
    private final ReentrantLock mutex = new ReentrantLock();
    private final Condition stopped = mutex.newCondition();

    // Guarded by mutex.
    private boolean isStopped;

    /**
     * @param stuckNanos for how long the server has been at what it does now
     * @param stuckNanosMax another voter is asked to lead when that is longer
     * @param onLeading is told when a successful round began
     * @param onDeposed is told once that this server does not lead any more
     */
    QuorumRounds(
            Quorum quorum, long epoch, Clock clock, long everyNanos, LongSupplier stuckNanos, long stuckNanosMax,
            LongConsumer onLeading, Consumer<IOException> onDeposed) {
        this.quorum = quorum;
        this.epoch = epoch;
        this.clock = clock;
        this.everyNanos = everyNanos;
        this.stuckNanos = stuckNanos;
        this.stuckNanosMax = stuckNanosMax;
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
            boolean isDeposed = false;
            boolean isStuck = false;
            do {
                isDeposed = round(clock.monotonicNanos(), isDeposed);
                isStuck = lookWhetherStuck(isStuck);
            } while (rest());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** @return whether this server was deposed, which it is told once */
    private boolean round(long began, boolean isDeposed) {
        Reign newest = quorum.reign();
        if (isDeposed) {
            return true;
        }
        if (newest == null || newest.epoch() <= epoch) {
            onLeading.accept(began);
            return false;
        }
        onDeposed.accept(new IOException(newest.nodeName() + " was elected in epoch " + newest.epoch() + ", after epoch " + epoch));
        return true;
    }

    private boolean lookWhetherStuck(boolean wasStuck) {
        long nanos = stuckNanos.getAsLong();
        if (nanos <= stuckNanosMax) {
            return false;
        }
        if (!wasStuck) {
            LOG.log(System.Logger.Level.WARNING, "the server of epoch " + epoch + " has waited for its device for "
                    + TimeUnit.NANOSECONDS.toMillis(nanos) + " ms: another voter is asked to serve");
        }
        quorum.stepAside();
        return true;
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
