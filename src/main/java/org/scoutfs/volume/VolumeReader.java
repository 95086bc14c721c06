package org.scoutfs.volume;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.CorruptionException;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.device.DeviceExtent;
import org.scoutfs.format.AnchorBlock;
import org.scoutfs.format.BlockKind;
import org.scoutfs.format.BlockTrailer;
import org.scoutfs.format.ClaimBlock;
import org.scoutfs.format.DataLabel;
import org.scoutfs.format.HeartbeatBlock;
import org.scoutfs.format.SuperSlot;
import org.scoutfs.format.TakeoverBlock;
import org.scoutfs.format.VolumeLayout;

/**
 * Reads every structure of the server's, for dumps and checks. Writes nothing and claims nothing: while a server serves the
 * volume, what is read may be torn between two moments.
 */
public final class VolumeReader {
    private final BlockDevice device;
    private final Volume volume;

    public VolumeReader(Volume volume) {
        this.device = volume.device();
        this.volume = volume;
    }

    /** One batch of the log: where its first block is, and its edits. */
    public record Batch(long number, long blkno, List<StateEdit> edits) {}

    /**
     * The newest epoch's log.
     *
     * @param anchors all of the epoch's; the last one counts
     * @param checkpoint the edits of that one's checkpoint
     * @param state the checkpoint with all batches applied
     */
    public record Log(List<AnchorBlock> anchors, List<StateEdit> checkpoint, List<Batch> batches, VolumeState state) {}

    public ClaimBlock claim() throws IOException {
        return MetaBlocks.read(device, ClaimBlock.BLKNO, block -> ClaimBlock.decode(block, volume.volumeId()));
    }

    public HeartbeatBlock heartbeat() throws IOException {
        return MetaBlocks.read(device, HeartbeatBlock.BLKNO, block -> HeartbeatBlock.decode(block, volume.volumeId()));
    }

    /** The readable super slots, by epoch. */
    public List<SuperSlot> slots() throws IOException {
        List<SuperSlot> found = new ArrayList<>();
        DeviceExtent ring = new DeviceExtent(VolumeLayout.SLOT_BLKNO, VolumeLayout.RING_BLOCKS);
        MetaBlocks.scan(device, ring, (blkno, block) -> {
            if (!BlockTrailer.isSealed(block, BlockKind.SUPER_SLOT)) {
                return true;
            }
            try {
                found.add(SuperSlot.decode(block, blkno));
            } catch (CorruptionException e) {
                // Never written, or torn before it counted.
            }
            return true;
        });
        found.sort(Comparator.comparingLong(SuperSlot::epoch));
        return found;
    }

    /** The readable take-over blocks, by epoch. */
    public List<TakeoverBlock> takeovers() throws IOException {
        List<TakeoverBlock> found = new ArrayList<>(volume.takeovers());
        found.sort(Comparator.comparingLong(TakeoverBlock::epoch));
        return found;
    }

    /** The data device's label, or null without one. */
    public @Nullable DataLabel dataLabel() throws IOException {
        return volume.geometry().hasDataDevice()
                ? MetaBlocks.read(device, VolumeLayout.DATA_LABEL_BLKNO, DataLabel::decode)
                : null;
    }

    /** The newest epoch's log and state. */
    public Log log() throws IOException {
        StateLogReader.Recovered recovered = new StateLogReader(device, volume.slot()).recover();
        List<Batch> batches = new ArrayList<>();
        for (StateLogReader.Batch batch : recovered.batches()) {
            batches.add(new Batch(batch.number(), batch.blkno(), batch.edits()));
        }
        return new Log(recovered.anchors(), recovered.checkpoint(), batches, recovered.state());
    }

    /** The newest state alone. */
    public VolumeState state() throws IOException {
        return volume.recover();
    }
}
