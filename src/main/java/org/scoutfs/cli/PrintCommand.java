package org.scoutfs.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.scoutfs.base.Errno;
import org.scoutfs.check.VolumeDump;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.node.OpenVolume;

/** {@code scoutfs print}. */
final class PrintCommand implements Subcommand {
    private static final Option SKIP = new Option(
            'S', "skip-likely-huge", null, "Leave out what grows with the volume: free extents, log records, items.");

    @Override
    public Command command() {
        return new Command(
                "print",
                Command.Group.DEBUGGING,
                "[-S] DEVICE [DATA-DEVICE]",
                "Print the structures on a device",
                "Prints every structure of a volume: super slots, claim, state log, free space, incarnations with what they were"
                        + " granted, segments, and all items. Only reads. On a volume that is mounted, parts may be of different"
                        + " moments.",
                List.of(SKIP),
                List.of("device"),
                1);
    }

    @Override
    public int run(Arguments arguments, Console console) throws CommandFailure, IOException {
        Path data = arguments.operandCount() > 1 ? Path.of(arguments.operand(1)) : null;
        try (BlockDevice device = OpenVolume.readOnly(Path.of(arguments.operand(0)), data)) {
            if (OpenVolume.isDataDevice(device)) {
                throw CommandFailure.of(Errno.EINVAL, "**** Printing from data device is not allowed ****");
            }
            VolumeDump.run(device, !arguments.has(SKIP.letter()), line -> console.out().println(line));
        }
        return Main.OK;
    }
}
