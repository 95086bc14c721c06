package org.scoutfs.txn;

import java.util.concurrent.TimeUnit;
import org.scoutfs.base.Invariants;
import org.scoutfs.lsm.SegmentOptions;

/**
 * How a mount gathers and commits.
 *
 * @param isReadOnly nothing is ever written
 * @param isOnePool whether segments and file data share one device
 * @param commitNanos a change is committed at the latest so long after it was made
 * @param memtableBytesMax a transaction with more items than this is committed; two of them may be in memory
 * @param level0RunsSoft with more runs in level 0 than this, commits are slowed, the more the more runs there are
 * @param segments how segments are written
 */
public record TransactionOptions(
        boolean isReadOnly,
        boolean isOnePool,
        long commitNanos,
        long memtableBytesMax,
        int level0RunsSoft,
        SegmentOptions segments) {
    public TransactionOptions {
        Invariants.check(commitNanos > 0, "commit interval in ns", commitNanos);
        Invariants.check(memtableBytesMax >= 1 << 16, "memtable limit in bytes", memtableBytesMax);
        Invariants.check(level0RunsSoft > 0, "runs", level0RunsSoft);
    }

    /** A commit each second, memtables of 48 MiB. */
    public static TransactionOptions of(SegmentOptions segments, boolean isOnePool) {
        return new TransactionOptions(false, isOnePool, TimeUnit.SECONDS.toNanos(1), 48L << 20, 200, segments);
    }

    public TransactionOptions readOnly() {
        return new TransactionOptions(true, isOnePool, commitNanos, memtableBytesMax, level0RunsSoft, segments);
    }

    public TransactionOptions withCommitNanos(long nanos) {
        return new TransactionOptions(isReadOnly, isOnePool, nanos, memtableBytesMax, level0RunsSoft, segments);
    }

    public TransactionOptions withMemtableBytesMax(long bytes) {
        return new TransactionOptions(isReadOnly, isOnePool, commitNanos, bytes, level0RunsSoft, segments);
    }
}
