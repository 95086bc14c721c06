package org.scoutfs.cli;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.scoutfs.format.ioctl.IoctlCommand;
import org.scoutfs.format.ioctl.StatMore;
import org.scoutfs.sys.SystemCallException;

/** {@code scoutfs stat}. */
final class StatCommand implements Subcommand {
    static final Option SINGLE_FIELD =
            new Option('s', "single-field", "FIELD", "Print only the value of this field.");

    @Override
    public Command command() {
        return new Command(
                "stat",
                Command.Group.INFORMATION,
                "FILE",
                "Show what stat(2) does not show of a file",
                "Prints the fields meta_seq (the transaction of the last change), data_seq (of the last change of contents),"
                        + " data_version (how often the contents changed, at least), online_blocks and offline_blocks (of"
                        + " 4 KiB), and crtime (when it was created).\n"
                        + "Where FILE cannot answer (it is not in a scoutfs mount, or no regular file or directory) it says"
                        + " so and exits with status 0, as scripts expect of the original.",
                List.of(SINGLE_FIELD),
                List.of("file"),
                0);
    }

    @Override
    public int run(Arguments arguments, Console console) throws CommandFailure {
        try (MountedPath path = MountedPath.open(arguments.operand(0))) {
            MemorySegment answer = path.allocate(StatMore.SIZE);
            try {
                int ignored = path.call(IoctlCommand.STAT_MORE, answer);
            } catch (SystemCallException failure) {
                console.err().println("ioctl failed: " + MountedPath.reason(failure.number()));
                return Main.OK;
            }
            StatMore stat = StatMore.decode(answer);
            new Fields()
                    .add("meta_seq", stat.metaSeq())
                    .add("data_seq", stat.dataSeq())
                    .add("data_version", stat.dataVersion())
                    .add("online_blocks", stat.onlineBlocks())
                    .add("offline_blocks", stat.offlineBlocks())
                    .add("crtime", stat.crtimeSeconds() + "." + Text.nanos(stat.crtimeNanos()))
                    .print(arguments.value(SINGLE_FIELD.letter()), console.out());
            return Main.OK;
        }
    }
}
