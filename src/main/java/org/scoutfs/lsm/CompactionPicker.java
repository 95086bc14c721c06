package org.scoutfs.lsm;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Decides what to compact next: a pure function of a version and the merges that are under way.
 *
 * <p>In this order:
 * <ol>
 *   <li><b>Move</b> a segment of level 0 that nothing overlaps, neither an older run nor anything deeper, to the deepest level
 *       in use. An archive that only grows moves nearly everything.
 *   <li><b>Fold</b> small neighbouring runs of level 0 into one: commits of single files would otherwise each rewrite what
 *       they overlap in level 1.
 *   <li><b>Merge down</b> from the level that is most over its size; from level 0 the oldest runs of a range with all that
 *       they overlap in level 1, from a deeper level the segment with the least below it.
 *   <li><b>Reclaim</b>: where much of the index is deleted items and their tombstones, push tombstones down until they meet what
 *       they delete. Where space is short this comes first, and little is much. Where the merge that this takes is too large for the
 *       room, segments below are <b>purged</b> one by one of what newer items hide: that needs little room, and surely suffices.
 * </ol>
 *
 * <p>Why readers see the same afterwards. A key's items must stay in their order of age from level 0 down. A merge from level 0
 * takes, for each run in it, all older runs that overlap it, so what it puts into level 1 is older than all that stays above;
 * a fold takes neighbours in age, leaving out only runs that overlap nothing in it, and stays at their place. Two jobs that
 * share a level never overlap in keys; so neither's result can land on the other's, and no input is taken twice.
 *
 * <p>When a tombstone may go: when no level deeper than the target overlaps the job's range, and (for a fold) no older run
 * does. A running job cannot hide anything: until it is done its inputs are in the version, and its result has no key that
 * they have not.
 */
public final class CompactionPicker {
    /** This part of all blocks may be waste before tombstones are pushed down for their own sake; and where space is short. */
    private static final int WASTE_PART = 4;

    private static final int WASTE_PART_SHORT = 64;

    /** Where space is short: so small a part of all blocks, and so few, may lie in level 0 without being merged. */
    private static final int LEVEL0_PART_SHORT = 16;

    private static final long LEVEL0_BLOCKS_SHORT = 256;

    /** A segment is purged when at least this part of it is likely hidden. */
    private static final int PURGE_PART = 16;

    private final CompactionOptions options;

    /**
     * What a merge may use.
     *
     * @param blocks no merge is picked whose result needs more: at most, or, where space is short, likely
     * @param isShort whether the volume is nearly full: then merges are worth more than they cost
     * @param mayDare whether it may be tried to do with what a merge likely needs
     */
    public record Room(long blocks, boolean isShort, boolean mayDare) {
        public static final Room PLENTY = new Room(Long.MAX_VALUE, false, true);

        public Room withoutDaring() {
            return new Room(blocks, isShort, false);
        }
    }

    public CompactionPicker(CompactionOptions options) {
        this.options = options;
    }

    /** @param running merges that were handed out and are not done */
    public @Nullable CompactionJob pick(Version version, Collection<MergeSpec> running, Room room) {
        Plan plan = new Plan(version, running, room);
        CompactionJob job = plan.moveFromLevel0();
        if (job == null && room.isShort) {
            job = plan.reclaim();
        }
        if (job == null) {
            job = plan.fold();
        }
        if (job == null) {
            job = plan.mergeDown();
        }
        return job != null || room.isShort ? job : plan.reclaim();
    }

    /** How far level 0 is over what compaction keeps up with: 0 is fine, 1 and more ask writers to slow down. */
    public double pressure(Version version) {
        double byRuns = version.array(0).length / (8.0 * options.foldRuns());
        double byBlocks = version.blockCount(0) / (4.0 * options.level0Blocks());
        return Math.max(0, Math.max(byRuns, byBlocks) - 1);
    }

    /** One decision. */
    private final class Plan {
        private final Version version;
        private final Collection<MergeSpec> running;
        private final Room room;
        private final Set<Long> busy = new HashSet<>();
        private final SegmentInfo[] runs;
        private boolean isDaring;

        Plan(Version version, Collection<MergeSpec> running, Room room) {
            this.version = version;
            this.running = running;
            this.room = room;
            this.isDaring = room.isShort && room.mayDare;
            this.runs = version.array(0);
            for (MergeSpec job : running) {
                busy.addAll(job.inputIds());
            }
        }

