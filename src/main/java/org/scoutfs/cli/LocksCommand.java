package org.scoutfs.cli;

import java.util.List;
import org.scoutfs.format.ioctl.ReportRequest;

/** {@code scoutfs locks}. */
final class LocksCommand implements Subcommand {
    @Override
    public Command command() {
        return new Command(
                "locks",
                Command.Group.INFORMATION,
                "[PATH]",
                "Show the cluster's locks",
                "Prints the locks of all mounts of the volume, as its server has them; any mount can be asked. A line for each that holds"
                        + " a lock or waits for it: the range of inode numbers that it covers (or rename, or rules), whether it is"
                        + " held, awaited, or revoked (held, and somebody else waits), the mode, the mount's number, its host, since"
                        + " when, and the number of the grant. At most 10,000 locks are listed.",
                List.of(Option.PATH),
                List.of(),
                1);
    }

    @Override
    public int run(Arguments arguments, Console console) throws CommandFailure {
        return Reports.print(arguments, console, ReportRequest.LOCKS, "locks");
    }
}
