package org.scoutfs.check;

/**
 * Something that is said in two places of the volume and has to be the same: the two sayings meet in a {@link Pairing}.
 *
 * @param a to {@code d}: numbers whose meaning the relation says; 0 where it has none
 */
record Fact(Relation relation, long a, long b, long c, long d) {
    /** What is said. */
    enum Relation {
        /** Directory a has at position b a name of inode c with type d. Said by the directory's listing, and by the inode. */
        NAME,
        /** Inode b has meta_seq a. Said by the inode, and by the index. */
        META_SEQ,
        /** Regular file b has data_seq a. Said by the inode, and by the index. */
        DATA_SEQ,
        /** Inode a has no name. Said by its link count, and by the orphan item. */
        ORPHAN,
        /** Inode a is being truncated. Said by its flag, and by the truncate item. */
        TRUNCATE,
        /** Inode b has an xattr, number c, of name hash a with the tag srch. Said by the xattr, and by the search item. */
        XATTR_SEARCH,
        /** Inode c has an xattr with the tag indx at place (a, b). Said by each such xattr, and by the item as often as it counts. */
        XATTR_PLACE,
        /** The total (a, b, c) has this sum, as often as the sum says. Said by the xattrs, and by the total's item. */
        TOTAL_SUM,
        /** The total (a, b, c) has an xattr. Said by each, and by the total's item as often as it counts. */
        TOTAL_COUNT
    }

    /**
     * 64 bits that are as good as unique: SplitMix64's finish after each number. Odd, so that no number of times but none makes it
     * zero.
     */
    long fingerprint() {
        long hash = mix(relation.ordinal() + 1L);
        hash = mix(hash ^ a);
        hash = mix(hash ^ b);
        hash = mix(hash ^ c);
        return mix(hash ^ d) | 1;
    }

    private static long mix(long value) {
        long z = value + 0x9E3779B97F4A7C15L;
        z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return z ^ z >>> 31;
    }
}
