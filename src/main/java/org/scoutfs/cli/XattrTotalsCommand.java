package org.scoutfs.cli;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.scoutfs.format.ioctl.IoctlCommand;
import org.scoutfs.format.ioctl.XattrTotals;
import org.scoutfs.sys.SystemCallException;

/** {@code scoutfs read-xattr-totals}. */
final class XattrTotalsCommand implements Subcommand {
    private static final int BATCH = 4096;

    @Override
    public Command command() {
        return new Command(
                "read-xattr-totals",
                Command.Group.INFORMATION,
                "",
                "Print the totals of extended attributes",
                "Prints a line A.B.C = TOTAL, COUNT for each name of a total, ascending: the sum of the values of the extended"
                        + " attributes with the tag totl whose names end in these three numbers, and how many there are. What is"
                        + " not committed yet does not count.\n"
                        + "Needs the capability CAP_SYS_ADMIN.",
                List.of(Option.PATH),
                List.of(),
                0);
    }

    @Override
    public int run(Arguments arguments, Console console) throws CommandFailure {
        try (MountedPath path = MountedPath.open(arguments, console)) {
            MemorySegment totals = path.allocate((long) BATCH * XattrTotals.Entry.SIZE);
            MemorySegment request = path.allocate(XattrTotals.SIZE);
            XattrTotals next = new XattrTotals(0, 0, 0, totals.address(), totals.byteSize());
            while (true) {
                request.copyFrom(MemorySegment.ofArray(next.encode()));
                int count = path.call(IoctlCommand.READ_XATTR_TOTALS, request);
                if (count == 0) {
                    return Main.OK;
                }
                StringBuilder lines = new StringBuilder();
                for (int i = 0; i < count; i++) {
                    lines.append(line(XattrTotals.Entry.decode(totals, i))).append('\n');
                }
                console.out().print(lines);
                XattrTotals.Entry last = XattrTotals.Entry.decode(totals, count - 1L);
                long third = last.third() + 1;
                long second = last.second() + (third == 0 ? 1 : 0);
                long first = last.first() + (third == 0 && second == 0 ? 1 : 0);
                if (third == 0 && second == 0 && first == 0) {
                    return Main.OK;
                }
                next = new XattrTotals(first, second, third, totals.address(), totals.byteSize());
            }
        } catch (SystemCallException failure) {
            throw new CommandFailure(
                    failure.number(), "read_xattr_totals ioctl failed: " + MountedPath.reason(failure.number()));
        }
    }

    private static String line(XattrTotals.Entry entry) {
        return Long.toUnsignedString(entry.first()) + "." + Long.toUnsignedString(entry.second()) + "."
                + Long.toUnsignedString(entry.third()) + " = " + entry.total() + ", " + entry.count();
    }
}
