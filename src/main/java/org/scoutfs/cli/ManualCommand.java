package org.scoutfs.cli;

import java.util.List;
import org.scoutfs.base.Errno;

/** {@code scoutfs manual}: prints a manual page. For packagers; not listed. */
final class ManualCommand implements Subcommand {
    static final String NAME = "manual";

    @Override
    public Command command() {
        return new Command(
                NAME,
                Command.Group.DEBUGGING,
                "scoutfs.8|scoutfs.5",
                "Print a manual page",
                "Prints a manual page, made from the same text as the help of the commands.",
                List.of(),
                List.of("page"),
                0);
    }

    @Override
    public int run(Arguments arguments, Console console) throws CommandFailure {
        console.out().print(
                switch (arguments.operand(0)) {
                    case "scoutfs.8" -> ManualPages.commands();
                    case "scoutfs.5" -> ManualPages.fileSystem();
                    default ->
                        throw CommandFailure.of(
                                Errno.ENOENT, "no manual page '" + arguments.operand(0) + "', only scoutfs.8 and scoutfs.5");
                });
        return Main.OK;
    }
}
