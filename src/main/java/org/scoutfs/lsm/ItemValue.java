package org.scoutfs.lsm;

/** What a source says of a key. The bytes are not to be changed. */
public record ItemValue(ValueKind kind, byte[] bytes) {
    private static final byte[] EMPTY = {};

    public static final ItemValue TOMBSTONE = new ItemValue(ValueKind.TOMBSTONE, EMPTY);

    public static ItemValue put(byte[] bytes) {
        return new ItemValue(ValueKind.PUT, bytes);
    }

    public static ItemValue delta(byte[] bytes) {
        return new ItemValue(ValueKind.DELTA, bytes);
    }
}
