package org.scoutfs.volume;

import java.io.IOException;

/** Somebody else serves the volume. */
public final class VolumeBusyException extends IOException {
    private static final long serialVersionUID = 1L;

    VolumeBusyException(String message) {
        super(message);
    }
}
