package org.scoutfs.fs;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;
import org.scoutfs.base.MustWait;

/**
 * Pages of mappings that the kernel wrote back when this node did not hold their lock for writing any more. They cannot wait for it:
 * a revoke may be waiting for the answer. So they are kept here, answered, and written as operations of their own once the lock is
 * back. Rare: a revoke lets in what it launders.
 * <ol>
 *   <li>Of one file they are written in the order in which they came, and before any later operation of this node on its contents.
 *   <li>fsync waits for them; where one could not be written, the next fsync of the file says so.
 * </ol>
 * <p>Thread-safe; {@code mutex} is a leaf. A thread exists while there is something to write.
 */
final class LateWrites {
    private static final System.Logger LOG = System.getLogger(LateWrites.class.getName());
    private static final long RETRY_MILLIS = 1000;

    /** Writes under the file's lock, as any other write. */
    interface Writer {
        void write(long ino, long offset, MemorySegment bytes) throws FsException, MustWait, IOException;
    }

    private record Late(long ino, long offset, byte[] bytes) {}

    private final Writer writer;
    /** Read without the mutex, so that it costs nothing while there are none. */
    private volatile boolean hasAny;

    private final ReentrantLock mutex = new ReentrantLock();
    // Guarded by mutex.
    private final ArrayDeque<Late> queue = new ArrayDeque<>();
    private final Map<Long, Integer> counts = new HashMap<>();
    private final Set<Long> failed = new HashSet<>();
    private CompletableFuture<Void> changed = new CompletableFuture<>();
    private @Nullable Thread thread;
    private boolean isStopped;

    LateWrites(Writer writer) {
        this.writer = writer;
    }

    void keep(long ino, long offset, MemorySegment bytes) {
        mutex.lock();
        try {
            queue.add(new Late(ino, offset, bytes.toArray(ValueLayout.JAVA_BYTE)));
            counts.merge(ino, 1, Integer::sum);
            hasAny = true;
            if (thread == null && !isStopped) {
                thread = Thread.ofPlatform().name("scoutfs-late-writes").daemon().start(this::run);
            }
        } finally {
            mutex.unlock();
        }
    }

    /** Before an operation on a file's contents. Not for the thread that writes them. */
    void awaitNone(long ino) throws MustWait {
        if (!hasAny) {
            return;
        }
        mutex.lock();
        try {
            if (counts.containsKey(ino) && Thread.currentThread() != thread) {
                throw MustWait.on(changed);
            }
        } finally {
            mutex.unlock();
        }
    }

    /** Before an fsync: also says once whether bytes were lost. */
    void awaitDurable(long ino) throws MustWait, FsException {
        if (!hasAny) {
            return;
        }
        awaitNone(ino);
        mutex.lock();
        try {
            if (failed.remove(ino)) {
                hasAny = !queue.isEmpty() || !failed.isEmpty();
                throw FsException.of(Errno.EIO);
            }
        } finally {
            mutex.unlock();
        }
    }

    void stop() {
        mutex.lock();
        try {
            isStopped = true;
            if (thread != null) {
                thread.interrupt();
            }
        } finally {
            mutex.unlock();
        }
    }

    private void run() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(1 << 20, 4096);
            while (true) {
                Late late = first();
                if (late == null) {
                    return;
                }
                MemorySegment bytes = memory.asSlice(0, late.bytes.length);
                MemorySegment.copy(late.bytes, 0, bytes, ValueLayout.JAVA_BYTE, 0, late.bytes.length);
                done(late, write(late, bytes));
            }
        } catch (InterruptedException ended) {
            LOG.log(System.Logger.Level.DEBUG, "late writes end with the mount");
        }
    }

    private @Nullable Late first() {
        mutex.lock();
        try {
            if (queue.isEmpty() || isStopped) {
                thread = null;
                return null;
            }
            return queue.peek();
        } finally {
            mutex.unlock();
        }
    }

    /** @return whether it is in the file */
    private boolean write(Late late, MemorySegment bytes) throws InterruptedException {
        while (true) {
            try {
                writer.write(late.ino, late.offset, bytes);
                return true;
            } catch (MustWait wait) {
                await(wait);
            } catch (FsException | IOException lost) {
                LOG.log(System.Logger.Level.ERROR, "bytes of a mapping of inode " + Long.toUnsignedString(late.ino)
                        + " at " + late.offset + " are lost", lost);
                return false;
            }
        }
    }

    private static void await(MustWait wait) throws InterruptedException {
        try {
            var _ = wait.on().get(RETRY_MILLIS, TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            LOG.log(System.Logger.Level.TRACE, "tried again after", e);
        }
    }

    private void done(Late late, boolean isWritten) {
        CompletableFuture<Void> waiting;
        mutex.lock();
        try {
            var _ = queue.remove();
            var _ = counts.computeIfPresent(late.ino, (_, count) -> count == 1 ? null : count - 1);
            if (!isWritten) {
                failed.add(late.ino);
            }
            hasAny = !queue.isEmpty() || !failed.isEmpty();
            waiting = changed;
            changed = new CompletableFuture<>();
        } finally {
            mutex.unlock();
        }
        waiting.complete(null);
    }
}
