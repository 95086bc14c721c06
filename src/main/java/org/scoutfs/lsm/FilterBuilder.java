package org.scoutfs.lsm;

import static org.scoutfs.lsm.SegmentLayout.*;

import java.util.Arrays;

/**
 * Collects the prefixes of a segment's keys and makes its filter blocks.
 *
 * <p>A Bloom filter in lines of 64 bytes: one hash chooses the line, seven parts of nine bits choose bits in it, so a
 * question costs one cache line.
 */
final class FilterBuilder {
    static final int PROBES = 7;

    private final int bitsPerEntry;
    private final int shortPrefix;
    private final int longPrefix;
    private long[] hashes = new long[1024];
    private int count;
    private long lastShort;
    private long lastLong;

    FilterBuilder(SegmentOptions options) {
        this.bitsPerEntry = options.filterBitsPerEntry();
        this.shortPrefix = options.shortPrefix();
        this.longPrefix = options.longPrefix();
    }

    void clear() {
        count = 0;
        lastShort = 0;
        lastLong = 0;
    }

    /** Adds the prefixes of a key, unless the key before had the same. Equal hashes of different prefixes do no harm. */
    void add(byte[] key, int keySize) {
        long hash = KeyHash.of(key, Math.min(keySize, longPrefix));
        if (hash == lastLong) {
            return;
        }
        lastLong = hash;
        addHash(hash);
        if (keySize > shortPrefix) {
            long shortHash = KeyHash.of(key, shortPrefix);
            if (shortHash != lastShort) {
                lastShort = shortHash;
                addHash(shortHash);
            }
        }
    }

    private void addHash(long hash) {
        if (count == hashes.length) {
            hashes = Arrays.copyOf(hashes, 2 * count);
        }
        hashes[count++] = hash;
    }

    int lineCount() {
        return (int) (((long) count * bitsPerEntry + FILTER_LINE_SIZE * 8 - 1) / (FILTER_LINE_SIZE * 8));
    }

    /** Units of the filter blocks, were they made now. */
    int units() {
        int lines = lineCount();
        int rest = lines % FILTER_LINES_PER_BLOCK;
        return lines / FILTER_LINES_PER_BLOCK * FILTER_UNITS
                + (rest == 0 ? 0 : (FILTER_LINES + rest * FILTER_LINE_SIZE + UNIT - 1) / UNIT);
    }

    /** The lines of all blocks, one after the other. */
    byte[] lines() {
        int lineCount = lineCount();
        byte[] lines = new byte[lineCount * FILTER_LINE_SIZE];
        for (int i = 0; i < count; i++) {
            long hash = hashes[i];
            int line = lineOf(hash, lineCount) * FILTER_LINE_SIZE;
            long bits = bitsOf(hash);
            for (int probe = 0; probe < PROBES; probe++) {
                int bit = (int) (bits >>> probe * 9) & 511;
                lines[line + (bit >>> 3)] |= (byte) (1 << (bit & 7));
            }
        }
        return lines;
    }

    /** The line of a hash: its high bits, scaled. */
    static int lineOf(long hash, int lineCount) {
        return (int) ((hash >>> 32) * lineCount >>> 32);
    }

    /**
     * Seven parts of nine bits. Mixed again: all hashes of one line have the same high bits, which must not choose the same
     * bit of the line too.
     */
    static long bitsOf(long hash) {
        long bits = hash * 0x9FB21C651E98DF25L;
        return bits ^ (bits >>> 32);
    }
}
