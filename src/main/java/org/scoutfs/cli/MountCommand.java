package org.scoutfs.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.scoutfs.base.Clock;
import org.scoutfs.base.CorruptionException;
import org.scoutfs.base.Errno;
import org.scoutfs.node.MountFailedException;
import org.scoutfs.node.MountLog;
import org.scoutfs.node.MountOptions;
import org.scoutfs.node.MountRegistry;
import org.scoutfs.node.OpenVolume;
import org.scoutfs.node.MountedNode;
import org.scoutfs.sys.CommandCalls;
import org.scoutfs.volume.VolumeBusyException;

/**
 * {@code scoutfs mount}: this process becomes the mount. The launcher puts it in the background: it starts this in a session of its
 * own, and waits until this says on standard output that it is ready, or ends.
 */
final class MountCommand implements Subcommand {
    private static final System.Logger LOG = System.getLogger("org.scoutfs.cli");
    private static final Option FOREGROUND =
            new Option('f', "foreground", null, "Stay in front, and log to standard error.");
    private static final Option OPTIONS = new Option(
            'o', "options", "OPTIONS", "Mount options, separated by commas; scoutfs(5) has the list. May be repeated.");
    private static final String READY = "scoutfs-ready";

    @Override
    public Command command() {
        return new Command(
                "mount",
                Command.Group.CORE,
                "[-f] [-o OPTIONS] DEVICE DIR",
                "Mount a volume",
                "Mounts the volume on DEVICE (a block device or a plain file) on the directory DIR. Goes to the background and"
                        + " returns when the mount is usable; where it cannot be, says why.\n"
                        + "A volume of two devices is mounted by its data device, with -o metadev_path=DEVICE for the other.\n"
                        + "A volume that is mounted already, on this host or another, is refused. After a crash of the other"
                        + " host that takes ten seconds of watching; after one of this host's process, none. A mount point that a"
                        + " killed process left behind is cleaned up.",
                List.of(FOREGROUND, OPTIONS),
                List.of("device", "directory"),
                0);
    }

    @Override
    public int run(Arguments arguments, Console console) throws UsageException, CommandFailure, IOException {
        boolean isBackground = console.environment().apply("SCOUTFS_READY") != null;
        MountOptions options;
        try {
            options = MountOptions.parse(arguments.values(OPTIONS.letter()));
        } catch (MountOptions.OptionException wrong) {
            throw CommandFailure.of(Errno.EINVAL, String.valueOf(wrong.getMessage()));
        }
        Path source = Path.of(arguments.operand(0)).toAbsolutePath().normalize();
        if (!Files.exists(source)) {
            throw CommandFailure.of(Errno.ENOENT, "no device " + source);
        }
        Path mountPoint = MountRegistry.canonical(Path.of(arguments.operand(1)));
        if (isBackground) {
            // Also what is told while a cluster's first election goes on: the shell gets only why a mount failed.
            MountLog.toFile(options.log());
        }
        // Before any other thread is there: threads inherit it.
        boolean isFlusher = CommandCalls.becomeIoFlusher();
        try (MountedNode node = MountedNode.start(source, mountPoint, options, Clock.system())) {
            if (!isFlusher) {
                // Nothing that an administrator of a container can do something about, or has to.
                LOG.log(System.Logger.Level.DEBUG, "not marked as an I/O flusher, which needs CAP_SYS_RESOURCE");
            }
            if (isBackground) {
                node.notices().forEach(notice -> console.err().println("scoutfs: " + notice));
                console.out().println(READY);
                console.out().flush();
            }
            node.awaitEnd();
            return Main.OK;
        } catch (MountFailedException refused) {
            throw CommandFailure.of(refused.errno(), String.valueOf(refused.getMessage()));
        } catch (VolumeBusyException busy) {
            throw CommandFailure.of(Errno.EBUSY, String.valueOf(busy.getMessage()));
        } catch (CorruptionException damaged) {
            throw CommandFailure.of(Errno.EINVAL, OpenVolume.explain(damaged, source));
        } catch (InterruptedException shutdown) {
            Thread.currentThread().interrupt();
            return Main.FAILED;
        }
    }
}
