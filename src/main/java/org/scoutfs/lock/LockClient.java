package org.scoutfs.lock;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.FsException;
import org.scoutfs.base.MustWait;
import org.scoutfs.net.LockMode;
import org.scoutfs.net.LockName;

/**
 * The cluster locks that this node holds.
 *
 * <p>Thread-safe. The uncontended case takes no mutex that another operation holds for long, and sends nothing.
 */
public interface LockClient {
    /** A lock and how it is wanted. */
    record Want(LockName name, LockMode mode) {}

    /**
     * Takes one lock for an operation.
     *
     * @throws MustWait while it is asked for; nothing is held then
     * @throws FsException {@code EIO} once this node may take no locks any more
     */
    Use acquire(LockName name, LockMode mode) throws MustWait, FsException;

    /** Takes several, all or none. Sorted here; duplicates are merged to the stronger mode. */
    Use acquire(List<Want> wants) throws MustWait, FsException;

    /**
     * For work that a revoke itself causes: the lock as long as this node holds it in such a mode, though its gate is closed. The
     * revoke ends only after this use. Also gives a lock whose gate is open.
     *
     * @return null when this node does not hold it so, or its {@link RevokeHandler#revoke} is done: then the work waits for
     *     {@link #acquire} as any other
     */
    @Nullable Use tryUseGated(LockName name, LockMode mode);

    /** An operation's use of its locks. Closed exactly once, by any thread. */
    interface Use extends AutoCloseable {
        @Override
        void close();
    }
}
