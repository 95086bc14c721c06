package org.scoutfs.fs;

import org.scoutfs.base.FsException;
import org.scoutfs.base.MustWait;

/**
 * Numbers for new inodes, each given out once for ever. Directories and other inodes come from runs of their own, so that the lock
 * groups of a directory and of the files in it are not the same.
 *
 * <p>Thread-safe.
 */
public interface InodeNumbers {
    /** @throws MustWait while the server is asked for more */
    long take(boolean forDirectory) throws FsException, MustWait;

    /** Takes back a number that no inode got. */
    void giveBack(long ino, boolean forDirectory);
}
