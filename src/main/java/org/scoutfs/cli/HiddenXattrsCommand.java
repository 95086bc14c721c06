package org.scoutfs.cli;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.scoutfs.format.ioctl.IoctlCommand;
import org.scoutfs.format.ioctl.ListHiddenXattrs;
import org.scoutfs.sys.SystemCallException;

/** {@code scoutfs list-hidden-xattrs}. */
final class HiddenXattrsCommand implements Subcommand {
    private static final int BUFFER_BYTES = 1 << 16;

    @Override
    public Command command() {
        return new Command(
                "list-hidden-xattrs",
                Command.Group.INFORMATION,
                "FILE",
                "List the hidden extended attributes of a file",
                "Prints the names of those extended attributes of FILE that carry the tag hide, which listxattr(2) leaves out,"
                        + " one on a line, in no order. A byte that cannot be printed is shown as a question mark. Who may read"
                        + " FILE may list them.",
                List.of(),
                List.of("file"),
                0);
    }

    @Override
    public int run(Arguments arguments, Console console) throws CommandFailure {
        try (MountedPath path = MountedPath.open(arguments.operand(0))) {
            MemorySegment buffer = path.allocate(BUFFER_BYTES);
            MemorySegment request = path.allocate(ListHiddenXattrs.SIZE);
            request.copyFrom(MemorySegment.ofArray(new ListHiddenXattrs(0, buffer.address(), BUFFER_BYTES, 0).encode()));
            while (true) {
                int size = path.call(IoctlCommand.LISTXATTR_HIDDEN, request);
                if (size == 0) {
                    return Main.OK;
                }
                StringBuilder lines = new StringBuilder();
                for (int i = 0; i < size; i++) {
                    byte one = buffer.get(ValueLayout.JAVA_BYTE, i);
                    lines.append(one == 0 ? '\n' : one < ' ' || one == 0x7f ? '?' : (char) one);
                }
                console.out().print(lines);
            }
        } catch (SystemCallException failure) {
            throw new CommandFailure(
                    failure.number(), "listxattr_hidden ioctl failed: " + MountedPath.reason(failure.number()));
        }
    }
}
