package org.scoutfs.lock;

import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.scoutfs.net.LockMode;
import org.scoutfs.net.LockName;

/**
 * What has to happen on this node before a lock may go to another one: changes under it are committed and published, decoded
 * items and the kernel's caches dropped. Declared here and implemented above.
 */
public interface RevokeHandler {
    /**
     * Called when no operation uses the lock any more and none will until the future completes. Must not wait.
     *
     * @param kept the mode that the server lets this node keep, or null for none
     * @return completes with what the node keeps, {@code kept} or less, when all is done; its failure stops the lock client
     */
    CompletableFuture<@Nullable LockMode> revoke(LockName name, @Nullable LockMode kept);
}
