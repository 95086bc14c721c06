package org.scoutfs.lsm;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The items of one version: its levels merged, newest first. Made by {@link SegmentStore#source}.
 *
 * <p>Immutable; thread-safe.
 * <p>Cost of a look-up: for each run of level 0 that spans the key, and one segment of each deeper level, a question to its
 * filter; then one index and one data block of the segment that has the key.
 */
final class VersionSource implements ItemSource {
    final Version version;
    private final SegmentStore store;
    /** The readers of each level's segments, at the same places. */
    final SegmentReader[][] readers;

    VersionSource(Version version, SegmentStore store, SegmentReader[][] readers) {
        this.version = version;
        this.store = store;
        this.readers = readers;
    }

    @Override
    public @Nullable ItemValue find(byte[] key) throws IOException {
        long hash = KeyHash.of(key, Math.min(key.length, store.longPrefix()));
        ItemValue sum = null;
        for (SegmentReader run : readers[0]) {
            if (run.info.spans(key)) {
                sum = merged(sum, run.find(key, hash));
                if (sum != null && sum.kind() != ValueKind.DELTA) {
                    return sum;
                }
            }
        }
        for (int level = 1; level < Version.LEVEL_COUNT; level++) {
            SegmentReader reader = readerFor(level, key);
            if (reader != null) {
                sum = merged(sum, reader.find(key, hash));
                if (sum != null && sum.kind() != ValueKind.DELTA) {
                    return sum;
                }
            }
        }
        return sum;
    }

    private static @Nullable ItemValue merged(@Nullable ItemValue sum, @Nullable ItemValue older) throws IOException {
        return sum == null || older == null ? (sum == null ? older : sum) : Deltas.merge(sum, older);
    }

    private @Nullable SegmentReader readerFor(int level, byte[] key) {
        SegmentReader[] segments = readers[level];
        if (segments.length == 0) {
            return null;
        }
        int index = Version.firstEndingAtOrAfter(version.array(level), key);
        return index < segments.length && Arrays.compareUnsigned(segments[index].info.firstKey(), key) <= 0
                ? segments[index]
                : null;
    }

    @Override
    public Cursor scan(byte[] first, byte[] last) throws IOException {
        int shared = sharedPrefix(first, last);
        List<RawCursor> cursors = new ArrayList<>();
        for (SegmentReader run : readers[0]) {
            if (run.info.overlaps(first, last) && run.mayHaveRange(first, shared)) {
                cursors.add(new SegmentCursor(run, first, last));
            }
        }
        for (int level = 1; level < Version.LEVEL_COUNT; level++) {
            List<SegmentReader> found = overlapping(level, first, last, shared);
            if (found.size() == 1) {
                cursors.add(new SegmentCursor(found.getFirst(), first, last));
            } else if (found.size() > 1) {
                cursors.add(new LevelCursor(found, reader -> new SegmentCursor(reader, first, last)));
            }
        }
        return MergeCursor.of(cursors);
    }

    /** Filters are asked only where a range lies in one object, which then lies in one or two segments. */
    private List<SegmentReader> overlapping(int level, byte[] first, byte[] last, int shared) throws IOException {
        SegmentReader[] segments = readers[level];
        if (segments.length == 0) {
            return List.of();
        }
        List<SegmentReader> found = new ArrayList<>(2);
        for (int i = Version.firstEndingAtOrAfter(version.array(level), first);
                i < segments.length && segments[i].info.overlaps(first, last);
                i++) {
            if (segments[i].mayHaveRange(first, shared)) {
                found.add(segments[i]);
            }
        }
        return found;
    }

    @Override
    public byte @Nullable [] lastKey(byte[] first, byte[] last) throws IOException {
        int shared = sharedPrefix(first, last);
        byte[] largest = null;
        for (SegmentReader run : readers[0]) {
            if (run.info.overlaps(first, last) && run.mayHaveRange(first, shared)) {
                largest = larger(largest, run.lastKey(first, last));
            }
        }
        for (int level = 1; level < Version.LEVEL_COUNT; level++) {
            List<SegmentReader> found = overlapping(level, first, last, shared);
            for (int i = found.size() - 1; i >= 0; i--) {
                byte[] key = found.get(i).lastKey(first, last);
                if (key != null) {
                    largest = larger(largest, key);
                    break;
                }
            }
        }
        return largest;
    }

    private static byte @Nullable [] larger(byte @Nullable [] a, byte @Nullable [] b) {
        if (a == null || b == null) {
            return a == null ? b : a;
        }
        return Arrays.compareUnsigned(a, b) >= 0 ? a : b;
    }

    private static int sharedPrefix(byte[] first, byte[] last) {
        int mismatch = Arrays.mismatch(first, last);
        return mismatch < 0 ? first.length : mismatch;
    }
}
