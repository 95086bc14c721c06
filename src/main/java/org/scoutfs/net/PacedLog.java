package org.scoutfs.net;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.scoutfs.base.Clock;

/** Log lines that strangers cause: a few at once, then one in ten seconds with how many were left out. */
final class PacedLog {
    private static final int AT_ONCE = 20;
    private static final long PAUSE_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final System.Logger log;
    private final Clock clock;
    private final ReentrantLock mutex = new ReentrantLock();

    // Guarded by mutex.
    private int left = AT_ONCE;
    private long refillNanos;
    private long leftOut;

    PacedLog(System.Logger log, Clock clock) {
        this.log = log;
        this.clock = clock;
        this.refillNanos = clock.monotonicNanos();
    }

    void warn(String line) {
        String suffix;
        mutex.lock();
        try {
            long now = clock.monotonicNanos();
            long refill = (now - refillNanos) / PAUSE_NANOS;
            if (refill > 0) {
                left = (int) Math.min(AT_ONCE, left + refill);
                refillNanos += refill * PAUSE_NANOS;
            }
            if (left == 0) {
                leftOut++;
                return;
            }
            left--;
            suffix = leftOut == 0 ? "" : " (and " + leftOut + " lines like this before)";
            leftOut = 0;
        } finally {
            mutex.unlock();
        }
        log.log(System.Logger.Level.WARNING, line + suffix);
    }
}
