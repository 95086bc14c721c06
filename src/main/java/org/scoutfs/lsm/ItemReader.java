package org.scoutfs.lsm;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Items as a reader sees them: merged, without tombstones, deltas added up. The state it shows does not change.
 *
 * <p>Thread-safe.
 */
public interface ItemReader {
    /** The value of a key, or null where it has none. The array is not to be changed. */
    byte @Nullable [] get(byte[] key) throws IOException;

    /** All items with {@code first <= key <= last}, ascending; {@link Cursor#kind} is always {@link ValueKind#PUT}. */
    Cursor scan(byte[] first, byte[] last) throws IOException;

    /** The item with the largest key in the range, or null: for "what was the last one used". */
    @Nullable Item last(byte[] first, byte[] last) throws IOException;

    /** A key with its value. */
    record Item(byte[] key, byte[] value) {}
}
