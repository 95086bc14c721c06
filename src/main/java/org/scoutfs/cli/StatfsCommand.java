package org.scoutfs.cli;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.scoutfs.format.ioctl.IoctlCommand;
import org.scoutfs.format.ioctl.StatfsMore;
import org.scoutfs.sys.SystemCallException;

/** {@code scoutfs statfs}. */
final class StatfsCommand implements Subcommand {
    @Override
    public Command command() {
        return new Command(
                "statfs",
                Command.Group.INFORMATION,
                "[-s FIELD]",
                "Show what statfs(2) does not show of a mount",
                "Prints the fields fsid (of the volume), rid (of this mount), committed_seq (every change with this or a"
                        + " smaller sequence number can be seen by walk-inodes, and no more will come), total_meta_blocks (of"
                        + " 64 KiB) and total_data_blocks (of 4 KiB).\n"
                        + "Where the path is not in a scoutfs mount it says so and exits with status 0, as scripts expect"
                        + " of the original.",
                List.of(StatCommand.SINGLE_FIELD, Option.PATH),
                List.of(),
                Integer.MAX_VALUE);
    }

    @Override
    public int run(Arguments arguments, Console console) throws CommandFailure {
        try (MountedPath path = MountedPath.open(arguments, console)) {
            StatfsMore statfs;
            try {
                statfs = ask(path);
            } catch (SystemCallException failure) {
                console.err().println("ioctl failed: " + MountedPath.reason(failure.number()));
                return Main.OK;
            }
            new Fields()
                    .add("fsid", Text.hex16(statfs.fsid()))
                    .add("rid", Text.hex16(statfs.rid()))
                    .add("committed_seq", statfs.committedSeq())
                    .add("total_meta_blocks", statfs.totalMetaBlocks())
                    .add("total_data_blocks", statfs.totalDataBlocks())
                    .print(arguments.value(StatCommand.SINGLE_FIELD.letter()), console.out());
            return Main.OK;
        }
    }

    static StatfsMore ask(MountedPath path) throws SystemCallException {
        MemorySegment answer = path.allocate(StatfsMore.SIZE);
        int ignored = path.call(IoctlCommand.STATFS_MORE, answer);
        return StatfsMore.decode(answer);
    }
}
