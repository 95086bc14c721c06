package org.scoutfs.net;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongFunction;
import org.junit.jupiter.api.Test;
import org.scoutfs.format.ByteReader;
import org.scoutfs.format.ByteWriter;
import org.scoutfs.testkit.Await;
import org.scoutfs.testkit.Inbox;

/** What peers get that are none, that send damage, or that hang: nothing, a reason, and little of our memory. */
class TcpStrangersTest extends TcpTests {
    /** What a stranger reads until the other side closes. */
    private static byte[] answerTo(TcpTransport server, byte[]... parts) throws IOException {
        try (Socket socket = new Socket("127.0.0.1", at(server).port())) {
            socket.setSoTimeout((int) DEADLINE.toMillis());
            for (byte[] part : parts) {
                socket.getOutputStream().write(part);
            }
            return readToEnd(socket.getInputStream());
        }
    }

    private static byte[] readToEnd(InputStream in) throws IOException {
        List<Byte> got = new ArrayList<>();
        try {
            for (int one = in.read(); one >= 0; one = in.read()) {
                got.add((byte) one);
            }
        } catch (SocketException reset) {
            // Closed with our bytes unread: as good as an end.
        }
        byte[] bytes = new byte[got.size()];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = got.get(i);
        }
        return bytes;
    }

    private static byte[] frame(long number, Frame.Kind kind, byte[] content) {
        Frame.Batch batch = new Frame.Batch();
        batch.add(number, kind, content);
        return Arrays.copyOf(batch.array(), batch.size());
    }

    private static byte[] helloFrame(long nonce) {
        ByteWriter out = new ByteWriter();
        HelloCodec.encode(hello("raw"), nonce, out);
        return frame(0, Frame.Kind.HELLO, out.toArray());
    }

    private static byte[] message(long number, Message message) {
        ByteWriter out = new ByteWriter();
        MessageCodec.encode(message, out);
        return frame(number, Frame.Kind.MESSAGE, out.toArray());
    }

    @Test
    void garbageGetsNothing() throws IOException {
        TcpTransport server = server(null, PATIENT);
        assertThat(answerTo(server, "GET / HTTP/1.1\r\nHost: scoutfs\r\n\r\n".getBytes(StandardCharsets.US_ASCII)))
                .isEmpty();
        assertThat(answerTo(server, new byte[100])).isEmpty();
        byte[] damaged = helloFrame(1);
        damaged[30] ^= 1;
        assertThat(answerTo(server, damaged)).isEmpty();
        byte[] endless = helloFrame(1);
        endless[Frame.LENGTH + 3] = 0x7f;
        assertThat(answerTo(server, endless)).isEmpty();
        assertThat(accepted).isEmpty();
        client(null, PATIENT).connect(at(server), new Inbox());
    }

    @Test
    void whoSaysNothingIsCutOff() throws IOException {
        TcpTransport server = server(null, TransportOptions.DEFAULTS.withTimes(200, 50, 60_000));
        assertThat(answerTo(server)).isEmpty();
        assertThat(answerTo(server, Arrays.copyOf(helloFrame(1), 20))).isEmpty();
    }

    @Test
    void tooManyStrangersAreTurnedAway() throws IOException {
        TcpTransport server = server(null, PATIENT.withBounds(100, 1 << 20, 100, 2));
        try (Socket one = new Socket("127.0.0.1", at(server).port());
                Socket two = new Socket("127.0.0.1", at(server).port())) {
            assertThat(one.isConnected() && two.isConnected()).isTrue();
            assertThat(answerTo(server)).isEmpty();
        }
        // When they have gone there is room again.
        Await.that("room", DEADLINE, () -> {
            try {
                client(null, PATIENT).connect(at(server), new Inbox());
                return true;
            } catch (IOException stillFull) {
                return false;
            }
        });
    }

    /** A raw peer that was accepted; the frames that it sends are the test's. */
    private Inbox afterHello(TcpTransport server, LongFunction<byte[]> framesFromNonce) throws IOException {
        try (Socket socket = new Socket("127.0.0.1", at(server).port())) {
            socket.setSoTimeout((int) DEADLINE.toMillis());
            socket.getOutputStream().write(helloFrame(77));
            FrameReader in = new FrameReader(socket.getInputStream(), "server", 4096);
            FrameReader.Received answer = in.next();
            assertThat(answer.kind()).isEqualTo(Frame.Kind.HELLO);
            long nonce = HelloCodec.decode(new ByteReader(answer.content(), "test")).nonce();
            int index = inboxes.size() - 1;
            socket.getOutputStream().write(framesFromNonce.apply(nonce));
            Inbox inbox = inbox(index);
            inbox.awaitEnd();
            in.expect(78, 4096);
            FrameReader.Received last = in.next();
            while (last.kind() == Frame.Kind.PING) {
                last = in.next();
            }
            assertThat(last.kind()).as("it says why").isEqualTo(Frame.Kind.BYE);
            return inbox;
        }
    }

    private static byte[] join(byte[]... parts) {
        ByteWriter out = new ByteWriter();
        for (byte[] part : parts) {
            out.raw(part);
        }
        return out.toArray();
    }

    @Test
    void aReplayedFrameEndsTheConnection() throws IOException {
        TcpTransport server = server(null, PATIENT);
        Inbox twice = afterHello(server, nonce -> {
            byte[] first = message(nonce + 1, done(1));
            return join(first, first);
        });
        assertThat(twice.messages()).containsExactly(done(1));
        assertThat(twice.awaitEnd()).hasMessageContaining("replayed, lost or out of order");
        Inbox early = afterHello(server, nonce -> message(nonce + 2, done(2)));
        assertThat(early.messages()).isEmpty();
        // A whole conversation that was recorded from another connection.
        Inbox recorded = afterHello(server, nonce -> message(nonce + 12345, done(1)));
        assertThat(recorded.messages()).isEmpty();
    }

    @Test
    void aDamagedOrUnknownOrOversizedMessageEndsTheConnection() throws IOException {
        TcpTransport server = server(null, PATIENT.withBounds(100, 1 << 16, 100, 100));
        assertThat(afterHello(server, nonce -> {
            byte[] bytes = join(message(nonce + 1, done(1)), message(nonce + 2, done(2)));
            bytes[bytes.length - 1] ^= 1;
            return bytes;
        }).awaitEnd()).hasMessageContaining("checksum");
        assertThat(afterHello(server, nonce -> frame(nonce + 1, Frame.Kind.MESSAGE, new byte[] {0})).awaitEnd())
                .hasMessageContaining("tag 0");
        // The header is enough: nobody waits for the rest.
        assertThat(afterHello(server, nonce -> Arrays.copyOf(
                        frame(nonce + 1, Frame.Kind.MESSAGE, new byte[1 << 17]), 100)).awaitEnd())
                .hasMessageContaining("1 to 65536 bytes");
        assertThat(afterHello(server, nonce -> frame(nonce + 1, Frame.Kind.HELLO, new byte[8])).awaitEnd())
                .hasMessageContaining("kind HELLO");
        assertThat(afterHello(server, nonce -> frame(nonce + 1, Frame.Kind.PING, new byte[8])).awaitEnd())
                .hasMessageContaining("an empty ping");
    }

    @Test
    void aMessageThatIsTooLongToSendEndsTheConnection() throws IOException {
        TcpTransport server = server(null, PATIENT);
        Inbox answers = new Inbox();
        PeerConnection connection = client(null, PATIENT.withBounds(100, 1000, 10, 10)).connect(at(server), answers);
        List<Long> many = new ArrayList<>(Collections.nCopies(1000, 1L));
        connection.send(new Message.Commit(1, 2, 3, List.of(), List.of(), List.of(), List.of(), many, 4, 5));
        assertThat(answers.awaitEnd()).hasMessageContaining("a message Commit of").hasMessageContaining("too long");
    }

    // ---- peers that hang --------------------------------------------------------------------------------------------

    @Test
    void aPeerThatSaysNothingAnyMoreIsDead() throws IOException {
        TcpTransport server = server(null, IMPATIENT);
        try (Socket socket = new Socket("127.0.0.1", at(server).port())) {
            socket.getOutputStream().write(helloFrame(1));
            assertThat(inbox(0).awaitEnd()).hasMessageContaining("nothing was heard").hasMessageContaining("1000 ms");
        }
    }

    @Test
    void aSideThatHasNothingToSayPings() throws IOException {
        TcpTransport server = server(null, PATIENT);
        try (Socket socket = new Socket("127.0.0.1", at(server).port())) {
            socket.setSoTimeout((int) DEADLINE.toMillis());
            socket.getOutputStream().write(helloFrame(1));
            FrameReader in = new FrameReader(socket.getInputStream(), "server", 4096);
            assertThat(in.next().kind()).isEqualTo(Frame.Kind.HELLO);
            in.expect(2, 4096);
            for (int i = 0; i < 3; i++) {
                assertThat(in.next().kind()).isEqualTo(Frame.Kind.PING);
            }
        }
    }

    /** A receiver that is stuck: the kernel's buffers fill, then the sender's queue. */
    @Test
    void aReaderThatIsStuckCostsABoundedQueueAndNobodyElse() throws IOException {
        CountDownLatch isFree = new CountDownLatch(1);
        TcpTransport server = node(hello("server"), LOOPBACK, null, PATIENT);
        Inbox other = new Inbox();
        server.accept(from -> from.peer().nodeName().equals("slow") ? other : message -> {});
        TcpTransport slow = node(hello("slow"), null, null, PATIENT);
        TcpTransport sender = node(hello("sender"), LOOPBACK, null, PATIENT.withBounds(1000, 1 << 20, 10, 10));
        Inbox good = new Inbox();
        List<PeerConnection> peers = new CopyOnWriteArrayList<>();
        Inbox ofStuck = new Inbox();
        sender.accept(from -> {
            peers.add(from);
            return from.peer().nodeName().equals("slow") ? ofStuck : new Inbox();
        });
        slow.connect(at(sender), message -> {
            try {
                isFree.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        Await.that("the first", DEADLINE, () -> peers.size() == 1);
        client(null, PATIENT).connect(at(sender), good);
        Await.that("the second", DEADLINE, () -> peers.size() == 2);
        List<Long> some = new ArrayList<>(Collections.nCopies(1000, 1L));
        Message large = new Message.Commit(1, 2, 3, List.of(), List.of(), List.of(), List.of(), some, 4, 5);
        Await.that("the slow one is cut off", DEADLINE, () -> {
            for (int i = 0; i < 100; i++) {
                peers.get(0).send(large);
            }
            return !peers.get(0).isOpen();
        });
        peers.get(1).send(done(9));
        good.awaitCount(1);
        isFree.countDown();
        assertThat(ofStuck.awaitEnd()).hasMessageContaining("1000 messages wait to be sent");
    }

    @Test
    void aPeerThatPingsButReadsNothingIsCutOff() throws IOException {
        TcpTransport server = server(null, IMPATIENT);
        try (Socket socket = new Socket("127.0.0.1", at(server).port())) {
            socket.getOutputStream().write(helloFrame(1));
            FrameReader in = new FrameReader(socket.getInputStream(), "server", 4096);
            long nonce = HelloCodec.decode(new ByteReader(in.next().content(), "test")).nonce();
            PeerConnection to = accepted(0);
            List<Long> some = new ArrayList<>(Collections.nCopies(10_000, 1L));
            Message large = new Message.Commit(1, 2, 3, List.of(), List.of(), List.of(), List.of(), some, 4, 5);
            for (int i = 0; i < 400; i++) {
                to.send(large); // 32 MB: more than the kernel takes
            }
            AtomicInteger sent = new AtomicInteger();
            Await.that("it is cut off", DEADLINE, () -> {
                try {
                    if (sent.get() < 100_000) {
                        socket.getOutputStream().write(frame(nonce + sent.incrementAndGet(), Frame.Kind.PING, new byte[0]));
                    }
                } catch (IOException cut) {
                    return true;
                }
                return inbox(0).isEnded();
            });
            // On a machine that is busy enough our pings may come too late: then it is cut off for that.
            assertThat(inbox(0).awaitEnd().getMessage()).containsAnyOf("has taken nothing for 1000 ms", "nothing was heard");
        }
    }
}
