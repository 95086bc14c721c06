package org.scoutfs.txn;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.scoutfs.device.DeviceExtent;
import org.scoutfs.lsm.SegmentSpace;
import org.scoutfs.net.Message;

/**
 * The runs of blocks that one commit or one merge writes its segments into.
 *
 * <p>Not thread-safe: it belongs to the writer.
 */
final class SegmentRuns implements SegmentSpace, AutoCloseable {
    private final ExtentPool free;
    private final List<DeviceExtent> taken = new ArrayList<>();
    private final GrantedSpace origin;
    private long nextId;
    private long endId;

    /** For a commit: ids come from the mount's grants, and {@link #close} gives the rest back there. */
    SegmentRuns(GrantedSpace origin, ExtentPool free) {
        this.origin = origin;
        this.free = free;
    }

    /** For a merge: it has its own grants, and what is left goes back to the server with its result. */
    static SegmentRuns of(Message.Grants grants, GrantedSpace origin) {
        ExtentPool runs = new ExtentPool();
        grants.meta().forEach(runs::add);
        grants.data().forEach(runs::add);
        SegmentRuns space = new SegmentRuns(origin, runs);
        space.nextId = grants.firstSegmentId();
        space.endId = grants.firstSegmentId() + grants.segmentIdCount();
        return space;
    }

    @Override
    public long nextSegmentId() throws IOException {
        return nextId < endId ? nextId++ : origin.nextSegmentId();
    }

    @Override
    public int longestRun() {
        return (int) Math.min(free.longestRun(), Integer.MAX_VALUE);
    }

    @Override
    public DeviceExtent take(int blockCount) throws IOException {
        if (free.longestRun() < blockCount) {
            throw new IOException("the longest run has " + free.longestRun() + " blocks, wanted " + blockCount);
        }
        DeviceExtent extent = free.take(blockCount, -1);
        if (extent == null) {
            throw new IOException("no run is left");
        }
        taken.add(extent);
        return extent;
    }

    /** What was written to, or meant to be. */
    List<DeviceExtent> taken() {
        return Extents.joined(taken);
    }

    /** What was not taken. */
    List<DeviceExtent> rest() {
        List<DeviceExtent> rest = new ArrayList<>();
        free.longestFirst().forEach(rest::add);
        return Extents.joined(rest);
    }

    /** For a commit: the rest goes back to the mount's grants. */
    @Override
    public void close() {
        origin.uncarve(free);
    }
}
