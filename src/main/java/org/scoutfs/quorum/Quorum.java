package org.scoutfs.quorum;

import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.scoutfs.net.NodeAddress;
import org.scoutfs.volume.Epoch;

/**
 * Who may try to be the server.
 *
 * <ol>
 *   <li>An epoch is given to one mount only, and is larger than all that were given before.
 *   <li>{@link #isLeader} says yes only when no other mount was given an epoch before the call began.
 *   <li>Nothing durable rests on an answer: who serves is decided by the claim. A wrong one costs time.
 * </ol>
 * <p>Thread-safe.
 */
public interface Quorum extends Epoch.Leadership, AutoCloseable {
    /** Is told what changes. Called on a thread of the quorum's, one call at a time; must not wait. */
    interface Listener {
        /** A newer reign is known, this mount's or another's. Some may be skipped; the epoch only rises. */
        default void began(Reign reign) {}

        /**
         * This mount does not lead any more, or cannot know: whoever serves in this epoch renews no lease and grants no lock from
         * now on. Called at most once per epoch that {@link #awaitLeadership} returned.
         */
        default void lost(long epoch, String why) {}
    }

    /**
     * Waits until this mount may try, and while it does not lead, without end: interrupt it, or {@link #close}. A mount without a
     * vote waits for ever.
     *
     * @param newestEpoch the newest epoch that the device shows
     * @return the epoch to try with: larger than that one, and than every epoch that was given to anybody
     * @throws IOException when the quorum was closed or has failed
     */
    long awaitLeadership(long newestEpoch) throws IOException, InterruptedException;

    /**
     * One round with a majority of the voters: whether this mount still is the leader of this epoch, at a moment after the call
     * began. The time at which the call <em>began</em> is what a lease is counted from. False, or an exception, is no proof that
     * somebody else leads.
     */
    @Override
    boolean isLeader(long epoch) throws IOException;

    /** Gives up an epoch of this mount's, so that another voter is elected soon: at unmount, or when its server has failed. */
    default void resign(long epoch) {}

    /** Where this mount leads, in whatever epoch or in none: lets another voter lead. */
    default void stepAside() {}

    /** The newest reign that this mount has heard of; null for none yet, and where mounts are alone. */
    default @Nullable Reign reign() {
        return null;
    }

    /** All voters. Empty where mounts are alone. */
    default List<Member> members() {
        return List.of();
    }

    /** Where mounts without a vote would vote, as far as this mount leads and heard of them lately; who asked first is first. */
    default List<NodeAddress> volunteers() {
        return List.of();
    }

    /** How many voters there are, where this mount is one of them and no change of voters is under way; else 0. */
    default int settledVoters() {
        return 0;
    }

    /** From now on. The newest reign that is known is told at once. */
    default void listen(Listener listener) {}

    /** Whether other mounts can exist: fixed for the life of the mount. It decides how long kernels may cache. */
    boolean isAlone();

    @Override
    void close();

    /** Ends without a word to the others, as if the process had died. */
    default void abandon() {
        close();
    }
}
