package org.scoutfs.cli;

import java.util.List;
import java.util.Map;
import org.scoutfs.base.Errno;
import org.scoutfs.format.ioctl.DataWaitError;
import org.scoutfs.format.ioctl.IoctlCommand;
import org.scoutfs.sys.SystemCallException;

/** {@code scoutfs data-wait-err}. */
final class DataWaitErrorCommand implements Subcommand {
    private static final Option INODE = new Option('I', "inode", "INO", "The inode that is waited for. Needed.");
    private static final Option VERSION =
            new Option('V', "data-version", "VERSION", "A data version. Needed, as the original needs it, and not looked at.");
    private static final Option OFFSET = new Option('F', "offset", "OFFSET", "Where the range begins, in bytes. Needed.");
    private static final Option COUNT = new Option('C', "count", "COUNT", "The bytes of the range. Needed.");
    private static final Option OPERATION =
            new Option('O', "op", "OP", "Who fails: those that wait to read, write or change_size. Needed.");
    private static final Option ERROR =
            new Option('E', "error", "ERR", "The error they fail with, a negative number: -5 for EIO. Needed.");
    private static final Map<String, Long> OPERATIONS = Map.of("read", 1L, "write", 2L, "change_size", 4L);
    private static final int ERROR_MAX = 4095;

    @Override
    public Command command() {
        return new Command(
                "data-wait-err",
                Command.Group.ARCHIVE,
                "-I INO -V VERSION -F OFFSET -C COUNT -O OP -E ERR [-p PATH]",
                "Make those fail who wait for offline data",
                "Makes system calls of this mount fail that wait for offline blocks in a range of an inode, because the archive cannot bring"
                        + " them back. Prints how many.\nNeeds the capability CAP_SYS_ADMIN.",
                List.of(INODE, VERSION, OFFSET, COUNT, OPERATION, ERROR, Option.PATH),
                List.of(),
                0);
    }

    @Override
    public int run(Arguments arguments, Console console) throws UsageException, CommandFailure {
        long ino = Numbers.u64(needed(arguments, INODE));
        long version = Numbers.u64(needed(arguments, VERSION));
        long offset = Numbers.size(needed(arguments, OFFSET));
        long count = Numbers.u64(needed(arguments, COUNT));
        Long operation = OPERATIONS.get(needed(arguments, OPERATION));
        if (operation == null) {
            throw new UsageException("the operation is one of read, write, change_size, not '" + needed(arguments, OPERATION) + "'");
        }
        long error = Numbers.u64(needed(arguments, ERROR));
        if (error >= 0 || error < -ERROR_MAX) {
            throw new UsageException("the error is a number from -1 to -" + ERROR_MAX + ", not '" + needed(arguments, ERROR) + "'");
        }
        try (MountedPath path = MountedPath.open(arguments, console)) {
            int found = path.call(
                    IoctlCommand.DATA_WAIT_ERR,
                    new DataWaitError(ino, version, offset, count, operation, error).encode());
            console.out().println("data_wait_err found " + found + " waiters.");
            return Main.OK;
        } catch (SystemCallException failure) {
            throw CommandFailure.of(Errno.EIO, "data_wait_err ioctl failed: " + MountedPath.reason(failure.number()));
        }
    }

    private static String needed(Arguments arguments, Option option) throws UsageException {
        String value = arguments.value(option.letter());
        if (value == null) {
            throw new UsageException("must provide --" + option.name());
        }
        return value;
    }
}
