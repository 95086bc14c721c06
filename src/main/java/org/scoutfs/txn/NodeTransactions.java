package org.scoutfs.txn;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Clock;
import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;
import org.scoutfs.base.Invariants;
import org.scoutfs.base.MustWait;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.device.BufferPool;
import org.scoutfs.device.DeviceExtent;
import org.scoutfs.lsm.ItemReader;
import org.scoutfs.lsm.SegmentStore;
import org.scoutfs.lsm.Version;
import org.scoutfs.lsm.VersionEdit;
import org.scoutfs.net.Message;

/**
 * The transactions of one mount.
 *
 * <pre>
 *   operations ──begin──► open transaction ──barrier──► frozen ──written, flushed──► Commit sent ──answer──► in the version
 *                            │    ▲                       │                                                    │
 *                            └────┴── views show open, frozen and version, in this order ────────────────────────┘
 * </pre>
 * <ol>
 *   <li>At most one transaction is frozen; while it is, the next one fills.
 *   <li>The promised bytes of the open transaction fit the granted segment space, whatever of it the frozen one still writes.
 *   <li>After the first failure of a commit nothing is written any more and {@link #begin} answers {@code EIO}; views go on.
 * </ol>
 * <p>Thread-safe. {@code mutex} guards the fields below it; under it nothing waits but the short look at the space, whose mutex is a
 * leaf. An operation that finds nothing in its way takes no mutex: it enters the barrier and adds to a counter.
 *
 * <p>What happens when an operation cannot enter, in this order: the mount failed ({@code EIO}); the barrier is closed, or the
 * memtable is full, or the sequence number has to be larger (wait for the next transaction); the space does not suffice
 * ({@link SpaceBroker}).
 */
public final class NodeTransactions implements Transactions, AutoCloseable {
    /** Late items that each operation may cause (index items of one inode, and their tombstones), as the memtable counts. */
    static final long LATE_ITEM_BYTES = 256;

    /**
     * What a data block may put at the barrier: its extent item, where it lies alone, and the tombstone of the one that it is
     * joined with. Checksum items are announced by {@link Transaction#keep}.
     */
    static final long DATA_ITEM_BYTES_PER_BLOCK = 128;

    /** This part of the granted segment space is not promised to operations. */
    private static final long SLACK_PART = 8;

    private static final System.Logger LOG = System.getLogger(NodeTransactions.class.getName());
    private static final long JOIN_SECONDS_MAX = 60;

    /** How long an end in order waits for a server, longer than an election takes, when there is nothing left to commit. */
    private static final long UNSERVED_SECONDS_MAX = 10;

    /** Numbers that a node holds beside those of its commits: for the open transaction, and for the next one. */
    private static final int SEQS_HELD = 2;

    private final TransactionOptions options;
    private final ServerSession session;
    private final Clock clock;
    private final GrantedSpace space;
    private final SpaceBroker broker;
    private final NodeDataSpace dataSpace;
    private final NodeView view;
    private final CommitThread commitThread;
    private final MergeWorker mergeWorker;
    private final Barrier barrier = new Barrier();
    private final List<CommitParticipant> participants = new ArrayList<>();
    private volatile ChangedLocks changedLocks = ChangedLocks.NONE;

    // Written under mutex, read without it.
    private volatile OpenTransaction open;
    private volatile long growLimitBytes;
    private volatile long shrinkLimitBytes;
    private volatile long requiredSeq;
    private volatile @Nullable IOException failure;
    private volatile boolean isIdle;
    private final AtomicInteger tradesDue = new AtomicInteger();
    private volatile boolean isCommitAwaited;

    private final ReentrantLock mutex = new ReentrantLock();
    private final Condition commitDue = mutex.newCondition();

    // Guarded by mutex.
    private final ArrayDeque<Long> seqs = new ArrayDeque<>();
    private @Nullable OpenTransaction frozen;
    private CompletableFuture<Void> reopened = new CompletableFuture<>();
    private boolean isCommitAsked;
    private boolean isSeqWanted;
    private boolean isClosing;

