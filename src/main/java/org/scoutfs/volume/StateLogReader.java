package org.scoutfs.volume;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.CorruptionException;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.device.DeviceExtent;
import org.scoutfs.format.AnchorBlock;
import org.scoutfs.format.BlockKind;
import org.scoutfs.format.BlockTrailer;
import org.scoutfs.format.LogLinkBlock;
import org.scoutfs.format.StreamBlock;
import org.scoutfs.format.SuperSlot;
import org.scoutfs.format.VolumeLayout;

/**
 * Reads the log of an epoch: the newest checkpoint, then batches until one is not whole. See {@link StateLog} for the picture.
 *
 * <p>A batch that is not whole is the end of the log only when nothing later of this epoch exists in any block that the server
 * was granted: the server writes a batch after the one before it is durable.
 */
final class StateLogReader {
    /** One batch: where its first block is, and its edits. */
    record Batch(long number, long blkno, List<StateEdit> edits) {}

    /** What was found. {@code state} has all batches applied. */
    record Recovered(List<AnchorBlock> anchors, List<StateEdit> checkpoint, List<Batch> batches, VolumeState state) {
        AnchorBlock anchor() {
            return anchors.getLast();
        }
    }

    private static final int LINKS_PER_BATCH_MAX = 1 << 16;

    private final BlockDevice device;
    private final SuperSlot slot;
    private final Geometry geometry;

    StateLogReader(BlockDevice device, SuperSlot slot) {
        this.device = device;
        this.slot = slot;
        this.geometry = Geometry.of(slot);
    }

    Recovered recover() throws IOException {
        List<AnchorBlock> anchors = anchors();
        AnchorBlock anchor = anchors.getLast();
        List<StateEdit> checkpoint = StateEditCodec.decode(readCheckpoint(anchor), "checkpoint " + anchor.number());
        VolumeState state = VolumeState.blank(geometry);
        state.applyAll(checkpoint);
        List<Batch> batches = new ArrayList<>();
        try (Window window = new Window()) {
            LogPosition position = new LogPosition(anchor.log(), anchor.log().blkno());
            long number = anchor.firstBatch();
            while (true) {
                RawBatch raw = readBatch(window, position, number);
                if (raw == null) {
                    break;
                }
                List<StateEdit> edits = StateEditCodec.decode(raw.bytes, "batch " + number + " at block " + raw.blkno);
                state.applyAll(edits);
                batches.add(new Batch(number, raw.blkno, edits));
                position = raw.next;
                number++;
            }
            refuseHole(state, number);
        }
        return new Recovered(anchors, checkpoint, batches, state);
    }

    private List<AnchorBlock> anchors() throws IOException {
        List<AnchorBlock> found = new ArrayList<>();
        DeviceExtent extent = slot.anchor();
        while (extent != null) {
            requireMeta(extent, "anchors");
            int before = found.size();
            DeviceExtent current = extent;
            MetaBlocks.scan(device, current, (blkno, block) -> {
                AnchorBlock anchor;
                try {
                    anchor = AnchorBlock.decode(block, slot.volumeId(), blkno, slot.epoch());
                } catch (CorruptionException e) {
                    if (found.isEmpty()) {
                        throw e;
                    }
                    return false;
                }
                if (anchor.number() != found.size() + 1) {
                    return false;
                }
                found.add(anchor);
                return true;
            });
            boolean isFull = found.size() - before == current.blockCount();
            extent = isFull ? found.getLast().nextAnchors() : null;
        }
        return found;
    }

