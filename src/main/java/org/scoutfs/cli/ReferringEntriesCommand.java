package org.scoutfs.cli;

import java.io.PrintStream;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.scoutfs.base.Errno;
import org.scoutfs.format.ioctl.IoctlCommand;
import org.scoutfs.format.ioctl.ReferringEntries;
import org.scoutfs.sys.SystemCallException;

/** {@code scoutfs get-referring-entries}. */
final class ReferringEntriesCommand implements Subcommand {
    private static final int BUFFER_BYTES = 64 * 1024;

    @Override
    public Command command() {
        return new Command(
                "get-referring-entries",
                Command.Group.SEARCH,
                "INODE-NUM",
                "Print the directory entries that name an inode",
                "Prints one line for each directory entry that names the inode, in the order of directory and position. The"
                        + " type is a number as readdir(3) has it: 4 for a directory, 8 for a regular file, 10 for a symbolic"
                        + " link.\n"
                        + "Needs the capability CAP_DAC_READ_SEARCH.",
                List.of(Option.PATH),
                List.of("ino"),
                0);
    }

    @Override
    public int run(Arguments arguments, Console console) throws CommandFailure {
        long ino = Numbers.u64(arguments.operand(0));
        try (MountedPath path = MountedPath.open(arguments, console)) {
            print(path, ino, console.out());
            return Main.OK;
        } catch (SystemCallException failure) {
            throw new CommandFailure(
                    failure.number(), "get_referring_entries ioctl failed: " + MountedPath.reason(failure.number()));
        }
    }

    private static void print(MountedPath path, long ino, PrintStream out)
            throws SystemCallException, CommandFailure {
        MemorySegment entries = path.allocate(BUFFER_BYTES);
        MemorySegment request = path.allocate(ReferringEntries.SIZE);
        long dirIno = 0;
        long dirPos = 0;
        while (true) {
            request.copyFrom(MemorySegment.ofArray(
                    new ReferringEntries(ino, dirIno, dirPos, entries.address(), BUFFER_BYTES).encode()));
            int count = path.call(IoctlCommand.GET_REFERRING_ENTRIES, request);
            if (count == 0) {
                return;
            }
            long offset = 0;
            for (int i = 0; i < count; i++) {
                ReferringEntries.Entry entry = ReferringEntries.Entry.decode(entries, offset);
                if (entry == null) {
                    throw CommandFailure.of(Errno.EIO, "the mount's answer is cut short");
                }
                out.print("dir " + Long.toUnsignedString(entry.dirIno()) + " pos "
                        + Long.toUnsignedString(entry.dirPos()) + " type " + entry.type() + " name ");
                out.writeBytes(entry.name());
                out.println();
                if (entry.isLast()) {
                    return;
                }
                offset += entry.size();
                dirIno = entry.dirPos() == -1 ? entry.dirIno() + 1 : entry.dirIno();
                dirPos = entry.dirPos() + 1;
            }
        }
    }
}
