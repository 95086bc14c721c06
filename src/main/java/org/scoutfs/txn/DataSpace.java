package org.scoutfs.txn;

import org.jspecify.annotations.Nullable;
import org.scoutfs.base.FsException;
import org.scoutfs.base.MustWait;
import org.scoutfs.device.DeviceExtent;

/**
 * The blocks for file data that this node was granted. A write is admitted by {@link #reserve}; its blocks are chosen later,
 * by {@link #take}, when it is known how many belong together.
 *
 * <ol>
 *   <li>A block is taken at most once by an incarnation, also after a failed write.
 *   <li>{@code reserve} counts blocks; {@code take} never fails for a reserved count.
 * </ol>
 * <p>Thread-safe.
 */
public interface DataSpace {
    /**
     * Sets {@code blocks} aside for the caller.
     *
     * @throws FsException {@code ENOSPC} when the volume has no more, after asking the server; {@code EIO} once writes stopped
     * @throws MustWait while the server is asked, or freed space is on its way
     */
    void reserve(long blocks) throws FsException, MustWait;

    /** Gives a reservation, or the rest of one, back. */
    void unreserve(long blocks);

    /**
     * Turns reserved blocks into real ones: one run of at least 1 and at most {@code blocks}, as long as possible; callers
     * call again for the rest.
     *
     * @param afterBlkno a run that begins right here is preferred (to lengthen an extent); -1 for no preference
     */
    DeviceExtent take(long blocks, long afterBlkno);

    /**
     * Takes one run without a reservation, for storage that is good to have and not needed: only while this node has several times
     * as many blocks to spare. Its items are the caller's to announce. At the barrier too.
     *
     * @param beginBlkno where the run has to begin, or -1
     * @return at most {@code blocks} of them, or null
     */
    @Nullable DeviceExtent takeSpare(long blocks, long beginBlkno);

    /** Taken blocks that no commit will name: overwritten before the commit, or never written. They are not taken again. */
    void giveBack(DeviceExtent extent);

    /**
     * Says that the transaction now open names these taken blocks in its items: the server counts them as used from its
     * commit on. Called inside a transaction, or at the barrier.
     */
    void consume(Transaction transaction, DeviceExtent extent);

    /** Blocks that are reserved or taken and that no published commit names yet: the server still counts them as free. */
    long pendingBlocks();
}
