package org.scoutfs.format;

import java.lang.foreign.MemorySegment;
import org.scoutfs.base.CorruptionException;
import org.scoutfs.device.DeviceExtent;

/**
 * Where the log goes on, at the end of what an extent holds of it. docs/format.md, "Log link".
 *
 * @param batch the number of the batch that begins at the first block of {@code next}; both are made durable together
 */
public record LogLinkBlock(long batch, DeviceExtent next) {
    public void encode(MemorySegment block, long volumeId, long blkno, long epoch) {
        byte[] payload = new ByteWriter().u64(batch).extent(next).toArray();
        new BlockTrailer(volumeId, blkno, epoch, BlockKind.LOG_LINK).seal(block, payload);
    }

    public static LogLinkBlock decode(MemorySegment block, long volumeId, long blkno, long epoch)
            throws CorruptionException {
        BlockTrailer trailer = BlockTrailer.open(block, volumeId, blkno, BlockKind.LOG_LINK);
        ByteReader in = BlockTrailer.payload(block, "log link at block " + blkno);
        in.check(trailer.epoch() == epoch, "epoch " + epoch, "epoch " + trailer.epoch());
        LogLinkBlock link = new LogLinkBlock(in.u64("a batch number", 1, Long.MAX_VALUE), in.extent());
        in.zeroes();
        return link;
    }
}
