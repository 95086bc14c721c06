package org.scoutfs.cli;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Errno;
import org.scoutfs.format.ioctl.IoctlCommand;
import org.scoutfs.format.ioctl.XattrIndex;
import org.scoutfs.format.ioctl.XattrIndex.Entry;
import org.scoutfs.sys.SystemCallException;

/** {@code scoutfs read-xattr-index}. */
final class XattrIndexCommand implements Subcommand {
    private static final int BATCH = 4096;
    private static final int MAJOR_MAX = 255;

    @Override
    public Command command() {
        return new Command(
                "read-xattr-index",
                Command.Group.INFORMATION,
                "[FIRST-ENTRY [LAST-ENTRY]]",
                "Print the sorted index of extended attributes",
                "Prints a line MAJOR.MINOR = INO for each inode and each place that an extended attribute of it with the tag indx"
                        + " names, in the order of places. A position is MAJOR.MINOR.INO, each in decimal, octal (0..) or"
                        + " hexadecimal (0x..), and -1 the largest; both are included. Default: everything. What is not committed"
                        + " yet is not seen.\n"
                        + "Needs the capability CAP_SYS_ADMIN.",
                List.of(Option.PATH),
                List.of(),
                2);
    }

    @Override
    public int run(Arguments arguments, Console console) throws CommandFailure {
        Entry first = arguments.operandCount() > 0 ? position(arguments.operand(0)) : Entry.FIRST;
        Entry last = arguments.operandCount() > 1 ? position(arguments.operand(1)) : Entry.LAST;
        if (first.compareTo(last) > 0) {
            throw CommandFailure.of(
                    Errno.EINVAL,
                    "first index position " + text(first) + " must be less than last index position " + text(last));
        }
        try (MountedPath path = MountedPath.open(arguments, console)) {
            MemorySegment entries = path.allocate((long) BATCH * Entry.SIZE);
            MemorySegment request = path.allocate(XattrIndex.SIZE);
            @Nullable Entry next = first;
            while (next != null && next.compareTo(last) <= 0) {
                request.copyFrom(
                        MemorySegment.ofArray(new XattrIndex(0, next, last, entries.address(), BATCH).encode()));
                int count = path.call(IoctlCommand.READ_XATTR_INDEX, request);
                if (count == 0) {
                    return Main.OK;
                }
                StringBuilder lines = new StringBuilder();
                for (int i = 0; i < count; i++) {
                    Entry entry = Entry.decode(entries, i);
                    lines.append(entry.major()).append('.').append(Long.toUnsignedString(entry.minor()));
                    lines.append(" = ").append(Long.toUnsignedString(entry.ino())).append('\n');
                }
                console.out().print(lines);
                next = Entry.decode(entries, count - 1L).next();
            }
            return Main.OK;
        } catch (SystemCallException failure) {
            throw new CommandFailure(
                    failure.number(), "read_xattr_index ioctl failed: " + MountedPath.reason(failure.number()));
        }
    }

    private static Entry position(String text) throws CommandFailure {
        String[] parts = text.split("\\.", -1);
        if (parts.length != 3) {
            throw malformed(text);
        }
        long[] numbers = new long[3];
        for (int i = 0; i < 3; i++) {
            if (parts[i].isEmpty()) {
                throw malformed(text);
            }
            try {
                numbers[i] = Numbers.u64(parts[i]);
            } catch (CommandFailure failure) {
                throw malformed(text);
            }
        }
        if (Long.compareUnsigned(numbers[0], MAJOR_MAX) > 0) {
            throw CommandFailure.of(
                    Errno.EINVAL, "initial major index position '" + parts[0] + "' must be between 0 and 255, inclusive.");
        }
        return new Entry((int) numbers[0], numbers[1], numbers[2]);
    }

    private static CommandFailure malformed(String text) {
        return CommandFailure.of(
                Errno.EINVAL,
                "bad index position entry argument '" + text + "', it must be in the form \"a.b.ino\" where each value can be"
                        + " prefixed by '0' for octal or '0x' for hex");
    }

    private static String text(Entry entry) {
        return entry.major() + "." + Long.toUnsignedString(entry.minor()) + "." + Long.toUnsignedString(entry.ino());
    }
}
