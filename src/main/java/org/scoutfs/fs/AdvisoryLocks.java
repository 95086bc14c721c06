package org.scoutfs.fs;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;
import org.scoutfs.base.MustWait;
import org.scoutfs.fs.FileSystem.FileLock;
import org.scoutfs.net.Message;

/**
 * The file locks of this mount: {@code flock}, {@code fcntl} and open-file-description locks. The two families do not see each
 * other. An owner is a number that the kernel gives: a process, or an open file.
 * <ol>
 *   <li>Two locks of one family and different owners that overlap are both for reading.
 *   <li>The locks of one owner on a file do not overlap, and neighbours of one kind are one.
 *   <li>Who waits is woken whenever a lock of the file that he wants goes, and tries again. Nobody waits in a circle of
 *       {@code fcntl} owners: who would close it gets {@code EDEADLK}.
 * </ol>
 * <p>Thread-safe. {@code mutex} guards all fields; futures are completed after it is free.
 */
final class AdvisoryLocks {
    private final ReentrantLock mutex = new ReentrantLock();

    // Guarded by mutex.
    private final Map<Long, File> files = new HashMap<>();
    /** Which {@code fcntl} owner waits, and for what. */
    private final Map<Long, Wait> waitingOwners = new HashMap<>();

    private record Held(long start, long end, boolean isWrite, long owner, long handle, int pid) {
        boolean overlaps(long otherStart, long otherEnd) {
            return start <= otherEnd && otherStart <= end;
        }

        Message.FileLockRange onWire(long ino, boolean isFlock) {
            return new Message.FileLockRange(ino, isFlock, owner, start, end, isWrite, pid);
        }
    }

    private static final class File {
        final List<Held> ranges = new ArrayList<>();
        final List<Held> flocks = new ArrayList<>();
        final List<Wait> waits = new ArrayList<>();

        List<Held> family(boolean flock) {
            return flock ? flocks : ranges;
        }
    }

    /** Somebody who waits; kept in his request from one try to the next. */
    private record Wait(long ino, long owner, boolean isFlock, FileLock wanted, CompletableFuture<Void> woken) {}

    @Nullable FileLock test(long ino, long owner, FileLock wanted) {
        mutex.lock();
        try {
            File file = files.get(ino);
            Held inTheWay = file == null ? null : conflict(file.ranges, owner, wanted);
            return inTheWay == null
                    ? null
                    : new FileLock(
                            inTheWay.start,
                            inTheWay.end,
                            inTheWay.isWrite ? FileLock.Kind.WRITE : FileLock.Kind.READ,
                            inTheWay.pid);
        } finally {
            mutex.unlock();
        }
    }

    /**
     * Sets or removes a lock.
     *
     * @throws FsException {@code EAGAIN} when it is taken and {@code wait} is false, {@code EINTR} when the request was
     *     interrupted while it waited, {@code EDEADLK}
     */
    void set(Request request, long ino, long handle, long owner, FileLock lock, boolean flock, boolean wait)
            throws FsException, MustWait {
        if (lock.start() < 0 || lock.end() < lock.start()) {
            throw FsException.of(Errno.EINVAL);
        }
        List<Wait> woken = List.of();
        mutex.lock();
        try {
            Wait before = request.progress() instanceof Wait known ? known : null;
            if (before != null) {
                stopWaiting(before);
                request.setProgress(null);
            }
            File file = files.computeIfAbsent(ino, key -> new File());
            try {
                woken = trySet(request, file, ino, handle, owner, lock, flock, wait, before != null);
            } finally {
                forgetIfEmpty(ino, file);
            }
        } finally {
            mutex.unlock();
        }
        wake(woken);
    }

    private List<Wait> trySet(
            Request request,
            File file,
            long ino,
            long handle,
            long owner,
            FileLock lock,
            boolean flock,
            boolean wait,
            boolean hasWaited)
            throws FsException, MustWait {
        List<Held> family = file.family(flock);
        if (lock.kind() == FileLock.Kind.UNLOCK) {
            return cut(family, owner, lock.start(), lock.end()) ? new ArrayList<>(file.waits) : List.of();
        }
        Held inTheWay = conflict(family, owner, lock);
        if (inTheWay != null) {
            if (!wait) {
                throw FsException.of(Errno.EAGAIN);
            }
            if (hasWaited && request.isInterrupted()) {
                throw FsException.of(Errno.EINTR);
            }
            if (!flock && wouldDeadlock(owner, file, lock)) {
                throw FsException.of(Errno.EDEADLK);
            }
            Wait waiting = new Wait(ino, owner, flock, lock, new CompletableFuture<>());
            file.waits.add(waiting);
            if (!flock) {
                waitingOwners.put(owner, waiting);
            }
            request.setProgress(waiting);
            throw MustWait.on(waiting.woken);
        }
        // A lock that becomes one for reading can let others in.
        cut(family, owner, lock.start(), lock.end());
        join(family, new Held(lock.start(), lock.end(), lock.kind() == FileLock.Kind.WRITE, owner, handle, lock.pid()));
        return lock.kind() == FileLock.Kind.READ ? new ArrayList<>(file.waits) : List.of();
    }

    /** Notes a lock that somebody else granted, or that went: nothing is compared and nobody waits. */
    void note(long ino, long handle, long owner, FileLock lock, boolean flock) {
        mutex.lock();
        try {
            File file = files.computeIfAbsent(ino, key -> new File());
            List<Held> family = file.family(flock);
            boolean _ = cut(family, owner, lock.start(), lock.end());
            if (lock.kind() != FileLock.Kind.UNLOCK) {
                join(family, new Held(
                        lock.start(), lock.end(), lock.kind() == FileLock.Kind.WRITE, owner, handle, lock.pid()));
            }
            forgetIfEmpty(ino, file);
        } finally {
            mutex.unlock();
        }
    }

