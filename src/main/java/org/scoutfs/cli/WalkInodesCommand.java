package org.scoutfs.cli;

import java.io.PrintStream;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Locale;
import org.scoutfs.base.Errno;
import org.scoutfs.format.ioctl.IoctlCommand;
import org.scoutfs.format.ioctl.WalkInodes;
import org.scoutfs.format.ioctl.WalkInodes.Position;
import org.scoutfs.sys.SystemCallException;

/** {@code scoutfs walk-inodes}. */
final class WalkInodesCommand implements Subcommand {
    private static final int BATCH = 4096;
    private static final int HEADER_EVERY = 25;

    @Override
    public Command command() {
        return new Command(
                "walk-inodes",
                Command.Group.SEARCH,
                "<meta_seq|data_seq> FIRST-ENTRY LAST-ENTRY",
                "Print a range of inodes from an index of changes",
                "Prints the inodes of an index in the order in which they were changed last, from the position FIRST to the"
                        + " position LAST. The index meta_seq has every inode by its last change of any kind; data_seq has"
                        + " regular files by the last change of their contents.\n"
                        + "A position is MAJOR[.MINOR[.INO]]. FIRST is included; LAST as well, so that N alone, which is"
                        + " N.0.0, leaves out the inodes of sequence number N. A LAST of -1 is the end. Inodes whose last"
                        + " change is not yet stable (see statfs, committed_seq) are not shown.\n"
                        + "A fourth argument is taken as the path, as old versions had it.",
                List.of(Option.PATH),
                List.of("index", "first", "last"),
                1);
    }

    @Override
    public int run(Arguments arguments, Console console) throws CommandFailure {
        int index = index(arguments.operand(0));
        Position first = position(arguments.operand(1), false);
        Position last = position(arguments.operand(2), true);
        try (MountedPath path = arguments.operandCount() > 3
                ? MountedPath.open(arguments.operand(3))
                : MountedPath.open(arguments, console)) {
            walk(path, index, first, last, console.out());
            return Main.OK;
        } catch (SystemCallException failure) {
            throw new CommandFailure(
                    failure.number(), "walk_inodes ioctl failed: " + MountedPath.reason(failure.number()));
        }
    }

    private static void walk(MountedPath path, int index, Position first, Position last, PrintStream out)
            throws SystemCallException {
        MemorySegment entries = path.allocate((long) BATCH * WalkInodes.Entry.SIZE);
        MemorySegment request = path.allocate(WalkInodes.SIZE);
        long row = 0;
        Position next = first;
        while (true) {
            request.copyFrom(
                    MemorySegment.ofArray(new WalkInodes(next, last, entries.address(), BATCH, index).encode()));
            int count = path.call(IoctlCommand.WALK_INODES, request);
            if (count == 0) {
                return;
            }
            for (int i = 0; i < count; i++) {
                WalkInodes.Entry entry = WalkInodes.Entry.decode(entries, i);
                if (row % HEADER_EVERY == 0) {
                    print(out, "#", "major", "minor", "ino");
                }
                print(out, Long.toString(row++), Long.toUnsignedString(entry.seq()), "0", Long.toUnsignedString(entry.ino()));
                next = new Position(entry.seq(), 0, entry.ino());
            }
            if (next.equals(Position.LAST)) {
                return;
            }
            next = next.next();
        }
    }

    private static void print(PrintStream out, String number, String major, String minor, String ino) {
        out.println(Text.left(number, 20) + " " + Text.left(major, 20) + " " + Text.left(minor, 10) + " "
                + Text.left(ino, 20));
    }

    private static int index(String name) throws CommandFailure {
        return switch (name.toLowerCase(Locale.ROOT)) {
            case "meta_seq" -> WalkInodes.META_SEQ;
            case "data_seq" -> WalkInodes.DATA_SEQ;
            default ->
                throw CommandFailure.of(
                        Errno.EINVAL, "unknown index '" + name + "', try 'meta_seq' or 'data_seq'");
        };
    }

    /** {@code MAJOR[.MINOR[.INO]]}; -1 as the last position is the very end of the index. */
    static Position position(String text, boolean isLast) throws CommandFailure {
        String[] parts = text.split("\\.", -1);
        try {
            if (parts.length > 3) {
                throw CommandFailure.of(Errno.EINVAL, "");
            }
            long major = part(parts[0]);
            long minor = parts.length > 1 ? part(parts[1]) : 0;
            long ino = parts.length > 2 ? part(parts[2]) : 0;
            if (minor != (minor & 0xffff_ffffL) && minor != -1) {
                throw CommandFailure.of(Errno.EINVAL, "");
            }
            return isLast && parts.length == 1 && major == -1
                    ? Position.LAST
                    : new Position(major, (int) minor, ino);
        } catch (CommandFailure failure) {
            throw CommandFailure.of(
                    Errno.EINVAL, "bad index pos at '" + text + "', it must be MAJOR[.MINOR[.INO]]");
        }
    }

    private static long part(String text) throws CommandFailure {
        if (text.isEmpty()) {
            throw CommandFailure.of(Errno.EINVAL, "");
        }
        return Numbers.u64(text);
    }
}
