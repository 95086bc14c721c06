package org.scoutfs.testkit;

import java.util.List;

/**
 * What a crash left on the devices of a volume.
 *
 * @param moment events of the history before the crash: what was acknowledged at or before it must be there
 * @param devices in the order in which the history made them; each may be written without changing another image
 * @param story which writes were lost or torn, for the message of a failed test
 */
public record CrashImage(int moment, List<SparseDevice> devices, String story) {
    /** The only device of a volume with one. */
    public SparseDevice device() {
        if (devices.size() != 1) {
            throw new IllegalStateException("the volume has " + devices.size() + " devices");
        }
        return devices.getFirst();
    }

    @Override
    public String toString() {
        return story;
    }
}
