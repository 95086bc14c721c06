package org.scoutfs.txn;

import java.io.IOException;

/** The server answered that a request had no effect and never will. */
public final class RefusedException extends IOException {
    private static final long serialVersionUID = 1L;

    RefusedException(String what, String reason) {
        super("the server refused the " + what + ": " + reason);
    }
}
