package org.scoutfs.base;

import org.jspecify.annotations.Nullable;

/** Checks for our own bugs. {@link #check} is always on; {@link #SLOW} guards those that cost too much for production. */
public final class Invariants {
    /** Whether the expensive checks run: set by the tests with {@code -Dscoutfs.checkSlow=true}. */
    public static final boolean SLOW = Boolean.getBoolean("scoutfs.checkSlow");

    private Invariants() {}

    public static void check(boolean holds, String what) {
        if (!holds) {
            throw new InvariantViolation(what);
        }
    }

    public static void check(boolean holds, String what, @Nullable Object about) {
        if (!holds) {
            throw new InvariantViolation(what + ": " + about);
        }
    }

    public static void check(boolean holds, String what, long about) {
        if (!holds) {
            throw new InvariantViolation(what + ": " + about);
        }
    }
}
