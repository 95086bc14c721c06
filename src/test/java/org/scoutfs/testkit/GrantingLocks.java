package org.scoutfs.testkit;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;
import org.scoutfs.base.Invariants;
import org.scoutfs.base.MustWait;
import org.scoutfs.lock.LockClient;
import org.scoutfs.net.LockMode;
import org.scoutfs.net.LockName;

/**
 * A lock client that is granted whatever it asks for, as when no other node exists. Tests can make the next acquisitions
 * wait or fail, and see what is in use.
 */
public final class GrantingLocks implements LockClient {
    private final ReentrantLock mutex = new ReentrantLock();

    // Guarded by mutex.
    private final Map<LockName, Integer> users = new HashMap<>();
    private final Map<LockName, LockMode> strongest = new HashMap<>();
    private int waits;
    private Errno fails;
    private long acquisitions;

    /** The next {@code times} acquisitions throw {@link MustWait} on a completed future. */
    public void waitInAcquire(int times) {
        mutex.lock();
        try {
            waits = times;
        } finally {
            mutex.unlock();
        }
    }

    /** Every acquisition fails so from now on; null ends it. */
    public void failAcquire(Errno errno) {
        mutex.lock();
        try {
            fails = errno;
        } finally {
            mutex.unlock();
        }
    }

    @Override
    public Use tryUseGated(LockName name, LockMode mode) {
        try {
            return acquire(name, mode);
        } catch (MustWait | org.scoutfs.base.FsException notNow) {
            return null;
        }
    }

    public long acquisitions() {
        mutex.lock();
        try {
            return acquisitions;
        } finally {
            mutex.unlock();
        }
    }

    /** Locks that operations use now. Empty at the end of every test. */
    public List<LockName> inUse() {
        mutex.lock();
        try {
            return users.entrySet().stream()
                    .filter(entry -> entry.getValue() > 0)
                    .map(Map.Entry::getKey)
                    .sorted()
                    .toList();
        } finally {
            mutex.unlock();
        }
    }

    /** The strongest mode in which this lock was ever taken, or null. */
    public LockMode strongestMode(LockName name) {
        mutex.lock();
        try {
            return strongest.get(name);
        } finally {
            mutex.unlock();
        }
    }

    @Override
    public Use acquire(LockName name, LockMode mode) throws MustWait, FsException {
        return acquire(List.of(new Want(name, mode)));
    }

    @Override
    public Use acquire(List<Want> wants) throws MustWait, FsException {
        Map<LockName, LockMode> sorted = new TreeMap<>();
        for (Want want : wants) {
            sorted.merge(want.name(), want.mode(), (a, b) -> a.covers(b) ? a : b);
        }
        mutex.lock();
        try {
            if (fails != null) {
                throw FsException.of(fails);
            }
            if (waits > 0) {
                waits--;
                throw MustWait.on(CompletableFuture.completedFuture(null));
            }
            acquisitions++;
            sorted.forEach((name, mode) -> {
                users.merge(name, 1, Integer::sum);
                strongest.merge(name, mode, (a, b) -> a.covers(b) ? a : b);
            });
        } finally {
            mutex.unlock();
        }
        List<LockName> names = new ArrayList<>(sorted.keySet());
        AtomicBoolean isClosed = new AtomicBoolean();
        return () -> {
            Invariants.check(isClosed.compareAndSet(false, true), "locks are given up twice", names);
            mutex.lock();
            try {
                names.forEach(name -> users.merge(name, -1, Integer::sum));
            } finally {
                mutex.unlock();
            }
        };
    }
}
