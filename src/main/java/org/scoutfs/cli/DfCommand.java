package org.scoutfs.cli;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.scoutfs.base.Errno;
import org.scoutfs.format.ioctl.AllocDetail;
import org.scoutfs.format.ioctl.IoctlCommand;
import org.scoutfs.format.ioctl.StatfsMore;
import org.scoutfs.sys.SystemCallException;

/** {@code scoutfs df}. */
final class DfCommand implements Subcommand {
    private static final int META_BLOCK = 64 * 1024;
    private static final int DATA_BLOCK = 4 * 1024;
    private static final Option HUMAN =
            new Option('h', "human-readable", null, "Print sizes with units, 10.00GB for instance.");

    @Override
    public Command command() {
        return new Command(
                "df",
                Command.Group.CORE,
                "[-h]",
                "Show the free space of metadata and data",
                "Prints how much of the space for metadata and for data is used and free. On a volume with one device both"
                        + " share its blocks, and all of them are shown as data.",
                List.of(HUMAN, Option.PATH),
                List.of(),
                Integer.MAX_VALUE);
    }

    @Override
    public int run(Arguments arguments, Console console) throws CommandFailure {
        try (MountedPath path = MountedPath.open(arguments, console)) {
            StatfsMore statfs = StatfsCommand.ask(path);
            long freeMeta = 0;
            long freeData = 0;
            for (AllocDetail.Entry entry : allocDetail(path)) {
                freeMeta += entry.isMeta() ? entry.blocks() : 0;
                freeData += entry.isMeta() ? 0 : entry.blocks();
            }
            freeMeta = Math.max(0, freeMeta - statfs.reservedMetaBlocks());
            boolean human = arguments.has(HUMAN.letter());
            String[][] rows = {
                {"Type", "Size", "Total", "Used", "Free", "Use%"},
                row("MetaData", "64KB", META_BLOCK, statfs.totalMetaBlocks(), freeMeta, human),
                row("Data", "4KB", DATA_BLOCK, statfs.totalDataBlocks(), freeData, human)
            };
            print(rows, console);
            return Main.OK;
        } catch (SystemCallException failure) {
            throw CommandFailure.of(Errno.EIO, "df ioctl failed: " + MountedPath.reason(failure.number()));
        }
    }

    private static AllocDetail.Entry[] allocDetail(MountedPath path) throws SystemCallException {
        for (int room = 64; ; room *= 2) {
            MemorySegment entries = path.allocate((long) room * AllocDetail.Entry.SIZE);
            try {
                int count =
                        path.call(IoctlCommand.ALLOC_DETAIL, new AllocDetail(entries.address(), room).encode());
                AllocDetail.Entry[] all = new AllocDetail.Entry[count];
                for (int i = 0; i < count; i++) {
                    all[i] = AllocDetail.Entry.decode(entries, i);
                }
                return all;
            } catch (SystemCallException failure) {
                if (failure.errno() != Errno.EOVERFLOW || room > 1 << 24) {
                    throw failure;
                }
            }
        }
    }

    private static String[] row(String type, String size, int blockSize, long total, long free, boolean human) {
        long used = total - free;
        long percent = total == 0 ? 0 : used * 100 / total;
        return new String[] {
            type,
            size,
            human ? Sizes.sizeOnly(total, blockSize) : Long.toString(total),
            human ? Sizes.sizeOnly(used, blockSize) : Long.toString(used),
            human ? Sizes.sizeOnly(free, blockSize) : Long.toString(free),
            Long.toString(percent)
        };
    }

    private static void print(String[][] rows, Console console) {
        for (String[] row : rows) {
            for (int column = 0; column < row.length; column++) {
                int width = 0;
                for (String[] each : rows) {
                    width = Math.max(width, each[column].length());
                }
                console.out().print(Text.right(row[column], width) + "  ");
            }
            console.out().println();
        }
    }
}