    private byte[] readCheckpoint(AnchorBlock anchor) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        int[] index = {0};
        for (DeviceExtent extent : anchor.checkpoint()) {
            requireMeta(extent, "checkpoint");
            MetaBlocks.scan(device, extent, (blkno, block) -> {
                StreamBlock part =
                        StreamBlock.decode(block, slot.volumeId(), blkno, slot.epoch(), BlockKind.CHECKPOINT);
                if (part.number() != anchor.number() || part.index() != index[0]) {
                    throw CorruptionException.of("checkpoint at block " + blkno,
                            "part " + index[0] + " of checkpoint " + anchor.number(),
                            "part " + part.index() + " of checkpoint " + part.number());
                }
                index[0]++;
                bytes.writeBytes(part.bytes());
                return true;
            });
        }
        if (bytes.size() != anchor.checkpointBytes()) {
            throw CorruptionException.of("checkpoint " + anchor.number(), anchor.checkpointBytes() + " bytes",
                    bytes.size() + " bytes");
        }
        return bytes.toByteArray();
    }

    private record LogPosition(DeviceExtent extent, long blkno) {}

    private record RawBatch(long blkno, byte[] bytes, LogPosition next) {}

    /** The batch of this number at this position, or null when it is not whole. */
    private @Nullable RawBatch readBatch(Window window, LogPosition start, long number) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        LogPosition at = start;
        long firstBlkno = -1;
        int index = 0;
        int count = Integer.MAX_VALUE;
        int links = 0;
        while (index < count) {
            requireMeta(at.extent, "log");
            MemorySegment block = at.blkno < at.extent.end() ? window.block(at.extent, at.blkno) : null;
            if (block == null) {
                return null;
            }
            DeviceExtent next = linkTo(block, at.blkno, number);
            if (next != null && links++ < LINKS_PER_BATCH_MAX) {
                at = new LogPosition(next, next.blkno());
                continue;
            }
            StreamBlock part = partOf(block, at.blkno, number, index);
            if (part == null || index > 0 && part.count() != count) {
                return null;
            }
            firstBlkno = index == 0 ? at.blkno : firstBlkno;
            count = part.count();
            bytes.writeBytes(part.bytes());
            index++;
            at = new LogPosition(at.extent, at.blkno + 1);
        }
        return new RawBatch(firstBlkno, bytes.toByteArray(), at);
    }

    private @Nullable DeviceExtent linkTo(MemorySegment block, long blkno, long number) {
        try {
            LogLinkBlock link = LogLinkBlock.decode(block, slot.volumeId(), blkno, slot.epoch());
            return link.batch() == number ? link.next() : null;
        } catch (CorruptionException e) {
            return null;
        }
    }

    private @Nullable StreamBlock partOf(MemorySegment block, long blkno, long number, int index) {
        try {
            StreamBlock part = StreamBlock.decode(block, slot.volumeId(), blkno, slot.epoch(), BlockKind.LOG);
            return part.number() == number && part.index() == index ? part : null;
        } catch (CorruptionException e) {
            return null;
        }
    }

    /** A later batch than the one that is missing proves that the missing one was durable. */
    private void refuseHole(VolumeState state, long missing) throws IOException {
        Incarnation server = state.incarnation(slot.rid());
        if (server == null) {
            throw CorruptionException.missing("incarnation of the server", slot);
        }
        long[] later = {missing, -1};
        for (DeviceExtent extent : server.granted()) {
            requireMeta(extent, "log");
            MetaBlocks.scan(device, extent, (blkno, block) -> {
                long number = batchNumber(block, blkno);
                if (number > later[0]) {
                    later[0] = number;
                    later[1] = blkno;
                }
                return true;
            });
        }
        if (later[1] >= 0) {
            throw CorruptionException.of("state log of epoch " + slot.epoch(),
                    "batch " + missing + ", since batch " + later[0] + " is at block " + later[1],
                    "no whole batch " + missing);
        }
    }

    /** The number of the batch that a block is a part of, or 0. */
    private long batchNumber(MemorySegment block, long blkno) {
        if (!BlockTrailer.isSealed(block, BlockKind.LOG)) {
            return 0;
        }
        try {
            return StreamBlock.decode(block, slot.volumeId(), blkno, slot.epoch(), BlockKind.LOG).number();
        } catch (CorruptionException e) {
            return 0;
        }
    }

    private void requireMeta(DeviceExtent extent, String what) throws CorruptionException {
        // Not the slot's size: the device may have grown since, and the log tells how much only as it is read.
        long end = geometry.hasDataDevice() ? VolumeLayout.DATA_DEVICE_BLKNO : device.blockCount();
        if (extent.blkno() < VolumeLayout.FIRST_EXTENT_BLKNO || extent.end() > end) {
            throw CorruptionException.of(what + " of epoch " + slot.epoch(),
                    "an extent within blocks " + VolumeLayout.FIRST_EXTENT_BLKNO + " to " + end, extent.toString());
        }
    }

    /** The piece of the log that was read last. */
    private final class Window implements AutoCloseable {
        private static final int BLOCKS = 64;

        private final Arena arena = Arena.ofConfined();
        private final MemorySegment memory =
                arena.allocate((long) BLOCKS * BlockDevice.BLOCK_SIZE, BlockDevice.BLOCK_SIZE);
        private long first = -1;
        private long count;

        MemorySegment block(DeviceExtent extent, long blkno) throws IOException {
            if (blkno < first || blkno >= first + count) {
                count = Math.min(BLOCKS, extent.end() - blkno);
                first = blkno;
                device.read(blkno, memory.asSlice(0, count * BlockDevice.BLOCK_SIZE));
            }
            return memory.asSlice((blkno - first) * BlockDevice.BLOCK_SIZE, BlockDevice.BLOCK_SIZE);
        }

        @Override
        public void close() {
            arena.close();
        }
    }
}
