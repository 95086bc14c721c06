package org.scoutfs.cli;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.scoutfs.format.ioctl.IoctlCommand;
import org.scoutfs.format.ioctl.SearchXattrs;
import org.scoutfs.sys.SystemCallException;

/** {@code scoutfs search-xattrs}. */
final class SearchXattrsCommand implements Subcommand {
    private static final ValueLayout.OfLong U64LE = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final int BATCH = 1_000_000;

    @Override
    public Command command() {
        return new Command(
                "search-xattrs",
                Command.Group.INFORMATION,
                "XATTR-NAME",
                "Find the inodes with an extended attribute",
                "Prints the numbers of the inodes that have an extended attribute of this name, ascending, one on a line. The name"
                        + " is the whole one, and carries the tag srch. What is not committed yet is not seen, and an inode may be"
                        + " shown whose attribute has another name with the same hash: who must be certain looks.\n"
                        + "Needs the capability CAP_SYS_ADMIN.",
                List.of(Option.PATH),
                List.of("xattr-name"),
                0);
    }

    @Override
    public int run(Arguments arguments, Console console) throws CommandFailure {
        byte[] name = arguments.operand(0).getBytes(StandardCharsets.UTF_8);
        try (MountedPath path = MountedPath.open(arguments, console)) {
            MemorySegment nameBytes = path.allocate(Math.max(1, name.length));
            nameBytes.copyFrom(MemorySegment.ofArray(name));
            MemorySegment inodes = path.allocate((long) BATCH * Long.BYTES);
            MemorySegment request = path.allocate(SearchXattrs.SIZE);
            long next = 0;
            while (true) {
                request.copyFrom(MemorySegment.ofArray(
                        new SearchXattrs(next, -1, nameBytes.address(), inodes.address(), 0, BATCH, name.length).encode()));
                int count = path.call(IoctlCommand.SEARCH_XATTRS, request);
                StringBuilder lines = new StringBuilder();
                for (int i = 0; i < count; i++) {
                    next = inodes.get(U64LE, (long) i * Long.BYTES) + 1;
                    lines.append(Long.toUnsignedString(next - 1)).append('\n');
                }
                console.out().print(lines);
                boolean isEnd = (SearchXattrs.decode(request).outputFlags() & SearchXattrs.END) != 0;
                if (count == 0 || isEnd || next == 0) {
                    return Main.OK;
                }
            }
        } catch (SystemCallException failure) {
            throw new CommandFailure(failure.number(), "search_xattrs ioctl failed: " + MountedPath.reason(failure.number()));
        }
    }
}
