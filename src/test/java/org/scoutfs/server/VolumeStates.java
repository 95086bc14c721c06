package org.scoutfs.server;

import java.io.IOException;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.volume.Volume;
import org.scoutfs.volume.VolumeReader;
import org.scoutfs.volume.VolumeState;

/** Reads what a device says. */
final class VolumeStates {
    private VolumeStates() {}

    static VolumeState read(BlockDevice device) throws IOException {
        return new VolumeReader(Volume.open(device)).state();
    }
}
