package org.scoutfs.fs;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.FsException;
import org.scoutfs.base.MustWait;
import org.scoutfs.data.FileData;
import org.scoutfs.fs.xattr.XattrStore;
import org.scoutfs.item.FileType;
import org.scoutfs.item.InodeItem;
import org.scoutfs.item.Keys;
import org.scoutfs.item.OrphanItem;
import org.scoutfs.item.SymlinkItem;
import org.scoutfs.lock.LockClient;
import org.scoutfs.lsm.Cursor;
import org.scoutfs.lsm.ItemReader;
import org.scoutfs.net.LockMode;
import org.scoutfs.net.Message;
import org.scoutfs.txn.Transaction;

/**
 * Inodes without a name, and files whose truncate is not done: found again after a crash, and finished by one background thread.
 * <ol>
 *   <li>An inode is destroyed only while it has no name, no kernel reference and no open file, checked under its exclusive lock.
 *       Whoever adds a reference to an inode without a name holds that lock shared, and adds only where there is one already.
 *   <li>Each step is one transaction, and any prefix of the steps is a state that a later mount goes on from.
 *   <li>In a cluster it also holds the lock of the inode's group for writing from before it asks all other nodes whether one has it
 *       open, until it is destroyed: an open needs that lock. A node that says yes destroys it after its own last close.
 * </ol>
 * <p>Thread-safe. {@code mutex} guards the queue and is a leaf.
 */
final class Orphans {
    private static final int XATTRS_PER_STEP = 64;
    private static final long RETRY_MILLIS = 1000;
    private static final long LETTING_GO_MILLIS = 100;
    private static final int RESCANNED_MAX = 10_000;
    private static final int LEASES_PER_RESCAN = 3;
    private static final System.Logger LOG = System.getLogger(Orphans.class.getName());

    private final Core core;

    /** Inodes without a name that this node knows of, until they are destroyed or get a name. */
    private final Set<Long> nameless = ConcurrentHashMap.newKeySet();

    private final AtomicLong destroyed = new AtomicLong();

    private final ReentrantLock mutex = new ReentrantLock();
    private final Condition changed = mutex.newCondition();

    // Guarded by mutex.
    private final ArrayDeque<Long> queue = new ArrayDeque<>();
    private boolean isBusy;
    private @Nullable CompletableFuture<Void> idle; // somebody waits until there is nothing to do
    private boolean isStopped;
    private @Nullable Thread thread;

    /** Asked before an inode is destroyed; null where this node is alone. Set before the thread starts. */
    private @Nullable ServerRequests server;

    /** How often to look for what nodes left that died; 0 for never. */
    private long rescanNanos;

    /** A lock is held meanwhile: who keeps one for a lease although others want it is evicted. */
    private long answerNanosMax = TimeUnit.SECONDS.toNanos(30);

    /** What the last look found. Used by the thread only. */
    private Set<Long> foundLast = Set.of();

    Orphans(Core core) {
        this.core = core;
    }

    /** @param leaseNanos of this node; 0 where none ends */
    void shareWith(ServerRequests cluster, long leaseNanos) {
        server = cluster;
        rescanNanos = LEASES_PER_RESCAN * leaseNanos;
        answerNanosMax = leaseNanos == 0 ? answerNanosMax : leaseNanos / 4;
    }

    // ---- what operations say

    /** An inode lost its last name, or never had one. Inside the transaction of that. */
    void add(Transaction txn, long ino) {
        txn.put(OrphanItem.key(ino), OrphanItem.value());
        nameless.add(ino);
    }

    /** An inode without a name got one. */
    void remove(Transaction txn, long ino) {
        txn.delete(OrphanItem.key(ino));
        nameless.remove(ino);
    }

    /** Inodes made (1) or destroyed (-1) in a transaction. */
    void counted(Transaction txn, int change) {
        txn.countInodes(change);
    }

    /** To be called when a reference or an open file of the inode went, or its last name. */
    void checkUnused(long ino) {
        if (nameless.contains(ino) && !core.isUsed(ino)) {
            enqueue(ino);
        }
    }

