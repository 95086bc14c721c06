package org.scoutfs.node;

import java.util.List;
import org.scoutfs.lock.NodeLocks;
import org.scoutfs.txn.ChangedLocks;

/** Tells the transactions which locks they changed things under. */
record LockGrants(NodeLocks locks) implements ChangedLocks {
    @Override
    public List<Long> changedGrants() {
        return locks.changedGrants();
    }

    @Override
    public void changesCommitted() {
        locks.changesCommitted();
    }
}
