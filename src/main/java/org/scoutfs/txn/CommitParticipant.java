package org.scoutfs.txn;

import java.io.IOException;

/**
 * Who has a part in each commit beside the items that operations put. Calls for one transaction come in this order; calls of
 * the same kind come in the order in which participants were added. They never run under a participant's own locks.
 */
public interface CommitParticipant {
    /**
     * The barrier: no operation is inside and none enters until all participants return. Puts the last items (extents of
     * gathered data). No I/O, no waiting: every operation of the node waits for this.
     */
    default void freeze(Transaction last) {}

    /**
     * After the barrier, on the commit thread, before the flush: writes the data that the items name, or begins to, and adds items that
     * nobody of this node reads from its open transactions (index items). Device errors are thrown and stop the mount's writes.
     *
     * @param number the frozen transaction's {@link Transaction#number}
     * @param seq its final sequence number
     * @param items where late items go, in any order
     */
    default void writeOut(long number, long seq, LateItems items) throws IOException {}

    /**
     * On the commit thread, when the segments are written, before the flush: what {@link #writeOut} only began is on its way no
     * longer. Device errors are thrown as there.
     */
    default void awaitWritten(long number) throws IOException {}

    /**
     * The commit is durable and published, and nobody who waits for it has gone on yet: what is kept for it alone must not be read any
     * more when this returns, since a lock may then go to another node. On the connection's thread, while the commit thread waits.
     */
    default void committed(long number) {}

    /** Takes the late items of a frozen transaction. */
    interface LateItems {
        void put(byte[] key, byte[] value);

        void delete(byte[] key);

        void add(byte[] key, byte[] delta);
    }
}
