package org.scoutfs.format;

import java.lang.foreign.MemorySegment;
import org.scoutfs.base.CorruptionException;

/**
 * That a device is the data device of a volume. Written once, by mkfs. docs/format.md, "Data label".
 *
 * @param dataBlocks blocks of that device that the volume uses
 */
public record DataLabel(int formatVersion, long volumeId, ProcessIdentity.Id uuid, long dataBlocks) {
    public void encode(MemorySegment block) {
        byte[] payload = new ByteWriter()
                .u64(VolumeLayout.MAGIC)
                .u32(formatVersion)
                .u32(0)
                .u64(uuid.high())
                .u64(uuid.low())
                .u64(dataBlocks)
                .toArray();
        new BlockTrailer(volumeId, VolumeLayout.DATA_LABEL_BLKNO, 1, BlockKind.DATA_LABEL).seal(block, payload);
    }

    /** The volume id is what the label says. */
    public static DataLabel decode(MemorySegment block) throws CorruptionException {
        BlockTrailer trailer = BlockTrailer.open(block, VolumeLayout.DATA_LABEL_BLKNO, BlockKind.DATA_LABEL);
        ByteReader in = BlockTrailer.payload(block, "data label");
        in.u64("the magic number", VolumeLayout.MAGIC, VolumeLayout.MAGIC);
        int formatVersion = in.u32();
        in.u32("zero", 0, 0);
        ProcessIdentity.Id uuid = new ProcessIdentity.Id(in.u64(), in.u64());
        DataLabel label = new DataLabel(formatVersion, trailer.volumeId(), uuid,
                in.u64("blocks of the data device", 1, VolumeLayout.DATA_DEVICE_BLKNO));
        in.zeroes();
        return label;
    }
}