    private NodeTransactions(
            TransactionOptions options,
            BlockDevice device,
            BufferPool buffers,
            ServerSession session,
            SegmentStore store,
            Clock clock,
            Message.Joined joined) {
        this.options = options;
        this.session = session;
        this.clock = clock;
        seqs.addAll(joined.seqs());
        this.open = new OpenTransaction(1, options.isReadOnly() ? 0 : nextSeq());
        this.view = new NodeView(
                Version.of(joined.versionNumber(), joined.stableSeq(), joined.levels()), open.table, store);
        this.space = new GrantedSpace(options.isOnePool(), options.segments().segmentBlocks());
        space.add(joined.grants());
        this.broker = new SpaceBroker(this, space, session, clock, options, device.blockCount());
        this.dataSpace = new NodeDataSpace(this, space, broker);
        this.commitThread = new CommitThread(this, device, buffers, session, space, view, store, options);
        this.mergeWorker = new MergeWorker(this, device, store, options.segments(), session, view);
    }

    /**
     * Joins the server and starts. The session is connected, and nothing has been asked of it.
     *
     * @param store reads segments; its owner closes it after these transactions
     * @throws IOException when the server does not take this mount, or does not answer
     */
    public static NodeTransactions start(
            TransactionOptions options,
            BlockDevice device,
            BufferPool buffers,
            ServerSession session,
            SegmentStore store,
            Clock clock)
            throws IOException {
        CompletableFuture<NodeTransactions> started = session.request(
                requestId -> new Message.Join(requestId, session.rid(), options.isReadOnly()),
                Message.Joined.class,
                // On the connection's thread, so that the first edits find the version that they change.
                joined -> {
                    NodeTransactions transactions =
                            new NodeTransactions(options, device, buffers, session, store, clock, joined);
                    transactions.register();
                    return transactions;
                });
        NodeTransactions transactions;
        try {
            transactions = started.get(JOIN_SECONDS_MAX, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw new IOException("cannot join the server", e.getCause());
        } catch (TimeoutException e) {
            throw new IOException("the server did not answer for " + JOIN_SECONDS_MAX + " s", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
        transactions.updateLimits();
        if (!options.isReadOnly()) {
            transactions.commitThread.start();
            transactions.mergeWorker.start();
        }
        return transactions;
    }

    private void register() {
        session.register(Message.Published.class, message -> {
            if (message instanceof Message.Published published) {
                othersPublished(published.edits());
            }
        });
        session.register(Message.Renewed.class, message -> {
            if (message instanceof Message.Renewed renewed) {
                othersPublished(renewed.edits());
            }
        });
        session.register(Message.RecallSpace.class, message -> broker.recalled());
        session.register(Message.MergeJob.class, message -> {
            if (message instanceof Message.MergeJob job) {
                mergeWorker.receive(job);
            }
        });
        session.register(Message.Declared.class, message -> {
            if (message instanceof Message.Declared declared) {
                declared(declared);
            }
        });
        session.onClosed(cause ->
                fail(cause instanceof EvictedException ? cause : new IOException("the server has gone", cause)));
    }

    /** Before the first operation only. */
    public void setChangedLocks(ChangedLocks locks) {
        changedLocks = locks;
    }

    @Override
    public void addParticipant(CommitParticipant participant) {
        participants.add(participant);
    }

    /** The oldest version that is still read here; what is older may go. */
    public long oldestVersion() {
        return view.oldestVersion();
    }

    List<CommitParticipant> participants() {
        return participants;
    }

    NodeView nodeView() {
        return view;
    }

    GrantedSpace space() {
        return space;
    }

    // ---- operations ------------------------------------------------------------------------------------------------

    @Override
    public Transaction begin(long itemBytes, SpaceUse use) throws FsException, MustWait {
        // The caller counts keys and values; what the memtable counts for each item beside them is less than a key.
        long charged = 2 * itemBytes + LATE_ITEM_BYTES;
        Operation operation = tryBegin(itemBytes, charged, use, use == SpaceUse.GROW ? growLimitBytes : shrinkLimitBytes);
        if (operation == null) {
            operation = beginSlowly(itemBytes, charged, use);
        }
        if (use == SpaceUse.SHRINK && broker.hasWaitedForReserve()) {
            broker.admitted();
        }
        return operation;
    }

    private @Nullable Operation tryBegin(long itemBytes, long charged, SpaceUse use, long limit) {
        int token = barrier.tryEnter();
        if (token < 0) {
            return null;
        }
        OpenTransaction txn = open;
        if (txn.promisedBytes.addAndGet(charged) <= limit && txn.seq > requiredSeq) {
            return new Operation(this, txn, token, charged, itemBytes);
        }
        txn.promisedBytes.getAndAdd(-charged);
        barrier.leave(token);
        return null;
    }

    /** What {@link #begin} does where {@link #tryBegin} found something in its way. */
    private Operation beginSlowly(long itemBytes, long charged, SpaceUse use) throws FsException, MustWait {
        long missingBytes;
        mutex.lock();
        try {
            checkWritable();
            if (barrier.isClosed()) {
                throw MustWait.on(reopened);
            }
            if (open.seq <= requiredSeq) {
                isSeqWanted = true;
                askForCommit();
                throw MustWait.on(reopened);
            }
            missingBytes = missingBytes(charged, use);
            if (missingBytes <= 0) {
                Operation operation = tryBegin(itemBytes, charged, use, Long.MAX_VALUE);
                if (operation != null) {
                    return operation;
                }
                throw MustWait.on(reopened); // the barrier closed just now
            }
        } finally {
            mutex.unlock();
        }
        throw broker.lackOfMeta(missingBytes, use);
    }

    /** Under mutex: how much segment space lacks to promise so many bytes more. Waits where the memtable is full. */
    private long missingBytes(long bytes, SpaceUse use) throws MustWait {
        long promised = open.promisedBytes.get();
        // Where nothing was changed yet a commit would not make room: what is promised is for operations still to come.
        if (open.isDirty() && promised + bytes > options.memtableBytesMax()) {
            askForCommit();
            throw MustWait.on(reopened);
        }
        return promised + bytes - itemBytesLimit(use);
    }

    /** Promises space for items that are put at the barrier: those of data blocks that are only reserved yet. */
    void promise(long bytes) throws FsException, MustWait {
        if (open.promisedBytes.addAndGet(bytes) <= growLimitBytes) {
            return;
        }
        open.promisedBytes.getAndAdd(-bytes);
        long missingBytes;
        mutex.lock();
        try {
            checkWritable();
            missingBytes = missingBytes(bytes, SpaceUse.GROW);
            if (missingBytes <= 0) {
                open.promisedBytes.getAndAdd(bytes);
                return;
            }
        } finally {
            mutex.unlock();
        }
        throw broker.lackOfMeta(missingBytes, SpaceUse.GROW);
    }

    /** Takes a promise back, or a part of it. */
    void unpromise(long bytes) {
        open.promisedBytes.getAndAdd(-bytes);
    }

    void checkWritable() throws FsException {
        if (options.isReadOnly()) {
            throw FsException.of(Errno.EROFS);
        }
        if (failure != null || isClosing) {
            throw FsException.of(Errno.EIO);
        }
    }

    /** How many bytes of items the space that is granted now surely holds. */
    private long itemBytesLimit(SpaceUse use) {
        long bytes = space.metaItemBytes();
        bytes -= bytes / SLACK_PART;
        return use == SpaceUse.SHRINK ? bytes : bytes - broker.shrinkOnlyBytes();
    }

    /** After every change of the granted space. */
    void updateLimits() {
        mutex.lock();
        try {
            boolean isOpen = failure == null && !isClosing && !options.isReadOnly();
            growLimitBytes = isOpen ? Math.min(options.memtableBytesMax(), itemBytesLimit(SpaceUse.GROW)) : -1;
            shrinkLimitBytes = isOpen ? Math.min(options.memtableBytesMax(), itemBytesLimit(SpaceUse.SHRINK)) : -1;
        } finally {
            mutex.unlock();
        }
    }

    /** Segment blocks that the open transaction may need: not idle, whoever asks. */
    long metaBlocksInUse() {
        return GrantedSpace.metaBlocksFor(
                open.promisedBytes.get(), options.segments().segmentBlocks());
    }

    void leave(int token) {
        barrier.leave(token);
    }

    /** The first change of a transaction: its time runs from now on. */
    void markDirty(OpenTransaction txn) {
        if (txn.markDirty(clock.monotonicNanos()) && isIdle) {
            mutex.lock();
            try {
                commitDue.signalAll();
            } finally {
                mutex.unlock();
            }
        }
    }

    @Override
    public void enter() {
        view.enter();
    }

    @Override
    public void leave() {
        view.leave();
    }

    @Override
    public ItemReader view() {
        return view.reader();
    }

    @Override
    public PublishedView published() {
        return new PinnedView(view.pin());
    }

    @Override
    public DataSpace dataSpace() {
        return dataSpace;
    }

    /** Segments, and other things of the volume, that only the owner of the version can tell. */
    public Version version() {
        return view.version();
    }

    // ---- commits -----------------------------------------------------------------------------------------------------

    @Override
    public CompletableFuture<Void> commit() {
        mutex.lock();
        try {
            if (failure != null) {
                return CompletableFuture.failedFuture(failure);
            }
            if (open.isDirty()) {
                isCommitAwaited = true;
                askForCommit();
                return open.durable;
            }
            return frozen != null ? frozen.durable : CompletableFuture.completedFuture(null);
        } finally {
            mutex.unlock();
        }
    }

    /** Whether somebody waits for the commit that is due, rather than for the memtable to have room. */
    boolean isCommitAwaited() {
        return isCommitAwaited;
    }

    /** Under mutex. */
    private void askForCommit() {
        if (!isCommitAsked) {
            isCommitAsked = true;
            commitDue.signalAll();
        }
    }

    /** Whether a commit that is under way, or due, may give space back: what was freed, or what was promised and is not needed. */
    boolean mayFreeSpace() {
        mutex.lock();
        try {
            return failure == null && (frozen != null || open.isDirty());
        } finally {
            mutex.unlock();
        }
    }

    /** Whether a commit that is under way, or due, does give blocks back. */
    boolean isFreeingSpace() {
        mutex.lock();
        try {
            return failure == null && (frozen != null && frozen.freesSpace() || open.freesSpace());
        } finally {
            mutex.unlock();
        }
    }

    @Override
    public void setSpaceComing(Supplier<@Nullable CompletableFuture<Void>> coming) {
        broker.setSpaceComing(coming);
    }

    /** See {@link MergeWorker#underWay}. */
    @Nullable CompletableFuture<Void> merging() {
        return mergeWorker.underWay();
    }

    /** After a merge, when nobody reads its inputs any more. */
    void spaceMayHaveComeBack() {
        broker.tellOldest();
    }

    /** Brings the view to the version of a grant; see {@code lock.GrantHandler}. */
    public void beforeHeld(Message.LockGranted granted) {
        othersPublished(granted.edits());
        if (granted.highestSeq() > requiredSeq) {
            mutex.lock();
            try {
                requiredSeq = Math.max(requiredSeq, granted.highestSeq());
            } finally {
                mutex.unlock();
            }
        }
    }

    /** Waits until a commit is due. False when the mount ends and there is nothing left to commit. */
    boolean awaitDue() throws InterruptedException {
        mutex.lock();
        try {
            boolean hasRested = false;
            while (failure == null && !isCommitAsked) {
                if (isClosing) {
                    return open.isDirty();
                }
                if (open.isDirty()) {
                    long left = open.dirtySinceNanos() + options.commitNanos() - clock.monotonicNanos();
                    if (left <= 0) {
                        return true;
                    }
                    hasRested = commitDue.awaitNanos(left) <= 0;
                } else if (!hasRested) {
                    // Whoever makes the next transaction dirty need not wake us while we look for ourselves.
                    hasRested = commitDue.awaitNanos(options.commitNanos() / 2) <= 0;
                } else {
                    isIdle = true;
                    if (!open.isDirty()) {
                        commitDue.await();
                    }
                    isIdle = false;
                    hasRested = false;
                }
            }
            return failure == null;
        } finally {
            isIdle = false;
            mutex.unlock();
        }
    }

    /** What the commit thread has to write. */
    record Frozen(OpenTransaction txn, List<Long> changedUnder, SegmentRuns runs) {}

    /** The barrier: no I/O, no waiting but for the operations inside. Null when there is nothing to commit. */
    @Nullable Frozen freeze() {
        barrier.close();
        try {
            OpenTransaction last = open;
            if (last.isDirty()) {
                view.enter();
                try (Operation operation = new Operation(this, last, Operation.AT_BARRIER, 0, Long.MAX_VALUE)) {
                    for (CommitParticipant participant : participants) {
                        participant.freeze(operation);
                    }
                } finally {
                    view.leave();
                }
            }
            mutex.lock();
            try {
                isCommitAsked = false;
                isCommitAwaited = false;
                if (!last.isDirty() && !isSeqWanted) {
                    return null;
                }
                isSeqWanted = false;
                last.table.freeze();
                OpenTransaction next = new OpenTransaction(last.number + 1, nextSeq());
                next.promisedBytes.set(space.dataReservedBlocks() * DATA_ITEM_BYTES_PER_BLOCK);
                List<Long> changedUnder = changedLocks.changedGrants();
                SegmentRuns runs = space.carve(last.promisedBytes.get());
                view.freeze(next.table);
                frozen = last;
                open = next;
                updateLimits();
                return new Frozen(last, changedUnder, runs);
            } finally {
                mutex.unlock();
            }
        } finally {
            reopen();
        }
    }

    private long nextSeq() {
        Long seq = seqs.poll();
        Invariants.check(seq != null, "the server gave no sequence number for the next transaction");
        return seq == null ? 0 : seq;
    }

    /** Opens the barrier and lets those try again who wait for the next transaction. */
    private void reopen() {
        CompletableFuture<Void> waiting;
        mutex.lock();
        try {
            barrier.open();
            waiting = reopened;
            reopened = new CompletableFuture<>();
        } finally {
            mutex.unlock();
        }
        waiting.complete(null);
    }

    /** The answer to the commit, on the connection's thread: what was frozen is in the version from this step on. */
    void published(Message.Committed committed) {
        view.publish(committed.edits(), true);
        space.add(committed.grants());
        broker.published(isFreeingSpace()); // before the transaction goes: until then it may free something
        OpenTransaction done;
        mutex.lock();
        try {
            learnSeq(committed.nextSeq());
            done = frozen;
            frozen = null;
        } finally {
            mutex.unlock();
        }
        if (done != null) {
            dataSpace.committed(done.consumedDataBlocks.get());
            // Before a lock goes to another node, as it may from the next line on: what is changed there must not be hidden by what
            // is kept here.
            for (CommitParticipant participant : participants) {
                participant.committed(done.number);
            }
            changedLocks.changesCommitted();
            done.durable.complete(null);
        }
    }

    /**
     * A server, perhaps a new one, goes on with this mount: its word on the version, and on what became of a commit whose answer
     * was lost. The answer itself comes after this, since the request is repeated.
     */
    private void declared(Message.Declared word) {
        boolean isCommitted;
        mutex.lock();
        try {
            isCommitted = frozen != null && !word.openSeqs().contains(frozen.seq);
            word.openSeqs().forEach(this::learnSeq);
        } finally {
            mutex.unlock();
        }
        view.replace(Version.of(word.versionNumber(), word.stableSeq(), word.levels()), isCommitted);
    }

    /** Under mutex: a number for a transaction to come, unless it is known; what tells it may be repeated. */
    private void learnSeq(long seq) {
        boolean isKnown = seq == 0 || seq <= open.seq || frozen != null && frozen.seq == seq || seqs.contains(seq);
        if (!isKnown) {
            seqs.add(seq);
        }
    }

    /**
     * In a cluster, now and then: when others have changed something and this node has nothing to commit, gives up its two sequence
     * numbers by commits of nothing. They would hold back what walks of the index may show.
     */
    public void tradeSeq() {
        mutex.lock();
        try {
            if (tradesDue.get() > 0 && failure == null && !isClosing && !options.isReadOnly() && frozen == null) {
                tradesDue.decrementAndGet();
                if (!open.isDirty()) {
                    isSeqWanted = true;
                    askForCommit();
                }
            }
        } finally {
            mutex.unlock();
        }
    }

    /** Versions that others made. */
    private void othersPublished(List<VersionEdit> edits) {
        for (VersionEdit edit : edits) {
            if (edit.added().stream().anyMatch(added -> added.level() == 0)) {
                tradesDue.set(SEQS_HELD);
            }
        }
        view.publish(edits, false);
    }

    /** After {@link #published}, on the commit thread. */
    void finished() {
        updateLimits();
        broker.topUp();
    }

    /** A commit failed: no write from now on. Nothing is tried again, since nobody knows what the device has done. */
    void fail(IOException cause) {
        List<CompletableFuture<Void>> failed = new ArrayList<>();
        mutex.lock();
        try {
            if (failure != null) {
                return;
            }
            failure = cause;
            growLimitBytes = -1;
            shrinkLimitBytes = -1;
            failed.add(open.durable);
            if (frozen != null) {
                failed.add(frozen.durable);
            }
            commitDue.signalAll();
        } finally {
            mutex.unlock();
        }
        LOG.log(
                System.Logger.Level.ERROR,
                "a commit failed: this mount writes nothing any more and answers EIO to who wants to; reads go on",
                cause);
        failed.forEach(future -> future.completeExceptionally(cause));
        reopen();
    }

    /** Why this mount stopped its writes, or null. */
    public @Nullable IOException failure() {
        return failure;
    }

    // ---- the end -----------------------------------------------------------------------------------------------------

    /**
     * Commits what is there, gives unused grants back and says goodbye. The caller has seen to it that no operation begins any
     * more. Exactly once.
     *
     * @throws IOException when the last commit failed
     */
    @Override
    public void close() throws IOException {
        mutex.lock();
        try {
            isClosing = true;
            commitDue.signalAll();
        } finally {
            mutex.unlock();
        }
        updateLimits();
        if (!options.isReadOnly()) {
            commitThread.awaitEnd();
            mergeWorker.stop();
        }
        CompletableFuture<Void> asked = broker.stop();
        reopen(); // who still waits to begin is answered EIO
        IOException cause = failure;
        if (cause == null && !(isAnswered(asked) && isGoodbyeSaid())) {
            LOG.log(System.Logger.Level.WARNING, "no server answers: this mount ends without a goodbye. Everything is committed; its unused"
                    + " space comes back when the next server sees that this process is gone");
        }
        session.close();
        if (cause != null) {
            throw new IOException("not everything was committed before the end", cause);
        }
    }

    private boolean isGoodbyeSaid() throws IOException {
        List<DeviceExtent> rest = space.takeIdle(0, 0);
        boolean isReturned = rest.isEmpty() || isAnswered(session.request(
                requestId -> new Message.ReturnSpace(requestId, session.rid(), rest), Message.Done.class, done -> done));
        return isReturned && isAnswered(session.request(
                requestId -> new Message.Goodbye(requestId, session.rid(), session.rid()), Message.Done.class, done -> done));
    }

    /** @return false when there is no server, and has been none for {@value #UNSERVED_SECONDS_MAX} s */
    private boolean isAnswered(CompletableFuture<?> future) throws IOException {
        int unserved = 0;
        for (int seconds = 0; seconds < JOIN_SECONDS_MAX; seconds++) {
            try {
                var _ = future.get(1, TimeUnit.SECONDS);
                return true;
            } catch (ExecutionException e) {
                throw new IOException(e.getCause());
            } catch (TimeoutException notYet) {
                unserved = session.isServed() ? 0 : unserved + 1;
                if (unserved >= UNSERVED_SECONDS_MAX) {
                    return false;
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted", e);
            }
        }
        throw new IOException("the server did not answer for " + JOIN_SECONDS_MAX + " s");
    }
}
