package org.scoutfs.base;

/**
 * Time comes in through constructors, so that a cluster can run on a simulated clock. Production code calls no
 * {@code System.nanoTime} or {@code Instant.now} of its own.
 */
public interface Clock {
    /** Nanoseconds of a clock that only goes forward and has no meaning as a date. For deadlines and durations. */
    long monotonicNanos();

    /** Nanoseconds since 1970-01-01T00:00Z by the host's clock, for the times of inodes. Good until the year 2262. */
    long wallNanos();

    /** The host's clocks. */
    static Clock system() {
        return SystemClock.INSTANCE;
    }
}
