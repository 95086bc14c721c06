package org.scoutfs.fuse;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The requests that wait, and the interrupts for them.
 *
 * <p>A request is woken once per wait: by what it waits for, or by an interrupt, whichever is first. An interrupt can come
 * before its request begins to wait, because the two arrive on different threads; such interrupts are remembered, the last
 * {@value #EARLY_MAX} of them. Forgetting one costs only that its caller has to be killed again.
 *
 * <p>Thread-safe.
 */
final class WaitingRequests {
    private static final int EARLY_MAX = 4096;

    private final ConcurrentHashMap<Long, Wait> waits = new ConcurrentHashMap<>();

    // Guarded by mutex, a leaf.
    private final ReentrantLock mutex = new ReentrantLock();
    private final LinkedHashMap<Long, Boolean> early = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, Boolean> eldest) {
            return size() > EARLY_MAX;
        }
    };

    private volatile boolean hasEarly;
    /** Is told of pages that may be locked; null where this mount is alone. Set before the first request. */
    private @Nullable Consumer<ParkedPages> watcher;

    /** One wait of one request. */
    private final class Wait {
        private final Exchange exchange;
        private final long unique;
        private final @Nullable ParkedPages pages;
        private final AtomicBoolean isOver = new AtomicBoolean();

        Wait(Exchange exchange) {
            this.exchange = exchange;
            this.unique = exchange.unique();
            this.pages = watcher == null ? null : exchange.parkedPages();
        }

        void wake() {
            if (isOver.compareAndSet(false, true)) {
                waits.remove(unique, this);
                exchange.requeue();
            }
        }

        void interrupt() {
            // Only the one who ends the wait owns the exchange and may look at its request.
            if (isOver.compareAndSet(false, true)) {
                waits.remove(unique, this);
                exchange.request().interrupt();
                exchange.requeue();
            }
        }
    }

    /** Puts a request aside until {@code on} completes or an interrupt comes. The caller must not touch it afterwards. */
    void park(Exchange exchange, CompletableFuture<?> on) {
        long unique = exchange.unique();
        exchange.waits();
        Wait wait = new Wait(exchange);
        waits.put(unique, wait);
        if (watcher != null && wait.pages != null) {
            watcher.accept(wait.pages);
        }
        // Here and in interrupt(): each side writes its own mark first and then reads the other's, so one of them sees both.
        if (hasEarly && takeEarly(unique)) {
            wait.interrupt();
            return;
        }
        var unused = on.whenComplete((result, failure) -> wait.wake());
    }

    /** The caller of this request got a signal. */
    void interrupt(long unique) {
        remember(unique);
        Wait wait = waits.get(unique);
        if (wait != null && takeEarly(unique)) {
            wait.interrupt();
        }
    }

    /** Has every request that begins to wait with pages told to somebody. Before the first request. */
    void watch(Consumer<ParkedPages> who) {
        watcher = who;
    }

    /** The pages of the requests of one inode that wait now. */
    void forEachOf(long ino, Consumer<ParkedPages> action) {
        for (Wait wait : waits.values()) {
            if (wait.pages != null && wait.pages.ino() == ino) {
                action.accept(wait.pages);
            }
        }
    }

    /** How many wait now. */
    int count() {
        return waits.size();
    }

    private void remember(long unique) {
        mutex.lock();
        try {
            var unused = early.put(unique, true);
            hasEarly = true;
        } finally {
            mutex.unlock();
        }
    }

    private boolean takeEarly(long unique) {
        mutex.lock();
        try {
            @Nullable Boolean taken = early.remove(unique);
            hasEarly = !early.isEmpty();
            return taken != null;
        } finally {
            mutex.unlock();
        }
    }
}
