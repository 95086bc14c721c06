package org.scoutfs.lsm;

import java.util.List;

/**
 * What one commit changes in the list of live segments.
 *
 * @param number the version that the edit makes; one more than the version it applies to
 * @param stableSeq the stable bound of that version: no commit with this or a smaller sequence number is still to come
 * @param added segments that become live. Those added to level 0 are newer than all of level 0 before; within the edit the
 *     later one in the list is the newer
 * @param removedIds segments that stop being live
 */
public record VersionEdit(long number, long stableSeq, List<Added> added, List<Long> removedIds) {
    public VersionEdit {
        added = List.copyOf(added);
        removedIds = List.copyOf(removedIds);
    }

    /** A segment and the level that it goes to. A segment that only moves is in both lists, with the same id. */
    public record Added(int level, SegmentInfo segment) {}
}
