package org.scoutfs.server;

import org.scoutfs.lsm.CompactionOptions;
import org.scoutfs.volume.Geometry;

/**
 * How much the server hands out.
 *
 * @param dataTargetBlocks what a node shall have in hand for file data, where there is plenty
 * @param metaTargetBlocks what a node shall have in hand for segments, where there is plenty
 * @param targetPart a node's share is at most this part of what is free
 * @param reserveBlocks free metadata blocks that only deletes and merges may draw on
 * @param segmentIds ids in one grant
 * @param mergesPerNode merges that one node does at a time; 0 for none
 * @param compaction the shape that merges keep the index in
 */
public record ServerOptions(
        long dataTargetBlocks,
        long metaTargetBlocks,
        int targetPart,
        long reserveBlocks,
        int segmentIds,
        int mergesPerNode,
        CompactionOptions compaction) {
    private static final long GIB_BLOCKS = 1L << 18;

    /**
     * 256 MiB of data and of segments each: a tenth of a second of writing, so that what was freed meanwhile is written next. A 16th of
     * the volume in reserve, at most 256 MiB.
     */
    public static ServerOptions of(Geometry geometry) {
        long reserve = Math.clamp(geometry.metaBlocks() / 16, 256, GIB_BLOCKS / 4);
        return new ServerOptions(GIB_BLOCKS / 4, GIB_BLOCKS / 4, 8, reserve, 256, 1,
                CompactionOptions.of(geometry.metaBlocks()));
    }

    public ServerOptions withMerges(int perNode, CompactionOptions shape) {
        return new ServerOptions(
                dataTargetBlocks, metaTargetBlocks, targetPart, reserveBlocks, segmentIds, perNode, shape);
    }
}
