package org.scoutfs.fs;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;
import org.scoutfs.base.MustWait;
import org.scoutfs.net.Message;

/**
 * Numbers from runs that the server grants: one run for directories, one for other inodes, and for each the next one asked for before the
 * present one ends.
 *
 * <p>Thread-safe; each kind has its mutex, a leaf: sending only queues.
 */
public final class ServerInodeNumbers implements InodeNumbers {
    /** What file handles cannot carry, see docs/format.md. */
    private static final long NEVER = 1L << 32;

    /** When so much of a run is left, the next is asked for. */
    private static final int ASK_AT_FRACTION = 4;

    private static final int GIVEN_BACK_MAX = 64;

    private final ServerRequests server;
    private final Runs directories = new Runs();
    private final Runs others = new Runs();

    public ServerInodeNumbers(ServerRequests server) {
        this.server = server;
    }

    @Override
    public long take(boolean forDirectory) throws FsException, MustWait {
        return (forDirectory ? directories : others).take();
    }

    @Override
    public void giveBack(long ino, boolean forDirectory) {
        (forDirectory ? directories : others).giveBack(ino);
    }

    private final class Runs {
        private final ReentrantLock mutex = new ReentrantLock();

        // Guarded by mutex.
        private long next;
        private long end;
        private long askAt;
        private Message.@Nullable InodesGranted following;
        private @Nullable CompletableFuture<Message.InodesGranted> request;
        private final long[] givenBack = new long[GIVEN_BACK_MAX];
        private int givenBackCount;

        long take() throws FsException, MustWait {
            CompletableFuture<Message.InodesGranted> asked = null;
            mutex.lock();
            try {
                if (givenBackCount > 0) {
                    return givenBack[--givenBackCount];
                }
                collect();
                if (next == end && following != null) {
                    next = following.first();
                    end = next + following.count();
                    askAt = end - following.count() / ASK_AT_FRACTION;
                    following = null;
                }
                if (following == null && request == null && next >= askAt) {
                    request = server.ask(
                            requestId -> new Message.NeedInodes(requestId, server.rid()), Message.InodesGranted.class);
                }
                if (next != end) {
                    long ino = next++;
                    return ino == NEVER ? takeAfterNever() : ino;
                }
                asked = request;
            } finally {
                mutex.unlock();
            }
            if (asked == null) {
                throw FsException.of(Errno.EIO);
            }
            throw MustWait.on(asked);
        }

        private long takeAfterNever() throws FsException {
            if (next == end) {
                throw FsException.of(Errno.ENOSPC);
            }
            return next++;
        }

        /** Takes the answer when it has come; one that failed is an error for this caller, and the next one asks again. */
        private void collect() throws FsException {
            CompletableFuture<Message.InodesGranted> asked = request;
            if (asked == null || !asked.isDone()) {
                return;
            }
            request = null;
            if (asked.isCompletedExceptionally()) {
                if (next == end) {
                    throw FsException.of(Errno.EIO);
                }
                return;
            }
            Message.InodesGranted granted = asked.join();
            if (granted.count() <= 0) {
                throw FsException.of(Errno.ENOSPC);
            }
            following = granted;
        }

        void giveBack(long ino) {
            mutex.lock();
            try {
                if (givenBackCount < GIVEN_BACK_MAX) {
                    givenBack[givenBackCount++] = ino;
                }
            } finally {
                mutex.unlock();
            }
        }
    }
}
