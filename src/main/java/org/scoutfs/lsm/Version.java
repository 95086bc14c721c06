package org.scoutfs.lsm;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Invariants;

/**
 * Which segments are live, and which of two that hold the same key is the newer.
 *
 * <ol>
 *   <li>An item of level n hides the items of its key in every level deeper than n.
 *   <li>Level 0 holds runs that may overlap; the first is the newest and hides those after it.
 *   <li>In each deeper level the segments are in key order and no two of them overlap, not even in one key.
 *   <li>No segment id occurs twice.
 * </ol>
 * <p>Immutable; a change makes a new one with {@link #apply}, which shares the levels that stay the same.
 * <p>Cost: O(log n) per level for a look-up; {@code apply} copies the levels that it changes.
 */
public final class Version {
    /** Levels 0 to 7: at ten times more per level, the last is never full. */
    public static final int LEVEL_COUNT = 8;

    private static final SegmentInfo[] NONE = {};

    private final long number;
    private final long stableSeq;
    private final SegmentInfo[][] levels;

    private Version(long number, long stableSeq, SegmentInfo[][] levels) {
        this.number = number;
        this.stableSeq = stableSeq;
        this.levels = levels;
    }

    /** Version 0 of a new volume: no segment. */
    public static Version empty() {
        SegmentInfo[][] levels = new SegmentInfo[LEVEL_COUNT][];
        Arrays.fill(levels, NONE);
        return new Version(0, 0, levels);
    }

    /**
     * A version from its parts, for those who read one from bytes or a message.
     *
     * @param levels level 0 newest first, the others in key order; missing levels are empty
     * @throws org.scoutfs.base.InvariantViolation when the parts are no version; {@link #problemWith(List)} asks first
     */
    public static Version of(long number, long stableSeq, List<List<SegmentInfo>> levels) {
        String problem = problemWith(levels);
        Invariants.check(problem == null, "not a version", problem);
        SegmentInfo[][] arrays = new SegmentInfo[LEVEL_COUNT][];
        Arrays.fill(arrays, NONE);
        for (int level = 0; level < levels.size(); level++) {
            arrays[level] = levels.get(level).toArray(NONE);
        }
        return new Version(number, stableSeq, arrays);
    }

    /** What is wrong with these levels, or null when they make a version. */
    public static @Nullable String problemWith(List<List<SegmentInfo>> levels) {
        if (levels.size() > LEVEL_COUNT) {
            return levels.size() + " levels, of at most " + LEVEL_COUNT;
        }
        Set<Long> ids = new HashSet<>();
        for (int level = 0; level < levels.size(); level++) {
            for (SegmentInfo segment : levels.get(level)) {
                if (!ids.add(segment.id())) {
                    return "segment " + segment.id() + " twice";
                }
            }
            String overlap = level == 0 ? null : overlap(level, levels.get(level).toArray(NONE));
            if (overlap != null) {
                return overlap;
            }
        }
        return null;
    }

    private static @Nullable String overlap(int level, SegmentInfo[] segments) {
        for (int i = 1; i < segments.length; i++) {
            if (Arrays.compareUnsigned(segments[i - 1].lastKey(), segments[i].firstKey()) >= 0) {
                return segments[i - 1] + " and " + segments[i] + " overlap in level " + level;
            }
        }
        return null;
    }

    public long number() {
        return number;
    }

    /** No commit with this or a smaller sequence number is still to come. */
    public long stableSeq() {
        return stableSeq;
    }

    /** All levels: level 0 newest first, the others in key order. */
    public List<List<SegmentInfo>> levels() {
        List<List<SegmentInfo>> lists = new ArrayList<>(LEVEL_COUNT);
        for (SegmentInfo[] level : levels) {
            lists.add(List.of(level));
        }
        return lists;
    }

    public List<SegmentInfo> level(int level) {
        return List.of(levels[level]);
    }

    /** The level's own array: read, never changed. */
    SegmentInfo[] array(int level) {
        return levels[level];
    }

    public int segmentCount() {
        int count = 0;
        for (SegmentInfo[] level : levels) {
            count += level.length;
        }
        return count;
    }

    /** Blocks of all segments of a level. */
    public long blockCount(int level) {
        long blocks = 0;
        for (SegmentInfo segment : levels[level]) {
            blocks += segment.blockCount();
        }
        return blocks;
    }

    /** The level of a live segment, or -1. O(segments). */
    public int levelOf(long segmentId) {
        for (int level = 0; level < LEVEL_COUNT; level++) {
            for (SegmentInfo segment : levels[level]) {
                if (segment.id() == segmentId) {
                    return level;
                }
            }
        }
        return -1;
    }

    /** Whether every one of these is live. O(segments). */
    public boolean areLive(List<Long> segmentIds) {
        Set<Long> missing = new HashSet<>(segmentIds);
        for (SegmentInfo[] level : levels) {
            for (SegmentInfo segment : level) {
                missing.remove(segment.id());
            }
        }
        return missing.isEmpty();
    }

    /** The segment of a deeper level whose key range has this key, or null. */
    public @Nullable SegmentInfo find(int level, byte[] key) {
        SegmentInfo[] segments = levels[level];
        int index = firstEndingAtOrAfter(segments, key);
        return index < segments.length && Arrays.compareUnsigned(segments[index].firstKey(), key) <= 0
                ? segments[index]
                : null;
    }

    /** Segments of a level that have keys in {@code [first, last]}, in the order of the level. */
    public List<SegmentInfo> overlapping(int level, byte[] first, byte[] last) {
        List<SegmentInfo> found = new ArrayList<>();
        SegmentInfo[] segments = levels[level];
        if (level == 0) {
            for (SegmentInfo segment : segments) {
                if (segment.overlaps(first, last)) {
                    found.add(segment);
                }
            }
            return found;
        }
        for (int i = firstEndingAtOrAfter(segments, first); i < segments.length && segments[i].overlaps(first, last); i++) {
            found.add(segments[i]);
        }
        return found;
    }