    /** A truncate of this file is not done. */
    void finishTruncate(long ino) {
        enqueue(ino);
    }

    long destroyedCount() {
        return destroyed.get();
    }

    private void enqueue(long ino) {
        mutex.lock();
        try {
            queue.add(ino);
            changed.signalAll();
        } finally {
            mutex.unlock();
        }
    }

    // ---- the background thread

    /** Finds what earlier mounts left, and starts the thread. */
    void start(String threadName) throws IOException {
        core.transactions.enter();
        try (Cursor cursor = core.transactions.view().scan(OrphanItem.firstKey(), OrphanItem.lastKey())) {
            while (cursor.next()) {
                long ino = OrphanItem.ino(cursor.key());
                if (!OrphanItem.isTruncate(cursor.key())) {
                    nameless.add(ino);
                }
                enqueue(ino);
            }
        } finally {
            core.transactions.leave();
        }
        mutex.lock();
        try {
            core.transactions.setSpaceComing(this::untilIdle);
            thread = Thread.ofPlatform().name(threadName).daemon().start(this::run);
        } finally {
            mutex.unlock();
        }
    }

    /** Ends the thread after its present step; what is left is found at the next mount. */
    void stop() {
        Thread running;
        mutex.lock();
        try {
            isStopped = true;
            running = thread;
            thread = null;
            changed.signalAll();
        } finally {
            mutex.unlock();
        }
        if (running != null) {
            running.interrupt();
            boolean isInterrupted = false;
            while (running.isAlive()) {
                try {
                    running.join();
                } catch (InterruptedException e) {
                    isInterrupted = true;
                }
            }
            if (isInterrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Waits until nothing is queued; for tests and for a clean unmount. @return whether that came in time */
    boolean awaitIdle(long millis) throws InterruptedException {
        mutex.lock();
        try {
            long left = TimeUnit.MILLISECONDS.toNanos(millis);
            while (!queue.isEmpty() || isBusy) {
                if (left <= 0) {
                    return false;
                }
                left = changed.awaitNanos(left);
            }
            return true;
        } finally {
            mutex.unlock();
        }
    }

    /**
     * Completes when what is queued is done, null when nothing is to come. What is destroyed gives space back with the next commit.
     *
     * <p>The kernel lets go of a removed file a moment after it answered unlink(2), and on the ring by another way: such a file is waited
     * for, too, but not for long, since somebody may stand in it or hold it by O_PATH.
     */
    private @Nullable CompletableFuture<Void> untilIdle() {
        mutex.lock();
        try {
            boolean isAtWork = !queue.isEmpty() || isBusy;
            if (thread == null || !isAtWork && !isKernelLettingGo()) {
                return null;
            }
            if (idle == null) {
                idle = new CompletableFuture<>();
            }
            return isAtWork ? idle : idle.copy().completeOnTimeout(null, LETTING_GO_MILLIS, TimeUnit.MILLISECONDS);
        } finally {
            mutex.unlock();
        }
    }

    private boolean isKernelLettingGo() {
        for (long ino : nameless) {
            if (core.opens.get(ino) == 0) {
                return true;
            }
        }
        return false;
    }

    /** Between two inodes, and at the end. */
    private void rest(boolean isEnd) {
        CompletableFuture<Void> waiting = null;
        mutex.lock();
        try {
            isBusy = false;
            if (queue.isEmpty() || isEnd) {
                waiting = idle;
                idle = null;
            }
        } finally {
            mutex.unlock();
        }
        if (waiting != null) {
            waiting.complete(null);
        }
    }

    private void run() {
        try {
            while (true) {
                rest(false);
                Long ino = next();
                if (ino == null) {
                    rescan();
                } else {
                    work(ino);
                }
            }
        } catch (InterruptedException e) {
            LOG.log(System.Logger.Level.DEBUG, "orphan thread ends");
        } finally {
            rest(true);
        }
    }

    /**
     * Another node's orphans are its own to destroy, unless it dies. One that two looks found is nobody's, or somebody has it open: then
     * it is left to that node, which is asked.
     */
    private void rescan() {
        Set<Long> found = new HashSet<>();
        core.transactions.enter();
        try (Cursor cursor = core.transactions.view().scan(OrphanItem.firstKey(), OrphanItem.lastKey())) {
            while (cursor.next() && found.size() < RESCANNED_MAX) {
                long ino = OrphanItem.ino(cursor.key());
                found.add(ino);
                if (foundLast.contains(ino) && !core.isUsed(ino)) {
                    if (!OrphanItem.isTruncate(cursor.key())) {
                        nameless.add(ino);
                    }
                    enqueue(ino);
                }
            }
        } catch (IOException later) {
            LOG.log(System.Logger.Level.DEBUG, "no look for orphans now", later);
        } finally {
            core.transactions.leave();
        }
        foundLast = found;
    }

    /** Null when it is time to look for what dead nodes left. */
    private @Nullable Long next() throws InterruptedException {
        mutex.lock();
        try {
            isBusy = false;
            if (queue.isEmpty()) {
                changed.signalAll();
            }
            while (queue.isEmpty() || isStopped) {
                if (isStopped) {
                    throw new InterruptedException();
                }
                if (rescanNanos == 0) {
                    changed.await();
                } else if (changed.awaitNanos(rescanNanos) <= 0 && queue.isEmpty() && !isStopped) {
                    return null;
                }
            }
            isBusy = true;
            return queue.remove();
        } finally {
            mutex.unlock();
        }
    }

    /** Takes steps until the inode is done or in use; waits where a step has to wait. */
    private void work(long ino) throws InterruptedException {
        boolean isDone = false;
        while (!isDone) {
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            try {
                isDone = server == null ? stepInside(ino) : stepShared(server, ino);
            } catch (MustWait wait) {
                await(wait);
            } catch (FsException | IOException | RuntimeException e) {
                // Nobody waits for this; it is found again at the next mount. Writes that stopped fail every operation anyway.
                LOG.log(System.Logger.Level.WARNING, "inode " + Long.toUnsignedString(ino) + " is left for later", e);
                isDone = true;
            }
        }
    }

    private static void await(MustWait wait) throws InterruptedException {
        try {
            wait.on().get(RETRY_MILLIS, TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            LOG.log(System.Logger.Level.TRACE, "tried again after", e);
        }
    }

    /**
     * The lock is held while the server is asked: its answer needs no lock, only other nodes' word. A revoke that comes meanwhile waits
     * for this; then the step that follows waits for the revoke, and all begins anew.
     */
    private boolean stepShared(ServerRequests cluster, long ino)
            throws FsException, MustWait, IOException, InterruptedException {
        if (!nameless.contains(ino) || core.isUsed(ino)) {
            return stepInside(ino);
        }
        try (LockClient.Use _ = core.acquire(ino, LockMode.WRITE)) {
            return isOpenElsewhere(cluster, ino) || stepInside(ino);
        }
    }

    /** Also when a node does not say so in time: it may be about to be evicted, and the next look finds the inode again. */
    private boolean isOpenElsewhere(ServerRequests cluster, long ino) throws IOException, InterruptedException {
        try {
            return cluster.ask(
                            requestId -> new Message.AskOpen(requestId, cluster.rid(), ino), Message.OpenElsewhere.class)
                    .get(answerNanosMax, TimeUnit.NANOSECONDS)
                    .isOpen();
        } catch (TimeoutException silent) {
            LOG.log(System.Logger.Level.DEBUG, "not every node says whether it has inode " + Long.toUnsignedString(ino) + " open", silent);
            return true;
        } catch (ExecutionException e) {
            throw new IOException("whether another node has it open is not known", e);
        }
    }

    /** As {@link NodeFileSystem#isOpenHere}. */
    boolean isOpenHere(long ino) {
        // First the mark, then the look; a last close does it the other way round: so one of the two sees the other.
        boolean isNews = nameless.add(ino);
        if (core.opens.get(ino) > 0) {
            return true;
        }
        if (isNews) {
            nameless.remove(ino);
        }
        return false;
    }

    private boolean stepInside(long ino) throws FsException, MustWait, IOException {
        core.transactions.enter();
        try {
            return step(ino);
        } finally {
            core.transactions.leave();
        }
    }

    /** One transaction's worth. @return whether nothing is left to do for this inode now */
    boolean step(long ino) throws FsException, MustWait, IOException {
        try (LockClient.Use _ = core.acquire(ino, LockMode.WRITE)) {
            var lock = core.inodeLocks.of(ino);
            long stamp = lock.writeLock();
            try {
                ItemReader view = core.transactions.view();
                Inode inode = core.find(view, ino);
                if (inode == null) {
                    nameless.remove(ino);
                    return true;
                }
                if (inode.item.nlink == 0 && !core.isUsed(ino)) {
                    return destroyStep(view, inode);
                }
                return !inode.item.has(InodeItem.TRUNCATING) || truncateStep(view, inode);
            } finally {
                lock.unlockWrite(stamp);
            }
        }
    }

    private boolean destroyStep(ItemReader view, Inode inode) throws FsException, MustWait, IOException {
        InodeItem item = inode.item;
        long ino = inode.ino;
        boolean mayHaveData = inode.isRegular();
        FileData.@Nullable PreparedWrite edge = mayHaveData ? core.data.admitTruncate(view, ino, item.size, 0) : null;
        XattrStore.Some xattrs = item.xattrCount == 0 ? XattrStore.Some.NONE : XattrStore.some(view, ino, XATTRS_PER_STEP);
        long bytes = Core.INODE_BYTES + 4 * Core.BARE_BYTES + xattrs.itemBytes()
                + (edge == null ? 0 : edge.itemBytes());
        try (FileData.@Nullable PreparedWrite _ = edge;
                Transaction txn = core.beginShrinking(bytes)) {
            if (edge != null) {
                FileData.Step step = core.data.truncate(txn, edge, ino, 0);
                item.onlineBlocks += step.counts().online();
                item.offlineBlocks += step.counts().offline();
                item.size = 0;
                if (!step.isDone()) {
                    core.store(txn, inode);
                    return false;
                }
            }
            item.xattrCount -= xattrs.remove(txn, ino); // a volume may be unmounted between two steps
            if (xattrs.size() >= XATTRS_PER_STEP) {
                core.store(txn, inode);
                return false;
            }
            if (FileType.isSymlink(item.mode)) {
                txn.delete(SymlinkItem.key(ino));
            }
            if (item.has(InodeItem.TRUNCATING)) {
                txn.delete(OrphanItem.truncateKey(ino));
            }
            txn.delete(InodeItem.key(ino));
            core.index.moved(txn.number(), Keys.Type.META_SEQ, ino, item.metaSeq, 0);
            if (inode.isRegular()) {
                core.index.moved(txn.number(), Keys.Type.DATA_SEQ, ino, item.dataSeq, 0);
            }
            remove(txn, ino);
            counted(txn, -1);
            core.cache.remove(ino);
        }
        destroyed.incrementAndGet();
        return true;
    }

    /**
     * Goes on with a truncate that set the size and was not done. The caller holds the inode's lock exclusively.
     *
     * @return whether it is done now
     */
    boolean truncateStep(ItemReader view, Inode inode) throws FsException, MustWait, IOException {
        InodeItem item = inode.item;
        FileData.PreparedWrite edge = core.data.admitTruncate(view, inode.ino, item.size, item.size);
        try (FileData.PreparedWrite _ = edge;
                Transaction txn = core.beginShrinking(Core.INODE_BYTES + Core.BARE_BYTES + edge.itemBytes())) {
            FileData.Step step = core.data.truncate(txn, edge, inode.ino, item.size);
            item.onlineBlocks += step.counts().online();
            item.offlineBlocks += step.counts().offline();
            if (step.isDone()) {
                item.set(InodeItem.TRUNCATING, false);
                txn.delete(OrphanItem.truncateKey(inode.ino));
            }
            core.store(txn, inode);
            return step.isDone();
        }
    }
}
