package org.scoutfs.cli;

import java.io.PrintStream;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Where a command's words go, and what it may know of the world around it.
 *
 * @param out standard output, buffered: {@link Main} flushes it. Bytes of names pass as Latin-1 characters
 * @param err standard error
 * @param environment by name; null where unset
 * @param columns width of the terminal that tables, or the progress line, are shown on; 0 where there is none
 */
record Console(PrintStream out, PrintStream err, Function<String, @Nullable String> environment, int columns) {
    boolean isTerminal() {
        return columns > 0;
    }
}
