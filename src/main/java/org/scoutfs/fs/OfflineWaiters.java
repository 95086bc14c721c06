package org.scoutfs.fs;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;
import org.scoutfs.base.MustWait;

/**
 * The requests of this mount that wait for offline blocks. A waiter is an object and holds no lock and no thread; woken, its request runs
 * again from the start, and may come to wait again.
 * <ol>
 *   <li>A waiter is on the list from when its request found an offline block until it is woken, failed or interrupted.
 *   <li>Whoever makes blocks of an inode anything but offline wakes all waiters of the inode afterwards: one that found the block offline
 *       before the change is on the list by then, because it looked under the inode's lock and joined the list before it let go.
 * </ol>
 * <p>Thread-safe. {@code mutex} is a leaf; futures are completed after it is free.
 */
final class OfflineWaiters {
    static final int READ = 1;
    static final int WRITE = 2;
    static final int CHANGE_SIZE = 4;

    /** Where somebody waits. */
    private record Place(long ino, long block) implements Comparable<Place> {
        @Override
        public int compareTo(Place other) {
            int byIno = Long.compareUnsigned(ino, other.ino);
            return byIno != 0 ? byIno : Long.compareUnsigned(block, other.block);
        }
    }

    /** Somebody who waits; kept in his request from one run to the next. */
    private static final class Wait {
        final Place place;
        final int operation;
        final CompletableFuture<Void> woken = new CompletableFuture<>();
        volatile @Nullable Errno error;

        Wait(Place place, int operation) {
            this.place = place;
            this.operation = operation;
        }
    }

    /** All who wait for one block, as one. */
    record Waiting(long ino, long block, int operations) {}

    private final ReentrantLock mutex = new ReentrantLock();
    // Guarded by mutex.
    private final TreeMap<Place, List<Wait>> waits = new TreeMap<>();

    /**
     * At the beginning of each run of an operation that may wait here.
     *
     * @throws FsException what somebody wants the operation to fail with
     */
    void resume(Request request) throws FsException {
        if (request.progress() instanceof Wait known) {
            request.setProgress(null);
            leave(known);
            Errno error = known.error;
            if (error != null) {
                throw FsException.of(error);
            }
        }
    }

    /**
     * Called under the inode's lock by an operation that found {@code block} offline.
     *
     * @return to be thrown
     * @throws FsException {@code EINTR} when the request was interrupted while it waited
     */
    MustWait await(Request request, long ino, long block, int operation) throws FsException {
        if (request.isInterrupted()) {
            throw FsException.of(Errno.EINTR);
        }
        Wait wait = new Wait(new Place(ino, block), operation);
        mutex.lock();
        try {
            waits.computeIfAbsent(wait.place, place -> new ArrayList<>()).add(wait);
        } finally {
            mutex.unlock();
        }
        request.setProgress(wait);
        return MustWait.on(wait.woken);
    }

    private void leave(Wait wait) {
        mutex.lock();
        try {
            List<Wait> here = waits.get(wait.place);
            if (here != null && here.remove(wait) && here.isEmpty()) {
                waits.remove(wait.place);
            }
        } finally {
            mutex.unlock();
        }
    }

    /** Blocks of these inodes may not be offline any more, or changed on another node. */
    void wake(long firstIno, long count) {
        List<Wait> woken = new ArrayList<>();
        mutex.lock();
        try {
            if (waits.isEmpty()) {
                return;
            }
            Map<Place, List<Wait>> range = waits.subMap(new Place(firstIno, 0), new Place(firstIno + count, 0));
            range.values().forEach(woken::addAll);
            range.clear();
        } finally {
            mutex.unlock();
        }
        woken.forEach(wait -> wait.woken.complete(null));
    }

    /**
     * Makes those fail who wait for a block of {@code [firstBlock, lastBlock]} with one of these operations.
     *
     * @return how many
     */
    int fail(long ino, long firstBlock, long lastBlock, int operations, Errno error) {
        List<Wait> failed = new ArrayList<>();
        mutex.lock();
        try {
            for (List<Wait> here : waits.subMap(new Place(ino, firstBlock), true, new Place(ino, lastBlock), true).values()) {
                for (Wait wait : here) {
                    if ((wait.operation & operations) != 0 && wait.error == null) {
                        wait.error = error;
                        failed.add(wait);
                    }
                }
            }
        } finally {
            mutex.unlock();
        }
        failed.forEach(wait -> wait.woken.complete(null));
        return failed.size();
    }

    /** Those after a place, in order. */
    List<Waiting> list(long afterIno, long afterBlock, int max) {
        List<Waiting> found = new ArrayList<>();
        mutex.lock();
        try {
            for (Map.Entry<Place, List<Wait>> here : waits.tailMap(new Place(afterIno, afterBlock), false).entrySet()) {
                if (found.size() == max) {
                    break;
                }
                int operations = 0;
                for (Wait wait : here.getValue()) {
                    operations |= wait.operation;
                }
                found.add(new Waiting(here.getKey().ino, here.getKey().block, operations));
            }
            return found;
        } finally {
            mutex.unlock();
        }
    }
}
