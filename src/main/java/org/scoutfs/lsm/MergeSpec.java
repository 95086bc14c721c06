package org.scoutfs.lsm;

import java.util.List;

/**
 * A merge to be done: inputs are read, the newest item of each key is kept, deltas are added up, and the result replaces the
 * inputs.
 *
 * @param upperLevel the level that {@code upper} is in
 * @param targetLevel where the result goes: {@code upperLevel + 1}, or 0 for a merge of neighbouring runs of level 0 into one
 * @param upper inputs from the upper level; for level 0 newest first, else in key order
 * @param lower inputs from the target level, in key order; none where the target is level 0
 * @param dropTombstones whether nothing older than the inputs can hold any key of the job, at any level or in a running job
 */
public record MergeSpec(
        int upperLevel, int targetLevel, List<SegmentInfo> upper, List<SegmentInfo> lower, boolean dropTombstones) {
    public MergeSpec {
        upper = List.copyOf(upper);
        lower = List.copyOf(lower);
    }
}