    /** All that are held. */
    List<Message.FileLockRange> held() {
        mutex.lock();
        try {
            List<Message.FileLockRange> all = new ArrayList<>();
            files.forEach((ino, file) -> {
                file.ranges.forEach(held -> all.add(held.onWire(ino, false)));
                file.flocks.forEach(held -> all.add(held.onWire(ino, true)));
            });
            return all;
        } finally {
            mutex.unlock();
        }
    }

    /** One {@code close(2)} of a process: its {@code fcntl} locks on the file go. @return what went */
    List<Message.FileLockRange> dropOwner(long ino, long owner) {
        return drop(ino, held -> held.owner == owner, held -> false);
    }

    /** The last close of an open file: what was locked through it goes. @return what went */
    List<Message.FileLockRange> dropHandle(long ino, long handle, long owner, boolean dropsFlock) {
        return drop(ino, held -> held.handle == handle, held -> held.handle == handle || (dropsFlock && held.owner == owner));
    }

    private List<Message.FileLockRange> drop(long ino, Predicate<Held> ofRanges, Predicate<Held> ofFlocks) {
        List<Wait> woken = List.of();
        List<Message.FileLockRange> gone = new ArrayList<>();
        mutex.lock();
        try {
            File file = files.get(ino);
            if (file == null) {
                return gone;
            }
            file.ranges.stream().filter(ofRanges).forEach(held -> gone.add(held.onWire(ino, false)));
            file.flocks.stream().filter(ofFlocks).forEach(held -> gone.add(held.onWire(ino, true)));
            boolean any = file.ranges.removeIf(ofRanges);
            any |= file.flocks.removeIf(ofFlocks);
            if (any) {
                woken = new ArrayList<>(file.waits);
            }
            forgetIfEmpty(ino, file);
        } finally {
            mutex.unlock();
        }
        wake(woken);
        return gone;
    }

    /** Locks that are held; for tests. */
    int heldCount() {
        mutex.lock();
        try {
            return files.values().stream().mapToInt(file -> file.ranges.size() + file.flocks.size()).sum();
        } finally {
            mutex.unlock();
        }
    }

    private static void wake(List<Wait> waits) {
        for (Wait wait : waits) {
            wait.woken.complete(null);
        }
    }

    private void stopWaiting(Wait wait) {
        File file = files.get(wait.ino);
        if (file != null) {
            file.waits.remove(wait);
        }
        waitingOwners.remove(wait.owner, wait);
    }

    private void forgetIfEmpty(long ino, File file) {
        if (file.ranges.isEmpty() && file.flocks.isEmpty() && file.waits.isEmpty()) {
            files.remove(ino);
        }
    }

    private static @Nullable Held conflict(List<Held> family, long owner, FileLock wanted) {
        for (Held held : family) {
            if (held.owner != owner
                    && held.overlaps(wanted.start(), wanted.end())
                    && (held.isWrite || wanted.kind() == FileLock.Kind.WRITE)) {
                return held;
            }
        }
        return null;
    }

    /** Takes a range out of an owner's locks. @return whether there was something to take */
    private static boolean cut(List<Held> family, long owner, long start, long end) {
        List<Held> rest = new ArrayList<>(2);
        boolean any = false;
        for (Iterator<Held> all = family.iterator(); all.hasNext(); ) {
            Held held = all.next();
            if (held.owner == owner && held.overlaps(start, end)) {
                any = true;
                all.remove();
                if (held.start < start) {
                    rest.add(new Held(held.start, start - 1, held.isWrite, owner, held.handle, held.pid));
                }
                if (held.end > end) {
                    rest.add(new Held(end + 1, held.end, held.isWrite, owner, held.handle, held.pid));
                }
            }
        }
        family.addAll(rest);
        return any;
    }

    /** Adds a lock, together with the owner's neighbours of the same kind. */
    private static void join(List<Held> family, Held added) {
        Held joined = added;
        for (Iterator<Held> all = family.iterator(); all.hasNext(); ) {
            Held held = all.next();
            boolean touches = (held.end != Long.MAX_VALUE && held.end + 1 == joined.start)
                    || (joined.end != Long.MAX_VALUE && joined.end + 1 == held.start);
            if (held.owner == added.owner && held.isWrite == added.isWrite && touches) {
                all.remove();
                joined = new Held(
                        Math.min(held.start, joined.start),
                        Math.max(held.end, joined.end),
                        added.isWrite,
                        added.owner,
                        added.handle,
                        added.pid);
            }
        }
        family.add(joined);
    }

    /** Whether some holder of what the owner wants waits, over any number of others, for the owner. */
    private boolean wouldDeadlock(long owner, File file, FileLock wanted) {
        Set<Long> seen = new HashSet<>();
        List<Long> next = new ArrayList<>();
        addHolders(file, owner, wanted, next);
        while (!next.isEmpty()) {
            long holder = next.removeLast();
            if (holder == owner) {
                return true;
            }
            Wait wait = seen.add(holder) ? waitingOwners.get(holder) : null;
            File other = wait == null ? null : files.get(wait.ino);
            if (wait != null && other != null) {
                addHolders(other, holder, wait.wanted, next);
            }
        }
        return false;
    }

    private static void addHolders(File file, long owner, FileLock wanted, List<Long> into) {
        for (Held held : file.ranges) {
            if (held.owner != owner
                    && held.overlaps(wanted.start(), wanted.end())
                    && (held.isWrite || wanted.kind() == FileLock.Kind.WRITE)) {
                into.add(held.owner);
            }
        }
    }
}
