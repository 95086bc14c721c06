package org.scoutfs.volume;

import java.io.IOException;

/** Another server has claimed the volume: this one stops for good and tells nobody anything. */
public final class ClaimLostException extends IOException {
    private static final long serialVersionUID = 1L;

    ClaimLostException(String message) {
        super(message);
    }
}
