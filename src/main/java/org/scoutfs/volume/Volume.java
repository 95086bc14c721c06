package org.scoutfs.volume;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.CorruptionException;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.device.DeviceExtent;
import org.scoutfs.format.BlockKind;
import org.scoutfs.format.BlockTrailer;
import org.scoutfs.format.ClaimBlock;
import org.scoutfs.format.DataLabel;
import org.scoutfs.format.HeartbeatBlock;
import org.scoutfs.format.SuperSlot;
import org.scoutfs.format.TakeoverBlock;
import org.scoutfs.format.VolumeLayout;

/**
 * A volume that was found on its device or devices: the newest super slot, checked against the devices. Opening writes nothing.
 *
 * <p>The device is borrowed: closing it is the caller's.
 */
public final class Volume {
    private final BlockDevice device;
    private final SuperSlot slot;

    private Volume(BlockDevice device, SuperSlot slot) {
        this.device = device;
        this.slot = slot;
    }

    /**
     * @param device the only device, or a metadata and a data device joined in one
     * @throws CorruptionException when it holds no volume, or not this one, or one of another format version, or its newest
     *     super slot is damaged
     */
    public static Volume open(BlockDevice device) throws IOException {
        // What is shown is read before the slots: a server that begins meanwhile writes its slot before it shows anything.
        List<Shown> shown = device.blockCount() > HeartbeatBlock.BLKNO ? shown(device) : List.of();
        SuperSlot slot = newestSlot(device);
        Volume volume = new Volume(device, slot);
        volume.checkSizes();
        volume.checkDataLabel();
        volume.checkNoNewerEpoch(shown);
        return volume;
    }

    /** Whether it is the data device of a volume with two: what looks like structures there may be the contents of any file. */
    public static boolean isDataDevice(BlockDevice device) throws IOException {
        long blkno = VolumeLayout.DATA_LABEL_BLKNO - VolumeLayout.DATA_DEVICE_BLKNO;
        return device.blockCount() > blkno
                && MetaBlocks.read(device, blkno, block -> BlockTrailer.isSealed(block, BlockKind.DATA_LABEL));
    }

    /** The volume again, with a newer slot if there is one. */
    Volume reopened() throws IOException {
        return open(device);
    }

    public BlockDevice device() {
        return device;
    }

    /** The newest epoch's slot, and with it what the volume is. */
    public SuperSlot slot() {
        return slot;
    }

    public Geometry geometry() {
        return Geometry.of(slot);
    }

    public long volumeId() {
        return slot.volumeId();
    }

    /** The newest epoch's state. */
    VolumeState recover() throws IOException {
        return new StateLogReader(device, slot).recover().state();
    }

    /** The blocks of the take-over ring, in no order. One that was torn when its server began says nothing: it wrote nothing else. */
    List<TakeoverBlock> takeovers() throws IOException {
        List<TakeoverBlock> found = new ArrayList<>();
        DeviceExtent ring = new DeviceExtent(VolumeLayout.TAKEOVER_BLKNO, VolumeLayout.RING_BLOCKS);
        MetaBlocks.scan(device, ring, (blkno, block) -> {
            if (!BlockTrailer.isSealed(block, BlockKind.TAKEOVER)) {
                return true;
            }
            try {
                found.add(TakeoverBlock.decode(block, volumeId(), blkno));
            } catch (CorruptionException e) {
                // Of a volume that was here before.
            }
            return true;
        });
        return found;
    }

    private static SuperSlot newestSlot(BlockDevice device) throws IOException {
        if (device.blockCount() < VolumeLayout.FIRST_EXTENT_BLKNO + 1) {
            throw CorruptionException.of(device.name(), "a scoutfs volume of at least "
                    + (VolumeLayout.FIRST_EXTENT_BLKNO + 1) + " blocks", device.blockCount() + " blocks");
        }
        if (isDataDevice(device)) {
            throw CorruptionException.of(device.name(), "a volume, or its metadata device in front",
                    "a volume's data device");
        }
        SlotScan scan = new SlotScan();
        DeviceExtent ring = new DeviceExtent(VolumeLayout.SLOT_BLKNO, VolumeLayout.RING_BLOCKS);
        MetaBlocks.scan(device, ring, scan::visit);
        return scan.newest(device);
    }

    /** Looks at the ring of super slots. */
    private static final class SlotScan {
        private final List<SuperSlot> valid = new ArrayList<>();
        private int otherVersion = -1;
        private int written;
        private @Nullable CorruptionException damage;

