package org.scoutfs.fs;

import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;
import org.scoutfs.base.MustWait;
import org.scoutfs.net.Message;

/** What the server knows of the whole volume, for {@code statfs} and its private relatives. Thread-safe. */
public interface VolumeState {
    /** @throws MustWait while the server is asked; the answer is then kept for this request */
    Message.VolumeStatus status(Request request) throws FsException, MustWait;

    /**
     * Makes the volume as large as said, in blocks as {@link Message.Resize} takes them.
     *
     * @throws FsException {@code EINVAL} where a device has not so many blocks, or the volume more
     * @throws MustWait until the server has done it
     */
    default void resize(Request request, long metaBlocks, long dataBlocks) throws FsException, MustWait {
        throw FsException.of(Errno.EINVAL);
    }
}
