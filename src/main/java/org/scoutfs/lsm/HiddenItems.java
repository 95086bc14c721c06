package org.scoutfs.lsm;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Says of each key of a purge, in ascending order, whether levels above its level hide what the segment has of it. Deltas hide nothing:
 * they are added to it.
 *
 * <p>It stays so until the purge is published. What hides an item comes no deeper than the level above while the purge runs, and a
 * tombstone stays as long as segments below cover its key.
 */
final class HiddenItems implements AutoCloseable {
    private final RawCursor above;
    private boolean hasItem;

    /** @param version one in which the input is live */
    HiddenItems(Version version, MergeSpec spec, SegmentStore store) throws IOException {
        List<Cursor> newestFirst = new ArrayList<>();
        for (int level = 0; level < spec.targetLevel(); level++) {
            List<SegmentInfo> segments = version.overlapping(level, spec.firstKey(), spec.lastKey());
            if (level == 0) {
                segments.forEach(run -> newestFirst.add(store.stream(run)));
            } else if (!segments.isEmpty()) {
                newestFirst.add(new LevelCursor(
                        segments.stream().map(segment -> new SegmentReader(segment, store)).toList(),
                        reader -> RawCursor.of(store.stream(reader.info))));
            }
        }
        above = newestFirst.isEmpty()
                ? new LevelCursor(List.of(), reader -> RawCursor.of(store.stream(reader.info)))
                : RawCursor.of(MergeCursor.of(newestFirst));
        hasItem = above.next();
    }

    boolean hides(byte[] key, int keySize) throws IOException {
        while (hasItem) {
            int order = Arrays.compareUnsigned(above.keyBytes, 0, above.keySize, key, 0, keySize);
            if (order >= 0) {
                return order == 0 && above.kindCode != ValueKind.DELTA.code();
            }
            hasItem = above.next();
        }
        return false;
    }

    @Override
    public void close() {
        above.close();
    }
}
