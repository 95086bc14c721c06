package org.scoutfs.lsm;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Invariants;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.device.BufferPool;
import org.scoutfs.device.DeviceExtent;

/**
 * Turns sorted items into segments on the device. It does not flush: a segment counts when its writer has flushed the device
 * and a commit names it.
 *
 * <p>Each segment is made in memory, so its length is known when blocks are taken for it. Segments of one writer are disjoint
 * and in key order. A new one begins when the last has its full length, when the longest free run is used up, or where
 * {@link CutPoints} ask for it.
 * <p>Not thread-safe. Cost: memory for one segment, from the pool; one write per MiB.
 */
public final class SegmentWriter implements AutoCloseable {
    private final BlockDevice device;
    private final SegmentSpace space;
    private final SegmentOptions options;
    private final CutPoints cuts;
    private final SegmentBuilder builder;
    private final List<SegmentInfo> written = new ArrayList<>();
    private @Nullable SegmentStore readers;
    private long bytesWritten;
    private boolean isOpen;

    public SegmentWriter(
            BlockDevice device, BufferPool pool, SegmentSpace space, SegmentOptions options, CutPoints cuts) {
        this.device = device;
        this.space = space;
        this.options = options;
        this.cuts = cuts;
        this.builder = new SegmentBuilder(options, pool);
    }

    /** Lets the readers of this node keep what they will look at soon. */
    public SegmentWriter keepingFor(SegmentStore store) {
        readers = store;
        return this;
    }

    /** Adds every item of a cursor, in its order; the keys go on ascending from call to call. Does not close it. */
    public void addAll(Cursor items) throws IOException {
        RawCursor raw = RawCursor.of(items);
        while (raw.next()) {
            add(raw);
        }
    }

    /** Adds the item that the cursor is at. */
    void add(RawCursor item) throws IOException {
        boolean isCut = cuts.isCutBefore(item.keyBytes, item.keySize);
        if (isOpen && isCut && builder.unitsNow() >= cuts.unitsMin()) {
            writeSegment();
        }
        if (!isOpen) {
            beginSegment();
        }
        if (!builder.add(item)) {
            writeSegment();
            beginSegment();
            Invariants.check(builder.add(item), "item does not fit an empty segment");
        }
    }

    private void beginSegment() throws IOException {
        int run = Math.min(space.longestRun(), options.segmentBlocks());
        if (run <= 0) {
            throw new IOException("no granted block is left for a segment");
        }
        builder.begin(space.nextSegmentId(), run);
        isOpen = true;
    }

    private void writeSegment() throws IOException {
        SegmentBuilder.Finished finished = builder.finish();
        isOpen = false;
        int blockCount = finished.bytes().units();
        DeviceExtent extent = space.take(blockCount);
        Invariants.check(extent.blockCount() == blockCount, "taken run has another length", extent);
        finished.bytes().write(device, extent.blkno());
        bytesWritten += (long) blockCount * BlockDevice.BLOCK_SIZE;
        SegmentInfo segment = new SegmentInfo(
                finished.id(),
                extent.blkno(),
                blockCount,
                finished.itemCount(),
                finished.tombstoneCount(),
                finished.firstKey(),
                finished.lastKey());
        written.add(segment);
        if (readers != null) {
            readers.written(segment, finished.bytes());
        }
    }

    /** Writes the rest; returns all segments, in key order. Nothing can be added afterwards. */
    public List<SegmentInfo> finish() throws IOException {
        if (isOpen && !builder.isEmpty()) {
            writeSegment();
        }
        isOpen = false;
        return List.copyOf(written);
    }

    /** Segments that are on the device now, also after a failure. */
    public List<SegmentInfo> written() {
        return List.copyOf(written);
    }

    public long bytesWritten() {
        return bytesWritten;
    }

    @Override
    public void close() {
        builder.close();
    }
}