        // ---- moves ------------------------------------------------------------------------------------------------

        @Nullable CompactionJob moveFromLevel0() {
            for (int i = runs.length - 1; i >= 0; i--) {
                SegmentInfo run = runs[i];
                if (run.blockCount() > options.smallRunBlocks() && !hasOlderOverlap(i)) {
                    CompactionJob move = move(run, 0);
                    if (move != null) {
                        return move;
                    }
                }
            }
            return null;
        }

        private boolean hasOlderOverlap(int index) {
            for (int older = index + 1; older < runs.length; older++) {
                if (runs[older].overlaps(runs[index].firstKey(), runs[index].lastKey())) {
                    return true;
                }
            }
            return false;
        }

        /** Moves a segment as deep as nothing overlaps it; or rewrites it where it is worth it for its tombstones. */
        private @Nullable CompactionJob move(SegmentInfo segment, int level) {
            if (isTaken(segment, level)) {
                return null;
            }
            byte[] first = segment.firstKey();
            byte[] last = segment.lastKey();
            int target = level;
            while (target < Math.max(level + 1, deepestLevelInUse()) && !version.hasOverlap(target + 1, first, last)) {
                target++;
            }
            if (target == level || !isFree(level, target, first, last)) {
                return null;
            }
            boolean dropsTombstones =
                    segment.tombstoneCount() * 4 > segment.itemCount() && !overlapsDeeper(target, first, last);
            return dropsTombstones
                    ? merge(level, level + 1, List.of(segment))
                    : new CompactionJob.Move(segment, level, target);
        }

        private boolean isTaken(SegmentInfo segment, int level) {
            return level >= Version.LEVEL_COUNT - 1 || busy.contains(segment.id());
        }

        private int deepestLevelInUse() {
            int level = Version.LEVEL_COUNT - 1;
            while (level > 0 && version.array(level).length == 0) {
                level--;
            }
            return level;
        }

        /** Whether any level deeper than this one overlaps the range. */
        private boolean overlapsDeeper(int level, byte[] first, byte[] last) {
            for (int deeper = level + 1; deeper < Version.LEVEL_COUNT; deeper++) {
                if (version.hasOverlap(deeper, first, last)) {
                    return true;
                }
            }
            return false;
        }

        /** Whether no running job that has to do with these levels, or one between, overlaps the range. */
        private boolean isFree(int fromLevel, int toLevel, byte[] first, byte[] last) {
            for (MergeSpec job : running) {
                boolean sharesLevel = job.upperLevel() <= toLevel && job.targetLevel() >= fromLevel;
                if (sharesLevel
                        && Arrays.compareUnsigned(job.firstKey(), last) <= 0
                        && Arrays.compareUnsigned(first, job.lastKey()) <= 0) {
                    return false;
                }
            }
            return true;
        }

        // ---- level 0 ----------------------------------------------------------------------------------------------

        /** Blocks up to which a run is folded rather than merged down: a small part of what lies below. */
        private long foldBlocksMax() {
            return Math.max(options.smallRunBlocks(), Math.min(version.blockCount(1) / 16, 8L * options.smallRunBlocks()));
        }

        @Nullable CompactionJob fold() {
            long small = foldBlocksMax();
            int start = 0;
            while (start < runs.length) {
                int end = start;
                while (end < runs.length && runs[end].blockCount() <= small && !busy.contains(runs[end].id())) {
                    end++;
                }
                int kept = withoutLargeTail(start, end);
                if (kept - start >= options.foldRuns()) {
                    CompactionJob job = merge(0, 0, List.of(Arrays.copyOfRange(runs, start, kept)));
                    if (job != null) {
                        return job;
                    }
                }
                start = end + 1;
            }
            return null;
        }

        /**
         * Leaves the oldest run of a window out while it is larger than all newer ones together: what was folded before
         * waits until as much has come on top of it, so that an item is rewritten a few times only.
         */
        private int withoutLargeTail(int start, int end) {
            long blocks = 0;
            for (int i = start; i < end; i++) {
                blocks += runs[i].blockCount();
            }
            int kept = end;
            while (kept - start > 1 && runs[kept - 1].blockCount() > blocks - runs[kept - 1].blockCount()) {
                kept--;
                blocks -= runs[kept].blockCount();
            }
            return kept;
        }

