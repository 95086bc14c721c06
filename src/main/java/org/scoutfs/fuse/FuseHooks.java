package org.scoutfs.fuse;

import java.io.IOException;

/** How {@code fuse} calls up to what assembles the mount. */
public interface FuseHooks {
    /**
     * The mount ends and no request will change anything any more: make all changes durable. With {@code fuseblk}, umount(2)
     * waits for this. Called once, on a thread of its own; may wait.
     */
    void lastCommit() throws IOException;

    /** A promise of the program to itself is broken: stop all writes. May be called more than once, by any thread; must not wait. */
    void failed(Throwable cause);
}
