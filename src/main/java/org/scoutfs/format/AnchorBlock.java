package org.scoutfs.format;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.CorruptionException;
import org.scoutfs.device.DeviceExtent;

/**
 * Where one checkpoint of an epoch is, and where the log after it begins. Anchors fill an extent block by block, each written
 * once; the last valid one counts. docs/format.md, "Anchor block".
 *
 * @param number 1 for the epoch's first, then one more each
 * @param checkpoint its extents, in the order of its bytes
 * @param checkpointBytes how many bytes of edits it holds
 * @param log the extent that the log after the checkpoint begins in, at its first block
 * @param firstBatch the number of the first batch there
 * @param nextAnchors where the anchors after this one go, when this one is the last of its extent
 */
public record AnchorBlock(
        long number,
        List<DeviceExtent> checkpoint,
        long checkpointBytes,
        DeviceExtent log,
        long firstBatch,
        @Nullable DeviceExtent nextAnchors) {
    /** More extents than this are never named. */
    public static final int EXTENTS_MAX = 200;

    public AnchorBlock {
        checkpoint = List.copyOf(checkpoint);
    }

    public void encode(MemorySegment block, long volumeId, long blkno, long epoch) {
        ByteWriter out = new ByteWriter();
        out.u64(number).u64(checkpointBytes).u64(firstBatch).extent(log);
        out.u64(nextAnchors == null ? 0 : nextAnchors.blkno()).u64(nextAnchors == null ? 0 : nextAnchors.blockCount());
        out.extents(checkpoint);
        new BlockTrailer(volumeId, blkno, epoch, BlockKind.ANCHOR).seal(block, out.toArray());
    }

    public static AnchorBlock decode(MemorySegment block, long volumeId, long blkno, long epoch)
            throws CorruptionException {
        BlockTrailer trailer = BlockTrailer.open(block, volumeId, blkno, BlockKind.ANCHOR);
        ByteReader in = BlockTrailer.payload(block, "anchor at block " + blkno);
        in.check(trailer.epoch() == epoch, "epoch " + epoch, "epoch " + trailer.epoch());
        long number = in.u64("an anchor number", 1, Long.MAX_VALUE);
        long checkpointBytes = in.u64("a checkpoint size", 0, Integer.MAX_VALUE);
        long firstBatch = in.u64("a batch number", 1, Long.MAX_VALUE);
        DeviceExtent log = in.extent();
        long next = in.u64("a block number", 0, Long.MAX_VALUE / 2);
        long nextCount = in.u64("a block count", 0, Long.MAX_VALUE / 2);
        in.check((next == 0) == (nextCount == 0), "an extent or none", next + "+" + nextCount);
        List<DeviceExtent> checkpoint = in.extents();
        in.check(checkpoint.size() <= EXTENTS_MAX, "at most " + EXTENTS_MAX + " extents", checkpoint.size());
        in.zeroes();
        return new AnchorBlock(number, checkpoint, checkpointBytes, log, firstBatch,
                next == 0 ? null : new DeviceExtent(next, nextCount));
    }
}
