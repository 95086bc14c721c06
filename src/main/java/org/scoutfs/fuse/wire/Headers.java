package org.scoutfs.fuse.wire;

/** What stands before every request, and before every reply and notification. */
public final class Headers {
    public static final int IN_LENGTH = 0; // u32 all of it, with this header
    public static final int IN_OPCODE = 4; // u32
    public static final int IN_UNIQUE = 8; // u64 even; bit 0 marks the interrupt of that request
    public static final int IN_NODE_ID = 16; // u64
    public static final int IN_UID = 24; // u32
    public static final int IN_GID = 28; // u32
    public static final int IN_PID = 32; // u32 the caller's thread
    public static final int IN_EXTENSION_WORDS = 36; // u16 in units of 8 bytes, at the very end
    public static final int IN_SIZE = 40;

    public static final int OUT_LENGTH = 0; // u32
    public static final int OUT_ERROR = 4; // i32 0 or a negative error number; notifications: their code
    public static final int OUT_UNIQUE = 8; // u64 of the request; notifications: 0
    public static final int OUT_SIZE = 16;

    private Headers() {}
}
