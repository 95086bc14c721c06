package org.scoutfs.lsm;

import java.util.List;

/** What the picker wants done next. */
public sealed interface CompactionJob {
    /** To be merged by a node; the job owns its inputs and its key range in both levels until it is done. */
    record Merge(MergeSpec spec) implements CompactionJob {}

    /** To be done at once, with an edit alone: the segment changes its level and not a byte is copied. */
    record Move(SegmentInfo segment, int fromLevel, int toLevel) implements CompactionJob {
        public VersionEdit edit(Version version) {
            return new VersionEdit(
                    version.number() + 1,
                    version.stableSeq(),
                    List.of(new VersionEdit.Added(toLevel, segment)),
                    List.of(segment.id()));
        }
    }
}
