package org.scoutfs.data;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Invariants;
import org.scoutfs.data.FileData.BlockRange;
import org.scoutfs.txn.Transaction;

/**
 * The files that have a {@link FileState}: those that a changing call is prepared for, and those that changed since the last
 * commit.
 *
 * <p>Thread-safe. {@code mutex} is a leaf; {@link FileState#mutex} is taken inside the map's compute(), never around it.
 */
final class FileStates {
    private final ConcurrentHashMap<Long, FileState> states = new ConcurrentHashMap<>();

    private final ReentrantLock mutex = new ReentrantLock();
    // Guarded by mutex.
    private List<FileState> touched = new ArrayList<>();

    private volatile long committedNumber;

    /** Storage beyond the ends of open files that was made without being asked for. */
    private final ConcurrentHashMap<Long, BlockRange> tails = new ConcurrentHashMap<>();

    void addTail(long ino, BlockRange tail) {
        tails.merge(
                ino,
                tail,
                (a, b) -> new BlockRange(Math.min(a.first(), b.first()), Math.max(a.end(), b.end())));
    }

    @Nullable BlockRange takeTail(long ino) {
        return tails.isEmpty() ? null : tails.remove(ino);
    }

    /** The state of a file, or null: then memory knows nothing that its items do not say. */
    @Nullable FileState get(long ino) {
        return states.get(ino);
    }

    int size() {
        return states.size();
    }

    /** The state of a file, made when there is none; it stays until {@link #unpin}. */
    FileState pin(long ino) {
        FileState[] pinned = new FileState[1];
        states.compute(ino, (key, old) -> {
            FileState file = old == null ? new FileState(ino) : old;
            file.pins++;
            pinned[0] = file;
            return file;
        });
        return pinned[0];
    }

    void unpin(FileState file) {
        states.compute(file.ino, (key, now) -> {
            Invariants.check(now == file && file.pins > 0, "unpins a file that is not pinned", file.ino);
            file.pins--;
            return isNeeded(file) ? file : null;
        });
    }

    private boolean isNeeded(FileState file) {
        if (file.pins > 0) {
            return true;
        }
        file.mutex.lock();
        try {
            return file.touchedNumber > committedNumber || !file.open.isEmpty() || !file.frozen.isEmpty();
        } finally {
            file.mutex.unlock();
        }
    }

    /** Under the file's mutex: the file is dealt with at the next barrier. */
    void touch(FileState file, Transaction txn) {
        file.touchedNumber = txn.number();
        if (file.isTouched) {
            return;
        }
        file.isTouched = true;
        mutex.lock();
        try {
            touched.add(file);
        } finally {
            mutex.unlock();
        }
    }

    boolean hasTouched() {
        mutex.lock();
        try {
            return !touched.isEmpty();
        } finally {
            mutex.unlock();
        }
    }

    /** The files that changed since the last barrier, in the order in which they did. */
    List<FileState> takeTouched() {
        mutex.lock();
        try {
            List<FileState> taken = touched;
            touched = new ArrayList<>();
            return taken;
        } finally {
            mutex.unlock();
        }
    }

    /** A transaction is committed: what only it needed of these files is dropped. */
    void committed(long number, List<FileState> files) {
        committedNumber = number;
        for (FileState file : files) {
            file.withMutex(() -> {
                file.frozen.clear();
                return 0L;
            });
            states.computeIfPresent(file.ino, (key, now) -> now != file || isNeeded(file) ? now : null);
        }
    }
}
