package org.scoutfs.lock;

import java.util.concurrent.CompletableFuture;

/**
 * What has to happen on this node when its right to act ends without a revoke: it heard nothing from a server for a lease, or
 * was evicted. Declared here and implemented above.
 */
public interface LeaseHandler {
    /**
     * The lease is over. No lock can be taken until it is renewed, and operations wait; those that are inside may finish, but
     * their answers must not show anything that was read or changed after this. Called once per loss, on a timer's thread; must
     * not wait.
     */
    void leaseEnded();

    /** A server renewed it after all, with all locks that were held: go on. */
    void leaseRenewed();

    /**
     * The incarnation is over: its locks are gone and what was not committed never happens. Every cache is dropped, the kernel's
     * too. Files that were open with changes, and file locks, answer {@code EIO}.
     *
     * @return completes when nothing of the old incarnation is cached any more and none of its I/O is under way: only then does the
     *     mount join again, under a new number
     */
    CompletableFuture<Void> evicted(String reason);
}
