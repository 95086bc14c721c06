package org.scoutfs.format.ioctl;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * Number 0x81, ours: a text about the mount and its cluster, as the mount writes it at that moment. ioctl(2) returns how many bytes it
 * stored; {@code EOVERFLOW} where they do not fit. No privilege is needed.
 *
 * @param kind which one: one of the constants here; {@code EINVAL} for another
 * @param textBytes room, unsigned
 */
public record ReportRequest(int kind, long textBytes, long textPointer) {
    public static final int SIZE = 24;

    /** Members, server, mounts, quarantine. */
    public static final int CLUSTER = 0;
    /** The server's table of locks. */
    public static final int LOCKS = 1;
    /** What {@code -o metrics=} serves. */
    public static final int METRICS = 2;

    private static final int KIND = 0; //      u32
    private static final int TEXT_BYTES = 8; // u64, after 4 bytes of padding
    private static final int TEXT_PTR = 16; //  u64

    public static ReportRequest decode(MemorySegment in) {
        ByteBuffer bytes = Bytes.of(in, SIZE);
        return new ReportRequest(bytes.getInt(KIND), bytes.getLong(TEXT_BYTES), bytes.getLong(TEXT_PTR));
    }

    public byte[] encode() {
        ByteBuffer bytes = Bytes.zeroed(SIZE);
        bytes.putInt(KIND, kind);
        bytes.putLong(TEXT_BYTES, textBytes);
        bytes.putLong(TEXT_PTR, textPointer);
        return bytes.array();
    }
}
