package org.scoutfs.cli;

import java.io.IOException;

/** One subcommand: what it takes, and how it is run. */
interface Subcommand {
    Command command();

    /** @return the exit status; failures are exceptions */
    int run(Arguments arguments, Console console) throws UsageException, CommandFailure, IOException;
}
