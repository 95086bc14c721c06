package org.scoutfs.cli;

/** The arguments make no sense. Ends in one line that says what is wrong, a hint, and exit status 64. */
final class UsageException extends Exception {
    private static final long serialVersionUID = 1L;

    UsageException(String message) {
        super(message, null, false, false);
    }
}
