package org.scoutfs.volume;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Clock;
import org.scoutfs.base.Invariants;
import org.scoutfs.base.Rng;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.device.DeviceExtent;
import org.scoutfs.format.ClaimBlock;
import org.scoutfs.format.DataLabel;
import org.scoutfs.format.HeartbeatBlock;
import org.scoutfs.format.ProcessIdentity;
import org.scoutfs.format.SuperSlot;
import org.scoutfs.format.VolumeLayout;
import org.scoutfs.lsm.SegmentInfo;
import org.scoutfs.lsm.VersionEdit;

/**
 * Makes a volume: epoch 1, which one incarnation begins, fills with the first items, and ends in order.
 *
 * <p>What was on the device before stays where it was, but for the fixed blocks, which are all zeroed first. Until the last
 * write, of the super slot, the device holds no volume; so a crash leaves none or a whole one.
 */
public final class Mkfs {
    /** A volume with fewer blocks is refused. Where people make volumes, a larger minimum is theirs to set. */
    public static final long META_BLOCKS_MIN = 2048;

    private static final long FIRST_EPOCH = 1;
    private static final int FIRST_SEGMENT_BLOCKS = 64;

    /**
     * @param metaBlocks blocks of the only device, or of the metadata device
     * @param dataBlocks blocks of the data device; 0 without one
     * @param lockGroupSize inode numbers per lock
     * @param quorumSlots who may vote; empty for a volume that one mount uses at a time
     */
    public record Options(
            long metaBlocks, long dataBlocks, int lockGroupSize, List<SuperSlot.QuorumSlot> quorumSlots) {
        public Options {
            quorumSlots = List.copyOf(quorumSlots);
        }

        public static Options oneDevice(long blocks) {
            return new Options(blocks, 0, 1024, List.of());
        }

        public static Options twoDevices(long metaBlocks, long dataBlocks) {
            return new Options(metaBlocks, dataBlocks, 1024, List.of());
        }

        public Options withQuorumSlots(List<SuperSlot.QuorumSlot> slots) {
            return new Options(metaBlocks, dataBlocks, lockGroupSize, slots);
        }
    }

    /** Writes the items that a new volume begins with. */
    public interface FirstSegment {
        /**
         * @param space where it goes, from the first block on
         * @return what was written, or null for nothing
         */
        @Nullable SegmentInfo write(BlockDevice device, long volumeId, long segmentId, DeviceExtent space)
                throws IOException;
    }

    /** What the first segment holds in inodes: the root. */
    private static final int FIRST_INODES = 1;

    private final BlockDevice device;
    private final Options options;
    private final long volumeId;
    private final long rid;
    private final ProcessIdentity.Id uuid;
    private final long wallNanos;

    private Mkfs(BlockDevice device, Options options, Rng rng, Clock clock) {
        this.device = device;
        this.options = options;
        this.volumeId = nonZero(rng);
        this.rid = nonZero(rng);
        long variant = 0x8000_0000_0000_0000L;
        this.uuid = new ProcessIdentity.Id(
                rng.nextLong() & ~0xf000L | 0x4000L, rng.nextLong() & ~0xc000_0000_0000_0000L | variant);
        this.wallNanos = clock.wallNanos();
    }

    /** @return the super slot, which says what was made */
    public static SuperSlot run(BlockDevice device, Options options, FirstSegment items, Rng rng, Clock clock)
            throws IOException {
        if (options.metaBlocks < META_BLOCKS_MIN) {
            throw new IOException(device.name() + ": a volume has at least " + META_BLOCKS_MIN + " blocks, not "
                    + options.metaBlocks);
        }
        return new Mkfs(device, options, rng, clock).run(items);
    }

    private static long nonZero(Rng rng) {
        long value = rng.nextLong();
        return value == 0 ? 1 : value;
    }

