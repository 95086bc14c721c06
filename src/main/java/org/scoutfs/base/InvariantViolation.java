package org.scoutfs.base;

/** A promise of this program to itself does not hold: a bug. The mount stops before it writes anything more. */
public final class InvariantViolation extends RuntimeException {
    private static final long serialVersionUID = 1L;

    InvariantViolation(String message) {
        super(message);
    }
}
