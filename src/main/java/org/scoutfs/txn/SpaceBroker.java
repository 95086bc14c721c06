package org.scoutfs.txn;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Clock;
import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;
import org.scoutfs.base.MustWait;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.device.DeviceExtent;
import org.scoutfs.net.Message;

/**
 * Gets space from the server, ahead of time where it can, and decides when an operation is told {@code ENOSPC}.
 *
 * <p>An operation that finds too little waits for the answer of one request, at most one of each kind at a time, and tries again. If the
 * server had not all that was asked for, and it still does not suffice, then first what this node is about to free is
 * committed and the server asked once more, and merges that are under way are awaited; after that the answer is {@code ENOSPC}. For {@value #SHORT_MILLIS} ms the server is not
 * asked again, so a full volume is not flooded with requests.
 *
 * <p>An answer that there is no more holds only for what was free when it was asked: it counts for nothing once a commit of this
 * node, which may have given space back, was published after the question.
 *
 * <p>Thread-safe. {@code mutex} guards the fields; requests are sent under it (that only queues), answers taken outside.
 */
final class SpaceBroker {
    private static final long SHORT_MILLIS = 100;
    private static final long SHORT_NANOS = TimeUnit.MILLISECONDS.toNanos(SHORT_MILLIS);
    private static final int COMMITS_BEFORE_ENOSPC = 2;
    private static final int MERGES_BEFORE_ENOSPC = 16;
    private static final int COMING_BEFORE_ENOSPC = 4;
    /** Segment space that data do not take, also on a full volume: some commits of deletes. */
    private static final long META_KEPT_BLOCKS = 128;
    private static final long DATA_ASK_BLOCKS_MAX = 256L << 20 >> 12;
    /** Of the volume, in one request for data: a small volume's last blocks are not all on their way to one node. */
    private static final long DATA_ASK_PART = 64;

    private final NodeTransactions transactions;
    private final GrantedSpace space;
    private final ServerSession session;
    private final Clock clock;
    private final long dataAskBlocks;
    private final long metaAskBlocks;

    private final ReentrantLock mutex = new ReentrantLock();

    // Guarded by mutex.
    private final Want data = new Want();
    private final Want meta = new Want();
    private final Want metaReserve = new Want();
    private boolean isStopped;
    private long publishedCommits;

    // Written under mutex.
    private volatile long shrinkOnlyBlocks;
    private volatile boolean hasWaitedForReserve;

    /** Set before the first operation, or never. */
    private volatile Supplier<@Nullable CompletableFuture<Void>> spaceComing = () -> null;

    /** One kind of space. */
    private static final class Want {
        @Nullable CompletableFuture<Void> asked;
        /** How many commits were published when it was asked last. */
        long askedAfter;
        /** Whether the last answer was less than what was asked for, and when it came. */
        boolean wasShort;
        long answeredNanos;
        /** Since something came of it. */
        int commitsTried;
        int mergesAwaited;
        int comingAwaited;

        void startOver() {
            commitsTried = 0;
            mergesAwaited = 0;
            comingAwaited = 0;
        }
    }

    SpaceBroker(
            NodeTransactions transactions,
            GrantedSpace space,
            ServerSession session,
            Clock clock,
            TransactionOptions options,
            long volumeBlocks) {
        this.transactions = transactions;
        this.space = space;
        this.session = session;
        this.clock = clock;
        this.dataAskBlocks = Math.max(256, Math.min(DATA_ASK_BLOCKS_MAX, volumeBlocks / DATA_ASK_PART));
        long full = GrantedSpace.metaBlocksFor(
                options.memtableBytesMax(), options.segments().segmentBlocks());
        this.metaAskBlocks = Math.max(64, Math.min(full, volumeBlocks / DATA_ASK_PART));
    }

    /** Segment space, in bytes of items, that came out of the reserve: only who gives space back may use it. */
    long shrinkOnlyBytes() {
        return shrinkOnlyBlocks * BlockDevice.BLOCK_SIZE;
    }

    // ---- too little ----------------------------------------------------------------------------------------------------

