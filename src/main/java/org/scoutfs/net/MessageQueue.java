package org.scoutfs.net;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * What was sent and not yet received, in order. Many senders, one receiver, which takes all that is there at once.
 *
 * <p>Thread-safe. It has no bound of its own: each sender waits for answers before it sends much more.
 */
public final class MessageQueue<T> {
    private final ReentrantLock mutex = new ReentrantLock();
    private final Condition changed = mutex.newCondition();

    // Guarded by mutex.
    private List<T> waiting = new ArrayList<>();
    private boolean isClosed;

    /** Adds one; ignored once closed. */
    public void put(T message) {
        mutex.lock();
        try {
            if (!isClosed) {
                waiting.add(message);
                changed.signal();
            }
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
