package org.scoutfs.lsm;

import java.util.List;

/**
 * What one commit changes in the list of live segments.
 *
 * <p>Where segments of level 0 go decides what readers see, because the newer run wins. Those that an edit adds go on top of
 * level 0, the later one in the list above the earlier: a commit of a node. But when the edit also removes segments of level 0
 * and adds some to it, the added ones take the place of the newest of the removed: a merge of neighbouring runs, which stays
 * below the runs that were committed while it went on.
 *
 * @param number the version that the edit makes; one more than the version it applies to
 * @param stableSeq the stable bound of that version: no commit with this or a smaller sequence number is still to come
 * @param added segments that become live
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
