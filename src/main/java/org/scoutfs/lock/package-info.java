/**
 * The client side of the cluster's locks: which ranges of the key space this node may read or change now.
 *
 * <p>An operation names all locks that it needs, in order, and gets all of them or has to wait holding none
 * ({@link org.scoutfs.lock.LockClient#acquire}). A lock that was granted stays with the node until another node wants it, so
 * the usual case is a look-up in a table and a count of users. The threads of one node share it; what orders them is above,
 * in {@code fs}.
 *
 * <p>Only messages reach the server, also when it runs in this process.
 */
@NullMarked
package org.scoutfs.lock;

import org.jspecify.annotations.NullMarked;
