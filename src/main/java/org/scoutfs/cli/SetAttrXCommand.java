package org.scoutfs.cli;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Errno;
import org.scoutfs.format.ioctl.AttrX;
import org.scoutfs.format.ioctl.IoctlCommand;
import org.scoutfs.sys.SystemCallException;

/** {@code scoutfs set-attr-x}. */
final class SetAttrXCommand implements Subcommand {
    private static final long NANOS_MAX = 1_000_000_000;

    /** Seconds and nanoseconds. */
    private record Time(long seconds, int nanos) {}

    @Override
    public Command command() {
        return new Command(
                "set-attr-x",
                Command.Group.ARCHIVE,
                "FILE",
                "Set attributes that archive managers use",
                "Sets attributes of a regular file or directory, all together or none. While a file is under retention it takes no"
                        + " change but the end of it.\n"
                        + "Needs the capability CAP_SYS_ADMIN.",
                AttributeOptions.options("VALUE"),
                List.of("file"),
                0);
    }

    @Override
    public int run(Arguments arguments, Console console) throws UsageException, CommandFailure {
        long mask = AttributeOptions.FIELDS.stream()
                .filter(field -> arguments.has(field.letter()))
                .mapToLong(AttributeOptions.Field::mask)
                .reduce(0, (a, b) -> a | b);
        if ((mask & AttrX.DATA_VERSION) != 0 && number(arguments, 'v') == 0) {
            throw new UsageException("data version must not be 0");
        }
        Time ctime = time(arguments.value('c'));
        Time crtime = time(arguments.value('r'));
        AttrX wanted = new AttrX(
                mask,
                0,
                number(arguments, 'm'),
                number(arguments, 'd'),
                number(arguments, 'v'),
                number(arguments, 'n'),
                number(arguments, 'f'),
                ctime.seconds,
                ctime.nanos,
                crtime.nanos,
                crtime.seconds,
                number(arguments, 's'),
                number(arguments, 't') == 0 ? 0 : AttrX.RETENTION_BIT,
                number(arguments, 'p'));
        if (mask == 0) {
            return Main.OK;
        }
        String file = arguments.operand(0);
        try (MountedPath path = MountedPath.open(file)) {
            int ignored = path.call(IoctlCommand.SET_ATTR_X, wanted.encode());
            return Main.OK;
        } catch (SystemCallException failure) {
            throw new CommandFailure(
                    failure.number(), "attr_x ioctl failed on '" + file + "': " + MountedPath.reason(failure.number()));
        }
    }

    private static long number(Arguments arguments, char letter) throws CommandFailure {
        return Numbers.u64(arguments.value(letter), 0);
    }

    /** {@code SECS.NSECS}, both there; the second is a number of nanoseconds and no fraction. */
    private static Time time(@Nullable String text) throws CommandFailure {
        if (text == null) {
            return new Time(0, 0);
        }
        String[] parts = text.split("\\.", -1);
        if (parts.length == 2 && !parts[0].isEmpty() && !parts[1].isEmpty()) {
            long nanos = Numbers.u64(parts[1]);
            if (nanos >= 0 && nanos < NANOS_MAX) {
                return new Time(Numbers.u64(parts[0]), (int) nanos);
            }
        }
        throw CommandFailure.of(Errno.EINVAL, "invalid time '" + text + "', it must be SECS.NSECS");
    }
}
