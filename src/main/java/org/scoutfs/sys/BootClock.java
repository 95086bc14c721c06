package org.scoutfs.sys;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import org.scoutfs.base.Clock;

/**
 * A clock that goes on while the host sleeps ({@code CLOCK_BOOTTIME}): what leases are counted on. A node that was asleep for an hour
 * must not believe that no time has passed.
 */
public final class BootClock implements Clock {
    private static final int CLOCK_BOOTTIME = 7;
    private static final long TIMESPEC_BYTES = 16;
    private static final long NANOS_PER_SECOND = 1_000_000_000L;
    private static final MethodHandle CLOCK_GETTIME =
            Libc.function("clock_gettime", Libc.INT, Libc.INT, Libc.POINTER);

    /** As for errno: the memory lives as long as its thread. */
    private static final ThreadLocal<MemorySegment> TIME =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(TIMESPEC_BYTES, Long.BYTES));

    @Override
    public long monotonicNanos() {
        MemorySegment time = TIME.get();
        int result;
        try {
            result = (int) CLOCK_GETTIME.invokeExact(Libc.state(), CLOCK_BOOTTIME, time);
        } catch (Throwable thrown) {
            throw Libc.bug(thrown);
        }
        if (result != 0) {
            throw new IllegalStateException("clock_gettime failed", Libc.failure("clock_gettime"));
        }
        return time.get(ValueLayout.JAVA_LONG, 0) * NANOS_PER_SECOND + time.get(ValueLayout.JAVA_LONG, Long.BYTES);
    }

    @Override
    public long wallNanos() {
        return Clock.system().wallNanos();
    }
}
