package org.scoutfs.lsm;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.scoutfs.base.CorruptionException;

/**
 * Several cursors as one: of the items of one key the newest counts, and deltas are added to what is below them. Tombstones
 * are shown, and a sum of deltas with nothing below stays a delta: a merge must keep both.
 *
 * <p>A binary heap over the sources, by key and then by age: one comparison where the same source goes on, as it does in
 * long stretches.
 */
public final class MergeCursor implements Cursor {
    private static final byte[] EMPTY = {};

    private final Cursor[] all;
    private final Source[] heap;
    private int heapSize;
    private boolean isStarted;

    private byte[] key = EMPTY;
    private ValueKind kind = ValueKind.TOMBSTONE;
    private byte[] value = EMPTY;

    private MergeCursor(Cursor[] newestFirst) {
        this.all = newestFirst;
        this.heap = new Source[newestFirst.length];
    }

    /**
     * Owns the cursors from now on: closing this closes them.
     *
     * @param newestFirst the item of the first one wins among equal keys
     */
    public static Cursor of(List<Cursor> newestFirst) {
        return newestFirst.size() == 1 ? newestFirst.getFirst() : new MergeCursor(newestFirst.toArray(new Cursor[0]));
    }

    @Override
    public boolean next() throws IOException {
        if (!isStarted) {
            start();
        }
        if (heapSize == 0) {
            return false;
        }
        Source top = heap[0];
        key = top.key;
        kind = top.cursor.kind();
        value = top.cursor.value();
        advanceTop();
        while (heapSize > 0 && Arrays.equals(heap[0].key, key)) {
            if (kind == ValueKind.DELTA) {
                addOlder(heap[0].cursor);
            }
            advanceTop();
        }
        return true;
    }

    private void start() throws IOException {
        isStarted = true;
        for (int age = 0; age < all.length; age++) {
            if (all[age].next()) {
                heap[heapSize++] = new Source(all[age], age, all[age].key());
            }
        }
        for (int i = heapSize / 2 - 1; i >= 0; i--) {
            siftDown(i);
        }
    }

    private void addOlder(Cursor older) throws CorruptionException {
        ItemValue sum = Deltas.merge(new ItemValue(kind, value), new ItemValue(older.kind(), older.value()));
        kind = sum.kind();
        value = sum.bytes();
    }

    private void advanceTop() throws IOException {
        Source top = heap[0];
        if (top.cursor.next()) {
            top.key = top.cursor.key();
        } else {
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
        int order = Arrays.compareUnsigned(a.key, b.key);
        return order != 0 ? order < 0 : a.age < b.age;
    }

    @Override
    public byte[] key() {
        return key;
    }

    @Override
    public ValueKind kind() {
        return kind;
    }

    @Override
    public byte[] value() {
        return value;
    }

    @Override
    public void close() {
        for (Cursor cursor : all) {
            cursor.close();
        }
    }

    private static final class Source {
        final Cursor cursor;
        final int age;
        byte[] key;

        Source(Cursor cursor, int age, byte[] key) {
            this.cursor = cursor;
            this.age = age;
            this.key = key;
        }
    }
}
