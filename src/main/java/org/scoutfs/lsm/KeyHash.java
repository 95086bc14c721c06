package org.scoutfs.lsm;

/**
 * The hash of key prefixes that filters are made of. Part of the format: filters on the device were made with it, so it
 * never changes. Multiply and fold, eight bytes at a time, finished as SplitMix64 does.
 */
final class KeyHash {
    private static final long STEP = 0x9E6C63D0676A9A99L;

    private KeyHash() {}

    /** Of the first {@code size} bytes of {@code key}. */
    static long of(byte[] key, int size) {
        long hash = (size + 1) * STEP;
        int at = 0;
        for (; at + Long.BYTES <= size; at += Long.BYTES) {
            hash = (hash ^ (long) SegmentLayout.U64.get(key, at)) * STEP;
            hash ^= hash >>> 29;
        }
        long tail = 0;
        for (int i = size - 1; i >= at; i--) {
            tail = tail << 8 | key[i] & 0xff;
        }
        hash = (hash ^ tail) * STEP;
        hash = (hash ^ (hash >>> 30)) * 0xBF58476D1CE4E5B9L;
        hash = (hash ^ (hash >>> 27)) * 0x94D049BB133111EBL;
        return hash ^ (hash >>> 31);
    }
}
