package org.scoutfs.fuse;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.scoutfs.sys.CpuLatency;

/**
 * Keeps CPUs from falling asleep between two requests. Each request is two hand-overs between the caller's thread and one of ours, and
 * a commit some more; where the thread has to be woken on a sleeping virtual CPU each takes 30 to 100 microseconds in place of 5, and that
 * is then most of what a small request takes. An idle CPU that must not sleep spins, so this is held only while many requests come:
 * <ul>
 *   <li>it begins with the {@value #BURST}th request after a rest;
 *   <li>it ends when fewer than {@value #BURST} came in {@value #PERIOD_MILLIS} ms.
 * </ul>
 *
 * <p>Any thread calls {@link #request}; the limit is set by a thread of its own.
 */
final class Alertness implements AutoCloseable {
    private static final Logger LOG = System.getLogger("org.scoutfs.fuse");
    private static final int BURST = 8;
    private static final long PERIOD_MILLIS = 8;
    private static final long PERIOD_NANOS = PERIOD_MILLIS * 1_000_000;

    private final CpuLatency latency;
    private final RequestCounts counts;
    private final Thread thread;
    private final AtomicInteger sinceRest = new AtomicInteger();
    private volatile boolean isResting = true;
    private volatile boolean isClosed;

    /** @param counts of all requests, to see whether they still come */
    Alertness(CpuLatency latency, RequestCounts counts, String volume) {
        this.latency = latency;
        this.counts = counts;
        this.thread = Thread.ofPlatform().name("fuse-alert " + volume).daemon(true).start(this::run);
    }

    /** A request came. Costs nothing while it is held already. */
    void request() {
        if (isResting && sinceRest.incrementAndGet() == BURST) {
            LockSupport.unpark(thread);
        }
    }

    private void run() {
        try (latency) {
            while (!isClosed) {
                while (sinceRest.get() < BURST && !isClosed) {
                    LockSupport.park(this);
                }
                isResting = false;
                latency.limit();
                long before;
                long now = counts.total();
                do {
                    before = now;
                    LockSupport.parkNanos(PERIOD_NANOS);
                    now = counts.total();
                } while (now - before >= BURST && !isClosed);
                latency.release();
                sinceRest.set(0);
                isResting = true;
            }
        } catch (IOException failure) {
            LOG.log(Level.WARNING, "CPUs may sleep between requests: " + failure.getMessage());
        }
    }

    @Override
    public void close() {
        isClosed = true;
        LockSupport.unpark(thread);
    }

    /** After {@link #close}: waits until the limit is gone. */
    void awaitEnd() throws InterruptedException {
        thread.join();
    }
}
