package org.scoutfs.fs;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;
import org.scoutfs.base.MustWait;
import org.scoutfs.fs.FileSystem.FileLock;
import org.scoutfs.net.Message;
import org.scoutfs.net.Message.FileLockRange;

/**
 * File locks that hold on all nodes: the server decides, and this node keeps in mind what it holds, to give it back at a close and to
 * tell a new server.
 *
 * <pre>
 *   ask ──yes──► noted, before anything else of the server is heard
 *    │ ▲──────────────────────────────┐
 *    └──no──► EAGAIN, or wait ──told that something went, or now and then──┘
 * </pre>
 * <p>Circles of waiting {@code fcntl} owners are not looked for: over several hosts nobody sees them. Thread-safe; {@code mutex} is a leaf.
 */
final class ClusterFileLocks {
    private final ServerRequests server;
    private final AdvisoryLocks held;

    private final ReentrantLock mutex = new ReentrantLock();
    // Guarded by mutex.
    private CompletableFuture<Void> freed = new CompletableFuture<>();

    /** A question under way; in a request, from one run of it to the next. */
    private static final class Asked {
        final CompletableFuture<Void> freedSince;
        CompletableFuture<@Nullable FileLockRange> answer = new CompletableFuture<>();
        boolean isWaiting;

        Asked(CompletableFuture<Void> freedSince) {
            this.freedSince = freedSince;
        }
    }

    ClusterFileLocks(ServerRequests server, AdvisoryLocks held) {
        this.server = server;
        this.held = held;
    }

    /** Whoever was refused a lock may try again. */
    void wake() {
        CompletableFuture<Void> waiting;
        mutex.lock();
        try {
            waiting = freed;
            freed = new CompletableFuture<>();
        } finally {
            mutex.unlock();
        }
        waiting.complete(null);
    }

    List<FileLockRange> held() {
        return held.held();
    }

    private CompletableFuture<Void> nextFreed() {
        mutex.lock();
        try {
            return freed;
        } finally {
            mutex.unlock();
        }
    }

    private static FileLockRange range(long ino, long owner, FileLock lock, boolean flock) {
        return new FileLockRange(
                ino, flock, owner, lock.start(), lock.end(), lock.kind() == FileLock.Kind.WRITE, lock.pid());
    }

    @Nullable FileLock test(Request request, long ino, long owner, FileLock wanted) throws MustWait, IOException {
        if (!(request.progress() instanceof Asked asked)) {
            Asked question = new Asked(nextFreed());
            FileLockRange range = range(ino, owner, wanted, false);
            question.answer = server.ask(
                    requestId -> new Message.FileLockRequest(requestId, server.rid(), range, true),
                    Message.FileLockAnswer.class,
                    Message.FileLockAnswer::inTheWay);
            throw wait(request, question, question.answer);
        }
        if (!asked.answer.isDone()) {
            throw MustWait.on(asked.answer);
        }
        request.setProgress(null);
        FileLockRange inTheWay = answer(asked);
        return inTheWay == null
                ? null
                : new FileLock(
                        inTheWay.start(),
                        inTheWay.end(),
                        inTheWay.isWrite() ? FileLock.Kind.WRITE : FileLock.Kind.READ,
                        inTheWay.pid());
    }

    void set(Request request, long ino, long handle, long owner, FileLock lock, boolean flock, boolean wait)
            throws FsException, MustWait, IOException {
        if (lock.start() < 0 || lock.end() < lock.start()) {
            throw FsException.of(Errno.EINVAL);
        }
        if (lock.kind() == FileLock.Kind.UNLOCK) {
            unlock(request, ino, handle, owner, lock, flock);
            return;
        }
        if (!(request.progress() instanceof Asked asked)) {
            throw ask(request, ino, handle, owner, lock, flock);
        }
        if (!asked.isWaiting) {
            // Also when it is interrupted: only the answer says whether the lock is ours.
            if (!asked.answer.isDone()) {
                throw MustWait.on(asked.answer);
            }
            if (answer(asked) == null) {
                request.setProgress(null);
                return;
            }
            if (!wait) {
                request.setProgress(null);
                throw FsException.of(Errno.EAGAIN);
            }
            asked.isWaiting = true;
        }
        if (request.isInterrupted()) {
            request.setProgress(null);
            throw FsException.of(Errno.EINTR);
        }
        if (!asked.freedSince.isDone()) {
            throw MustWait.on(asked.freedSince);
        }
        throw ask(request, ino, handle, owner, lock, flock);
    }

    /**
     * Done when the server knows it: whoever hears of it from this caller, and then tries on another node, must not be refused. A release
     * has no answer; a question that follows it has, and the server hears both in their order, or the question after our declaration.
     */
    private void unlock(Request request, long ino, long handle, long owner, FileLock lock, boolean flock)
            throws MustWait, IOException {
        if (request.progress() instanceof Asked asked) {
            if (!asked.answer.isDone()) {
                throw MustWait.on(asked.answer);
            }
            request.setProgress(null);
            FileLockRange unused = answer(asked);
            return;
        }
        held.note(ino, handle, owner, lock, flock);
        FileLockRange gone = range(ino, owner, lock, flock);
        server.tell(new Message.FileLockRelease(server.rid(), gone));
        Asked question = new Asked(nextFreed());
        question.answer = server.ask(
                requestId -> new Message.FileLockRequest(requestId, server.rid(), gone, true),
                Message.FileLockAnswer.class,
                Message.FileLockAnswer::inTheWay);
        throw wait(request, question, question.answer);
    }

    private MustWait ask(Request request, long ino, long handle, long owner, FileLock lock, boolean flock) {
        // What goes from now on, the refusal may not have known.
        Asked question = new Asked(nextFreed());
        FileLockRange range = range(ino, owner, lock, flock);
        question.answer = server.ask(
                requestId -> new Message.FileLockRequest(requestId, server.rid(), range, false),
                Message.FileLockAnswer.class,
                answer -> {
                    if (answer.inTheWay() == null) {
                        held.note(ino, handle, owner, lock, flock);
                    }
                    return answer.inTheWay();
                });
        return wait(request, question, question.answer);
    }

    private static MustWait wait(Request request, Asked question, CompletableFuture<?> on) {
        request.setProgress(question);
        return MustWait.on(on);
    }

    private static @Nullable FileLockRange answer(Asked asked) throws IOException {
        if (asked.answer.isCompletedExceptionally()) {
            throw new IOException("no server decides about file locks", asked.answer.exceptionNow());
        }
        return asked.answer.join();
    }

    void dropOwner(long ino, long owner) {
        release(held.dropOwner(ino, owner));
    }

    void dropHandle(long ino, long handle, long owner, boolean dropsFlock) {
        release(held.dropHandle(ino, handle, owner, dropsFlock));
    }

    private void release(List<FileLockRange> gone) {
        gone.forEach(lock -> server.tell(new Message.FileLockRelease(server.rid(), lock)));
    }
}
