package org.scoutfs.node;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Clock;
import org.scoutfs.base.Counters;
import org.scoutfs.base.Errno;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.device.FileBlockDevice;
import org.scoutfs.device.FileBlockDevice.Mode;
import org.scoutfs.device.SplitDevice;
import org.scoutfs.format.SuperSlot;
import org.scoutfs.format.SuperSlot.QuorumSlot;
import org.scoutfs.sys.SystemCallException;
import org.scoutfs.volume.Host;
import org.scoutfs.volume.QuorumChange;
import org.scoutfs.volume.Volume;
import org.scoutfs.volume.VolumeBusyException;
import org.scoutfs.volume.Waiter;

/** What change-quorum-config does: other voters for a volume that is not mounted. */
public final class ChangeQuorum {
    private ChangeQuorum() {}

    /**
     * @param meta the only device, or that for metadata
     * @param data null for one device
     * @param mountsAreGone as in {@link QuorumChange}
     * @throws MountFailedException when it is in use
     */
    public static SuperSlot run(Path meta, @Nullable Path data, List<QuorumSlot> slots, boolean mountsAreGone, Clock clock)
            throws IOException, InterruptedException {
        try (BlockDevice device = open(meta, data)) {
            Volume volume = Volume.open(device);
            return QuorumChange.run(
                    volume, slots, volume.slot().clusterName(), mountsAreGone, Host.local(), clock, Waiter.real(clock));
        } catch (VolumeBusyException busy) {
            throw new MountFailedException(Errno.EBUSY, String.valueOf(busy.getMessage()));
        } catch (SystemCallException failure) {
            throw new MountFailedException(failure.errno(), String.valueOf(failure.getMessage()));
        }
    }

    private static BlockDevice open(Path meta, @Nullable Path data) throws IOException {
        BlockDevice first = FileBlockDevice.open(meta, Mode.EXCLUSIVE, new Counters());
        if (data == null) {
            return first;
        }
        try {
            return new SplitDevice(first, FileBlockDevice.open(data, Mode.EXCLUSIVE, new Counters()));
        } catch (IOException failure) {
            first.close();
            throw failure;
        }
    }
}
