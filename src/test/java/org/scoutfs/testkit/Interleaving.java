package org.scoutfs.testkit;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.scoutfs.base.Rng;

/**
 * Runs several threads one step at a time, in an order that a seed decides. A thread stops at each {@link #step}, and one of
 * those that stopped goes on; so at any moment at most one of them runs, and each may be paused for as long as chance likes.
 */
public final class Interleaving {
    private static final long DEADLINE_SECONDS = 60;

    /** Work that may fail: {@link #failures} has how. */
    public interface Body {
        void run() throws Exception;
    }

    private static final class Actor {
        final Semaphore mayRun = new Semaphore(0);
        boolean hasEnded;
    }

    private final Rng rng;
    private final List<Actor> actors = new ArrayList<>();
    private final List<Throwable> failures = new ArrayList<>();
    private final Semaphore stopped = new Semaphore(0);
    private final ThreadLocal<Actor> current = new ThreadLocal<>();

    public Interleaving(Rng rng) {
        this.rng = rng;
    }

    /** A new thread, which begins when chance picks it. By the test before {@link #run}, or by a running thread. */
    public void spawn(String name, Body body) {
        Actor actor = new Actor();
        actors.add(actor);
        Thread thread = new Thread(() -> {
            current.set(actor);
            actor.mayRun.acquireUninterruptibly();
            try {
                body.run();
            } catch (Exception | Error e) {
                failures.add(e);
            } finally {
                actor.hasEnded = true;
                stopped.release();
            }
        }, name);
        thread.setDaemon(true);
        thread.start();
    }

    /** Lets another thread go on, or this one. Outside of the interleaved threads it does nothing. */
    public void step() {
        Actor actor = current.get();
        if (actor != null) {
            stopped.release();
            actor.mayRun.acquireUninterruptibly();
        }
    }

    /** How threads failed, in that order. */
    public List<Throwable> failures() {
        return List.copyOf(failures);
    }

    /** Until all have ended. */
    public void run() throws InterruptedException {
        Actor last = null;
        while (true) {
            List<Actor> alive = actors.stream().filter(actor -> !actor.hasEnded).toList();
            if (alive.isEmpty()) {
                return;
            }
            // Mostly the same one again: long pauses of the others are where the trouble is.
            boolean goesOn = last != null && !last.hasEnded && rng.nextInt(8) != 0;
            Actor next = goesOn ? last : alive.get(rng.nextInt(alive.size()));
            next.mayRun.release();
            if (!stopped.tryAcquire(DEADLINE_SECONDS, TimeUnit.SECONDS)) {
                throw new AssertionError("a thread neither stopped nor ended");
            }
            last = next;
        }
    }
}
