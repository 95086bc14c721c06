package org.scoutfs.lock;

import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.scoutfs.net.LockMode;
import org.scoutfs.net.LockName;

/**
 * What has to happen on this node before a lock may go to another one: changes under it are committed and published, decoded
 * items and the kernel's caches dropped. Declared here and implemented above.
 *
 * <pre>
 *   revoke arrives ──► {@link #gated} ──► the last user leaves ──► {@link #revoke} ──► its future completes,
 *                      no new users         (drained)                                  those of tryUseGated have left,
 *                                                                                      no commit names the grant ──► released
 * </pre>
 * <p>Both are called on the connection's thread or on that of the last user, and must not wait. One revoke of one lock is under
 * way at a time; those of different locks may overlap.
 */
public interface RevokeHandler {
    /**
     * The lock's gate is closed: operations that want it now have to wait until the revoke is over, those inside go on. Called
     * once per revoke, before {@link #revoke}.
     *
     * @param kept the mode that the server lets this node keep, or null for none
     */
    default void gated(LockName name, @Nullable LockMode kept) {}

    /**
     * Called when no operation uses the lock any more. Until the future completes only {@link LockClient#tryUseGated} gets in: for
     * the writes that dropping the kernel's pages brings. What those have changed must be committed too before the future
     * completes; from then on they are kept out.
     *
     * @param kept the mode that the server lets this node keep, or null for none
     * @return completes, on any thread, with what the node keeps, {@code kept} or less, when all is done; its failure stops the
     *     lock client
     */
    CompletableFuture<@Nullable LockMode> revoke(LockName name, @Nullable LockMode kept);
}
