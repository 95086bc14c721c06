package org.scoutfs.net;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.scoutfs.base.Invariants;

/**
 * What was sent and not yet received, in order. Many senders, one receiver, which takes all that is there at once.
 *
 * <p>Thread-safe. It has a bound only where one is given: in one process each sender waits for answers before it sends much more.
 */
public final class MessageQueue<T> {
    private final ReentrantLock mutex = new ReentrantLock();
    private final Condition changed = mutex.newCondition();
    private final int countMax;

    // Guarded by mutex.
    private List<T> waiting = new ArrayList<>();
    private boolean isClosed;

    public MessageQueue() {
        this(Integer.MAX_VALUE);
    }

    /** @param countMax most that wait; {@link #offer} refuses more */
    public MessageQueue(int countMax) {
        this.countMax = countMax;
    }

    /** Adds one; ignored once closed. For a queue without a bound. */
    public void put(T message) {
        boolean isThere = offer(message);
        Invariants.check(isThere, "a queue without a bound is full");
    }

    /**
     * Adds one; ignored once closed.
     *
     * @return false when as many wait as may
     */
    public boolean offer(T message) {
        mutex.lock();
        try {
            if (isClosed) {
                return true;
            }
            if (waiting.size() >= countMax) {
                return false;
            }
            waiting.add(message);
            changed.signal();
            return true;
        } finally {
            mutex.unlock();
        }
    }

    /**
     * Everything that is there, oldest first; waits for the first one.
     *
     * @param nanosMax how long to wait; empty when nothing came
     */
    public List<T> takeAll(long nanosMax) throws InterruptedException {
        mutex.lock();
        try {
            long left = nanosMax;
            while (waiting.isEmpty() && !isClosed && left > 0) {
                left = changed.awaitNanos(left);
            }
            if (waiting.isEmpty()) {
                return List.of();
            }
            List<T> all = waiting;
            waiting = new ArrayList<>();
            return all;
        } finally {
            mutex.unlock();
        }
    }

    /** Closed, and everything was taken. */
    public boolean isAtEnd() {
        mutex.lock();
        try {
            return isClosed && waiting.isEmpty();
        } finally {
            mutex.unlock();
        }
    }

    /** No more is accepted, and what is there is forgotten. */
    public void closeAndClear() {
        mutex.lock();
        try {
            waiting = new ArrayList<>();
            isClosed = true;
            changed.signal();
        } finally {
            mutex.unlock();
        }
    }

    /** No more is accepted; what is there can still be taken. */
    public void close() {
        mutex.lock();
        try {
            isClosed = true;
            changed.signal();
        } finally {
            mutex.unlock();
        }
    }
}
