package org.scoutfs.cli;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.scoutfs.base.Errno;
import org.scoutfs.format.ioctl.IoctlCommand;
import org.scoutfs.format.ioctl.Stage;
import org.scoutfs.sys.SystemCallException;

/** {@code scoutfs stage}. */
final class StageCommand implements Subcommand {
    private static final Option OFFSET =
            new Option('o', "offset", "OFFSET", "Where in FILE to begin, in whole 4 KiB. The beginning, if absent.");
    private static final Option LENGTH = new Option('l', "length", "LENGTH",
            "How many bytes: whole 4 KiB, or to the end of FILE. The size of ARCHIVE-FILE, if absent.");
    private static final int STEP_BYTES = 1 << 20;

    @Override
    public Command command() {
        return new Command(
                "stage",
                Command.Group.ARCHIVE,
                "ARCHIVE-FILE FILE -V VERSION [-o OFFSET] [-l LENGTH]",
                "Bring contents back from an archive",
                "Copies ARCHIVE-FILE, from its beginning, into FILE at OFFSET, and wakes who waits for these blocks. Size, times, data_seq and"
                        + " data_version of FILE stay as they are. Blocks that are not offline are overwritten.",
                List.of(ReleaseCommand.VERSION, OFFSET, LENGTH),
                List.of("archive-file", "file"),
                0);
    }

    @Override
    public int run(Arguments arguments, Console console) throws UsageException, CommandFailure {
        long version = Numbers.u64(arguments.value(ReleaseCommand.VERSION.letter()), 0);
        if (version == 0) {
            throw new UsageException("must provide file version with --data-version");
        }
        long offset = Numbers.size(arguments.value(OFFSET.letter()), 0);
        Path archive = Path.of(arguments.operand(0));
        try (InputStream from = Files.newInputStream(archive)) {
            String text = arguments.value(LENGTH.letter());
            long length = text == null ? Files.size(archive) : Numbers.size(text);
            stage(from, arguments.operand(0), arguments.operand(1), version, offset, length);
            return Main.OK;
        } catch (IOException e) {
            throw CommandFailure.of(Errno.EIO, "'" + archive + "' cannot be read: " + e.getMessage());
        }
    }

    private static void stage(InputStream from, String archive, String file, long version, long offset, long length)
            throws IOException, CommandFailure {
        try (MountedPath path = MountedPath.openToChange(file)) {
            MemorySegment buffer = path.allocate(STEP_BYTES);
            long done = 0;
            while (done != length) {
                int step = (int) Math.min(STEP_BYTES, length - done);
                byte[] bytes = from.readNBytes(step);
                if (bytes.length < step) {
                    throw CommandFailure.of(
                            Errno.EIO, "archive read returned 0: '" + archive + "' ends after " + (done + bytes.length) + " bytes");
                }
                MemorySegment.copy(bytes, 0, buffer, java.lang.foreign.ValueLayout.JAVA_BYTE, 0, step);
                stageStep(path, new Stage(version, buffer.address(), offset + done, step));
                done += step;
            }
        }
    }

    private static void stageStep(MountedPath path, Stage step) throws CommandFailure {
        int staged;
        try {
            staged = path.call(IoctlCommand.STAGE, step.encode());
        } catch (SystemCallException failure) {
            throw CommandFailure.of(Errno.EIO,
                    "stage returned -1, not " + step.length() + ": error " + MountedPath.reason(failure.number()));
        }
        if (staged != step.length()) {
            throw CommandFailure.of(Errno.EIO, "stage returned " + staged + ", not " + step.length());
        }
    }
}
