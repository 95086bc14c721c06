package org.scoutfs.lsm;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Several sources as one reader: a node's open memtable over its frozen one over a version.
 *
 * <p>Immutable; thread-safe as its sources are.
 */
public final class MergedReader implements ItemReader {
    private final ItemSource[] sources;

    /** @param newestFirst what a source says hides or adds to what those after it say */
    public MergedReader(ItemSource... newestFirst) {
        this.sources = newestFirst.clone();
    }

    @Override
    public byte @Nullable [] get(byte[] key) throws IOException {
        ItemValue sum = null;
        for (ItemSource source : sources) {
            ItemValue found = source.find(key);
            if (found != null) {
                sum = sum == null ? found : Deltas.merge(sum, found);
                if (sum.kind() != ValueKind.DELTA) {
                    break;
                }
            }
        }
        return sum == null ? null : visible(sum);
    }

    private static byte @Nullable [] visible(ItemValue bottom) {
        ItemValue settled = Deltas.settle(bottom);
        return settled.kind() == ValueKind.TOMBSTONE ? null : settled.bytes();
    }

    @Override
    public Cursor scan(byte[] first, byte[] last) throws IOException {
        List<Cursor> cursors = new ArrayList<>(sources.length);
        try {
            for (ItemSource source : sources) {
                cursors.add(source.scan(first, last));
            }
        } catch (IOException | RuntimeException failure) {
            cursors.forEach(Cursor::close);
            throw failure;
        }
        return new VisibleCursor(MergeCursor.of(cursors));
    }

    /*
     * Each round takes the largest key of which any source speaks; when it turns out to be deleted, the search goes on
     * below it. So the cost is that of the deleted items at the end of the range.
     */
    @Override
    public @Nullable Item last(byte[] first, byte[] last) throws IOException {
        byte[] bound = last;
        while (true) {
            byte[] key = null;
            for (ItemSource source : sources) {
                byte[] candidate = source.lastKey(first, bound);
                if (candidate != null && (key == null || Arrays.compareUnsigned(candidate, key) > 0)) {
                    key = candidate;
                }
            }
            if (key == null) {
                return null;
            }
            byte[] value = get(key);
            if (value != null) {
                return new Item(key, value);
            }
            bound = Bytes.before(key);
            if (bound == null || Arrays.compareUnsigned(bound, first) < 0) {
                return null;
            }
        }
    }
}