        boolean visit(long blkno, MemorySegment block) {
            if (isZero(block)) {
                return true;
            }
            written++;
            try {
                if (BlockTrailer.isSealed(block, BlockKind.SUPER_SLOT)) {
                    int version = SuperSlot.formatVersion(block);
                    if (version != VolumeLayout.FORMAT_VERSION) {
                        otherVersion = version;
                        return true;
                    }
                }
                valid.add(SuperSlot.decode(block, blkno));
            } catch (CorruptionException e) {
                damage = e;
            }
            return true;
        }

        SuperSlot newest(BlockDevice device) throws CorruptionException {
            if (otherVersion >= 0) {
                throw CorruptionException.of(device.name(), "format version " + VolumeLayout.FORMAT_VERSION,
                        "format version " + Integer.toUnsignedString(otherVersion));
            }
            if (valid.isEmpty()) {
                if (damage != null) {
                    throw damage;
                }
                throw CorruptionException.of(device.name(), "a scoutfs volume", "no super slot");
            }
            SuperSlot newest = valid.getFirst();
            for (SuperSlot slot : valid) {
                if (slot.volumeId() != newest.volumeId()) {
                    throw CorruptionException.of(device.name(), "super slots of one volume",
                            "volumes " + Long.toHexString(slot.volumeId()) + " and "
                                    + Long.toHexString(newest.volumeId()));
                }
                newest = slot.epoch() > newest.epoch() ? slot : newest;
            }
            return newest;
        }

        private static boolean isZero(MemorySegment block) {
            return block.asSlice(0, Long.BYTES).mismatch(ZEROES.asSlice(0, Long.BYTES)) < 0 && block.mismatch(ZEROES) < 0;
        }

        private static final MemorySegment ZEROES = MemorySegment.ofArray(new byte[BlockDevice.BLOCK_SIZE]);
    }

    private void checkSizes() throws CorruptionException {
        boolean isSplit = device.blockCount() > VolumeLayout.DATA_DEVICE_BLKNO;
        if (isSplit != slot.dataBlocks() > 0) {
            throw CorruptionException.of(device.name(),
                    slot.dataBlocks() > 0 ? "a metadata and a data device" : "one device",
                    isSplit ? "two devices" : "one device");
        }
        long needed = isSplit ? VolumeLayout.DATA_DEVICE_BLKNO + slot.dataBlocks() : slot.metaBlocks();
        if (device.blockCount() < needed) {
            long base = isSplit ? VolumeLayout.DATA_DEVICE_BLKNO : 0;
            throw CorruptionException.of(device.name(), (needed - base) + " blocks",
                    "a device of " + (device.blockCount() - base));
        }
    }

    private void checkDataLabel() throws IOException {
        if (slot.dataBlocks() == 0) {
            return;
        }
        DataLabel label = MetaBlocks.read(device, VolumeLayout.DATA_LABEL_BLKNO, DataLabel::decode);
        if (label.volumeId() != slot.volumeId()) {
            throw CorruptionException.of("data device of " + device.name(),
                    "volume " + Long.toHexString(slot.volumeId()), "volume " + Long.toHexString(label.volumeId()));
        }
        if (label.dataBlocks() > slot.dataBlocks()) { // fewer when it grew
            throw CorruptionException.of("data device of " + device.name(), "at most " + slot.dataBlocks() + " blocks",
                    label.dataBlocks() + " blocks");
        }
    }

    /** That a volume's server has come so far in an epoch that its slot is durable. */
    private record Shown(long volumeId, long epoch) {}

    private static List<Shown> shown(BlockDevice device) throws IOException {
        List<Shown> found = new ArrayList<>();
        MetaBlocks.scan(device, new DeviceExtent(ClaimBlock.BLKNO, 2), (blkno, block) -> {
            try {
                if (blkno == HeartbeatBlock.BLKNO) {
                    HeartbeatBlock heartbeat = HeartbeatBlock.decode(block);
                    found.add(new Shown(heartbeat.volumeId(), heartbeat.epoch()));
                } else {
                    ClaimBlock claim = ClaimBlock.decode(block);
                    if (claim.isReleased()) {
                        found.add(new Shown(claim.volumeId(), claim.epoch()));
                    }
                }
            } catch (CorruptionException e) {
                // Torn, or never written: it shows nothing.
            }
            return true;
        });
        return found;
    }

    /**
     * A server beats its heart, and releases its claim, only when its slot is durable. So an epoch that did either and has no
     * readable slot has a damaged one; taking the one before it would undo all that was acknowledged since.
     */
    private void checkNoNewerEpoch(List<Shown> shown) throws IOException {
        for (Shown one : shown) {
            if (one.volumeId == volumeId() && one.epoch > slot.epoch()) {
                throw CorruptionException.of("super slot at block " + VolumeLayout.slotBlkno(one.epoch),
                        "the slot of epoch " + one.epoch,
                        "a damaged block; the newest readable slot is of epoch " + slot.epoch());
            }
        }
    }
}
