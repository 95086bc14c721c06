package org.scoutfs.check;

import java.util.HashMap;
import java.util.Map;

/**
 * Whether two sides say the same facts, in memory that does not grow with their number.
 *
 * <p>First pass: every fact goes into a bucket by its fingerprint; one side adds the fingerprint to the bucket's sum, the other
 * takes it off. Where both said the same, all sums are zero; that they are zero by chance has the odds of one in 2^64 per bucket.
 * Second pass, only when some are not: the facts of those buckets are kept and compared one by one.
 */
final class Pairing {
    private static final int BUCKETS = 1 << 18;
    /** At 100 bytes each. With more suspects than this, the report names the first and says so. */
    private static final int SUSPECTS_MAX = 1 << 21;

    private final long[] sums = new long[BUCKETS];
    private final Map<Fact, Long> balances = new HashMap<>();
    private boolean isSecondPass;
    private boolean isCut;

    /** The side that owns the fact: a directory's listing, an inode. */
    void owner(Fact fact) {
        add(fact, 1);
    }

    /** The fact is said so many times, with wrap-around: for sums. */
    void owner(Fact fact, long times) {
        add(fact, times);
    }

    /** The other side: a link from the inode, an index. */
    void mirror(Fact fact) {
        add(fact, -1);
    }

    void mirror(Fact fact, long times) {
        add(fact, -times);
    }

    private void add(Fact fact, long times) {
        long fingerprint = fact.fingerprint();
        int bucket = (int) (fingerprint >>> 1) & BUCKETS - 1;
        if (!isSecondPass) {
            sums[bucket] += times * fingerprint;
        } else if (sums[bucket] != 0) {
            if (balances.size() < SUSPECTS_MAX) {
                balances.merge(fact, times, Long::sum);
            } else {
                isCut = true;
            }
        }
    }

    /** Ends the first pass. Whether a second one is needed. */
    boolean isUneven() {
        for (long sum : sums) {
            if (sum != 0) {
                return true;
            }
        }
        return false;
    }

    void beginSecondPass() {
        isSecondPass = true;
    }

    /** Names what one side said and the other did not. */
    void report(Findings findings) {
        balances.forEach((fact, balance) -> {
            if (balance != 0) {
                report(fact, balance, findings);
            }
        });
        if (isCut) {
            findings.add(Problem.Kind.STRUCTURE, "cross-check", "more than " + SUSPECTS_MAX + " facts to compare: not all were");
        }
    }

    private static void report(Fact fact, long balance, Findings findings) {
        boolean isMissing = balance > 0;
        String times = Math.abs(balance) == 1 ? "" : " (" + Math.abs(balance) + " times)";
        switch (fact.relation()) {
            case NAME -> findings.add(
                    Problem.Kind.LINK,
                    "directory " + number(fact.a()) + " position " + number(fact.b()),
                    (isMissing
                                    ? "names inode " + number(fact.c()) + " of type " + fact.d() + ", which has no such link"
                                    : "inode " + number(fact.c()) + " of type " + fact.d()
                                            + " has a link from there, and there is no such entry")
                            + times);
            case META_SEQ -> index("meta_seq", fact, isMissing, times, findings);
            case DATA_SEQ -> index("data_seq", fact, isMissing, times, findings);
            case ORPHAN -> findings.add(
                    Problem.Kind.ORPHAN,
                    "inode " + number(fact.a()),
                    isMissing ? "has no name, and no orphan item" : "has an orphan item, and is none");
            case TRUNCATE -> findings.add(
                    Problem.Kind.ORPHAN,
                    "inode " + number(fact.a()),
                    isMissing ? "is being truncated, and has no truncate item" : "has a truncate item, and is not being truncated");
            case XATTR_SEARCH -> findings.add(
                    isMissing ? Problem.Kind.INDEX_MISSING : Problem.Kind.INDEX_EXTRA,
                    "inode " + number(fact.b()),
                    isMissing
                            ? "is not found by its xattr " + number(fact.c()) + " of name hash " + number(fact.a())
                            : "is found by an xattr " + number(fact.c()) + " of name hash " + number(fact.a())
                                    + ", which it has not");
            case XATTR_PLACE -> findings.add(
                    isMissing ? Problem.Kind.INDEX_MISSING : Problem.Kind.INDEX_EXTRA,
                    "inode " + number(fact.c()),
                    (isMissing ? "is not in the index of xattrs at " : "is in the index of xattrs at ")
                            + number(fact.a()) + "." + number(fact.b())
                            + (isMissing ? ", where an xattr wants it" : ", which no xattr says") + times);
            case TOTAL_SUM -> total("the sum", fact, balance, findings);
            case TOTAL_COUNT -> total("the number", fact, balance, findings);
        }
    }

    private static void total(String what, Fact fact, long tooLow, Findings findings) {
        findings.add(
                Problem.Kind.TOTAL,
                "total " + number(fact.a()) + "." + number(fact.b()) + "." + number(fact.c()),
                what + " of its xattrs is " + Math.abs(tooLow) + (tooLow > 0 ? " more" : " less") + " than it says");
    }

    private static void index(String name, Fact fact, boolean isMissing, String times, Findings findings) {
        findings.add(
                isMissing ? Problem.Kind.INDEX_MISSING : Problem.Kind.INDEX_EXTRA,
                "inode " + number(fact.b()),
                (isMissing ? "is not in the index " : "is in the index ") + name + " at " + number(fact.a())
                        + (isMissing ? "" : ", where it does not belong") + times);
    }

    static String number(long unsigned) {
        return Long.toUnsignedString(unsigned);
    }
}
