package org.scoutfs.lsm;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Invariants;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.device.BufferPool;

/**
 * Does one merge: reads the inputs from front to back with large reads past the cache, and writes the result in new segments.
 * The result counts when its writer has flushed the device and a commit has published it.
 *
 * <p>Used by one thread, once. Memory: some 512 KiB for each input run, or level, and one segment of the result.
 */
public final class Merge {
    /** So often the pace is asked, in items. */
    private static final int PACE_INTERVAL = 1024;

    private final MergeSpec spec;
    private final Version version;
    private final SegmentStore store;
    private final SegmentSpace space;
    private final SegmentOptions options;
    private final Pace pace;

    /** Lets a merge be slowed down and stopped. */
    public interface Pace {
        /** As fast as it goes, to the end. */
        Pace FULL = bytes -> true;

        /**
         * Called every now and then; may wait.
         *
         * @param bytesWritten by this merge until now
         * @return false to give the merge up
         */
        boolean goOn(long bytesWritten) throws IOException;
    }

    /**
     * @param added for the edit that publishes the merge, with the inputs' ids removed; empty when nothing was left
     * @param bytesRead of the inputs
     * @param bytesWritten of the result
     * @param itemCount items written
     */
    public record Result(List<VersionEdit.Added> added, long bytesRead, long bytesWritten, long itemCount) {}

    /** @param version one in which all inputs are live, and not older than {@link MergeSpec#planVersion} */
    public Merge(
            MergeSpec spec, Version version, SegmentStore store, SegmentSpace space, SegmentOptions options, Pace pace) {
        Invariants.check(version.number() >= spec.planVersion(), "merge on a version before its plan", version.number());
        Invariants.check(version.areLive(spec.inputIds()), "merge of segments that are not live", spec);
        this.spec = spec;
        this.version = version;
        this.store = store;
        this.space = space;
        this.options = options;
        this.pace = pace;
    }

    /**
     * Reads and writes.
     *
     * @return null when the pace gave up; the blocks taken until then hold nothing of value
     */
    public @Nullable Result run() throws IOException {
        BlockDevice device = store.device();
        BufferPool pool = store.pool();
        try (Cursor merged = MergeCursor.of(inputs());
                HiddenItems hidden = spec.isPurge() ? new HiddenItems(version, spec, store) : null;
                SegmentWriter writer = new SegmentWriter(device, pool, space, options, cuts())) {
            RawCursor items = RawCursor.of(merged);
            TombstoneFilter filter = new TombstoneFilter(version, spec);
            long itemCount = 0;
            long untilPace = PACE_INTERVAL;
            while (items.next()) {
                if (--untilPace == 0) {
                    untilPace = PACE_INTERVAL;
                    if (!pace.goOn(writer.bytesWritten())) {
                        return null;
                    }
                }
                if (hidden != null && hidden.hides(items.keyBytes, items.keySize)) {
                    continue;
                }
                RawCursor kept = kept(items, filter);
                if (kept != null) {
                    writer.add(kept);
                    itemCount++;
                }
            }
            List<VersionEdit.Added> added = new ArrayList<>();
            for (SegmentInfo segment : writer.finish()) {
                added.add(new VersionEdit.Added(spec.targetLevel(), segment));
            }
            return new Result(
                    added, spec.inputBlocks() * BlockDevice.BLOCK_SIZE, writer.bytesWritten(), itemCount);
        }
    }

    private List<Cursor> inputs() {
        List<Cursor> cursors = new ArrayList<>();
        if (spec.upperLevel() == 0) {
            for (SegmentInfo run : spec.upper()) {
                cursors.add(store.stream(run));
            }
        } else {
            cursors.add(level(spec.upper()));
        }
        if (!spec.lower().isEmpty()) {
            cursors.add(level(spec.lower()));
        }
        return cursors;
    }

    private Cursor level(List<SegmentInfo> segments) {
        return new LevelCursor(
                segments.stream().map(segment -> new SegmentReader(segment, store)).toList(),
                reader -> RawCursor.of(store.stream(reader.info)));
    }

    /** A result covers at most what one later merge of it should rewrite. */
    private CutPoints cuts() {
        int small = options.segmentBlocks() / 16;
        return spec.targetLevel() == 0
                ? CutPoints.forCommit(version, small)
                : CutPoints.forMerge(version, spec.targetLevel(), small, 10L * options.segmentBlocks());
    }

    /** The item as the result has it, or null when it need not be kept. */
    private @Nullable RawCursor kept(RawCursor item, TombstoneFilter filter) {
        if (item.kindCode == ValueKind.PUT.code()) {
            return item;
        }
        if (!spec.dropTombstones() && filter.mayBeOlder(item.keyBytes, item.keySize)) {
            return item;
        }
        ItemValue settled = Deltas.settle(new ItemValue(item.kind(), item.value()));
        return settled.kind() == ValueKind.TOMBSTONE ? null : new SingleItem(item.key(), settled);
    }

    /** One item that is not where a cursor has it. */
    private static final class SingleItem extends RawCursor {
        private final byte[] value;

        SingleItem(byte[] key, ItemValue value) {
            this.keyBytes = key;
            this.keySize = key.length;
            this.kindCode = value.kind().code();
            this.value = value.bytes();
            this.valueSize = this.value.length;
        }

        @Override
        public boolean next() {
            return false;
        }

        @Override
        void copyValue(byte[] into, int at) {
            System.arraycopy(value, 0, into, at, valueSize);
        }

        @Override
        public void close() {}
    }
}