    /** What an operation throws that lacks segment space for so many bytes of items; never returns normally with a wait that is over. */
    MustWait lackOfMeta(long missingBytes, Transactions.SpaceUse use) throws FsException {
        long blocks = GrantedSpace.metaBlocksFor(missingBytes, Integer.MAX_VALUE) * 2;
        if (space.moveDataToMeta(Math.max(blocks, metaAskBlocks / 4))) {
            transactions.updateLimits();
            return MustWait.on(CompletableFuture.completedFuture(null));
        }
        boolean mayUseReserve = use == Transactions.SpaceUse.SHRINK;
        return lackOf(mayUseReserve ? metaReserve : meta, 0, Math.max(blocks, metaAskBlocks), mayUseReserve);
    }

    void setSpaceComing(Supplier<@Nullable CompletableFuture<Void>> coming) {
        spaceComing = coming;
    }

    /** Whether a delete had to wait for a commit or a merge, and none was admitted since. */
    boolean hasWaitedForReserve() {
        return hasWaitedForReserve;
    }

    /** A delete was admitted: waiting has helped, and is worth it the next time as well. */
    void admitted() {
        mutex.lock();
        try {
            hasWaitedForReserve = false;
            metaReserve.startOver();
        } finally {
            mutex.unlock();
        }
    }

    MustWait lackOfData(long blocks) throws FsException {
        // What lies here for segments is a stock, not a need: the last of the volume is for whoever wants it. Deletes have
        // the server's reserve.
        if (isFull(data)
                && space.moveMetaToData(blocks, transactions.metaBlocksInUse() + META_KEPT_BLOCKS)) {
            transactions.updateLimits();
            return MustWait.on(CompletableFuture.completedFuture(null));
        }
        return lackOf(data, Math.max(blocks, dataAskBlocks), 0, false);
    }

    private boolean isFull(Want want) {
        mutex.lock();
        try {
            return want.asked == null && isFullNow(want);
        } finally {
            mutex.unlock();
        }
    }

    /** Under mutex: whether the server said just now that it has no more, and knew of all that this node gave back. */
    private boolean isFullNow(Want want) {
        return want.wasShort
                && want.askedAfter == publishedCommits
                && clock.monotonicNanos() - want.answeredNanos < SHORT_NANOS;
    }

    /**
     * A commit or a merge of this node is in the version: what it freed can be asked for.
     *
     * @param hasFreed whether file data were freed: who is refused after this has a reason to try everything again
     */
    void published(boolean hasFreed) {
        mutex.lock();
        try {
            publishedCommits++;
            if (hasFreed) {
                data.startOver();
                meta.startOver();
                metaReserve.startOver();
            }
        } finally {
            mutex.unlock();
        }
    }

    /** Tells the server which versions are not read here any more. */
    void tellOldest() {
        mutex.lock();
        try {
            if (!isStopped) {
                renew();
            }
        } finally {
            mutex.unlock();
        }
        published(false);
    }

    private void renew() {
        session.send(new Message.Renew(session.rid(), clock.monotonicNanos(), transactions.nodeView().oldestVersion()));
    }

    private MustWait lackOf(Want want, long dataBlocks, long metaBlocks, boolean mayUseReserve) throws FsException {
        // Before the look at the last answer: a commit that is published between the two makes that answer an old one.
        boolean mayFreeSpace = transactions.mayFreeSpace();
        boolean isFreeingSpace = transactions.isFreeingSpace();
        CompletableFuture<Void> merging = transactions.merging();
        CompletableFuture<Void> coming = mayUseReserve ? null : spaceComing.get();
        mutex.lock();
        try {
            if (want.asked != null) {
                return MustWait.on(want.asked);
            }
            if (!isFullNow(want)) {
                return MustWait.on(ask(want, dataBlocks, metaBlocks, mayUseReserve));
            }
            if (coming != null && want.comingAwaited < COMING_BEFORE_ENOSPC) {
                want.comingAwaited++;
                return MustWait.on(coming);
            }
            if (!isFreeingSpace && (!mayFreeSpace || want.commitsTried >= COMMITS_BEFORE_ENOSPC)) {
                if (merging == null || want.mergesAwaited >= MERGES_BEFORE_ENOSPC) {
                    throw FsException.of(Errno.ENOSPC);
                }
                want.mergesAwaited++;
                hasWaitedForReserve |= want == metaReserve;
                return MustWait.on(merging);
            }
            want.commitsTried++;
            hasWaitedForReserve |= want == metaReserve;
        } finally {
            mutex.unlock();
        }
        return MustWait.on(transactions.commit()); // the server is asked again after it
    }

