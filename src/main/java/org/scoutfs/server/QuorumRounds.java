package org.scoutfs.server;

import java.io.IOException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.scoutfs.base.Clock;
import org.scoutfs.quorum.Quorum;

/**
 * Asks the quorum again and again whether this server still leads, on a thread of its own: an answer may take long. A round that
 * fails is tried again; only one that says no ends the server.
 *
 * <p>Thread-safe. {@code mutex} guards the wish to stop; the quorum is asked outside of it.
 */
final class QuorumRounds {
    private static final System.Logger LOG = System.getLogger(QuorumRounds.class.getName());

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
        try {
            if (quorum.isLeader(epoch)) {
                onLeading.accept(began);
                return true;
            }
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, "a quorum round of epoch " + epoch + " failed; it is tried again", e);
            return true;
        }
        onDeposed.accept(new IOException("another mount was elected after epoch " + epoch));
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
