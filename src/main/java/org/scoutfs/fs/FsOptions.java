package org.scoutfs.fs;

import org.scoutfs.base.Invariants;

/**
 * How a mount behaves.
 *
 * @param lockGroupInodes inode numbers under one cluster lock; a power of two
 * @param isReadOnly nothing is ever changed, orphans are left alone
 * @param isAlone whether no other node can change the volume: the kernel may keep what it knows
 * @param hasAcls whether POSIX ACLs are stored and inherited
 * @param cachedInodes decoded inodes kept in memory; about 400 bytes each
 */
public record FsOptions(int lockGroupInodes, boolean isReadOnly, boolean isAlone, boolean hasAcls, int cachedInodes) {
    public static final FsOptions DEFAULTS = new FsOptions(1024, false, true, true, 1 << 16);

    public FsOptions {
        Invariants.check(Integer.bitCount(lockGroupInodes) == 1, "lock group is a power of two", lockGroupInodes);
        Invariants.check(Integer.bitCount(cachedInodes) == 1, "cached inodes are a power of two", cachedInodes);
    }

    public FsOptions withReadOnly(boolean readOnly) {
        return new FsOptions(lockGroupInodes, readOnly, isAlone, hasAcls, cachedInodes);
    }

    /** Of a mount that shares its volume with others. */
    public FsOptions shared() {
        return new FsOptions(lockGroupInodes, isReadOnly, false, hasAcls, cachedInodes);
    }

    public FsOptions withAcls(boolean acls) {
        return new FsOptions(lockGroupInodes, isReadOnly, isAlone, acls, cachedInodes);
    }

    public FsOptions withCachedInodes(int count) {
        return new FsOptions(lockGroupInodes, isReadOnly, isAlone, hasAcls, count);
    }
}
