package org.scoutfs.lsm;

/** What an item says about its key. The ordinal is not stored; {@link #code} is. */
public enum ValueKind {
    /** The key has this value; older items of the key mean nothing. */
    PUT(1),
    /** The key has no value; older items of the key mean nothing. The value bytes are empty. */
    TOMBSTONE(2),
    /**
     * Little-endian 64-bit numbers, to be added to those of the older items of the key, with wrap-around. Where there is
     * no older item the sum starts from zeroes. A sum of only zeroes reads as "no value".
     */
    DELTA(3);

    private final int code;

    ValueKind(int code) {
        this.code = code;
    }

    public int code() {
        return code;
    }
}