        @Nullable CompactionJob mergeDown() {
            List<Integer> levels = new ArrayList<>();
            double[] scores = new double[Version.LEVEL_COUNT];
            for (int level = 0; level < Version.LEVEL_COUNT - 1; level++) {
                scores[level] = level == 0 ? level0Score() : (double) idleBlocks(level) / options.levelBlocks(level);
                if (scores[level] >= 1) {
                    levels.add(level);
                }
            }
            levels.sort((a, b) -> Double.compare(scores[b], scores[a]));
            for (int level : levels) {
                CompactionJob job = level == 0 ? mergeLevel0() : mergeFrom(level);
                if (job != null) {
                    return job;
                }
            }
            return null;
        }

        private double level0Score() {
            int depth = 0;
            long blocks = 0;
            for (int i = 0; i < runs.length; i++) {
                if (!busy.contains(runs[i].id())) {
                    blocks += runs[i].blockCount();
                    depth = Math.max(depth, depth(i));
                }
            }
            return Math.max((double) depth / options.level0Runs(), (double) blocks / options.level0Blocks());
        }

        /** How many runs too large to fold lie over the key range of this one, itself included. */
        private int depth(int index) {
            long small = foldBlocksMax();
            int depth = 0;
            for (SegmentInfo run : runs) {
                if (run.blockCount() > small
                        && !busy.contains(run.id())
                        && run.overlaps(runs[index].firstKey(), runs[index].lastKey())) {
                    depth++;
                }
            }
            return depth;
        }

        private long idleBlocks(int level) {
            long blocks = 0;
            for (SegmentInfo segment : version.array(level)) {
                blocks += busy.contains(segment.id()) ? 0 : segment.blockCount();
            }
            return blocks;
        }

        /** Starts where most runs lie over each other, and takes newer ones that overlap while the job is not too large. */
        private @Nullable CompactionJob mergeLevel0() {
            long[] depths = new long[runs.length];
            for (int i = 0; i < runs.length; i++) {
                depths[i] = 1 + depth(i); // also one of small runs alone
            }
            return mergeLevel0(depths);
        }

        /** @param worth the worthiest run is tried first, of equal ones the oldest; one that is worth nothing is left alone */
        private @Nullable CompactionJob mergeLevel0(long[] worth) {
            List<Integer> seeds = new ArrayList<>();
            for (int i = runs.length - 1; i >= 0; i--) {
                if (worth[i] > 0) {
                    seeds.add(i);
                }
            }
            seeds.sort((a, b) -> Long.compare(worth[b], worth[a]));
            for (int seed : seeds) {
                boolean[] chosen = new boolean[runs.length];
                if (!choose(chosen, seed)) {
                    continue;
                }
                grow(chosen, seed);
                List<SegmentInfo> upper = new ArrayList<>();
                for (int i = 0; i < runs.length; i++) {
                    if (chosen[i]) {
                        upper.add(runs[i]);
                    }
                }
                CompactionJob job = merge(0, 1, upper);
                if (job != null) {
                    return job;
                }
            }
            return null;
        }

        private void grow(boolean[] chosen, int seed) {
            for (int newer = seed - 1; newer >= 0; newer--) {
                if (chosen[newer] || !overlapsChosen(chosen, newer)) {
                    continue;
                }
                boolean[] more = chosen.clone();
                if (!choose(more, newer) || blocks(more) > options.jobBlocksMax() / 2) {
                    return;
                }
                System.arraycopy(more, 0, chosen, 0, more.length);
            }
        }

        private boolean overlapsChosen(boolean[] chosen, int index) {
            for (int i = 0; i < runs.length; i++) {
                if (chosen[i] && runs[i].overlaps(runs[index].firstKey(), runs[index].lastKey())) {
                    return true;
                }
            }
            return false;
        }

        private long blocks(boolean[] chosen) {
            long blocks = 0;
            for (int i = 0; i < runs.length; i++) {
                blocks += chosen[i] ? runs[i].blockCount() : 0;
            }
            return blocks;
        }

        /** Chooses a run and every older one that overlaps it, and so on; false when one of them is busy. */
        private boolean choose(boolean[] chosen, int index) {
            if (chosen[index]) {
                return true;
            }
            if (busy.contains(runs[index].id())) {
                return false;
            }
            chosen[index] = true;
            for (int older = index + 1; older < runs.length; older++) {
                if (runs[older].overlaps(runs[index].firstKey(), runs[index].lastKey()) && !choose(chosen, older)) {
                    return false;
                }
            }
            return true;
        }

