package org.scoutfs.cli;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.scoutfs.base.Errno;
import org.scoutfs.sys.CommandCalls;
import org.scoutfs.sys.SystemCallException;

/** An open file or directory of a mount, to ask the mount by ioctl. Owns its descriptor and the memory of its requests. */
final class MountedPath implements AutoCloseable {
    /** What malloc gives C programs, and enough for structures of 64-bit numbers. */
    private static final int ALIGNMENT = 16;

    private final int descriptor;
    private final Arena arena = Arena.ofConfined();

    private MountedPath(int descriptor) {
        this.descriptor = descriptor;
    }

    /** What {@code -p} says, or else the environment, or else the current directory. */
    static MountedPath open(Arguments arguments, Console console) throws CommandFailure {
        String path = arguments.value(Option.PATH.letter());
        if (path == null) {
            path = console.environment().apply("SCOUTFS_MOUNT_PATH");
        }
        return open(path == null || path.isEmpty() ? "." : path);
    }

    static MountedPath open(String path) throws CommandFailure {
        try {
            return new MountedPath(CommandCalls.openReadOnly(path));
        } catch (SystemCallException failure) {
            throw new CommandFailure(failure.number(), "failed to open '" + path + "': " + reason(failure.number()));
        }
    }

    /** A file that is to be changed. */
    static MountedPath openToChange(String path) throws CommandFailure {
        try {
            return new MountedPath(CommandCalls.openReadWrite(path));
        } catch (SystemCallException failure) {
            throw new CommandFailure(failure.number(), "failed to open '" + path + "': " + reason(failure.number()));
        }
    }

    /** Zeroed memory that lives as long as this. */
    MemorySegment allocate(long size) {
        return arena.allocate(size, ALIGNMENT);
    }

    /** As {@link #call(int, MemorySegment)}, for a request that the mount only reads. */
    int call(int command, byte[] request) throws SystemCallException {
        MemorySegment argument = allocate(request.length);
        argument.copyFrom(MemorySegment.ofArray(request));
        return call(command, argument);
    }

    int call(int command, MemorySegment argument) throws SystemCallException {
        return CommandCalls.ioctl(descriptor, command, argument);
    }

    /** {@code Permission denied (13)}. */
    static String reason(int errno) {
        return Errno.textOf(errno) + " (" + errno + ")";
    }

    @Override
    public void close() {
        arena.close();
        try {
            CommandCalls.close(descriptor);
        } catch (SystemCallException ignored) {
            // Nothing was written through it, and the process ends.
        }
    }
}
