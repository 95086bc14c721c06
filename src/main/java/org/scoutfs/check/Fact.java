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
        TRUNCATE
    }

    /** 64 bits that are as good as unique: SplitMix64's finish after each number. */
    long fingerprint() {
        long hash = mix(relation.ordinal() + 1L);
        hash = mix(hash ^ a);
        hash = mix(hash ^ b);
        hash = mix(hash ^ c);
        return mix(hash ^ d);
    }

    private static long mix(long value) {
        long z = value + 0x9E3779B97F4A7C15L;
        z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return z ^ z >>> 31;
    }
}
