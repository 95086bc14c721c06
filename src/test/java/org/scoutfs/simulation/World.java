package org.scoutfs.simulation;

import java.util.PriorityQueue;
import org.scoutfs.base.Rng;

/** Time, chance, and what is going to happen. */
final class World {
    static final long MICRO = 1_000;
    static final long MILLI = 1_000_000;

    private record Event(long nanos, long number, Runnable action) implements Comparable<Event> {
        @Override
        public int compareTo(Event other) {
            int byTime = Long.compare(nanos, other.nanos);
            return byTime != 0 ? byTime : Long.compare(number, other.number);
        }
    }

    final Rng rng;
    private final PriorityQueue<Event> events = new PriorityQueue<>();
    private final StringBuilder history;
    private long now;
    private long eventCount;

    /** @param isTold whether to keep what {@link #say} is told */
    World(long seed, boolean isTold) {
        rng = Rng.seeded(seed);
        history = isTold ? new StringBuilder() : null;
    }

    long now() {
        return now;
    }

    long eventCount() {
        return eventCount;
    }

    void at(long nanos, Runnable action) {
        events.add(new Event(Math.max(nanos, now), ++eventCount, action));
    }

    void after(long nanos, Runnable action) {
        at(now + nanos, action);
    }

    boolean chance(int oneIn) {
        return rng.nextInt(oneIn) == 0;
    }

    /** Between these two, both included. */
    long between(long low, long high) {
        return low + Long.remainderUnsigned(rng.nextLong(), high - low + 1);
    }

    /** The next event. False when there is none before this time. */
    boolean step(long until) {
        Event next = events.peek();
        if (next == null || next.nanos > until) {
            now = Math.max(now, until);
            return false;
        }
        events.poll();
        now = next.nanos;
        next.action.run();
        return true;
    }

    boolean isTold() {
        return history != null;
    }

    void say(String who, String what) {
        if (history != null) {
            history.append(String.format("%12.6f %-10s %s%n", now / 1e9, who, what));
        }
    }

    String history() {
        return history == null ? "" : history.toString();
    }
}
