package org.scoutfs.fs;

import org.scoutfs.base.FsException;
import org.scoutfs.base.MustWait;
import org.scoutfs.net.Message;

/** What the server knows of the whole volume, for {@code statfs} and its private relatives. Thread-safe. */
public interface VolumeState {
    /** @throws MustWait while the server is asked; the answer is then kept for this request */
    Message.VolumeStatus status(Request request) throws FsException, MustWait;
}
