package org.scoutfs.lsm;

import java.util.Arrays;
import java.util.List;

/**
 * Says of each key of a merge, in ascending order, whether anything older can hold it outside the merge: what decides whether
 * a tombstone may go and a sum of deltas is final.
 *
 * <p>Older items of a key are only in levels deeper than the target and, for a merge within level 0, in older runs. The
 * answer is taken from key ranges of segments, so it may say yes too often, never no.
 */
final class TombstoneFilter {
    private final SegmentInfo[][] levels;
    private final int[] next;
    private final SegmentInfo[] olderRuns;

    /** @param version one in which all inputs are live, not older than the one that the merge was planned on */
    TombstoneFilter(Version version, MergeSpec spec) {
        int first = spec.targetLevel() + 1;
        levels = new SegmentInfo[Version.LEVEL_COUNT - first][];
        for (int i = 0; i < levels.length; i++) {
            levels[i] = version.array(first + i);
        }
        next = new int[levels.length];
        olderRuns = spec.targetLevel() > 0 ? new SegmentInfo[0] : olderRuns(version.array(0), spec.upper());
    }

    /** Runs below the newest input: those between the inputs overlap none of them, or they would be inputs. */
    private static SegmentInfo[] olderRuns(SegmentInfo[] runs, List<SegmentInfo> inputs) {
        int newest = 0;
        while (!inputs.contains(runs[newest])) {
            newest++;
        }
        return Arrays.stream(runs, newest, runs.length)
                .filter(run -> !inputs.contains(run))
                .toArray(SegmentInfo[]::new);
    }

    boolean mayBeOlder(byte[] key, int keySize) {
        for (SegmentInfo run : olderRuns) {
            if (compare(run.firstKey(), key, keySize) <= 0 && compare(run.lastKey(), key, keySize) >= 0) {
                return true;
            }
        }
        for (int i = 0; i < levels.length; i++) {
            SegmentInfo[] level = levels[i];
            while (next[i] < level.length && compare(level[next[i]].lastKey(), key, keySize) < 0) {
                next[i]++;
            }
            if (next[i] < level.length && compare(level[next[i]].firstKey(), key, keySize) <= 0) {
                return true;
            }
        }
        return false;
    }

    private static int compare(byte[] bound, byte[] key, int keySize) {
        return Arrays.compareUnsigned(bound, 0, bound.length, key, 0, keySize);
    }
}
