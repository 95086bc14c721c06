package org.scoutfs.simulation;

/** Rules that can be broken, to see that the simulation notices. */
enum Mutation {
    /** The rules are kept. */
    NONE,
    /** A server tells what is durable without looking whether it still has the claim. */
    NO_CONFIRMATION,
    /** A server reads its predecessor's log before its own claim is durable. */
    LOG_BEFORE_CLAIM,
    /** Answers leave before the batch is durable. */
    ANSWER_BEFORE_FLUSH,
    /** A new server does not wait for the leases that its predecessor gave. */
    NO_WAIT_FOR_DECLARATIONS,
    /** A node uses its locks past the end of its lease. */
    NO_LEASE,
    /** What an evicted node was granted is handed out again at once. */
    NO_QUARANTINE,
    /** A node gives a lock back before what it changed under it is committed. */
    RELEASE_BEFORE_COMMIT,
    /** Removed segments' space returns at once, whoever still reads them. */
    RECLAIM_AT_ONCE
}