    /** Under mutex. */
    private CompletableFuture<Void> ask(Want want, long dataBlocks, long metaBlocks, boolean mayUseReserve) {
        if (isStopped) {
            return CompletableFuture.completedFuture(null); // the next try is answered EIO
        }
        CompletableFuture<Void> asked = new CompletableFuture<>();
        want.asked = asked;
        want.askedAfter = publishedCommits;
        renew();
        var _ = session.request(
                        requestId -> new Message.NeedSpace(
                                requestId, session.rid(), dataBlocks, metaBlocks, mayUseReserve),
                        Message.SpaceGranted.class,
                        granted -> {
                            space.add(granted.grants());
                            return granted.grants();
                        })
                .whenComplete((grants, failure) -> {
                    long missing = grants == null
                            ? dataBlocks + metaBlocks
                            : dataBlocks + metaBlocks - sum(grants.data()) - sum(grants.meta());
                    answered(want, grants, missing > 0, mayUseReserve);
                    asked.complete(null);
                });
        return asked;
    }

    private void answered(Want want, Message.@Nullable Grants grants, boolean isShort, boolean mayUseReserve) {
        mutex.lock();
        try {
            want.asked = null;
            want.wasShort = isShort;
            want.answeredNanos = clock.monotonicNanos();
            if (!isShort || grants != null && sum(grants.data()) + sum(grants.meta()) > 0) {
                want.startOver();
            }
            if (want == metaReserve && grants != null) {
                shrinkOnlyBlocks += sum(grants.meta());
            }
            if (want == meta && !isShort) {
                shrinkOnlyBlocks = 0; // there is more than the reserve again
            }
            shrinkOnlyBlocks = Math.min(shrinkOnlyBlocks, space.freeMetaBlocks());
        } finally {
            mutex.unlock();
        }
        transactions.updateLimits();
    }

    private static long sum(List<DeviceExtent> extents) {
        long blocks = 0;
        for (DeviceExtent extent : extents) {
            blocks += extent.blockCount();
        }
        return blocks;
    }

    // ---- ahead of time -------------------------------------------------------------------------------------------------

    /** After a commit: asks for what the next ones will need. */
    void topUp() {
        if (space.freeMetaBlocks() < metaAskBlocks / 2 || space.segmentIdCount() < 32) {
            askAhead(meta, 0, metaAskBlocks);
        }
        dataTaken();
    }

    /** After a reservation. */
    void dataTaken() {
        if (space.freeDataBlocks() < dataAskBlocks / 2) {
            askAhead(data, dataAskBlocks, 0);
        }
    }

    private void askAhead(Want want, long dataBlocks, long metaBlocks) {
        mutex.lock();
        try {
            if (want.asked == null && !isFullNow(want) && !isStopped) {
                var _ = ask(want, dataBlocks, metaBlocks, false);
            }
        } finally {
            mutex.unlock();
        }
    }

    /** Nothing is asked any more. Completes when the last answer has come, whose space is to be returned too. */
    CompletableFuture<Void> stop() {
        List<CompletableFuture<Void>> asked = new ArrayList<>();
        mutex.lock();
        try {
            isStopped = true;
            for (Want want : List.of(data, meta, metaReserve)) {
                if (want.asked != null) {
                    asked.add(want.asked);
                }
            }
        } finally {
            mutex.unlock();
        }
        return CompletableFuture.allOf(asked.toArray(new CompletableFuture<?>[0]));
    }

    /** The server wants back what lies idle here. */
    void recalled() {
        List<DeviceExtent> idle = space.takeIdle(0, transactions.metaBlocksInUse());
        transactions.updateLimits();
        if (!idle.isEmpty()) {
            var _ = session.request(
                    requestId -> new Message.ReturnSpace(requestId, session.rid(), idle), Message.Done.class, done -> done);
        }
    }
}
