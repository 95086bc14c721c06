package org.scoutfs.cli;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;
import org.scoutfs.format.ioctl.AllocatedInos;
import org.scoutfs.format.ioctl.IoctlCommand;
import org.scoutfs.sys.SystemCallException;

/** {@code scoutfs get-allocated-inos}. */
final class AllocatedInosCommand implements Subcommand {
    private static final ValueLayout.OfLong U64LE =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final Option INO =
            new Option('i', "ino", "INO", "The inode number to begin with. Needed.");
    private static final Option SINGLE =
            new Option('s', "single", null, "Print only INO itself, if it exists.");

    @Override
    public Command command() {
        return new Command(
                "get-allocated-inos",
                Command.Group.DEBUGGING,
                "-i INO [-s]",
                "Print the inode numbers in use in a group",
                "Prints the numbers of the inodes that exist, from INO to the end of its group of 1024, one on a line. An inode"
                        + " without a name that is not yet destroyed counts.\n"
                        + "Needs the capability CAP_SYS_ADMIN.",
                List.of(INO, SINGLE, Option.PATH),
                List.of(),
                0);
    }

    @Override
    public int run(Arguments arguments, Console console) throws UsageException, CommandFailure {
        String text = arguments.value(INO.letter());
        if (text == null) {
            throw new UsageException("must provide ino");
        }
        long ino = Numbers.u64(text);
        int room = arguments.has(SINGLE.letter()) ? 1 : AllocatedInos.GROUP;
        try (MountedPath path = MountedPath.open(arguments, console)) {
            MemorySegment inos = path.allocate((long) room * Long.BYTES);
            int count = path.call(
                    IoctlCommand.GET_ALLOCATED_INOS,
                    new AllocatedInos(ino, inos.address(), inos.byteSize()).encode());
            for (int i = 0; i < count; i++) {
                long found = inos.get(U64LE, (long) i * Long.BYTES);
                if (room > 1 || found == ino) {
                    console.out().println(Long.toUnsignedString(found));
                }
            }
            return Main.OK;
        } catch (SystemCallException failure) {
            throw new CommandFailure(
                    failure.number(), "get_allocated_inos ioctl failed: " + MountedPath.reason(failure.number()));
        }
    }
}
