package org.scoutfs.cli;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.format.ioctl.IoctlCommand;
import org.scoutfs.format.ioctl.ResizeDevices;
import org.scoutfs.sys.SystemCallException;

/** {@code scoutfs resize-devices}. */
final class ResizeDevicesCommand implements Subcommand {
    private static final Option META_SIZE =
            new Option('m', "meta-size", "SIZE", "The new size of the metadata device, in whole 64 KiB.");
    private static final Option DATA_SIZE =
            new Option('d', "data-size", "SIZE", "The new size of the data device, or of the only device, in whole 4 KiB.");
    private static final long META_UNIT = 1 << 16;

    @Override
    public Command command() {
        return new Command(
                "resize-devices",
                Command.Group.CORE,
                "[-m SIZE] [-d SIZE] [-p PATH]",
                "Use more of devices that have grown",
                "Makes a mounted volume larger, on all its mounts at once, after its devices were made larger. A size is the new total; 0,"
                        + " or the present size, changes nothing. A smaller size, or one beyond the end of a device, is refused, and then"
                        + " neither device changes. A volume on one device has one size, which -d gives.\n"
                        + "Needs the capability CAP_SYS_ADMIN.",
                List.of(META_SIZE, DATA_SIZE, Option.PATH),
                List.of(),
                0);
    }

    @Override
    public int run(Arguments arguments, Console console) throws UsageException, CommandFailure {
        long metaBlocks = blocks(arguments.value(META_SIZE.letter()), "metadata", META_UNIT, console);
        long dataBlocks = blocks(arguments.value(DATA_SIZE.letter()), "data", BlockDevice.BLOCK_SIZE, console);
        try (MountedPath path = MountedPath.open(arguments, console)) {
            path.call(IoctlCommand.RESIZE_DEVICES, new ResizeDevices(metaBlocks, dataBlocks).encode());
            return Main.OK;
        } catch (SystemCallException failure) {
            throw new CommandFailure(
                    failure.number(), "resize_devices ioctl failed: " + MountedPath.reason(failure.number()));
        }
    }

    private static long blocks(@Nullable String text, String role, long unit, Console console) throws CommandFailure {
        long bytes = Numbers.size(text, 0);
        long whole = Long.remainderUnsigned(bytes, unit);
        if (whole != 0) {
            console.out().println("The " + role + " size of " + Long.toUnsignedString(bytes) + " bytes is cut to whole blocks of " + unit
                    + ": " + Long.toUnsignedString(bytes - whole));
        }
        return Long.divideUnsigned(bytes, unit);
    }
}
