package org.scoutfs.txn;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.device.DeviceExtent;
import org.scoutfs.lsm.Merge;
import org.scoutfs.lsm.SegmentOptions;
import org.scoutfs.lsm.SegmentStore;
import org.scoutfs.lsm.VersionEdit;
import org.scoutfs.net.Message;

/**
 * Does the merges that the server gives to this node, one at a time, on a thread of its own: into the job's own grants, flush, one
 * message. A merge that fails gives its grants back and changes nothing; the server plans it anew, so the answer to a failure is
 * held back a little.
 *
 * <p>A merge reads a pinned version, so its inputs stay where they are. Operations wait for one only where space is short. The space
 * of the inputs is free when nobody here reads a version with them; the server is told so after each merge, since on a
 * quiet mount no commit would.
 */
final class MergeWorker {
    private static final System.Logger LOG = System.getLogger(MergeWorker.class.getName());
    private static final long FAILED_WAIT_MILLIS = 1000;
    /** Operations are short; one that is not, a long listing say, is not waited for: the next commit tells. */
    private static final int SETTLE_LOOKS = 200;

    private static final long SETTLE_LOOK_NANOS = 1_000_000;

    private final NodeTransactions transactions;
    private final BlockDevice device;
    private final SegmentStore store;
    private final SegmentOptions options;
    private final ServerSession session;
    private final NodeView view;
    private final Thread thread;

    private final ReentrantLock mutex = new ReentrantLock();
    private final Condition changed = mutex.newCondition();

    // Guarded by mutex.
    private final ArrayDeque<Work> queue = new ArrayDeque<>();
    private @Nullable CompletableFuture<Void> underWay; // while there is work; completes when there is none

    private volatile boolean isStopping;

    /** A job, and the version that it is done on. */
    private record Work(Message.MergeJob job, NodeView.Pinned version) {}

    MergeWorker(
            NodeTransactions transactions,
            BlockDevice device,
            SegmentStore store,
            SegmentOptions options,
            ServerSession session,
            NodeView view) {
        this.transactions = transactions;
        this.device = device;
        this.store = store;
        this.options = options;
        this.session = session;
        this.view = view;
        this.thread = Thread.ofPlatform()
                .name("scoutfs-merge-" + Long.toHexString(session.rid()))
                .daemon(true)
                .unstarted(this::run);
    }

    void start() {
        thread.start();
    }

    /** On the connection's thread: the view is at the version that the job was planned on. */
    void receive(Message.MergeJob job) {
        mutex.lock();
        try {
            queue.add(new Work(job, view.pin()));
            if (underWay == null) {
                underWay = new CompletableFuture<>();
            }
            changed.signal();
        } finally {
            mutex.unlock();
        }
    }

    /** Completes when no merge is under way here, and what they gave back can be asked for. Null where none is. */
    @Nullable CompletableFuture<Void> underWay() {
        mutex.lock();
        try {
            return underWay;
        } finally {
            mutex.unlock();
        }
    }

    /** Gives up what is being merged and waits for the thread to end. */
    void stop() throws IOException {
        mutex.lock();
        try {
            isStopping = true;
            changed.signal();
        } finally {
            mutex.unlock();
        }
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while a merge ends", e);
        }
    }

    private void run() {
        try {
            for (Work work = next(); work != null; work = next()) {
                merge(work);
                restIfDone(false);
            }
        } catch (InterruptedException e) {
            LOG.log(System.Logger.Level.WARNING, "the merge thread was interrupted: no more merges on this mount", e);
        } finally {
            restIfDone(true);
        }
    }

    private void restIfDone(boolean isEnd) {
        CompletableFuture<Void> done = null;
        mutex.lock();
        try {
            if (isEnd || queue.isEmpty()) {
                done = underWay;
                underWay = null;
            }
        } finally {
            mutex.unlock();
        }
        if (done != null) {
            done.complete(null);
        }
    }

    /** Null when the mount ends; jobs that were not begun are given back. */
    private @Nullable Work next() throws InterruptedException {
        mutex.lock();
        try {
            while (queue.isEmpty() && !isStopping) {
                changed.await();
            }
            return queue.poll();
        } finally {
            mutex.unlock();
        }
    }

    private void merge(Work work) throws InterruptedException {
        Message.MergeJob job = work.job;
        SegmentRuns runs = SegmentRuns.of(job.grants(), transactions.space());
        Merge.Result result = null;
        String reason = "the mount ends";
        try (NodeView.Pinned pinned = work.version) {
            if (!isStopping && transactions.failure() == null) {
                result = new Merge(job.spec(), pinned.version(), store, runs, options, bytes -> mayGoOn()).run();
                device.flush();
            }
        } catch (IOException | RuntimeException e) {
            result = null;
            reason = e.toString();
            LOG.log(System.Logger.Level.WARNING, "a merge failed: " + job.spec(), e);
        }
        String refusal = result == null ? reason : publish(job, result, runs);
        if (refusal == null) {
            tellOldest();
        } else {
            giveBack(job, runs, refusal);
        }
    }

    /** Tells the server that nobody here reads the inputs any more. */
    private void tellOldest() {
        long merged = view.version().number();
        for (int i = 0; i < SETTLE_LOOKS && view.oldestVersion() < merged && mayGoOn(); i++) {
            LockSupport.parkNanos(this, SETTLE_LOOK_NANOS);
        }
        transactions.spaceMayHaveComeBack();
    }

    private boolean mayGoOn() {
        return !isStopping && transactions.failure() == null;
    }

    /** Null when the result is in the version. */
    private @Nullable String publish(Message.MergeJob job, Merge.Result result, SegmentRuns runs)
            throws InterruptedException {
        List<DeviceExtent> consumed = new ArrayList<>();
        for (VersionEdit.Added added : result.added()) {
            consumed.add(added.segment().extent());
        }
        List<DeviceExtent> rest = runs.rest();
        try {
            var _ = session.request(
                            requestId -> new Message.Merged(
                                    requestId,
                                    session.rid(),
                                    job.jobId(),
                                    result.added(),
                                    job.spec().inputIds(),
                                    Extents.joined(consumed),
                                    rest,
                                    view.oldestVersion()),
                            Message.Committed.class,
                            committed -> {
                                view.publish(committed.edits(), false);
                                return committed;
                            })
                    .get();
            return null;
        } catch (ExecutionException e) {
            if (!isStopping) {
                LOG.log(System.Logger.Level.WARNING, "a merge was not taken: " + job.spec(), e.getCause());
            }
            return String.valueOf(e.getCause());
        }
    }

    /** What was written to is given back as well: no version names it. */
    private void giveBack(Message.MergeJob job, SegmentRuns runs, String reason) throws InterruptedException {
        mutex.lock();
        try {
            long left = TimeUnit.MILLISECONDS.toNanos(FAILED_WAIT_MILLIS);
            while (left > 0 && !isStopping) {
                left = changed.awaitNanos(left);
            }
        } finally {
            mutex.unlock();
        }
        List<DeviceExtent> all = new ArrayList<>(runs.taken());
        all.addAll(runs.rest());
        try {
            var _ = session.request(
                            requestId -> new Message.MergeFailed(
                                    requestId, session.rid(), job.jobId(), Extents.joined(all), reason),
                            Message.Done.class,
                            done -> done)
                    .get();
        } catch (ExecutionException e) {
            // Then the server has gone, or did not take it back: with the goodbye it gets everything.
            LOG.log(System.Logger.Level.DEBUG, "a failed merge could not be told", e.getCause());
        }
    }
}
