package org.scoutfs.net;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.zip.CRC32C;

/**
 * What goes over a connection: a header of 16 bytes and a payload, which begins with its {@link Kind}. docs/protocol.md, "Frames".
 *
 * <pre>
 *   0  u32  crc      CRC32C of everything behind it
 *   4  u32  length   of the payload in bytes; at least 1
 *   8  u64  number   0 for the first frame of each direction, then (the receiver's nonce + 1), + 2, ...
 *  16       payload
 * </pre>
 * <p>The receiver draws the nonce anew for each connection. So a frame that comes twice, too early or too late, or that was recorded
 * from another connection, has a number that is not expected, and the connection ends.
 */
final class Frame {
    static final int HEADER_SIZE = 16;
    static final int CRC = 0;
    static final int LENGTH = 4;
    static final int NUMBER = 8;

    /** What a payload is. The numbers are those on the wire. */
    enum Kind {
        /** Not used, so that zeroes are refused. */
        NONE,
        /** The first frame of both directions: {@link Hello}. */
        HELLO,
        /** Instead of the hello of the side that was called: the versions and the reason. */
        REFUSAL,
        /** One {@link Message}. */
        MESSAGE,
        /** That the sender lives. Empty. */
        PING,
        /** The last frame of a direction, with the reason. */
        BYE
    }

    private static final VarHandle U32 = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle U64 = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private Frame() {}

    static int u32(byte[] bytes, int offset) {
        return (int) U32.get(bytes, offset);
    }

    static long u64(byte[] bytes, int offset) {
        return (long) U64.get(bytes, offset);
    }

    static int crc(byte[] bytes, int from, int to) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, from, to - from);
        return (int) crc.getValue();
    }

    /** Frames to be sent together. */
    static final class Batch {
        private byte[] bytes = new byte[8192];
        private int size;

        int size() {
            return size;
        }

        byte[] array() {
            return bytes;
        }

        /** Forgets the frames; memory that a large one took is let go. */
        void clear() {
            size = 0;
            if (bytes.length > 1 << 20) {
                bytes = new byte[8192];
            }
        }

        void add(long number, Kind kind, byte[] content) {
            int total = HEADER_SIZE + 1 + content.length;
            if (bytes.length - size < total) {
                bytes = Arrays.copyOf(bytes, Math.max(size + total, bytes.length * 2));
            }
            U32.set(bytes, size + LENGTH, 1 + content.length);
            U64.set(bytes, size + NUMBER, number);
            bytes[size + HEADER_SIZE] = (byte) kind.ordinal();
            System.arraycopy(content, 0, bytes, size + HEADER_SIZE + 1, content.length);
            U32.set(bytes, size + CRC, crc(bytes, size + LENGTH, size + total));
            size += total;
        }
    }
}