        // ---- deeper levels ----------------------------------------------------------------------------------------

        /** The segment with the least below it, in relation to its own size; one with nothing below moves. */
        private @Nullable CompactionJob mergeFrom(int level) {
            SegmentInfo[] segments = version.array(level);
            List<Integer> candidates = new ArrayList<>();
            double[] ratios = new double[segments.length];
            for (int i = 0; i < segments.length; i++) {
                if (!busy.contains(segments[i].id())) {
                    ratios[i] = ratio(level, segments[i]);
                    candidates.add(i);
                }
            }
            candidates.sort((a, b) -> Double.compare(ratios[a], ratios[b]));
            for (int i : candidates) {
                CompactionJob job = ratios[i] == 0 ? move(segments[i], level) : null;
                if (job == null && isMergeFree(level, List.of(segments[i]))) {
                    job = merge(level, level + 1, withNeighbours(level, i));
                }
                if (job != null) {
                    return job;
                }
            }
            return null;
        }

        /** Tombstones count against a segment's size: pushing them down frees more than it writes. */
        private double ratio(int level, SegmentInfo segment) {
            long below = 0;
            for (SegmentInfo lower : version.overlapping(level + 1, segment.firstKey(), segment.lastKey())) {
                below += lower.blockCount();
            }
            double alive = 1 - 0.75 * segment.tombstoneCount() / segment.itemCount();
            return below * alive / segment.blockCount();
        }

        private boolean isMergeFree(int level, List<SegmentInfo> upper) {
            return merge(level, level + 1, upper) != null;
        }

        /** Small segments that lie side by side go down together. */
        private List<SegmentInfo> withNeighbours(int level, int index) {
            SegmentInfo[] segments = version.array(level);
            List<SegmentInfo> upper = new ArrayList<>(List.of(segments[index]));
            long blocks = segments[index].blockCount();
            for (int i = index + 1; i < segments.length && blocks < 8L * options.smallRunBlocks(); i++) {
                upper.add(segments[i]);
                if (busy.contains(segments[i].id()) || !isMergeFree(level, upper)) {
                    upper.removeLast();
                    break;
                }
                blocks += segments[i].blockCount();
            }
            return upper;
        }

        // ---- all merges -------------------------------------------------------------------------------------------

        /** The merge of these inputs with what they overlap in the target level; null when a running job is in the way. */
        private CompactionJob.@Nullable Merge merge(int level, int target, List<SegmentInfo> upper) {
            MergeSpec alone = new MergeSpec(version.number(), level, target, upper, List.of(), false);
            byte[] first = alone.firstKey();
            byte[] last = alone.lastKey();
            List<SegmentInfo> lower = target > level ? version.overlapping(target, first, last) : List.of();
            MergeSpec whole = new MergeSpec(version.number(), level, target, upper, lower, false);
            if (!isFree(level, target, whole.firstKey(), whole.lastKey())) {
                return null;
            }
            boolean isBottom = !overlapsDeeper(target, whole.firstKey(), whole.lastKey())
                    && (target > level || !hasOlderOverlap(upper));
            MergeSpec spec = new MergeSpec(version.number(), level, target, upper, lower, isBottom);
            return (isDaring ? spec.blocksLikely() : spec.blocksMax()) > room.blocks ? null : new CompactionJob.Merge(spec);
        }

        private boolean hasOlderOverlap(List<SegmentInfo> upper) {
            for (SegmentInfo run : upper) {
                for (int i = runs.length - 1; i >= 0; i--) {
                    if (upper.contains(runs[i])) {
                        break;
                    }
                    if (runs[i].overlaps(run.firstKey(), run.lastKey())) {
                        return true;
                    }
                }
            }
            return false;
        }

        // ---- for space --------------------------------------------------------------------------------------------

        @Nullable CompactionJob reclaim() {
            CompactionJob job = isMuchWasted() ? reclaimWaste() : null;
            boolean isLevel0Long = room.isShort && version.blockCount(0) > Math.max(LEVEL0_BLOCKS_SHORT, blocks() / LEVEL0_PART_SHORT);
            return job == null && isLevel0Long ? mergeLevel0() : job;
        }

