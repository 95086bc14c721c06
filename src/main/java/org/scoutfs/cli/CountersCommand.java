package org.scoutfs.cli;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.scoutfs.format.ioctl.CountersRequest;
import org.scoutfs.format.ioctl.IoctlCommand;
import org.scoutfs.sys.SystemCallException;

/** {@code scoutfs counters}. */
final class CountersCommand implements Subcommand {
    private static final int PAGE = 128;
    private static final Option TABLE =
            new Option('t', "table", null, "Print as many columns as the terminal has room for.");

    @Override
    public Command command() {
        return new Command(
                "counters",
                Command.Group.INFORMATION,
                "[-t] [PATH]",
                "Show what a mount has counted",
                "Prints the counters of a mount, by name. They count from 0 since the mount began. The path is an argument, or"
                        + " else found as for other commands.",
                List.of(TABLE, Option.PATH),
                List.of(),
                1);
    }

    @Override
    public int run(Arguments arguments, Console console) throws CommandFailure {
        try (MountedPath path = arguments.operandCount() > 0
                ? MountedPath.open(arguments.operand(0))
                : MountedPath.open(arguments, console)) {
            List<CountersRequest.Entry> counters = read(path);
            int columns = arguments.has(TABLE.letter()) ? console.columns() : 0;
            console.out().print(columns > 0 ? table(counters, columns) : list(counters));
            return Main.OK;
        } catch (SystemCallException failure) {
            throw new CommandFailure(
                    failure.number(), "counters ioctl failed: " + MountedPath.reason(failure.number()));
        }
    }

    private static List<CountersRequest.Entry> read(MountedPath path) throws SystemCallException {
        MemorySegment entries = path.allocate((long) PAGE * CountersRequest.Entry.SIZE);
        List<CountersRequest.Entry> all = new ArrayList<>();
        while (true) {
            int count = path.call(
                    IoctlCommand.COUNTERS, new CountersRequest(all.size(), PAGE, entries.address()).encode());
            if (count == 0) {
                all.sort(Comparator.comparing(CountersRequest.Entry::name));
                return all;
            }
            for (int i = 0; i < count; i++) {
                all.add(CountersRequest.Entry.decode(entries, i));
            }
        }
    }

    static String list(List<CountersRequest.Entry> counters) {
        int nameWidth = nameWidth(counters);
        int valueWidth = valueWidth(counters);
        StringBuilder out = new StringBuilder();
        for (CountersRequest.Entry counter : counters) {
            out.append(line(counter, nameWidth, valueWidth)).append('\n');
        }
        return out.toString();
    }

    /** Column by column, in the fewest rows whose columns fit. */
    static String table(List<CountersRequest.Entry> counters, int terminalColumns) {
        for (int rows = 1; rows <= counters.size(); rows++) {
            List<List<CountersRequest.Entry>> columns = new ArrayList<>();
            for (int from = 0; from < counters.size(); from += rows) {
                columns.add(counters.subList(from, Math.min(from + rows, counters.size())));
            }
            int width = -2;
            for (List<CountersRequest.Entry> column : columns) {
                width += 2 + nameWidth(column) + 1 + valueWidth(column);
            }
            if (width <= terminalColumns || rows == counters.size()) {
                return rows(columns, rows);
            }
        }
        return "";
    }

    private static String rows(List<List<CountersRequest.Entry>> columns, int rows) {
        StringBuilder out = new StringBuilder();
        for (int row = 0; row < rows; row++) {
            for (int i = 0; i < columns.size() && row < columns.get(i).size(); i++) {
                List<CountersRequest.Entry> column = columns.get(i);
                out.append(i == 0 ? "" : "  ");
                out.append(line(column.get(row), nameWidth(column), valueWidth(column)));
            }
            out.append('\n');
        }
        return out.toString();
    }

    private static String line(CountersRequest.Entry counter, int nameWidth, int valueWidth) {
        return Text.left(counter.name(), nameWidth) + " "
                + Text.right(Long.toUnsignedString(counter.value()), valueWidth);
    }

    private static int nameWidth(List<CountersRequest.Entry> counters) {
        return counters.stream().mapToInt(counter -> counter.name().length()).max().orElse(0);
    }

    private static int valueWidth(List<CountersRequest.Entry> counters) {
        return counters.stream()
                .mapToInt(counter -> Long.toUnsignedString(counter.value()).length())
                .max()
                .orElse(0);
    }
}
