package org.scoutfs.lsm;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Several cursors as one: of the items of one key the newest counts, and deltas are added to what is below them. Tombstones
 * are shown, and a sum of deltas with nothing below stays a delta: a merge must keep both.
 *
 * <p>A binary heap over the sources, by key and then by age. An item that only one source has is shown where it lies in that
 * source, which is moved on with the next {@link #next}: nothing is copied.
 */
public final class MergeCursor extends RawCursor {
    private final RawCursor[] all;
    private final Source[] heap;
    private int heapSize;
    private boolean isStarted;
    /** The source that shows the current item; null before the first one, and when the item is our own copy. */
    private @Nullable RawCursor shown;

    private final byte[] ownKey = new byte[SegmentInfo.KEY_SIZE_MAX];
    private byte[] ownValue = {};

    private record Source(RawCursor cursor, int age) {}

    private MergeCursor(RawCursor[] newestFirst) {
        this.all = newestFirst;
        this.heap = new Source[newestFirst.length];
    }

    /**
     * Owns the cursors from now on: closing this closes them.
     *
     * @param newestFirst the item of the first one wins among equal keys
     */
    public static Cursor of(List<? extends Cursor> newestFirst) {
        if (newestFirst.size() == 1) {
            return newestFirst.getFirst();
        }
        RawCursor[] raw = new RawCursor[newestFirst.size()];
        for (int i = 0; i < raw.length; i++) {
            raw[i] = RawCursor.of(newestFirst.get(i));
        }
        return new MergeCursor(raw);
    }

    @Override
    public boolean next() throws IOException {
        if (!isStarted) {
            start();
        } else if (shown != null) {
            advanceTop();
        }
        if (heapSize == 0) {
            shown = null;
            return false;
        }
        if (hasTopTwice()) {
            mergeTop();
        } else {
            show(heap[0].cursor);
        }
        return true;
    }

    private void start() throws IOException {
        isStarted = true;
        for (int age = 0; age < all.length; age++) {
            if (all[age].next()) {
                heap[heapSize++] = new Source(all[age], age);
            }
        }
        for (int i = heapSize / 2 - 1; i >= 0; i--) {
            siftDown(i);
        }
    }

    private boolean hasTopTwice() {
        return heapSize > 1 && isSameKey(heap[0].cursor, heap[1].cursor)
                || heapSize > 2 && isSameKey(heap[0].cursor, heap[2].cursor);
    }

    private static boolean isSameKey(RawCursor a, RawCursor b) {
        return a.keySize == b.keySize && Arrays.equals(a.keyBytes, 0, a.keySize, b.keyBytes, 0, b.keySize);
    }

    private void show(RawCursor source) {
        shown = source;
        keyBytes = source.keyBytes;
        keySize = source.keySize;
        kindCode = source.kindCode;
        valueSize = source.valueSize;
    }

    /** Takes all items of the smallest key, newest first, and shows what they come to. */
    private void mergeTop() throws IOException {
        RawCursor newest = heap[0].cursor;
        int size = newest.keySize;
        System.arraycopy(newest.keyBytes, 0, ownKey, 0, size);
        ItemValue sum = new ItemValue(newest.kind(), newest.value());
        advanceTop();
        while (heapSize > 0 && isOwnKey(heap[0].cursor, size)) {
            if (sum.kind() == ValueKind.DELTA) {
                RawCursor older = heap[0].cursor;
                sum = Deltas.merge(sum, new ItemValue(older.kind(), older.value()));
            }
            advanceTop();
        }
        shown = null;
        keyBytes = ownKey;
        keySize = size;
        kindCode = sum.kind().code();
        ownValue = sum.bytes();
        valueSize = ownValue.length;
    }

    private boolean isOwnKey(RawCursor cursor, int size) {
        return cursor.keySize == size && Arrays.equals(cursor.keyBytes, 0, size, ownKey, 0, size);
    }

    private void advanceTop() throws IOException {
        if (!heap[0].cursor.next()) {
            heap[0] = heap[--heapSize];
        }
        siftDown(0);
    }

    private void siftDown(int start) {
        int parent = start;
        while (true) {
            int child = 2 * parent + 1;
            if (child >= heapSize) {
                return;
            }
            if (child + 1 < heapSize && isBefore(heap[child + 1], heap[child])) {
                child++;
            }
            if (!isBefore(heap[child], heap[parent])) {
                return;
            }
            Source moved = heap[parent];
            heap[parent] = heap[child];
            heap[child] = moved;
            parent = child;
        }
    }

    private static boolean isBefore(Source a, Source b) {
        RawCursor x = a.cursor;
        RawCursor y = b.cursor;
        int order = Arrays.compareUnsigned(x.keyBytes, 0, x.keySize, y.keyBytes, 0, y.keySize);
        return order != 0 ? order < 0 : a.age < b.age;
    }

    @Override
    void copyValue(byte[] into, int at) {
        if (shown != null) {
            shown.copyValue(into, at);
        } else {
            System.arraycopy(ownValue, 0, into, at, valueSize);
        }
    }

    @Override
    public byte[] value() {
        return shown != null ? shown.value() : ownValue;
    }

    @Override
    public byte[] key() {
        return shown != null ? shown.key() : Arrays.copyOf(ownKey, keySize);
    }

    @Override
    public void close() {
        for (RawCursor cursor : all) {
            cursor.close();
        }
    }
}
