package org.scoutfs.node;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** What was started, to be closed in the reverse order, each once, also when another one fails to close. Thread-safe. */
final class Closers {
    /** Closes something; may fail. */
    interface Closer {
        void close() throws IOException;
    }

    private final ReentrantLock mutex = new ReentrantLock();
    private final Deque<Closer> closers = new ArrayDeque<>();

    /** Returns what it was given. */
    <T extends AutoCloseable> T add(T closeable) {
        push(() -> {
            try {
                closeable.close();
            } catch (IOException | RuntimeException failure) {
                throw failure;
            } catch (Exception failure) {
                throw new IOException(failure);
            }
        });
        return closeable;
    }

    void push(Closer closer) {
        mutex.lock();
        try {
            closers.push(closer);
        } finally {
            mutex.unlock();
        }
    }

    /** Closes all; whoever comes second waits for the first and finds nothing left. */
    void close() throws IOException {
        IOException first = null;
        mutex.lock();
        try {
            while (!closers.isEmpty()) {
                IOException failure = tryClose(closers.pop());
                if (first == null) {
                    first = failure;
                } else if (failure != null) {
                    first.addSuppressed(failure);
                }
            }
        } finally {
            mutex.unlock();
        }
        if (first != null) {
            throw first;
        }
    }

    private static @Nullable IOException tryClose(Closer closer) {
        try {
            closer.close();
            return null;
        } catch (IOException failure) {
            return failure;
        } catch (RuntimeException bug) {
            return new IOException(bug);
        }
    }

    /** Closes all after a start that failed; what fails now is noted in that failure. */
    void closeAfter(Exception failure) {
        try {
            close();
        } catch (IOException second) {
            failure.addSuppressed(second);
        }
    }
}
