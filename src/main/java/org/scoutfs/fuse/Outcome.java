package org.scoutfs.fuse;

/** What became of a request. */
enum Outcome {
    /** The reply is in the exchange and has to be sent. */
    ANSWERED,
    /** A request of a kind that gets no reply. */
    SILENT,
    /** Somebody else owns the exchange now: it waits, or another thread works on it. It must not be touched. */
    TAKEN
}
