/**
 * One node's transactions: many operations are gathered, then one commit makes all of them visible and durable, or none.
 *
 * <p>An operation takes its cluster locks, then {@link org.scoutfs.txn.Transactions#begin begins}: from then on it is inside the
 * <em>open</em> transaction, reads its own node's latest items, and puts items and freed extents into it. The barrier of a
 * commit waits until no operation is inside, freezes the memtable, opens the next transaction and lets operations in again;
 * no I/O happens under it. Then the <em>commit thread</em> writes file data and segments, flushes the device, sends the
 * commit to the server and waits for its answer. One commit is in flight; the next transaction fills meanwhile.
 *
 * <p>What is promised:
 * <ol>
 *   <li>The view of a node is one immutable triple (open, frozen, version), replaced in one step and only forward.
 *   <li>An operation is admitted only against space that this node already holds. So a commit never asks for space.
 *   <li>After a crash the volume is as of some commit: nothing half-done, nothing acknowledged missing.
 *   <li>An I/O error in a commit stops this mount's writes: {@code EIO} from then on; reads go on.
 * </ol>
 */
@NullMarked
package org.scoutfs.txn;

import org.jspecify.annotations.NullMarked;
