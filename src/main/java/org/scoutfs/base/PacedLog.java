package org.scoutfs.base;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Log lines that come as often as somebody outside likes: strangers at a port, readers of a damaged block. A few at once, then one in ten
 * seconds with how many were left out.
 *
 * <p>Thread-safe.
 */
public final class PacedLog {
    private static final int AT_ONCE = 20;
    private static final long PAUSE_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final System.Logger log;
    private final Clock clock;
    private final ReentrantLock mutex = new ReentrantLock();

    // Guarded by mutex.
    private int left = AT_ONCE;
    private long refillNanos;
    private long leftOut;

    public PacedLog(System.Logger log, Clock clock) {
        this.log = log;
        this.clock = clock;
        this.refillNanos = clock.monotonicNanos();
    }

    public void log(System.Logger.Level level, String line) {
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
        log.log(level, line + suffix);
    }
}
