package org.scoutfs.txn;

import org.scoutfs.device.DeviceExtent;
import org.scoutfs.lsm.ItemReader;

/**
 * One operation inside the open transaction, from {@link Transactions#begin} to {@link #close}. What it puts is seen by this
 * node at once, and by everybody, all together with the rest of the transaction, when the commit is published.
 *
 * <p>Used by one thread. It cannot be undone: whatever may fail is checked before the first put.
 */
public interface Transaction extends AutoCloseable {
    /** The sequence number of this transaction: what {@code meta_seq} and {@code data_seq} become. */
    long seq();

    /**
     * Counts this node's transactions, 1 and up: tells whether two operations share one, and orders
     * {@link CommitParticipant} calls.
     */
    long number();

    /** As {@link Transactions#view}, the operation's own puts included. */
    ItemReader view();

    /** Sets the value of a key. The arrays are kept: the caller changes them no more. */
    void put(byte[] key, byte[] value);

    /**
     * As {@link #put}, for a key of which the caller knows that no item of it exists anywhere: deleting it again within
     * this transaction leaves no tombstone.
     */
    void putNew(byte[] key, byte[] value);

    /** Removes a key; also one that has no value. */
    void delete(byte[] key);

    /** Adds to the numbers of a key, see {@link org.scoutfs.lsm.ValueKind#DELTA}. */
    void add(byte[] key, byte[] delta);

    /**
     * Gives blocks that committed items named back to the server, with this transaction's commit. Blocks of this node's
     * grants that no commit ever named go back through {@link DataSpace#giveBack}.
     */
    void free(DeviceExtent extent);

    /** Adds to the number of inodes that the volume has, with this transaction's commit; negative for inodes destroyed. */
    void countInodes(long change);

    /**
     * Says that of the bytes that were announced some will be put only at the barrier, by a participant: they stay promised until
     * then. With what a reserved block is charged, which is enough for its extent item, these are all that data put there.
     *
     * @param items how many
     * @param bytes of their keys and values
     */
    void keep(int items, long bytes);

    /** Leaves the transaction. Exactly once. */
    @Override
    void close();
}
