package org.scoutfs.format;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.scoutfs.base.CorruptionException;
import org.scoutfs.device.DeviceExtent;

/**
 * What a new server will write to before its epoch has a super slot: its first log, its first checkpoint. Written once per
 * epoch, before the first write to those extents. docs/format.md, "Take-over block".
 *
 * <p>A server that dies, or is overtaken, between claim and slot leaves nothing else from which its successor could know that
 * it may still write there.
 */
public record TakeoverBlock(long volumeId, long epoch, long rid, ProcessIdentity process, List<DeviceExtent> extents) {
    /** More extents than this are never named. */
    public static final int EXTENTS_MAX = 200;

    public TakeoverBlock {
        extents = List.copyOf(extents);
    }

    public void encode(MemorySegment block) {
        ByteWriter out = new ByteWriter();
        out.u64(epoch).u64(rid);
        process.encode(out);
        out.extents(extents);
        new BlockTrailer(volumeId, VolumeLayout.takeoverBlkno(epoch), epoch, BlockKind.TAKEOVER)
                .seal(block, out.toArray());
    }

    /** @param blkno one block of the ring; the epoch is what the block says, if it belongs there */
    public static TakeoverBlock decode(MemorySegment block, long volumeId, long blkno) throws CorruptionException {
        BlockTrailer trailer = BlockTrailer.open(block, volumeId, blkno, BlockKind.TAKEOVER);
        ByteReader in = BlockTrailer.payload(block, "take-over block " + blkno);
        long epoch = in.u64("the trailer's epoch", trailer.epoch(), trailer.epoch());
        in.check(VolumeLayout.takeoverBlkno(epoch) == blkno, "an epoch that belongs here", epoch);
        long rid = in.u64();
        ProcessIdentity process = ProcessIdentity.decode(in);
        List<DeviceExtent> extents = in.extents();
        in.check(extents.size() <= EXTENTS_MAX, "at most " + EXTENTS_MAX + " extents", extents.size());
        in.zeroes();
        return new TakeoverBlock(volumeId, epoch, rid, process, extents);
    }
}
