package org.scoutfs.volume;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.scoutfs.device.DeviceExtent;
import org.scoutfs.format.SuperSlot;
import org.scoutfs.format.VolumeLayout;

/**
 * How many blocks the devices have. On one device all extents are one pool; on two, metadata and data have a pool each.
 *
 * @param metaBlocks blocks of the only device, or of the metadata device
 * @param dataBlocks blocks of the data device; 0 without one
 */
public record Geometry(long metaBlocks, long dataBlocks) {
    public static Geometry of(SuperSlot slot) {
        return new Geometry(slot.metaBlocks(), slot.dataBlocks());
    }

    public boolean hasDataDevice() {
        return dataBlocks > 0;
    }

    /** For messages. */
    @Override
    public String toString() {
        return hasDataDevice() ? metaBlocks + " blocks of metadata and " + dataBlocks + " of data" : metaBlocks + " blocks";
    }

    /** What the allocator owns of the only device, or of the metadata device. */
    public DeviceExtent metaSpace() {
        return new DeviceExtent(VolumeLayout.FIRST_EXTENT_BLKNO, metaBlocks - VolumeLayout.FIRST_EXTENT_BLKNO);
    }

    /** What the allocator owns of the data device, which there must be. */
    public DeviceExtent dataSpace() {
        long end = VolumeLayout.DATA_DEVICE_BLKNO + dataBlocks;
        return new DeviceExtent(VolumeLayout.FIRST_DATA_EXTENT_BLKNO, end - VolumeLayout.FIRST_DATA_EXTENT_BLKNO);
    }

    /** What the allocator owns in this geometry and not in a smaller one of the same devices. */
    public List<DeviceExtent> addedTo(Geometry smaller) {
        List<DeviceExtent> added = new ArrayList<>();
        if (metaBlocks > smaller.metaBlocks) {
            added.add(new DeviceExtent(smaller.metaSpace().end(), metaBlocks - smaller.metaBlocks));
        }
        if (dataBlocks > smaller.dataBlocks) {
            added.add(new DeviceExtent(smaller.dataSpace().end(), dataBlocks - smaller.dataBlocks));
        }
        return added;
    }

    /** Why devices of this geometry do not become such ones by growing, or null when they do. */
    public @Nullable String refusalToBecome(Geometry larger) {
        boolean isSmaller = larger.metaBlocks < metaBlocks || larger.dataBlocks < dataBlocks;
        boolean isOther = larger.hasDataDevice() != hasDataDevice();
        boolean isTooLarge =
                larger.metaBlocks > VolumeLayout.DATA_DEVICE_BLKNO || larger.dataBlocks > VolumeLayout.DATA_DEVICE_BLKNO;
        return isSmaller || isOther || isTooLarge ? this + " does not grow to " + larger : null;
    }

    /** Whether an extent is on the data device. */
    public boolean isData(DeviceExtent extent) {
        return VolumeLayout.isDataDevice(extent.blkno());
    }

    /** Whether these blocks exist and belong to the allocator. */
    public boolean owns(DeviceExtent extent) {
        return within(metaSpace(), extent) || hasDataDevice() && within(dataSpace(), extent);
    }

    private static boolean within(DeviceExtent space, DeviceExtent extent) {
        return extent.blkno() >= space.blkno() && extent.end() <= space.end();
    }
}
