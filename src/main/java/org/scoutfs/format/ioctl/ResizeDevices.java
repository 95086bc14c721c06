package org.scoutfs.format.ioctl;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * Number 14: the devices have grown, and the volume shall. {@code EINVAL} when it would shrink, or reach past the end of a device; then
 * neither part changes.
 *
 * @param metaBlocks of 64 KiB, unsigned; 0, or the present number, for no change
 * @param dataBlocks of 4 KiB, unsigned; 0, or the present number, for no change
 */
public record ResizeDevices(long metaBlocks, long dataBlocks) {
    public static final int SIZE = 16;

    private static final int META_BLOCKS = 0; // u64
    private static final int DATA_BLOCKS = 8; // u64

    public static ResizeDevices decode(MemorySegment in) {
        ByteBuffer bytes = Bytes.of(in, SIZE);
        return new ResizeDevices(bytes.getLong(META_BLOCKS), bytes.getLong(DATA_BLOCKS));
    }

    public byte[] encode() {
        ByteBuffer bytes = Bytes.zeroed(SIZE);
        bytes.putLong(META_BLOCKS, metaBlocks);
        bytes.putLong(DATA_BLOCKS, dataBlocks);
        return bytes.array();
    }
}
