package org.scoutfs.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Clock;
import org.scoutfs.base.Errno;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.format.SuperSlot;
import org.scoutfs.format.SuperSlot.QuorumSlot;
import org.scoutfs.format.VolumeLayout;
import org.scoutfs.node.FormatVolume;
import org.scoutfs.node.QuorumSlots;
import org.scoutfs.sys.NativeFile;

/** {@code scoutfs mkfs}. */
final class MkfsCommand implements Subcommand {
    private static final long RECOMMENDED_BYTES = 64L << 30;
    private static final int META_UNIT = 64 * 1024;
    private static final int VALUE_COLUMN = 26;

    private static final Option FORCE =
            new Option('f', "force", null, "Overwrite a device that holds something already.");
    private static final Option SIZE = new Option(
            's', "size", "SIZE", "Make DEVICE a sparse plain file of this size, or give a plain file this size.");
    private static final Option META_SIZE =
            new Option('m', "max-meta-size", "SIZE", "Use no more than this of DEVICE. Rounded down to 64 KiB.");
    private static final Option DATA_SIZE =
            new Option('d', "max-data-size", "SIZE", "Use no more than this of DATA-DEVICE. Rounded down to 4 KiB.");
    private static final Option ALLOW_SMALL =
            new Option('A', "allow-small-size", null, "Taken for compatibility: less than 64 GiB is allowed anyway.");
    private static final Option FORMAT_VERSION =
            new Option('V', "format-version", "VERSION", "The format version; there is only " + Version.FORMATS + ".");

    static final Option QUORUM_SLOT = new Option(
            'Q', "quorum-slot", "NR,ADDR,PORT", "A mount that may vote in the volume's cluster: its slot's number (0 to 14), numeric"
                    + " address and port. Repeated for each; 1, 3 or 5 are advised, 15 are the most.");

    @Override
    public Command command() {
        return new Command(
                "mkfs",
                Command.Group.CORE,
                "[-f] [-Q NR,ADDR,PORT]... [--size SIZE] DEVICE [DATA-DEVICE]",
                "Make a new volume",
                "Makes a volume on a block device or in a plain file, or on two: then the first holds the metadata and the"
                        + " second the contents of files. Each has at least 256 MiB; below 64 GiB a warning is printed. Blocks"
                        + " before byte 65536 are left as they are.\n"
                        + "A device that is mounted or otherwise in use is refused; one that holds a file system, a partition"
                        + " table or the like is refused without -f.\n"
                        + "Without -Q the volume is for one mount at a time, or for a cluster that its first mount begins; with it,"
                        + " for the mounts of a cluster.",
                List.of(QUORUM_SLOT, FORCE, SIZE, META_SIZE, DATA_SIZE, ALLOW_SMALL, FORMAT_VERSION),
                List.of("device"),
                1);
    }

    @Override
    public int run(Arguments arguments, Console console) throws UsageException, CommandFailure, IOException {
        FormatVolume.Wish wish = wish(arguments);
        checkSizes(wish, console);
        try {
            FormatVolume.refuseIfInUse(wish);
        } catch (FormatVolume.RefusedException refused) {
            throw CommandFailure.of(refused.errno(), String.valueOf(refused.getMessage()));
        }
        SuperSlot made = FormatVolume.run(wish, Clock.system());
        print(wish, made, console);
        return Main.OK;
    }

    private static FormatVolume.Wish wish(Arguments arguments) throws UsageException, CommandFailure {
        long version = Numbers.u64(arguments.value(FORMAT_VERSION.letter()), VolumeLayout.FORMAT_VERSION);
        if (version != VolumeLayout.FORMAT_VERSION) {
            throw new UsageException("format version " + Long.toUnsignedString(version) + " is not supported, only "
                    + Version.FORMATS);
        }
        boolean hasData = arguments.operandCount() > 1;
        long size = Numbers.size(arguments.value(SIZE.letter()), 0);
        if (arguments.has(SIZE.letter()) && hasData) {
            throw new UsageException("--size makes one file; make the files of a volume with two before");
        }
        if (arguments.has(DATA_SIZE.letter()) && !hasData) {
            throw new UsageException("--max-data-size needs a data device");
        }
        Path meta = Path.of(arguments.operand(0));
        if (arguments.has(SIZE.letter()) && Files.exists(meta) && !Files.isRegularFile(meta)) {
            throw new UsageException("--size is for plain files, and " + meta + " is none");
        }
        return new FormatVolume.Wish(
                meta,
                hasData ? Path.of(arguments.operand(1)) : null,
                size & -BlockDevice.BLOCK_SIZE,
                Numbers.size(arguments.value(META_SIZE.letter()), 0) & -META_UNIT,
                Numbers.size(arguments.value(DATA_SIZE.letter()), 0) & -BlockDevice.BLOCK_SIZE,
                arguments.has(FORCE.letter()),
                quorumSlots(arguments));
    }

