package org.scoutfs.net;

/**
 * A cluster lock. The order of records (kind, then number) is the order in which operations take locks.
 *
 * @param number for {@link Kind#INODES}: the group, inode number divided by the group size (unsigned); else 0
 */
public record LockName(Kind kind, long number) implements Comparable<LockName> {
    /** What a lock covers. */
    public enum Kind {
        /** Renames of directories to another parent: serialised over the whole volume. */
        RENAME,
        /** Quota rules and volume options. */
        RULES,
        /** All items of one group of inode numbers. */
        INODES
    }

    /** The same in each run of the program, other than that of an enum's constant: histories can be repeated. */
    @Override
    public int hashCode() {
        return 31 * Long.hashCode(number) + kind.ordinal();
    }

    @Override
    public int compareTo(LockName other) {
        int byKind = kind.compareTo(other.kind);
        return byKind != 0 ? byKind : Long.compareUnsigned(number, other.number);
    }
}
