package org.scoutfs.txn;

import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.FsException;
import org.scoutfs.base.MustWait;
import org.scoutfs.lsm.ItemReader;

/**
 * Where operations get their transaction, and where commits are asked for.
 *
 * <p>Thread-safe.
 */
public interface Transactions {
    /**
     * Enters the open transaction. The caller already holds the cluster and inode locks that it needs, and waits for none
     * until it has closed the transaction.
     *
     * @param itemBytes an upper bound of the keys and values that the operation puts, tombstones included. Not counted
     *     are the late items of one inode and the items of data blocks, which {@link DataSpace#reserve} promises room for
     * @param use what the space is for: deletes may draw on the reserve
     * @throws FsException {@code ENOSPC} when this node's grants cannot hold the operation and the server has no more;
     *     {@code EIO} after a failed commit; {@code EROFS} on a read-only mount
     * @throws MustWait when space is on its way or too much is waiting to be committed
     */
    Transaction begin(long itemBytes, SpaceUse use) throws FsException, MustWait;

    /**
     * An operation begins on this thread: every {@link #view} that it takes ends with the {@link #leave} that belongs to this
     * call. May be nested. A view that is taken outside holds back the space of removed segments until the collector finds it.
     */
    default void enter() {}

    /** The operation's end, on the same thread. */
    default void leave() {}

    /**
     * What this node sees now: the items of the open and the frozen transaction over the newest version. Taken after the
     * operation's last lock and kept no longer than its locks, on the thread that took it.
     */
    ItemReader view();

    /** The newest published version alone: what every node sees. For indexes and totals, which no lock covers. */
    PublishedView published();

    /**
     * Asks that everything that was done in a transaction before this call become durable.
     *
     * @return completes when it is, or with the {@code IOException} of the commit that failed. At once when there is
     *     nothing to commit
     */
    CompletableFuture<Void> commit();

    /** Data space of this node, for delayed allocation. */
    DataSpace dataSpace();

    /** Registers who adds items and writes data when a transaction is frozen. Before the first operation only. */
    void addParticipant(CommitParticipant participant);

    /**
     * Who knows of space that will be freed without anybody asking: what says so is awaited before {@code ENOSPC}, unless it is a
     * delete that lacks space.
     *
     * @param coming says when it is worth trying again, or null when nothing is coming
     */
    default void setSpaceComing(Supplier<@Nullable CompletableFuture<Void>> coming) {}

    /** Why an operation wants space. */
    enum SpaceUse {
        /** Grows the volume: refused when only the reserve is left. */
        GROW,
        /** Gives space back in the end (unlink, truncate, release): may draw on the reserve. */
        SHRINK
    }

    /** A reader of one version, with its stable bound: a walk at this version never misses a change up to the bound. */
    interface PublishedView extends ItemReader, AutoCloseable {
        /** Of the version; a later version has a larger one. */
        long number();

        long stableSeq();

        /** Lets the version go; its segments' space may be reused. */
        @Override
        void close();
    }
}
