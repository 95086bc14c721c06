package org.scoutfs.lsm;

import java.io.IOException;
import org.scoutfs.device.DeviceExtent;

/**
 * Where a writer of segments gets their ids and their blocks: the grants of a node, seen from below.
 *
 * <p>A writer asks for blocks when it knows how many a segment needs, so what it takes it writes.
 */
public interface SegmentSpace {
    /** Never the same twice, on the whole volume. */
    long nextSegmentId() throws IOException;

    /**
     * The most blocks that {@link #take} could give in one run now. A writer ends a segment before it outgrows this; it
     * takes nothing between this call and the {@code take} of that segment.
     */
    int longestRun() throws IOException;

    /**
     * Exactly {@code blockCount} blocks in one run.
     *
     * @throws IOException when there is no such run: the caller promised too little space
     */
    DeviceExtent take(int blockCount) throws IOException;
}
