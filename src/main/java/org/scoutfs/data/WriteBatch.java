package org.scoutfs.data;

import java.io.IOException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** Device writes that one commit waits for. Thread-safe. */
final class WriteBatch {
    private final ReentrantLock mutex = new ReentrantLock();
    private final Condition isDone = mutex.newCondition();

    // Guarded by mutex.
    private int pending;
    private @Nullable IOException failure;

    void add(int writes) {
        mutex.lock();
        try {
            pending += writes;
        } finally {
            mutex.unlock();
        }
    }

    /** @param cause why the write failed, or null */
    void done(@Nullable IOException cause) {
        mutex.lock();
        try {
            pending--;
            if (cause != null && failure == null) {
                failure = cause;
            }
            if (pending == 0) {
                isDone.signalAll();
            }
        } finally {
            mutex.unlock();
        }
    }

    /** Waits for all writes; they end because device calls do. Throws what the first failed one threw. */
    void await() throws IOException {
        mutex.lock();
        try {
            while (pending > 0) {
                isDone.awaitUninterruptibly();
            }
            if (failure != null) {
                throw failure;
            }
        } finally {
            mutex.unlock();
        }
    }
}
