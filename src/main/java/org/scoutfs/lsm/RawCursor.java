package org.scoutfs.lsm;

import java.io.IOException;
import java.util.Arrays;

/**
 * A cursor whose item can be looked at without a new array for its key and its value: merges run over millions of items.
 *
 * <p>The fields are valid after a {@link #next} that returned true, until the next one.
 */
abstract class RawCursor implements Cursor {
    private static final ValueKind[] KINDS = {null, ValueKind.PUT, ValueKind.TOMBSTONE, ValueKind.DELTA};
    private static final byte[] EMPTY = {};

    /** The key is the first {@link #keySize} bytes. */
    byte[] keyBytes = EMPTY;

    int keySize;
    int kindCode;
    int valueSize;

    /** Copies the value, {@link #valueSize} bytes, to {@code into} at {@code at}. */
    abstract void copyValue(byte[] into, int at);

    @Override
    public byte[] key() {
        return Arrays.copyOf(keyBytes, keySize);
    }

    @Override
    public ValueKind kind() {
        return KINDS[kindCode];
    }

    @Override
    public byte[] value() {
        if (valueSize == 0) {
            return EMPTY;
        }
        byte[] value = new byte[valueSize];
        copyValue(value, 0);
        return value;
    }

    /** Any cursor as a raw one. */
    static RawCursor of(Cursor cursor) {
        return cursor instanceof RawCursor raw ? raw : new Adapter(cursor);
    }

    private static final class Adapter extends RawCursor {
        private final Cursor cursor;
        private byte[] value = EMPTY;

        Adapter(Cursor cursor) {
            this.cursor = cursor;
        }

        @Override
        public boolean next() throws IOException {
            if (!cursor.next()) {
                return false;
            }
            keyBytes = cursor.key();
            keySize = keyBytes.length;
            kindCode = cursor.kind().code();
            value = cursor.value();
            valueSize = value.length;
            return true;
        }

        @Override
        void copyValue(byte[] into, int at) {
            System.arraycopy(value, 0, into, at, valueSize);
        }

        @Override
        public byte[] key() {
            return keyBytes;
        }

        @Override
        public byte[] value() {
            return value;
        }

        @Override
        public void close() {
            cursor.close();
        }
    }
}
