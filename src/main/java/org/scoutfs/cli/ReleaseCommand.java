package org.scoutfs.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.scoutfs.base.Errno;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.format.ioctl.IoctlCommand;
import org.scoutfs.format.ioctl.Release;
import org.scoutfs.sys.SystemCallException;

/** {@code scoutfs release}. */
final class ReleaseCommand implements Subcommand {
    static final Option VERSION = new Option(
            'V', "data-version", "VERSION", "The data version that the archive has, as stat shows it. Needed; a file with another is refused.");
    private static final Option OFFSET = new Option('o', "offset", "OFFSET", "Where to begin, in whole 4 KiB. The beginning, if absent.");
    private static final Option LENGTH =
            new Option('l', "length", "LENGTH", "How much, in whole 4 KiB. The size of the file, rounded up, if absent.");

    @Override
    public Command command() {
        return new Command(
                "release",
                Command.Group.ARCHIVE,
                "FILE -V VERSION [-o OFFSET] [-l LENGTH]",
                "Let blocks of a file go that an archive has",
                "Frees the blocks of a range of FILE and marks them offline: the archive that has their contents brings them back with"
                        + " stage. Whoever reads them meanwhile waits. Size, times, data_seq and data_version stay as they are. What of the"
                        + " range is a hole, offline or beyond the end stays as it is.",
                List.of(VERSION, OFFSET, LENGTH),
                List.of("file"),
                0);
    }

    @Override
    public int run(Arguments arguments, Console console) throws UsageException, CommandFailure {
        String file = arguments.operand(0);
        long version = Numbers.u64(arguments.value(VERSION.letter()), 0);
        if (version == 0) {
            throw new UsageException("must provide file version --data-version");
        }
        long offset = Numbers.size(arguments.value(OFFSET.letter()), 0);
        try (MountedPath path = MountedPath.openToChange(file)) {
            String text = arguments.value(LENGTH.letter());
            long length = text == null ? wholeBlocks(file) : Numbers.size(text);
            path.call(IoctlCommand.RELEASE, new Release(offset, length, version).encode());
            return Main.OK;
        } catch (SystemCallException failure) {
            throw new CommandFailure(failure.number(), "release ioctl failed: " + MountedPath.reason(failure.number()));
        }
    }

    private static long wholeBlocks(String file) throws CommandFailure {
        try {
            return Files.size(Path.of(file)) + BlockDevice.BLOCK_SIZE - 1 & -BlockDevice.BLOCK_SIZE;
        } catch (IOException e) {
            throw CommandFailure.of(Errno.EIO, "the size of '" + file + "' cannot be read: " + e.getMessage());
        }
    }
}
