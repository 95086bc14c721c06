package org.scoutfs.lsm;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Neighbours of keys in key order. */
final class Bytes {
    private Bytes() {}

    /**
     * A key below {@code key} such that no stored key lies between: exact among keys of the same length or longer up to
     * {@link SegmentInfo#KEY_SIZE_MAX}. Null for the empty key.
     */
    static byte @Nullable [] before(byte[] key) {
        if (key.length == 0) {
            return null;
        }
        int last = key.length - 1;
        if (key[last] == 0) {
            // The key without its last zero byte is the one right below.
            return Arrays.copyOf(key, last);
        }
        byte[] before = Arrays.copyOf(key, SegmentInfo.KEY_SIZE_MAX);
        before[last]--;
        Arrays.fill(before, key.length, before.length, (byte) 0xff);
        return before;
    }
}
