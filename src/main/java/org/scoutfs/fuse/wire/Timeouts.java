package org.scoutfs.fuse.wire;

/**
 * How long the kernel may use what it was told without asking again, in nanoseconds.
 *
 * @param negativeNanos for names that do not exist; 0 is never
 */
public record Timeouts(long entryNanos, long attributeNanos, long negativeNanos) {
    /** 68 years: as good as for ever, and safe from overflow in the kernel's ticks. */
    public static final long UNLIMITED = Integer.MAX_VALUE * 1_000_000_000L;

    /** For a mount that is alone: the kernel itself makes every change that it could miss. */
    public static final Timeouts FOR_EVER = new Timeouts(UNLIMITED, UNLIMITED, UNLIMITED);

    static long seconds(long nanos) {
        return nanos / 1_000_000_000L;
    }

    static int nanos(long nanos) {
        return (int) (nanos % 1_000_000_000L);
    }
}
