package org.scoutfs.txn;

import java.util.List;

/** Which cluster locks a transaction changed things under. Declared here, implemented by the lock client. */
public interface ChangedLocks {
    /** At the barrier: the grant numbers that the commit has to name. */
    List<Long> changedGrants();

    /** That commit is published. */
    void changesCommitted();

    /** For a mount without locks to name. */
    ChangedLocks NONE = new ChangedLocks() {
        @Override
        public List<Long> changedGrants() {
            return List.of();
        }

        @Override
        public void changesCommitted() {}
    };
}
