package org.scoutfs.cli;

import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Errno;

/** A command could not do what it was asked. Ends in its own line, the common line with the error number, and exit status 1. */
final class CommandFailure extends Exception {
    private static final long serialVersionUID = 1L;

    private final int errno;
    private final @Nullable String line;

    /** @param line printed before the common line; null for none */
    CommandFailure(int errno, @Nullable String line) {
        super(line == null ? Errno.textOf(errno) : line, null, false, false);
        this.errno = errno;
        this.line = line;
    }

    static CommandFailure of(Errno errno, String line) {
        return new CommandFailure(errno.number(), line);
    }

    int errno() {
        return errno;
    }

    @Nullable String line() {
        return line;
    }
}
