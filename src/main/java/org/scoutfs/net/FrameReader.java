package org.scoutfs.net;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import org.scoutfs.base.CorruptionException;

/**
 * Takes frames out of a stream of bytes and believes none of them.
 *
 * <p>Memory: at most twice the bytes of the current frame that have really come, so a length that is a lie costs nothing; and never
 * more than twice the bound.
 */
final class FrameReader {
    /** A frame whose header and checksum are right. */
    record Received(Frame.Kind kind, byte[] content) {}

    private static final int BUFFER_SIZE = 64 << 10;

    private final InputStream in;
    private final String where;
    private byte[] buffer = new byte[BUFFER_SIZE];
    /** Bytes in {@code [start, end)} came and are not taken yet. */
    private int start;
    private int end;
    private int payloadMax;
    private long number;

    /** @param payloadMax for the first frame; {@link #expect} sets it for those that follow */
    FrameReader(InputStream in, String where, int payloadMax) {
        this.in = in;
        this.where = where;
        this.payloadMax = payloadMax;
    }

    /** From the second frame on. */
    void expect(long nextNumber, int bytesMax) {
        number = nextNumber;
        payloadMax = bytesMax;
    }

    /**
     * The next frame; waits for it.
     *
     * @throws EOFException when the stream ends between two frames
     * @throws CorruptionException when the bytes are no frame, or not the one that is due
     */
    Received next() throws IOException {
        need(Frame.HEADER_SIZE);
        int length = Frame.u32(buffer, start + Frame.LENGTH);
        if (length < 1 || length > payloadMax) {
            throw CorruptionException.of(where, "a frame with 1 to " + payloadMax + " bytes", "one with "
                    + Integer.toUnsignedString(length));
        }
        need(Frame.HEADER_SIZE + length);
        int frameEnd = start + Frame.HEADER_SIZE + length;
        int crc = Frame.crc(buffer, start + Frame.LENGTH, frameEnd);
        if (crc != Frame.u32(buffer, start + Frame.CRC)) {
            throw CorruptionException.of(where, "a frame with checksum " + Integer.toHexString(crc),
                    Integer.toHexString(Frame.u32(buffer, start + Frame.CRC)));
        }
        long found = Frame.u64(buffer, start + Frame.NUMBER);
        if (found != number) {
            throw CorruptionException.of(where, "frame number " + Long.toUnsignedString(number),
                    Long.toUnsignedString(found) + ": replayed, lost or out of order");
        }
        int kind = buffer[start + Frame.HEADER_SIZE];
        if (kind < 1 || kind >= Frame.Kind.values().length) {
            throw CorruptionException.of(where, "a known kind of frame", "kind " + kind);
        }
        byte[] content = Arrays.copyOfRange(buffer, start + Frame.HEADER_SIZE + 1, frameEnd);
        start = frameEnd;
        number++;
        if (start == end && buffer.length > BUFFER_SIZE) {
            buffer = new byte[BUFFER_SIZE];
            start = 0;
            end = 0;
        }
        return new Received(Frame.Kind.values()[kind], content);
    }

    /** Reads until so many bytes are there. */
    private void need(int count) throws IOException {
        while (end - start < count) {
            if (start > 0 && (start == end || buffer.length - start < count)) {
                System.arraycopy(buffer, start, buffer, 0, end - start);
                end -= start;
                start = 0;
            }
            if (end == buffer.length) {
                buffer = Arrays.copyOf(buffer, Math.min(Math.max(count, BUFFER_SIZE), buffer.length * 2));
            }
            int got = in.read(buffer, end, buffer.length - end);
            if (got < 0) {
                if (end == start) {
                    throw new EOFException(where + " closed the connection");
                }
                throw CorruptionException.of(where, count + " bytes of a frame", "the end after " + (end - start));
            }
            end += got;
        }
    }
}
