package org.scoutfs.fuse.wire;

/**
 * The header buffer of an entry of FUSE over io_uring. Beside it each entry has a payload buffer, for what follows the fixed
 * part of a request and for the whole body of its reply.
 */
public final class RingHeader {
    /** A request's header comes here, and its reply's header goes here. */
    public static final int HEADER = 0;
    /** The fixed part of a request. */
    public static final int FIXED = 128;

    public static final int COMMIT_ID = 264; // u64 what the answer has to name
    public static final int PAYLOAD_SIZE = 272; // u32 bytes in the payload buffer, both ways
    public static final int SIZE = 288;

    public static final int FIXED_SIZE_MAX = 128;

    /** Operations of the command. */
    public static final int REGISTER = 1;

    public static final int COMMIT_AND_FETCH = 2;

    private RingHeader() {}
}
