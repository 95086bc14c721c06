package org.scoutfs.lsm;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.scoutfs.base.Invariants;

/**
 * A merge to be done: inputs are read, the newest item of each key is kept, deltas are added up, and the result replaces the
 * inputs.
 *
 * @param planVersion the number of the version that the merge was planned on. Whoever merges knows this version or a later
 *     one: an older one may not show yet what lies below the result
 * @param upperLevel the level that {@code upper} is in
 * @param targetLevel where the result goes: {@code upperLevel + 1}, or 0 for a merge of neighbouring runs of level 0 into one, or
 *     {@code upperLevel} for a purge: one segment is written anew without the items that levels above hide
 * @param upper inputs from the upper level; for level 0 newest first, else in key order
 * @param lower inputs from the target level, in key order; none where the target is level 0
 * @param dropTombstones whether nothing older than the inputs can hold any key of the job, at any level or in a running job
 */
public record MergeSpec(
        long planVersion,
        int upperLevel,
        int targetLevel,
        List<SegmentInfo> upper,
        List<SegmentInfo> lower,
        boolean dropTombstones) {
    /** Keys lie close together as a rule, and a tombstone has no value. */
    private static final int TOMBSTONES_PER_BLOCK = 128;

    public MergeSpec {
        Invariants.check(!upper.isEmpty(), "merge of nothing");
        upper = List.copyOf(upper);
        lower = List.copyOf(lower);
    }

    static MergeSpec purge(long planVersion, int level, SegmentInfo segment) {
        return new MergeSpec(planVersion, level, level, List.of(segment), List.of(), false);
    }

    public boolean isPurge() {
        return upperLevel == targetLevel && upperLevel > 0;
    }

    /** All inputs. */
    public List<SegmentInfo> inputs() {
        List<SegmentInfo> all = new ArrayList<>(upper);
        all.addAll(lower);
        return all;
    }

    /** What the edit that publishes the result removes. */
    public List<Long> inputIds() {
        return inputs().stream().map(SegmentInfo::id).toList();
    }

    public long inputBlocks() {
        return inputs().stream().mapToLong(SegmentInfo::blockCount).sum();
    }

    /** Blocks that the result needs at most, with what ending segments early costs. */
    public long blocksMax() {
        return inputBlocks() + inputBlocks() / 8 + 64;
    }

    /**
     * Blocks that the result likely needs, where each tombstone deletes one item of the inputs, of middle size, and is itself kept:
     * less than {@link #blocksMax}, and no promise.
     */
    public long blocksLikely() {
        if (isPurge()) {
            return blocksMax(); // what deletes is not among the inputs
        }
        double puts = 0;
        double tombstones = 0;
        for (SegmentInfo input : inputs()) {
            puts += input.itemCount() - input.tombstoneCount();
            tombstones += input.tombstoneCount();
        }
        double kept = puts == 0 ? 0 : Math.max(0, 1 - tombstones / puts) * inputBlocks();
        return Math.min(blocksMax(), (long) (kept * 9 / 8 + tombstones / TOMBSTONES_PER_BLOCK) + 32);
    }

    /** Segments that the result has at most, when none of the granted runs is shorter than a segment. */
    public long segmentIdsMax() {
        return inputBlocks() / 32 + 16;
    }

    /** The smallest key of any input. */
    public byte[] firstKey() {
        byte[] first = upper.getFirst().firstKey();
        for (SegmentInfo input : inputs()) {
            first = Arrays.compareUnsigned(input.firstKey(), first) < 0 ? input.firstKey() : first;
        }
        return first;
    }

    /** The largest key of any input. */
    public byte[] lastKey() {
        byte[] last = upper.getFirst().lastKey();
        for (SegmentInfo input : inputs()) {
            last = Arrays.compareUnsigned(input.lastKey(), last) > 0 ? input.lastKey() : last;
        }
        return last;
    }
}
