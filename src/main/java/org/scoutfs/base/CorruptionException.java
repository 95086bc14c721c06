package org.scoutfs.base;

import java.io.IOException;

/**
 * Bytes that are not what they must be: a wrong checksum, identity, length or field. The reader answers {@code EIO},
 * logs one line and counts it; it never guesses a value.
 */
public final class CorruptionException extends IOException {
    private static final long serialVersionUID = 1L;

    private CorruptionException(String message) {
        super(message);
    }

    /**
     * @param where the structure and its place, such as {@code "super slot 3 at block 20"}
     * @param expected what the bytes should have said
     * @param actual what they say
     */
    public static CorruptionException of(String where, String expected, String actual) {
        return new CorruptionException(where + ": expected " + expected + ", found " + actual);
    }

    /** Something that another structure names is not there. */
    public static CorruptionException missing(String what, Object namedBy) {
        return new CorruptionException("missing " + what + ", named by " + namedBy);
    }
}
