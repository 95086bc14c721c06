package org.scoutfs.lsm;

import java.io.IOException;

/**
 * Items in ascending key order, each key once. Starts before the first item.
 *
 * <p>Not thread-safe. Arrays that it returns are the caller's to read, not to change, and stay valid after {@link #next}.
 */
public interface Cursor extends AutoCloseable {
    /** Moves to the next item; false when there is none, and from then on. */
    boolean next() throws IOException;

    byte[] key();

    ValueKind kind();

    /** Empty for a tombstone. */
    byte[] value();

    /** Unpins what the cursor reads. Idempotent. */
    @Override
    void close();
}
