package org.scoutfs.lsm;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Items of one age, or of several that are merged among themselves: a memtable, or a version. Tombstones and deltas are
 * shown, because what lies below in other sources counts. {@link MergedReader} makes an {@link ItemReader} of several.
 *
 * <p>Thread-safe.
 */
public interface ItemSource {
    /** What this source says of a key, or null where it says nothing. A {@code DELTA} is the sum of the source's deltas. */
    @Nullable ItemValue find(byte[] key) throws IOException;

    /** All items with {@code first <= key <= last}, of every kind, each key once. */
    Cursor scan(byte[] first, byte[] last) throws IOException;

    /** The largest key in {@code [first, last]} of which this source says anything, or null. */
    byte @Nullable [] lastKey(byte[] first, byte[] last) throws IOException;
}
