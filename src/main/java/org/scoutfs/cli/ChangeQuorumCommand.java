package org.scoutfs.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.scoutfs.base.Clock;
import org.scoutfs.base.CorruptionException;
import org.scoutfs.base.Errno;
import org.scoutfs.format.SuperSlot;
import org.scoutfs.format.SuperSlot.QuorumSlot;
import org.scoutfs.node.ChangeQuorum;
import org.scoutfs.node.MountFailedException;
import org.scoutfs.node.OpenVolume;

/** {@code scoutfs change-quorum-config}. */
final class ChangeQuorumCommand implements Subcommand {
    private static final Option OFFLINE = new Option(
            'F', "offline", null, "The volume is mounted nowhere. Needed, since only a volume that is not can be changed.");
    private static final Option GONE = new Option(
            'g', "mounts-are-gone", null, "The hosts that are recorded as mounts are off, or were started anew. Without it, such"
                    + " a volume is refused, until it has been mounted and unmounted once.");

    @Override
    public Command command() {
        return new Command(
                "change-quorum-config",
                Command.Group.CORE,
                "-F -Q NR,ADDR,PORT [-Q NR,ADDR,PORT]... DEVICE [DATA-DEVICE]",
                "Give a volume other quorum slots",
                "Replaces all quorum slots of a volume that is not mounted: those to be kept are given again. The version of the"
                        + " quorum rises by one, so that what voters of the old one remember does not count any more.\n"
                        + "A volume without slots becomes one for a cluster. A volume that is in use is refused, after ten seconds of"
                        + " watching it where that is not certain.",
                List.of(OFFLINE, MkfsCommand.QUORUM_SLOT, GONE),
                List.of("device"),
                1);
    }

    @Override
    public int run(Arguments arguments, Console console) throws UsageException, CommandFailure, IOException {
        if (!arguments.has(OFFLINE.letter())) {
            throw new UsageException("must specify --offline: the volume may be mounted nowhere");
        }
        List<QuorumSlot> slots = MkfsCommand.quorumSlots(arguments);
        if (slots.isEmpty()) {
            throw new UsageException("must provide at least one quorum slot with --quorum-slot|-Q option");
        }
        Path meta = Path.of(arguments.operand(0));
        Path data = arguments.operandCount() > 1 ? Path.of(arguments.operand(1)) : null;
        SuperSlot made;
        try {
            made = ChangeQuorum.run(meta, data, slots, arguments.has(GONE.letter()), Clock.system());
        } catch (MountFailedException refused) {
            throw CommandFailure.of(refused.errno(), String.valueOf(refused.getMessage()));
        } catch (CorruptionException damaged) {
            throw CommandFailure.of(Errno.EINVAL, OpenVolume.explain(damaged, meta));
        } catch (InterruptedException shutdown) {
            Thread.currentThread().interrupt();
            throw CommandFailure.of(Errno.EINTR, "interrupted");
        }
        console.out().println("Successfully changed quorum config for scoutfs filesystem:");
        MkfsCommand.line(console, data == null ? "device path:" : "meta device path:", meta.toString());
        MkfsCommand.line(console, "fsid:", Long.toHexString(made.volumeId()));
        MkfsCommand.line(console, "uuid:", MkfsCommand.uuid(made));
        MkfsCommand.printQuorum(made, console);
        return Main.OK;
    }
}