    private SuperSlot run(FirstSegment items) throws IOException {
        zeroFixedBlocks();
        Geometry geometry = new Geometry(options.metaBlocks, options.dataBlocks);
        VolumeState state = VolumeState.empty(geometry);
        state.apply(new StateEdit.EpochBegan(FIRST_EPOCH, rid, ProcessIdentity.NONE));
        writeItems(state, items);
        long checkpointBytes = StateEditCodec.encode(state.snapshot()).length + 8192L;
        List<DeviceExtent> log = state.freeMeta().choose(
                StateLog.neededBlocks(checkpointBytes) + StateLog.ANCHOR_BLOCKS, 1, 1);
        state.apply(new StateEdit.Granted(rid, log));
        StateLog stateLog = StateLog.begin(device, volumeId, FIRST_EPOCH, geometry, log,
                StateEditCodec.encode(state.snapshot()));
        writeDataLabel();
        claimAndRelease();
        SuperSlot slot = new SuperSlot(VolumeLayout.FORMAT_VERSION, volumeId, uuid, wallNanos, options.metaBlocks,
                options.dataBlocks, options.lockGroupSize, FIRST_EPOCH, rid, ProcessIdentity.NONE,
                stateLog.firstAnchors(), options.quorumSlots.isEmpty() ? 0 : 1, options.quorumSlots, "");
        Epoch.writeSlot(device, slot);
        return slot;
    }

    private void zeroFixedBlocks() throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            long count = VolumeLayout.FIRST_EXTENT_BLKNO - VolumeLayout.CLAIM_BLKNO;
            MemorySegment zeroes = arena.allocate(count * BlockDevice.BLOCK_SIZE, BlockDevice.BLOCK_SIZE);
            device.write(VolumeLayout.CLAIM_BLKNO, zeroes);
            if (options.dataBlocks > 0) {
                device.write(VolumeLayout.DATA_LABEL_BLKNO, zeroes.asSlice(0, BlockDevice.BLOCK_SIZE));
            }
        }
        device.flush();
    }

    private void writeItems(VolumeState state, FirstSegment items) throws IOException {
        List<DeviceExtent> space = state.freeMeta().choose(FIRST_SEGMENT_BLOCKS, 1, 1);
        SegmentInfo segment = items.write(device, volumeId, state.nextSegmentId(), space.getFirst());
        if (segment == null) {
            return;
        }
        device.flush();
        Invariants.check(segment.blkno() == space.getFirst().blkno(), "the first segment is elsewhere", segment);
        List<StateEdit> edits = new ArrayList<>();
        edits.add(new StateEdit.Granted(rid, List.of(segment.extent())));
        edits.add(new StateEdit.Consumed(rid, List.of(segment.extent())));
        edits.add(new StateEdit.NumbersTaken(state.nextIno(), segment.id() + 1));
        edits.add(new StateEdit.SeqOpened(rid, 1));
        edits.add(new StateEdit.SeqClosed(rid, 1));
        edits.add(new StateEdit.VersionMade(new VersionEdit(
                1, 1, List.of(new VersionEdit.Added(0, segment)), List.of())));
        edits.add(new StateEdit.InodesCounted(FIRST_INODES));
        state.applyAll(edits);
    }

    private void writeDataLabel() throws IOException {
        if (options.dataBlocks > 0) {
            DataLabel label = new DataLabel(VolumeLayout.FORMAT_VERSION, volumeId, uuid, options.dataBlocks);
            MetaBlocks.write(device, VolumeLayout.DATA_LABEL_BLKNO, label::encode);
        }
    }

    private void claimAndRelease() throws IOException {
        HeartbeatBlock heartbeat = new HeartbeatBlock(volumeId, FIRST_EPOCH, rid, 1);
        MetaBlocks.write(device, HeartbeatBlock.BLKNO, heartbeat::encode);
        ClaimBlock claim = new ClaimBlock(volumeId, FIRST_EPOCH, rid, ProcessIdentity.NONE, true, wallNanos);
        MetaBlocks.write(device, ClaimBlock.BLKNO, claim::encode);
        device.flush();
    }
}
