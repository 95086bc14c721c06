package org.scoutfs.cli;

import org.jspecify.annotations.Nullable;

/**
 * One option of a subcommand.
 *
 * @param letter the short name
 * @param name the long name, without dashes
 * @param argument what the argument is called in help texts, or null when it takes none
 * @param description one or more sentences
 */
record Option(char letter, String name, @Nullable String argument, String description) {
    static final Option HELP = new Option('?', "help", null, "Show this help and exit.");
    /** Has no letter: NUL stands for none. */
    static final Option USAGE = new Option('\0', "usage", null, "Show the usage line and exit.");

    static final Option PATH = new Option(
            'p',
            "path",
            "PATH",
            "A file or directory in the mount to ask. Default: the environment variable SCOUTFS_MOUNT_PATH, else the"
                    + " current directory.");

    boolean takesArgument() {
        return argument != null;
    }
}
