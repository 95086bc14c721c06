package org.scoutfs.lsm;

import java.util.Arrays;

/**
 * Where a writer should end one segment and begin the next although there is room: where many items of deeper levels lie
 * between two keys that it writes.
 *
 * <p>Two things come of it. A commit that adds to the end of several parts of the key space (an index here, inodes there)
 * becomes segments that each lie beside what is there, not across all of it, so they move down and are not merged. And a
 * merge's output never covers so much of the level below it that the next merge of it becomes large.
 *
 * <p>Not thread-safe: keys are asked in ascending order, once each.
 */
public final class CutPoints {
    /** No cuts but for size. */
    public static final CutPoints NONE = new CutPoints(new SegmentInfo[0][], 0, Long.MAX_VALUE);

    private final SegmentInfo[][] levels;
    private final int[] next;
    /** Whether a key that was asked for lies in the segment at {@link #next}: such a segment overlaps all the same. */
    private final boolean[] isTouched;
    private final int unitsMin;
    private final long coveredBlocksMax;
    private long coveredBlocks;

    private CutPoints(SegmentInfo[][] levels, int unitsMin, long coveredBlocksMax) {
        this.levels = levels;
        this.next = new int[levels.length];
        this.isTouched = new boolean[levels.length];
        this.unitsMin = unitsMin;
        this.coveredBlocksMax = coveredBlocksMax;
    }

    /** For a commit's segments: a cut wherever a whole segment of a deeper level fits between two keys. */
    public static CutPoints forCommit(Version version, int unitsMin) {
        SegmentInfo[][] levels = new SegmentInfo[Version.LEVEL_COUNT - 1][];
        for (int i = 0; i < levels.length; i++) {
            levels[i] = version.array(i + 1);
        }
        return new CutPoints(levels, unitsMin, 0);
    }

    /** For a merge into {@code targetLevel}: a cut when the output covers this many blocks of the level after it. */
    public static CutPoints forMerge(Version version, int targetLevel, int unitsMin, long coveredBlocksMax) {
        SegmentInfo[][] levels = targetLevel + 1 < Version.LEVEL_COUNT
                ? new SegmentInfo[][] {version.array(targetLevel + 1)}
                : new SegmentInfo[0][];
        return new CutPoints(levels, unitsMin, coveredBlocksMax);
    }

    /** A segment shorter than this is not ended by a cut. */
    int unitsMin() {
        return unitsMin;
    }

    /** Whether a cut is due between the key of the last call and this one. */
    boolean isCutBefore(byte[] key, int keySize) {
        boolean isPassed = false;
        for (int i = 0; i < levels.length; i++) {
            SegmentInfo[] level = levels[i];
            while (next[i] < level.length && compare(level[next[i]].lastKey(), key, keySize) < 0) {
                if (!isTouched[i] || coveredBlocksMax > 0) {
                    coveredBlocks += level[next[i]].blockCount();
                    isPassed = true;
                }
                isTouched[i] = false;
                next[i]++;
            }
            if (!isTouched[i] && next[i] < level.length) {
                isTouched[i] = compare(level[next[i]].firstKey(), key, keySize) <= 0;
            }
        }
        if (isPassed && coveredBlocks > coveredBlocksMax) {
            coveredBlocks = 0;
            return true;
        }
        return false;
    }

    private static int compare(byte[] bound, byte[] key, int keySize) {
        return Arrays.compareUnsigned(bound, 0, bound.length, key, 0, keySize);
    }
}
