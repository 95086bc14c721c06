package org.scoutfs.format.ioctl;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Little-endian buffers of a fixed size. */
final class Bytes {
    private Bytes() {}

    /** Zeroes, so that padding never carries what was in memory before. */
    static ByteBuffer zeroed(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** The first {@code size} bytes; a shorter segment is a mistake of the caller, which knows the size from the request code. */
    static ByteBuffer of(MemorySegment segment, int size) {
        return segment.asSlice(0, size).asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Names and paths are bytes; Latin-1 keeps every one of them for messages and tests. */
    static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }
}