        /** What surely fits comes first; last what may be in vain. */
        private @Nullable CompactionJob reclaimWaste() {
            boolean wasDaring = isDaring;
            isDaring = false;
            CompactionJob job = pushTombstones();
            if (job == null) {
                job = purge();
            }
            isDaring = room.mayDare;
            if (job == null && isDaring) {
                job = pushTombstones();
            }
            isDaring = wasDaring;
            return job;
        }

        /**
         * The segment of which newer tombstones likely hide most. A purged segment has a higher id than what hid its items, so it is not
         * purged again because of the same tombstones.
         */
        private @Nullable CompactionJob purge() {
            Map<SegmentInfo, Double> hidden = new HashMap<>();
            for (int level = 0; level < Version.LEVEL_COUNT - 1; level++) {
                for (SegmentInfo above : version.array(level)) {
                    if (above.tombstoneCount() > 0) {
                        addHidden(level, above, hidden);
                    }
                }
            }
            MergeSpec best = null;
            double most = 0;
            for (Map.Entry<SegmentInfo, Double> entry : hidden.entrySet()) {
                SegmentInfo segment = entry.getKey();
                double part = Math.min(1, entry.getValue() / segment.itemCount());
                double blocks = part * segment.blockCount();
                boolean isBetter = blocks > most || blocks == most && best != null && segment.id() < best.upper().getFirst().id();
                if (part * PURGE_PART >= 1 && isBetter && !busy.contains(segment.id())) {
                    MergeSpec spec = MergeSpec.purge(version.number(), version.levelOf(segment.id()), segment);
                    if (isFree(spec.upperLevel(), spec.upperLevel(), segment.firstKey(), segment.lastKey())
                            && spec.blocksMax() <= room.blocks) {
                        best = spec;
                        most = blocks;
                    }
                }
            }
            return best == null ? null : new CompactionJob.Merge(best);
        }

        /** Adds to each older segment below its share of these tombstones. */
        private void addHidden(int level, SegmentInfo above, Map<SegmentInfo, Double> hidden) {
            for (int below = level + 1; below < Version.LEVEL_COUNT; below++) {
                List<SegmentInfo> lower = version.overlapping(below, above.firstKey(), above.lastKey());
                for (SegmentInfo segment : lower) {
                    if (segment.id() < above.id()) {
                        hidden.merge(segment, (double) above.tombstoneCount() / lower.size(), Double::sum);
                    }
                }
            }
        }

        private long blocks() {
            long blocks = 0;
            for (int level = 0; level < Version.LEVEL_COUNT; level++) {
                blocks += version.blockCount(level);
            }
            return blocks;
        }

        /** Each tombstone is taken to waste its own place and that of one item of middle size which it deletes. */
        private boolean isMuchWasted() {
            long blocks = 0;
            double items = 0;
            double tombstones = 0;
            for (int level = 0; level < Version.LEVEL_COUNT; level++) {
                for (SegmentInfo segment : version.array(level)) {
                    blocks += segment.blockCount();
                    items += segment.itemCount();
                    tombstones += segment.tombstoneCount();
                }
            }
            double wasted = items == 0 ? 0 : blocks * Math.min(1, 2 * tombstones / items);
            return wasted > Math.max(
                    room.isShort ? options.smallRunBlocks() / 2 : 2L * options.smallRunBlocks(),
                    blocks / (room.isShort ? WASTE_PART_SHORT : WASTE_PART));
        }

        /** From the highest level that has any, those first that have most. */
        private @Nullable CompactionJob pushTombstones() {
            long[] inRuns = new long[runs.length];
            for (int i = 0; i < runs.length; i++) {
                inRuns[i] = runs[i].tombstoneCount();
            }
            CompactionJob job = mergeLevel0(inRuns);
            for (int level = 1; job == null && level < Version.LEVEL_COUNT - 1; level++) {
                job = pushTombstones(level);
            }
            return job;
        }

        private @Nullable CompactionJob pushTombstones(int level) {
            List<SegmentInfo> segments = new ArrayList<>();
            for (SegmentInfo segment : version.array(level)) {
                if (segment.tombstoneCount() > 0 && !busy.contains(segment.id())) {
                    segments.add(segment);
                }
            }
            segments.sort((a, b) -> Long.compare(b.tombstoneCount(), a.tombstoneCount()));
            for (SegmentInfo segment : segments) {
                CompactionJob job = merge(level, level + 1, List.of(segment));
                if (job != null) {
                    return job;
                }
            }
            return null;
        }
    }
}
