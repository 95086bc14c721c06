package org.scoutfs.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Errno;
import org.scoutfs.node.MountRegistry;
import org.scoutfs.sys.CommandCalls;

/** {@code scoutfs umount}. */
final class UmountCommand implements Subcommand {
    private static final Duration PATIENCE = Duration.ofMinutes(10);
    private static final Option LAZY = new Option(
            'l', "lazy", null, "Take it out of the tree now, and do not wait for those who still use it.");

    @Override
    public Command command() {
        return new Command(
                "umount",
                Command.Group.CORE,
                "[-l] DIR",
                "Unmount, and wait until the mount's process has ended",
                "Unmounts like umount(8), and returns when the process of the mount is gone, so that the volume can be mounted"
                        + " or checked right away.",
                List.of(LAZY),
                List.of("directory"),
                0);
    }

    @Override
    public int run(Arguments arguments, Console console) throws CommandFailure, IOException {
        Path directory = MountRegistry.canonical(Path.of(arguments.operand(0)));
        MountRegistry.@Nullable Entry entry = MountRegistry.standard().find(directory);
        if (entry == null && !MountRegistry.isScoutfsMount(directory)) {
            throw CommandFailure.of(Errno.EINVAL, directory + " is not a scoutfs mount");
        }
        boolean isLazy = arguments.has(LAZY.letter());
        CommandCalls.umount(directory.toString(), isLazy ? CommandCalls.MNT_DETACH : 0);
        if (entry != null && !isLazy && !entry.awaitEnd(PATIENCE)) {
            throw CommandFailure.of(
                    Errno.ETIMEDOUT,
                    directory + " is unmounted, but process " + entry.pid() + " still runs after "
                            + PATIENCE.toMinutes() + " minutes");
        }
        return Main.OK;
    }
}
