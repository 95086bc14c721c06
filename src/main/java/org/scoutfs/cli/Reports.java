package org.scoutfs.cli;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import org.scoutfs.base.Errno;
import org.scoutfs.format.ioctl.IoctlCommand;
import org.scoutfs.format.ioctl.ReportRequest;
import org.scoutfs.sys.SystemCallException;

/** Fetches a text that a mount writes about its cluster. */
final class Reports {
    private static final long ROOM = 64 << 10;
    private static final long ROOM_MAX = 64 << 20;

    private Reports() {}

    static String read(MountedPath path, int kind) throws SystemCallException {
        for (long room = ROOM; ; room *= 4) {
            MemorySegment text = path.allocate(room);
            try {
                int length = path.call(IoctlCommand.REPORT, new ReportRequest(kind, room, text.address()).encode());
                return new String(text.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
            } catch (SystemCallException failure) {
                if (failure.number() != Errno.EOVERFLOW.number() || room >= ROOM_MAX) {
                    throw failure;
                }
            }
        }
    }

    static int print(Arguments arguments, Console console, int kind, String what) throws CommandFailure {
        try (MountedPath path = open(arguments, console)) {
            console.out().print(read(path, kind));
            return Main.OK;
        } catch (SystemCallException failure) {
            throw new CommandFailure(failure.number(), what + " ioctl failed: " + MountedPath.reason(failure.number()));
        }
    }

    /** The path is an argument, or found as for other commands. */
    static MountedPath open(Arguments arguments, Console console) throws CommandFailure {
        return arguments.operandCount() > 0
                ? MountedPath.open(arguments.operand(0))
                : MountedPath.open(arguments, console);
    }
}
