package org.scoutfs.net;

/** What a holder of a lock may do with the items that it covers. */
public enum LockMode {
    /** Read; several nodes at once. */
    READ,
    /** Read and change; one node, and nobody else reads. */
    WRITE;

    public boolean conflictsWith(LockMode other) {
        return this == WRITE || other == WRITE;
    }

    public boolean covers(LockMode wanted) {
        return this == WRITE || wanted == READ;
    }
}
