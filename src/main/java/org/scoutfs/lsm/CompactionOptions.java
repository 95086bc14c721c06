package org.scoutfs.lsm;

/**
 * The shape that compaction keeps the levels in. docs/decisions/0003-lsm-shape.md has the reasons.
 *
 * @param level1Blocks blocks that level 1 should have at most
 * @param growth how many times larger each deeper level may be
 * @param level0Runs so many large runs of level 0 that overlap are merged down
 * @param level0Blocks so many blocks in level 0 are merged down
 * @param foldRuns so many small neighbouring runs of level 0 are folded into one
 * @param smallRunBlocks a run up to this size is small: too small to be moved or merged down alone
 * @param jobBlocksMax a merge takes no more inputs when it has this many blocks
 */
public record CompactionOptions(
        long level1Blocks,
        int growth,
        int level0Runs,
        long level0Blocks,
        int foldRuns,
        int smallRunBlocks,
        long jobBlocksMax) {
    /** Level 1 of 64 MiB, ten times more in each level after it; merges of up to 256 MiB. */
    public static final CompactionOptions DEFAULT = new CompactionOptions(16384, 10, 4, 16384, 12, 128, 65536);

    /** Everything hundred times smaller, so that small tests reach deep levels. */
    public static final CompactionOptions TINY = new CompactionOptions(32, 4, 3, 48, 6, 2, 256);

    /**
     * {@link #DEFAULT}, or less on a small volume: what waits in level 0 and 1 for a merge is at most a small part of it, and a merge
     * fits its reserve.
     */
    public static CompactionOptions of(long volumeBlocks) {
        return new CompactionOptions(
                Math.clamp(volumeBlocks / 64, 128, DEFAULT.level1Blocks),
                DEFAULT.growth,
                DEFAULT.level0Runs,
                Math.clamp(volumeBlocks / 64, 128, DEFAULT.level0Blocks),
                DEFAULT.foldRuns,
                Math.clamp(volumeBlocks / 1024, 8, DEFAULT.smallRunBlocks),
                Math.clamp(volumeBlocks / 64, 256, DEFAULT.jobBlocksMax));
    }

    long levelBlocks(int level) {
        long blocks = level1Blocks;
        for (int i = 1; i < level; i++) {
            blocks *= growth;
        }
        return blocks;
    }
}
