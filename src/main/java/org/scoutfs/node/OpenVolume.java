package org.scoutfs.node;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.CorruptionException;
import org.scoutfs.base.Counters;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.device.FileBlockDevice;
import org.scoutfs.device.SplitDevice;
import org.scoutfs.format.ClaimBlock;
import org.scoutfs.volume.Host;
import org.scoutfs.volume.Volume;
import org.scoutfs.volume.VolumeReader;

/** Devices for those who only read: check, print, and mkfs that looks what it would overwrite. */
public final class OpenVolume {
    private static final Logger LOG = System.getLogger("org.scoutfs.node");

    private OpenVolume() {}

    /** Opens one device, or two as one. */
    public static BlockDevice readOnly(Path meta, @Nullable Path data) throws IOException {
        BlockDevice first = FileBlockDevice.open(meta, FileBlockDevice.Mode.READ_ONLY, new Counters());
        if (data == null) {
            return first;
        }
        try {
            return new SplitDevice(
                    first, FileBlockDevice.open(data, FileBlockDevice.Mode.READ_ONLY, new Counters()));
        } catch (IOException failure) {
            first.close();
            throw failure;
        }
    }

    /** Whether it is the data device of a volume with two, alone or in front. */
    public static boolean isDataDevice(BlockDevice device) throws IOException {
        return Volume.isDataDevice(device);
    }

    /** What is wrong with a device, and what it holds instead where that can be told: somebody may have given the wrong one. */
    public static String explain(CorruptionException damage, Path device) {
        String what = String.valueOf(damage.getMessage());
        try {
            String found = Signatures.probe(device);
            return found == null || found.contains("scoutfs volume") ? what : what + "; the device holds " + found;
        } catch (IOException unreadable) {
            LOG.log(Level.DEBUG, "no look at " + device, unreadable);
            return what;
        }
    }

    /**
     * Who has the volume mounted, as far as the claim tells: a process of this host that runs, or one of another host that did not
     * say goodbye. Null when nobody does, and when there is no readable volume.
     */
    public static @Nullable String userOf(BlockDevice device) throws IOException {
        return userOf(device, false);
    }

    /** As {@link #userOf(BlockDevice)}, but only processes of this boot of this host, which are certain. */
    static @Nullable String localUserOf(BlockDevice device) throws IOException {
        return userOf(device, true);
    }

    private static @Nullable String userOf(BlockDevice device, boolean onlyLocal) throws IOException {
        try {
            ClaimBlock claim = new VolumeReader(Volume.open(device)).claim();
            Host host = Host.local();
            boolean isHere = claim.process().boot().equals(host.self().boot());
            if (claim.isReleased() || host.isGone(claim.process()) || onlyLocal && !isHere) {
                return null;
            }
            return claim.process().toString();
        } catch (CorruptionException noVolume) {
            LOG.log(Level.DEBUG, "no readable volume on " + device.name(), noVolume);
            return null;
        }
    }
}
