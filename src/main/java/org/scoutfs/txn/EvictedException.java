package org.scoutfs.txn;

import java.io.IOException;

/** A server gave up on this incarnation: its locks are others' by now, and what it had not committed never happens. */
public final class EvictedException extends IOException {
    private static final long serialVersionUID = 1L;

    public EvictedException(String reason) {
        super("this mount was evicted: " + reason);
    }
}