    /** Whether a level has a segment whose key range meets {@code [first, last]}. */
    public boolean hasOverlap(int level, byte[] first, byte[] last) {
        SegmentInfo[] segments = levels[level];
        if (level > 0) {
            int index = firstEndingAtOrAfter(segments, first);
            return index < segments.length && segments[index].overlaps(first, last);
        }
        for (SegmentInfo segment : segments) {
            if (segment.overlaps(first, last)) {
                return true;
            }
        }
        return false;
    }

    /** The index of the first segment of a sorted level that does not end before {@code key}; the length if none. */
    static int firstEndingAtOrAfter(SegmentInfo[] segments, byte[] key) {
        int low = 0;
        int high = segments.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (Arrays.compareUnsigned(segments[middle].lastKey(), key) < 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /**
     * The next version.
     *
     * @throws org.scoutfs.base.InvariantViolation when the edit does not fit; {@link #problemWith(VersionEdit)} asks first
     */
    public Version apply(VersionEdit edit) {
        Applied applied = tryApply(edit);
        Invariants.check(applied.problem == null, "edit " + edit.number() + " does not fit version " + number, applied.problem);
        return new Version(edit.number(), edit.stableSeq(), applied.levels);
    }

    /** Why the edit does not fit this version, or null when it does. */
    public @Nullable String problemWith(VersionEdit edit) {
        return tryApply(edit).problem;
    }

    private record Applied(SegmentInfo[][] levels, @Nullable String problem) {}

    private Applied tryApply(VersionEdit edit) {
        SegmentInfo[][] next = levels.clone();
        String problem = edit.number() != number + 1
                ? "expected edit " + (number + 1)
                : edit.stableSeq() < stableSeq ? "stable bound goes back from " + stableSeq + " to " + edit.stableSeq() : null;
        if (problem == null && edit.removedIds().isEmpty()) {
            return new Applied(next, add(next, edit, 0));
        }
        int[] placeInLevel0 = {0};
        if (problem == null) {
            problem = remove(next, edit, placeInLevel0);
        }
        if (problem == null) {
            problem = add(next, edit, placeInLevel0[0]);
        }
        return new Applied(next, problem);
    }

    /** @param place set to the index in the new level 0 where the newest removed run was */
    private static @Nullable String remove(SegmentInfo[][] next, VersionEdit edit, int[] place) {
        Set<Long> removed = new HashSet<>(edit.removedIds());
        if (removed.size() != edit.removedIds().size()) {
            return "a segment is removed twice";
        }
        for (int level = 0; level < LEVEL_COUNT && !removed.isEmpty(); level++) {
            int before = next[level].length;
            int newest = -1;
            List<SegmentInfo> kept = new ArrayList<>(before);
            for (SegmentInfo segment : next[level]) {
                if (!removed.remove(segment.id())) {
                    kept.add(segment);
                } else if (newest < 0) {
                    newest = kept.size();
                }
            }
            if (kept.size() < before) {
                next[level] = kept.toArray(NONE);
            }
            if (level == 0 && newest >= 0) {
                place[0] = newest;
            }
        }
        return removed.isEmpty() ? null : "segments " + removed + " are not live";
    }

    private @Nullable String add(SegmentInfo[][] next, VersionEdit edit, int placeInLevel0) {
        Map<Integer, List<SegmentInfo>> byLevel = new HashMap<>();
        Set<Long> ids = new HashSet<>();
        for (VersionEdit.Added added : edit.added()) {
            if (added.level() < 0 || added.level() >= LEVEL_COUNT) {
                return "no level " + added.level();
            }
            if (!ids.add(added.segment().id())) {
                return added.segment() + " is added twice";
            }
            byLevel.computeIfAbsent(added.level(), level -> new ArrayList<>()).add(added.segment());
        }
        if (ids.isEmpty()) {
            return null;
        }
        for (SegmentInfo[] level : next) {
            for (SegmentInfo segment : level) {
                if (ids.contains(segment.id())) {
                    return segment + " is live already";
                }
            }
        }
        for (Map.Entry<Integer, List<SegmentInfo>> entry : byLevel.entrySet()) {
            int level = entry.getKey();
            if (level == 0) {
                next[0] = insertRuns(next[0], entry.getValue(), placeInLevel0);
            } else {
                next[level] = insertSorted(next[level], entry.getValue());
                String overlap = overlap(level, next[level]);
                if (overlap != null) {
                    return overlap;
                }
            }
        }
        return null;
    }

    private static SegmentInfo[] insertRuns(SegmentInfo[] runs, List<SegmentInfo> added, int place) {
        List<SegmentInfo> result = new ArrayList<>(List.of(runs));
        for (SegmentInfo segment : added) {
            result.add(place, segment);
        }
        return result.toArray(NONE);
    }

    private static SegmentInfo[] insertSorted(SegmentInfo[] sorted, List<SegmentInfo> added) {
        SegmentInfo[] result = Arrays.copyOf(sorted, sorted.length + added.size());
        for (int i = 0; i < added.size(); i++) {
            result[sorted.length + i] = added.get(i);
        }
        Arrays.sort(result, (a, b) -> Arrays.compareUnsigned(a.firstKey(), b.firstKey()));
        return result;
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("version ").append(number).append(" [");
        for (int level = 0; level < LEVEL_COUNT; level++) {
            text.append(level == 0 ? "" : " ").append(levels[level].length);
        }
        return text.append(']').toString();
    }
}
