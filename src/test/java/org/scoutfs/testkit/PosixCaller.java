package org.scoutfs.testkit;

import java.io.IOException;
import org.scoutfs.base.FsException;

/** The operations of a {@link PosixStep}, on whatever does them: the model, the file system, or a real mount. */
public interface PosixCaller {
    void create(String path, byte[] contents) throws FsException, IOException;

    void mkdir(String path) throws FsException, IOException;

    void fifo(String path) throws FsException, IOException;

    void symlink(String path, String target) throws FsException, IOException;

    void link(String path, String newPath) throws FsException, IOException;

    void unlink(String path) throws FsException, IOException;

    void rmdir(String path) throws FsException, IOException;

    /** @param flags as renameat2(2): 0, 1 for not replacing, 2 for exchanging */
    void rename(String from, String to, int flags) throws FsException, IOException;

    void write(String path, long offset, byte[] bytes) throws FsException, IOException;

    void append(String path, byte[] bytes) throws FsException, IOException;

    void truncate(String path, long size) throws FsException, IOException;

    void fallocate(String path, long offset, long length, int mode) throws FsException, IOException;

    void chmod(String path, int permissions) throws FsException, IOException;

    void setXattr(String path, String name, byte[] value) throws FsException, IOException;

    void removeXattr(String path, String name) throws FsException, IOException;
}
