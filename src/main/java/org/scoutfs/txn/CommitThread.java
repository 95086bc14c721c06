package org.scoutfs.txn;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.locks.LockSupport;
import org.scoutfs.base.InvariantViolation;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.device.BufferPool;
import org.scoutfs.device.DeviceExtent;
import org.scoutfs.lsm.Cursor;
import org.scoutfs.lsm.CutPoints;
import org.scoutfs.lsm.SegmentInfo;
import org.scoutfs.lsm.SegmentStore;
import org.scoutfs.lsm.SegmentWriter;
import org.scoutfs.net.Message;

/**
 * Makes transactions durable, one after the other: freeze, write the participants' data, write the segments, flush, send the
 * commit, wait for the answer. It waits for nothing else, and nothing else of this node writes items.
 *
 * <p>A failure anywhere ends the thread and stops the mount's writes ({@link NodeTransactions#fail}).
 */
final class CommitThread {
    /** A commit's segment that is shorter is not cut: many tiny runs cost readers more than a cut saves the compaction. */
    private static final long CUT_BLOCKS_MIN = 64;

    /** Cuts make at most so many segments of one commit, which each need an id. */
    private static final long CUTS_MAX = 32;

    /** So many times more runs slow a commit down that an fsync or a revoke waits for. */
    private static final int AWAITED_RUNS_FACTOR = 5;

    private static final long NANOS_PER_RUN = 100_000;
    private static final long PAUSE_NANOS_MAX = 50_000_000;

    private final NodeTransactions transactions;
    private final BlockDevice device;
    private final BufferPool buffers;
    private final ServerSession session;
    private final GrantedSpace space;
    private final NodeView view;
    private final SegmentStore store;
    private final TransactionOptions options;
    private final Thread thread;

    CommitThread(
            NodeTransactions transactions,
            BlockDevice device,
            BufferPool buffers,
            ServerSession session,
            GrantedSpace space,
            NodeView view,
            SegmentStore store,
            TransactionOptions options) {
        this.transactions = transactions;
        this.device = device;
        this.buffers = buffers;
        this.session = session;
        this.space = space;
        this.view = view;
        this.store = store;
        this.options = options;
        this.thread = Thread.ofPlatform()
                .name("scoutfs-commit-" + Long.toHexString(session.rid()))
                .daemon(true)
                .unstarted(this::run);
    }

    void start() {
        thread.start();
    }

    /** Waits for the last commit. No deadline: it ends with the device's and the server's answer or failure. */
    void awaitEnd() throws IOException {
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted before the last commit was done", e);
        }
    }

    private void run() {
        try {
            while (transactions.awaitDue()) {
                yieldToMerges(transactions.isCommitAwaited());
                NodeTransactions.Frozen frozen = transactions.freeze();
                if (frozen != null) {
                    commit(frozen);
                }
            }
        } catch (IOException e) {
            transactions.fail(e);
        } catch (InterruptedException e) {
            transactions.fail(new IOException("the commit thread was interrupted", e));
        } catch (RuntimeException | Error e) {
            transactions.fail(new IOException("a bug in a commit", e));
            if (e instanceof InvariantViolation || e instanceof Error) {
                throw e;
            }
        }
    }

    /**
     * Too many runs make every look-up dear: then commits come slower, the slower the more there are, and never stop. One that
     * somebody waits for comes at once until there are far too many.
     */
    private void yieldToMerges(boolean isAwaited) {
        long limit = (long) options.level0RunsSoft() * (isAwaited ? AWAITED_RUNS_FACTOR : 1);
        long tooMany = view.version().level(0).size() - limit;
        if (tooMany > 0) {
            LockSupport.parkNanos(this, Math.min(tooMany * NANOS_PER_RUN, PAUSE_NANOS_MAX));
        }
    }

    private void commit(NodeTransactions.Frozen frozen) throws IOException, InterruptedException {
        OpenTransaction txn = frozen.txn();
        List<SegmentInfo> segments;
        try (SegmentRuns runs = frozen.runs()) {
            Late late = new Late(txn.table);
            view.enter();
            try {
                for (CommitParticipant participant : transactions.participants()) {
                    participant.writeOut(txn.number, txn.seq, late);
                }
            } finally {
                view.leave();
            }
            segments = writeSegments(txn, runs);
            for (CommitParticipant participant : transactions.participants()) {
                participant.awaitWritten(txn.number);
            }
        }
        device.flush();
        for (SegmentInfo segment : segments) {
            txn.consume(segment.extent());
        }
        // Blocks that came into use and went out of it in one transaction were never in use for anybody else.
        List<DeviceExtent> passing = Extents.common(txn.consumed(), txn.freed());
        passing.forEach(space::giveBack);
        CompletableFuture<Message.Committed> answer = session.request(
                requestId -> new Message.Commit(
                        requestId,
                        session.rid(),
                        txn.seq,
                        segments,
                        Extents.without(txn.consumed(), passing),
                        Extents.without(txn.freed(), passing),
                        space.takeUnwanted(),
                        frozen.changedUnder(),
                        txn.inodeCountDelta.get(),
                        view.oldestVersion()),
                Message.Committed.class,
                committed -> {
                    transactions.published(committed);
                    return committed;
                });
        try {
            var _ = answer.get();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof IOException cause ? cause : new IOException(e.getCause());
        }
        transactions.finished();
    }

    private List<SegmentInfo> writeSegments(OpenTransaction txn, SegmentRuns runs) throws IOException {
        long cutBlocks = Math.max(CUT_BLOCKS_MIN, txn.promisedBytes.get() / BlockDevice.BLOCK_SIZE / CUTS_MAX);
        CutPoints cuts = CutPoints.forCommit(view.version(), (int) cutBlocks);
        try (Cursor items = txn.table.scanAll();
                SegmentWriter writer = new SegmentWriter(device, buffers, runs, options.segments(), cuts)) {
            writer.keepingFor(store).addAll(items);
            return new ArrayList<>(writer.finish());
        }
    }

    /** Puts late items where nobody of this node looks for them: into the frozen memtable, in order. */
    private record Late(MemTable table) implements CommitParticipant.LateItems {
        @Override
        public void put(byte[] key, byte[] value) {
            table.putLate(key, value);
        }

        @Override
        public void delete(byte[] key) {
            table.deleteLate(key);
        }

        @Override
        public void add(byte[] key, byte[] delta) {
            table.addLate(key, delta);
        }
    }
}
