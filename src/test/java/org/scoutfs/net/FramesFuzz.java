package org.scoutfs.net;

import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.scoutfs.base.CorruptionException;
import org.scoutfs.format.ByteReader;
import org.scoutfs.format.ByteWriter;
import org.scoutfs.fuzz.FuzzTarget;
import org.scoutfs.testkit.FakeHost;

/**
 * A stream of bytes as a peer could send it: frames, hellos, or an end with a reason. With the highest bit of the first byte the
 * checksums are made right first, as somebody would who means harm.
 */
public final class FramesFuzz implements FuzzTarget {
    private static final int PAYLOAD_MAX = 4096;

    @Override
    public List<byte[]> seeds() {
        Hello hello = Hello.of(5, 6, 2, "node", FakeHost.of(3).self());
        ByteWriter bytes = new ByteWriter();
        HelloCodec.encode(hello, 77, bytes);
        Frame.Batch batch = new Frame.Batch();
        batch.add(0, Frame.Kind.HELLO, bytes.toArray());
        batch.add(1, Frame.Kind.PING, new byte[0]);
        batch.add(2, Frame.Kind.MESSAGE, new byte[40]);
        batch.add(3, Frame.Kind.BYE, "reason".getBytes(java.nio.charset.StandardCharsets.UTF_8));
        byte[] seed = new byte[1 + batch.size()];
        System.arraycopy(batch.array(), 0, seed, 1, batch.size());
        byte[] mended = seed.clone();
        mended[0] = (byte) 0x80;
        return List.of(seed, mended);
    }

    @Override
    public void decode(byte[] input) {
        if (input.length == 0) {
            return;
        }
        byte[] stream = Arrays.copyOfRange(input, 1, input.length);
        if (input[0] < 0) {
            mend(stream);
        }
        FrameReader reader = new FrameReader(new ByteArrayInputStream(stream), "fuzz", PAYLOAD_MAX);
        try {
            // Each frame takes bytes, so this ends.
            for (int frames = 0; frames <= stream.length / Frame.HEADER_SIZE; frames++) {
                FrameReader.Received frame = reader.next();
                if (frame.content().length >= PAYLOAD_MAX) {
                    throw new AssertionError("a frame of " + frame.content().length);
                }
                if (frame.kind() == Frame.Kind.HELLO) {
                    hello(frame.content());
                }
            }
            throw new AssertionError("more frames than bytes");
        } catch (EOFException | CorruptionException ended) {
            // what it promises
        } catch (IOException other) {
            throw new AssertionError(other);
        }
    }

    private static void hello(byte[] content) throws CorruptionException {
        HelloCodec.Heard heard = HelloCodec.decode(new ByteReader(content, "hello"));
        Hello hello = heard.hello();
        if (hello == null) {
            return;
        }
        if (hello.who().isBlank() || hello.quorumSlot() < Hello.NO_SLOT || hello.quorumSlot() > 14) {
            throw new AssertionError(hello);
        }
        byte[] once = encoded(hello, heard.nonce());
        Hello again = HelloCodec.decode(new ByteReader(once, "hello")).hello();
        if (again == null || !Arrays.equals(encoded(again, heard.nonce()), once)) {
            throw new AssertionError("what was decoded encodes to something else");
        }
    }

    private static byte[] encoded(Hello hello, long nonce) {
        ByteWriter bytes = new ByteWriter();
        HelloCodec.encode(hello, nonce, bytes);
        return bytes.toArray();
    }

    private static void mend(byte[] stream) {
        for (int at = 0; at + Frame.HEADER_SIZE <= stream.length; ) {
            int length = Frame.u32(stream, at + Frame.LENGTH);
            long end = (long) at + Frame.HEADER_SIZE + length;
            if (length < 0 || end > stream.length) {
                return;
            }
            int crc = Frame.crc(stream, at + Frame.LENGTH, (int) end);
            for (int i = 0; i < 4; i++) {
                stream[at + Frame.CRC + i] = (byte) (crc >>> 8 * i);
            }
            at = (int) end;
        }
    }
}
