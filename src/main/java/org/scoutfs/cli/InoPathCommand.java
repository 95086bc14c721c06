package org.scoutfs.cli;

import java.io.PrintStream;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.scoutfs.base.Errno;
import org.scoutfs.format.ioctl.InoPath;
import org.scoutfs.format.ioctl.IoctlCommand;
import org.scoutfs.sys.SystemCallException;

/** {@code scoutfs ino-path}. */
final class InoPathCommand implements Subcommand {
    private static final int RESULT_BYTES = 0xffff;

    @Override
    public Command command() {
        return new Command(
                "ino-path",
                Command.Group.SEARCH,
                "INODE-NUM",
                "Print the paths that lead to an inode",
                "Prints every path that leads to the inode, one line for each of its names, relative to the root of the file"
                        + " system and without a slash in front. The root itself, and an inode without a name, print"
                        + " nothing.\n"
                        + "Needs the capability CAP_DAC_READ_SEARCH. A path may be out of date by the time it is printed.\n"
                        + "A second argument is taken as the path, as old versions had it.",
                List.of(Option.PATH),
                List.of("ino"),
                1);
    }

    @Override
    public int run(Arguments arguments, Console console) throws UsageException, CommandFailure {
        long ino = Numbers.u64(arguments.operand(0));
        if (ino == 0) {
            throw new UsageException("must provide inode number");
        }
        try (MountedPath path = arguments.operandCount() > 1
                ? MountedPath.open(arguments.operand(1))
                : MountedPath.open(arguments, console)) {
            print(path, ino, console.out());
            return Main.OK;
        } catch (SystemCallException failure) {
            // The odd name is what scripts know.
            throw new CommandFailure(
                    failure.number(), "inodes_since ioctl failed: " + MountedPath.reason(failure.number()));
        }
    }

    private static void print(MountedPath path, long ino, PrintStream out) throws SystemCallException {
        MemorySegment result = path.allocate(RESULT_BYTES);
        MemorySegment request = path.allocate(InoPath.SIZE);
        long dirIno = 0;
        long dirPos = 0;
        while (true) {
            request.copyFrom(MemorySegment.ofArray(
                    new InoPath(ino, dirIno, dirPos, result.address(), RESULT_BYTES).encode()));
            try {
                int ignored = path.call(IoctlCommand.INO_PATH, request);
            } catch (SystemCallException failure) {
                if (failure.errno() == Errno.ENOENT) {
                    return;
                }
                throw failure;
            }
            InoPath.Result found = InoPath.Result.decode(result);
            out.writeBytes(found.path());
            out.println();
            dirIno = found.dirPos() == -1 ? found.dirIno() + 1 : found.dirIno();
            dirPos = found.dirPos() + 1;
        }
    }
}
