package org.scoutfs.cli;

import java.util.List;
import org.scoutfs.base.Errno;
import org.scoutfs.format.ioctl.EndMount;
import org.scoutfs.format.ioctl.IoctlCommand;
import org.scoutfs.format.ioctl.ReportRequest;
import org.scoutfs.sys.SystemCallException;

/** {@code scoutfs cluster}. */
final class ClusterCommand implements Subcommand {
    private static final Option GONE = new Option('g', "gone", "MOUNT",
            "Your word that this mount of the list, which is in quarantine, writes nothing any more, because its host is off. Its space is"
                    + " free at once. Wrong, it destroys the volume. Needs CAP_SYS_ADMIN.");
    private static final int HEX = 16;

    @Override
    public Command command() {
        return new Command(
                "cluster",
                Command.Group.INFORMATION,
                "[-g MOUNT] [PATH]",
                "Show the cluster of a mount",
                "Prints who is server, since when and in which epoch; the voters; the mounts with their leases, how many versions each lags"
                        + " behind, and the space that it may write to; the last commit; and what is in quarantine, with how to"
                        + " release it. Any mount can be asked; one whose server does not answer says what it knows by itself.",
                List.of(GONE, Option.PATH),
                List.of(),
                1);
    }

    @Override
    public int run(Arguments arguments, Console console) throws CommandFailure {
        String gone = arguments.value(GONE.letter());
        if (gone == null) {
            return Reports.print(arguments, console, ReportRequest.CLUSTER, "cluster");
        }
        long rid;
        try {
            rid = Long.parseUnsignedLong(gone, HEX);
        } catch (NumberFormatException wrong) {
            throw CommandFailure.of(Errno.EINVAL, "a mount is a hexadecimal number of the list, not '" + gone + "'");
        }
        try (MountedPath path = Reports.open(arguments, console)) {
            int unused = path.call(IoctlCommand.END_MOUNT, new EndMount(rid).encode());
            console.out().println("the space of " + gone + " is free");
            return Main.OK;
        } catch (SystemCallException failure) {
            throw new CommandFailure(failure.number(), gone + ": " + problem(failure.number()));
        }
    }

    private static String problem(int errno) {
        if (errno == Errno.ENOENT.number()) {
            return "no such mount is known";
        }
        if (errno == Errno.EBUSY.number()) {
            return "not in quarantine";
        }
        return MountedPath.reason(errno);
    }
}
