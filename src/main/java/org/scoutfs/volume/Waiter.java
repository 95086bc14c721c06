package org.scoutfs.volume;

import java.util.concurrent.locks.LockSupport;
import org.scoutfs.base.Clock;

/** Lets time pass. Comes in through constructors, so that tests need no time. */
public interface Waiter {
    /** Returns when this much time has passed. */
    void pause(long nanos) throws InterruptedException;

    /** Really waits. */
    static Waiter real(Clock clock) {
        return nanos -> {
            long end = clock.monotonicNanos() + nanos;
            while (true) {
                long left = end - clock.monotonicNanos();
                if (left <= 0) {
                    return;
                }
                if (Thread.interrupted()) {
                    throw new InterruptedException("while waiting for the claim of a volume");
                }
                LockSupport.parkNanos(left);
            }
        };
    }
}
