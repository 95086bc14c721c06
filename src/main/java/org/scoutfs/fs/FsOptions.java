package org.scoutfs.fs;

import org.scoutfs.base.Invariants;

/**
 * How a mount behaves.
 *
 * @param lockGroupInodes inode numbers under one cluster lock; a power of two
 * @param isReadOnly nothing is ever changed, orphans are left alone
 * @param isAlone whether no other node can change the volume: the kernel may keep what it knows
 * @param kernelKeepsTimes whether the kernel has its own times of files that are written to, and sends them
 * @param hasAcls whether POSIX ACLs are stored and inherited
 * @param cachedInodes decoded inodes kept in memory; about 400 bytes each
 */
public record FsOptions(
        int lockGroupInodes,
        boolean isReadOnly,
        boolean isAlone,
        boolean kernelKeepsTimes,
        boolean hasAcls,
        int cachedInodes) {
    public static final FsOptions DEFAULTS = new FsOptions(1024, false, true, false, true, 1 << 16);

    public FsOptions {
        Invariants.check(Integer.bitCount(lockGroupInodes) == 1, "lock group is a power of two", lockGroupInodes);
        Invariants.check(Integer.bitCount(cachedInodes) == 1, "cached inodes are a power of two", cachedInodes);
    }

    public FsOptions withReadOnly(boolean readOnly) {
        return new FsOptions(lockGroupInodes, readOnly, isAlone, kernelKeepsTimes, hasAcls, cachedInodes);
    }

    /** Of a mount that shares its volume with others. */
    public FsOptions shared() {
        return new FsOptions(lockGroupInodes, isReadOnly, false, false, hasAcls, cachedInodes);
    }

    /** Of a mount whose kernel keeps written pages back. */
    public FsOptions withKernelTimes(boolean keeps) {
        return new FsOptions(lockGroupInodes, isReadOnly, isAlone, keeps, hasAcls, cachedInodes);
    }

    public FsOptions withAcls(boolean acls) {
        return new FsOptions(lockGroupInodes, isReadOnly, isAlone, kernelKeepsTimes, acls, cachedInodes);
    }

    public FsOptions withCachedInodes(int count) {
        return new FsOptions(lockGroupInodes, isReadOnly, isAlone, kernelKeepsTimes, hasAcls, count);
    }
}
