package org.scoutfs.volume;

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

    /** What the allocator owns of the only device, or of the metadata device. */
    public DeviceExtent metaSpace() {
        return new DeviceExtent(VolumeLayout.FIRST_EXTENT_BLKNO, metaBlocks - VolumeLayout.FIRST_EXTENT_BLKNO);
    }

    /** What the allocator owns of the data device, which there must be. */
    public DeviceExtent dataSpace() {
        long end = VolumeLayout.DATA_DEVICE_BLKNO + dataBlocks;
        return new DeviceExtent(VolumeLayout.FIRST_DATA_EXTENT_BLKNO, end - VolumeLayout.FIRST_DATA_EXTENT_BLKNO);
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
