package org.scoutfs.node;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Clock;
import org.scoutfs.base.Errno;
import org.scoutfs.base.Counters;
import org.scoutfs.base.Rng;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.device.FileBlockDevice;
import org.scoutfs.device.SplitDevice;
import org.scoutfs.format.SuperSlot;
import org.scoutfs.format.SuperSlot.QuorumSlot;
import org.scoutfs.volume.Mkfs;

/** What mkfs does: opens the devices, looks whether they may be overwritten, and makes the volume with its root directory. */
public final class FormatVolume {
    /** Less than this is of no use; see {@link Wish}. */
    public static final long BYTES_MIN = 256L << 20;

    /**
     * What is to be made.
     *
     * @param meta the only device, or that for metadata
     * @param data for file data; null for one device
     * @param fileBytes size of a sparse plain file to be made at {@code meta}; 0 to take what is there
     * @param metaBytesMax use no more of it; 0 for all
     * @param dataBytesMax use no more of it; 0 for all
     * @param isForced overwrite what is on the devices
     * @param quorumSlots who may vote; empty for a volume that one mount uses at a time
     */
    public record Wish(
            Path meta,
            @Nullable Path data,
            long fileBytes,
            long metaBytesMax,
            long dataBytesMax,
            boolean isForced,
            List<QuorumSlot> quorumSlots) {
        public Wish {
            quorumSlots = List.copyOf(quorumSlots);
        }
    }

    /** The devices hold something, or are in use. */
    public static final class RefusedException extends IOException {
        private static final long serialVersionUID = 1L;

        private final Errno errno;

        RefusedException(Errno errno, String message) {
            super(message);
            this.errno = errno;
        }

        /** What scripts know: EBUSY in use, EINVAL for a volume like ours, EPERM for anything else. */
        public Errno errno() {
            return errno;
        }
    }

    private FormatVolume() {}

    /** Whether the devices may be overwritten. */
    public static void refuseIfInUse(Wish wish) throws IOException {
        refuseIfInUse(wish.meta, wish.isForced);
        Path data = wish.data;
        if (data != null) {
            refuseIfInUse(data, wish.isForced);
        }
    }

    private static void refuseIfInUse(Path path, boolean isForced) throws IOException {
        if (!Files.exists(path)) {
            return;
        }
        String mountedBy;
        try (BlockDevice device = OpenVolume.readOnly(path, null)) {
            mountedBy = OpenVolume.localUserOf(device);
        }
        if (mountedBy != null) {
            throw new RefusedException(Errno.EBUSY, path + " is mounted: " + mountedBy);
        }
        String found = isForced ? null : Signatures.probe(path);
        if (found != null) {
            Errno errno = found.contains("scoutfs") ? Errno.EINVAL : Errno.EPERM;
            throw new RefusedException(errno, path + " holds " + found + "; -f overwrites it");
        }
    }

    /** Makes it. {@link #refuseIfInUse} comes before. */
    public static SuperSlot run(Wish wish, Clock clock) throws IOException {
        Path data = wish.data;
        try (BlockDevice device = data == null
                ? open(wish.meta, wish.fileBytes)
                : new SplitDevice(open(wish.meta, 0), open(data, 0))) {
            long metaBlocks = blocks(device instanceof SplitDevice split ? split.meta() : device, wish.metaBytesMax);
            long dataBlocks = device instanceof SplitDevice split ? blocks(split.data(), wish.dataBytesMax) : 0;
            Mkfs.Options options = dataBlocks == 0
                    ? Mkfs.Options.oneDevice(metaBlocks)
                    : Mkfs.Options.twoDevices(metaBlocks, dataBlocks);
            return Mkfs.run(device, options.withQuorumSlots(wish.quorumSlots), new FirstItems(clock), Rng.secure(), clock);
        }
    }

    private static BlockDevice open(Path path, long fileBytes) throws IOException {
        return fileBytes > 0
                ? FileBlockDevice.create(path, fileBytes / BlockDevice.BLOCK_SIZE, new Counters())
                : FileBlockDevice.open(path, FileBlockDevice.Mode.EXCLUSIVE, new Counters());
    }

    private static long blocks(BlockDevice device, long bytesMax) {
        return bytesMax == 0 ? device.blockCount() : Math.min(device.blockCount(), bytesMax / BlockDevice.BLOCK_SIZE);
    }
}