    static List<QuorumSlot> quorumSlots(Arguments arguments) throws UsageException {
        try {
            return QuorumSlots.parse(arguments.values(QUORUM_SLOT.letter()));
        } catch (QuorumSlots.WrongSlotException wrong) {
            throw new UsageException(String.valueOf(wrong.getMessage()));
        }
    }

    private static void checkSizes(FormatVolume.Wish wish, Console console) throws CommandFailure, IOException {
        Path data = wish.data();
        long metaBytes = wish.fileBytes() > 0 ? wish.fileBytes() : size(wish.meta());
        checkSize(data == null ? "" : "meta ", metaBytes, wish.metaBytesMax(), console);
        if (data != null) {
            checkSize("data ", size(data), wish.dataBytesMax(), console);
            if (Files.isSameFile(wish.meta(), data)) {
                throw CommandFailure.of(Errno.EINVAL, "metadata and data device are the same, " + data);
            }
        }
    }

    private static void checkSize(String role, long bytes, long limit, Console console) throws CommandFailure {
        long used = bytes;
        if (limit != 0 && Long.compareUnsigned(limit, bytes) > 0) {
            console.out().println("The limit of " + Sizes.sizeOnly(limit, 1) + " is more than the " + role + "device of "
                    + Sizes.sizeOnly(bytes, 1) + " has, and is ignored");
        } else if (limit != 0) {
            console.out()
                    .println("Limiting use of " + Sizes.sizeOnly(bytes, 1) + " " + role + "device to "
                            + Sizes.sizeOnly(limit, 1));
            used = limit;
        }
        if (used < FormatVolume.BYTES_MIN) {
            throw CommandFailure.of(
                    Errno.EINVAL,
                    Sizes.sizeOnly(used, 1) + " too small for min " + Sizes.sizeOnly(FormatVolume.BYTES_MIN, 1) + " " + role
                            + "device");
        }
        if (used < RECOMMENDED_BYTES) {
            console.err()
                    .println("warning: " + Sizes.sizeOnly(used, 1) + " is less than the recommended min "
                            + Sizes.sizeOnly(RECOMMENDED_BYTES, 1) + " " + role + "device");
        }
    }

    private static long size(Path path) throws CommandFailure, IOException {
        boolean isFile = Files.isRegularFile(path);
        if (Files.exists(path) && !isFile && !isBlockDevice(path)) {
            throw CommandFailure.of(Errno.EINVAL, path + " is neither a block device nor a plain file");
        }
        try (NativeFile file = NativeFile.open(path.toString(), NativeFile.O_RDONLY, 0)) {
            return isFile ? file.size() : file.blockDeviceSize();
        }
    }

    private static boolean isBlockDevice(Path path) throws IOException {
        return ((int) Files.getAttribute(path, "unix:mode") & 0xf000) == 0x6000;
    }

    private static void print(FormatVolume.Wish wish, SuperSlot made, Console console) {
        @Nullable Path data = wish.data();
        console.out().println("Created scoutfs filesystem:");
        if (data == null) {
            line(console, "device path:", wish.meta().toString());
        } else {
            line(console, "meta device path:", wish.meta().toString());
            line(console, "data device path:", data.toString());
        }
        line(console, "fsid:", Long.toHexString(made.volumeId()));
        line(console, "uuid:", uuid(made));
        line(console, "format version:", Integer.toString(made.formatVersion()));
        if (data == null) {
            line(console, "4KB blocks:", Sizes.countWithSize(made.metaBlocks(), BlockDevice.BLOCK_SIZE));
        } else {
            long unit = META_UNIT / BlockDevice.BLOCK_SIZE;
            line(console, "64KB metadata blocks:", Sizes.countWithSize(made.metaBlocks() / unit, META_UNIT));
            line(console, "4KB data blocks:", Sizes.countWithSize(made.dataBlocks(), BlockDevice.BLOCK_SIZE));
        }
        printQuorum(made, console);
    }

    static void printQuorum(SuperSlot made, Console console) {
        if (made.quorumSlots().isEmpty()) {
            return;
        }
        line(console, "quorum config version:", Long.toString(made.quorumVersion()));
        String label = "quorum slots:";
        for (String slot : QuorumSlots.lines(made.quorumSlots())) {
            line(console, label, slot);
            label = "";
        }
    }

    static void line(Console console, String label, String value) {
        console.out().println(Text.left("  " + label, VALUE_COLUMN) + value);
    }

    static String uuid(SuperSlot made) {
        String hex = Text.hex16(made.uuid().high()) + Text.hex16(made.uuid().low());
        return hex.substring(0, 8) + "-" + hex.substring(8, 12) + "-" + hex.substring(12, 16) + "-"
                + hex.substring(16, 20) + "-" + hex.substring(20);
    }
}
