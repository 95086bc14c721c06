package org.scoutfs.node;

import java.io.IOException;
import org.scoutfs.base.Errno;

/** A mount was not made, for a reason that its administrator can do something about. */
public final class MountFailedException extends IOException {
    private static final long serialVersionUID = 1L;

    private final Errno errno;

    MountFailedException(Errno errno, String message) {
        super(message);
        this.errno = errno;
    }

    public Errno errno() {
        return errno;
    }
}
