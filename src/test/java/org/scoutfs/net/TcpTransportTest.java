package org.scoutfs.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.scoutfs.base.Clock;
import org.scoutfs.base.Rng;
import org.scoutfs.format.ByteReader;
import org.scoutfs.format.ByteWriter;
import org.scoutfs.format.ProcessIdentity;
import org.scoutfs.testkit.Await;
import org.scoutfs.testkit.Inbox;
import org.scoutfs.testkit.RandomMessages;
import org.scoutfs.testkit.TestCertificates;

/** TCP on loopback: all promises of {@link PeerConnection} and {@link Transport}, and what strangers get. */
class TcpTransportTest {
    private static final long VOLUME = 0x1234_5678_9abcL;
    private static final NodeAddress LOOPBACK = new NodeAddress("127.0.0.1", 0);
    private static final Duration DEADLINE = Duration.ofSeconds(30);

    /** Pings often; believes in a peer for so long that a busy machine does not matter. */
    private static final TransportOptions PATIENT = TransportOptions.DEFAULTS.withTimes(30_000, 50, 60_000).withLinger(20_000);

    private static final TransportOptions IMPATIENT = TransportOptions.DEFAULTS.withTimes(30_000, 50, 1000);

    private final List<AutoCloseable> opened = new ArrayList<>();
    private final List<PeerConnection> accepted = new CopyOnWriteArrayList<>();
    private final List<Inbox> inboxes = new CopyOnWriteArrayList<>();

    @AfterEach
    void closeAll() throws Exception {
        for (AutoCloseable one : opened.reversed()) {
            one.close();
        }
    }

    private static Hello hello(String name) {
        return Hello.of(VOLUME, name.hashCode(), Hello.NO_SLOT, name, ProcessIdentity.NONE);
    }

    private TcpTransport node(Hello self, @Nullable NodeAddress listen, @Nullable Tls tls, TransportOptions options)
            throws IOException {
        TcpTransport transport = TcpTransport.open(
                new TcpTransport.Settings(self, listen, tls, options), Clock.system(), Rng.seeded(self.rid()));
        opened.add(transport);
        return transport;
    }

    /** Takes everybody. */
    private TcpTransport server(@Nullable Tls tls, TransportOptions options) throws IOException {
        TcpTransport server = node(hello("server"), LOOPBACK, tls, options);
        server.accept(from -> {
            accepted.add(from);
            Inbox inbox = new Inbox();
            inboxes.add(inbox);
            return inbox;
        });
        return server;
    }

    private TcpTransport client(@Nullable Tls tls, TransportOptions options) throws IOException {
        return node(hello("client"), null, tls, options);
    }

    private static NodeAddress at(TcpTransport server) {
        NodeAddress address = server.address();
        assertThat(address).isNotNull();
        return address;
    }

    private Inbox inbox(int index) {
        Await.that("connection " + index, DEADLINE, () -> inboxes.size() > index);
        return inboxes.get(index);
    }

    private PeerConnection accepted(int index) {
        Await.that("connection " + index, DEADLINE, () -> accepted.size() > index);
        return accepted.get(index);
    }

    private static Message.Done done(long number) {
        return new Message.Done(number);
    }

    // ---- messages ---------------------------------------------------------------------------------------------------

    @Test
    void messagesGoBothWaysInOrder() throws IOException {
        TcpTransport server = server(null, PATIENT);
        Inbox answers = new Inbox();
        PeerConnection connection = client(null, PATIENT).connect(at(server), answers);
        RandomMessages random = new RandomMessages(Rng.seeded(5));
        List<Message> sent = new ArrayList<>();
        List<Message> back = new ArrayList<>();
        for (int i = 0; i < 5000; i++) {
            sent.add(random.next());
            back.add(random.next());
            connection.send(sent.getLast());
            accepted(0).send(back.getLast());
        }
        inbox(0).awaitCount(sent.size());
        answers.awaitCount(back.size());
        assertThat(inbox(0).messages()).isEqualTo(sent);
        assertThat(answers.messages()).isEqualTo(back);
        assertThat(connection.peer().nodeName()).isEqualTo("server");
        assertThat(accepted(0).peer()).isEqualTo(hello("client"));
    }

    @Test
    void aMessageLargerThanAnyBufferArrives() throws IOException {
        TcpTransport server = server(null, PATIENT);
        PeerConnection connection = client(null, PATIENT).connect(at(server), new Inbox());
        List<Long> many = new ArrayList<>();
        for (long i = 0; i < 500_000; i++) {
            many.add(i);
        }
        Message large = new Message.Commit(
                1, 2, 3, List.of(), List.of(), List.of(), List.of(), many, 4, 5);
        connection.send(done(1));
        connection.send(large);
        connection.send(done(2));
        inbox(0).awaitCount(3);
        assertThat(inbox(0).messages()).containsExactly(done(1), large, done(2));
    }

    @Test
    void closingInOrderDeliversWhatWasSent() throws IOException {
        TcpTransport server = server(null, PATIENT);
        Inbox answers = new Inbox();
        PeerConnection connection = client(null, PATIENT).connect(at(server), answers);
        for (int i = 0; i < 10_000; i++) {
            connection.send(done(i));
        }
        connection.close();
        connection.send(done(-1));
        assertThat(inbox(0).awaitEnd()).hasMessageContaining("client").hasMessageContaining("closed the connection");
        assertThat(inbox(0).messages()).hasSize(10_000).doesNotContain(done(-1));
        assertThat(answers.awaitEnd()).hasMessageContaining("this side closed");
        assertThat(inbox(0).ends()).isEqualTo(1);
        assertThat(answers.ends()).isEqualTo(1);
    }

    @Test
    void theOtherSideHearsWhyAConnectionWasEnded() throws IOException {
        TcpTransport server = server(null, PATIENT);
        Inbox answers = new Inbox();
        PeerConnection connection = client(null, PATIENT).connect(at(server), answers);
        accepted(0).closeWith(new IOException("its lease is over"));
        assertThat(answers.awaitEnd()).hasMessageContaining("its lease is over").hasMessageContaining("server");
        assertThat(inbox(0).awaitEnd()).hasMessage("its lease is over");
        assertThat(connection.isOpen()).isFalse();
    }

    @Test
    void closingATransportEndsItsConnections() throws IOException {
        TcpTransport server = server(null, PATIENT);
        Inbox answers = new Inbox();
        PeerConnection connection = client(null, PATIENT).connect(at(server), answers);
        connection.send(done(1));
        inbox(0).awaitCount(1);
        server.close();
        answers.awaitEnd();
        inbox(0).awaitEnd();
        assertThatThrownBy(() -> client(null, PATIENT).connect(at(server), new Inbox()))
                .isInstanceOf(IOException.class);
    }

    @Test
    void afterAReconnectNothingOfTheOldConnectionArrives() throws IOException {
        TcpTransport server = server(null, PATIENT);
        TcpTransport client = client(null, PATIENT);
        Inbox first = new Inbox();
        PeerConnection old = client.connect(at(server), first);
        old.send(done(1));
        inbox(0).awaitCount(1);
        accepted(0).closeWith(new IOException("a test"));
        first.awaitEnd();
        Inbox second = new Inbox();
        PeerConnection connection = client.connect(at(server), second);
        old.send(done(2));
        accepted(0).send(done(3));
        connection.send(done(4));
        accepted(1).send(done(5));
        inbox(1).awaitCount(1);
        second.awaitCount(1);
        assertThat(inbox(1).messages()).containsExactly(done(4));
        assertThat(second.messages()).containsExactly(done(5));
        assertThat(first.messages()).isEmpty();
        assertThat(inbox(0).messages()).containsExactly(done(1));
    }

    @Test
    void aReceiverThatFailsEndsItsConnectionOnly() throws IOException {
        TcpTransport server = node(hello("server"), LOOPBACK, null, PATIENT);
        server.accept(from -> message -> {
            throw new IllegalArgumentException("not for us: " + message);
        });
        Inbox answers = new Inbox();
        TcpTransport client = client(null, PATIENT);
        PeerConnection connection = client.connect(at(server), answers);
        connection.send(done(1));
        assertThat(answers.awaitEnd()).hasMessageContaining("the receiver failed at Done");
        client.connect(at(server), new Inbox());
    }

    // ---- hellos -----------------------------------------------------------------------------------------------------

    @Test
    void anotherVolumeIsRefused() throws IOException {
        TcpTransport server = server(null, PATIENT);
        Hello other = Hello.of(7, 1, Hello.NO_SLOT, "stranger", ProcessIdentity.NONE);
        TcpTransport stranger = node(other, null, null, PATIENT);
        assertThatThrownBy(() -> stranger.connect(at(server), new Inbox()))
                .isInstanceOf(Transport.RefusedException.class)
                .hasMessageContaining("volume 123456789abc")
                .hasMessageContaining("volume 7");
        assertThat(accepted).isEmpty();
    }

    @Test
    void anotherVersionIsRefusedWithBothNamed() throws IOException {
        TcpTransport server = server(null, PATIENT);
        Hello self = hello("newer");
        for (Hello other : List.of(
                new Hello(9, self.formatVersion(), VOLUME, 1, -1, "newer", ProcessIdentity.NONE),
                new Hello(self.protocolVersion(), 9, VOLUME, 1, -1, "newer", ProcessIdentity.NONE))) {
            TcpTransport newer = node(other, null, null, PATIENT);
            assertThatThrownBy(() -> newer.connect(at(server), new Inbox()))
                    .isInstanceOf(Transport.RefusedException.class)
                    .hasMessageContaining("protocol version " + other.protocolVersion())
                    .hasMessageContaining("format version " + other.formatVersion())
                    .hasMessageContaining("protocol version " + self.protocolVersion()
                            + " and format version " + self.formatVersion() + " are spoken here");
        }
    }

    @Test
    void theAcceptorsReasonReachesTheCaller() throws IOException {
        TcpTransport server = node(hello("server"), LOOPBACK, null, PATIENT);
        TcpTransport client = client(null, PATIENT);
        assertThatThrownBy(() -> client.connect(at(server), new Inbox())).hasMessageContaining("takes no connections now");
        server.accept(from -> {
            throw new IOException("the server is node2 at 10.0.0.2:5500");
        });
        assertThatThrownBy(() -> client.connect(at(server), new Inbox()))
                .isInstanceOf(Transport.RefusedException.class)
                .hasMessageContaining("the server is node2 at 10.0.0.2:5500");
    }

    @Test
    void messagesSentWhileAcceptingArriveAfterTheHello() throws IOException {
        TcpTransport server = node(hello("server"), LOOPBACK, null, PATIENT);
        server.accept(from -> {
            from.send(done(1));
            return new Inbox();
        });
        Inbox answers = new Inbox();
        client(null, PATIENT).connect(at(server), answers);
        answers.awaitCount(1);
        assertThat(answers.messages()).containsExactly(done(1));
    }

    @Test
    void itListensOnOneAddressOnly() throws IOException {
        assertThatThrownBy(() -> node(hello("all"), new NodeAddress("0.0.0.0", 0), null, PATIENT))
                .hasMessageContaining("not the address of one host");
        TcpTransport server = server(null, PATIENT);
        assertThatThrownBy(() -> new Socket("127.0.0.2", at(server).port()).close()).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> node(hello("second"), at(server), null, PATIENT))
                .hasMessageContaining(at(server).toString());
    }

    // ---- strangers and damage ---------------------------------------------------------------------------------------

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

    // ---- TLS --------------------------------------------------------------------------------------------------------

    @TempDir Path dir;

    @Test
    void withTlsMessagesGoBothWays() throws IOException {
        TestCertificates ca = new TestCertificates("ca");
        TcpTransport server = server(Tls.of(ca.node(dir.resolve("server"), "server")), PATIENT);
        Inbox answers = new Inbox();
        PeerConnection connection =
                client(Tls.of(ca.node(dir.resolve("client"), "client")), PATIENT).connect(at(server), answers);
        for (int i = 0; i < 2000; i++) {
            connection.send(done(i));
            accepted(0).send(done(-i));
        }
        inbox(0).awaitCount(2000);
        answers.awaitCount(2000);
        assertThat(answers.messages().getLast()).isEqualTo(done(-1999));
        connection.close();
        assertThat(inbox(0).awaitEnd()).hasMessageContaining("closed the connection");
        assertThat(answers.awaitEnd()).hasMessageContaining("this side closed");
    }

    /** The server must not take it; whether the client learns so at the handshake or at the hello is TLS's business. */
    private void assertRefused(TcpTransport server, Tls tls) throws IOException {
        TcpTransport client = client(tls, PATIENT);
        assertThatThrownBy(() -> client.connect(at(server), new Inbox())).isInstanceOf(IOException.class);
        assertThat(accepted).isEmpty();
    }

    @Test
    void anotherCasCertificateGetsNothing() throws IOException {
        TestCertificates ca = new TestCertificates("ca");
        TestCertificates other = new TestCertificates("ca");
        TcpTransport server = server(Tls.of(ca.node(dir.resolve("server"), "server")), PATIENT);
        assertRefused(server, Tls.of(other.node(dir.resolve("stranger"), "stranger")));
        // It would trust us; we do not trust it.
        Path believing = other.node(dir.resolve("believing"), "believing");
        TestCertificates.trust(believing, ca);
        assertRefused(server, Tls.of(believing));
    }

    @Test
    void anExpiredCertificateGetsNothing() throws IOException {
        TestCertificates ca = new TestCertificates("ca");
        TcpTransport server = server(Tls.of(ca.node(dir.resolve("server"), "server")), PATIENT);
        assertRefused(server, Tls.of(ca.expired(dir.resolve("late"), "late")));
    }

    @Test
    void anExpiredServerIsNotBelieved() throws IOException {
        TestCertificates ca = new TestCertificates("ca");
        TcpTransport server = server(Tls.of(ca.expired(dir.resolve("server"), "server")), PATIENT);
        assertRefused(server, Tls.of(ca.node(dir.resolve("client"), "client")));
    }

    @Test
    void withoutTlsATlsServerSaysNothing() throws IOException {
        TestCertificates ca = new TestCertificates("ca");
        TcpTransport server = server(Tls.of(ca.node(dir.resolve("server"), "server")), PATIENT);
        TcpTransport plain = client(null, PATIENT);
        assertThatThrownBy(() -> plain.connect(at(server), new Inbox())).isInstanceOf(IOException.class);
        assertThat(accepted).isEmpty();
    }

    @Test
    void withTlsAPlainServerIsNotBelieved() throws IOException {
        TestCertificates ca = new TestCertificates("ca");
        assertRefused(server(null, PATIENT), Tls.of(ca.node(dir.resolve("client"), "client")));
    }

    @Test
    void aDirectoryWithoutItsFilesIsNamed() throws IOException {
        Path node = new TestCertificates("ca").node(dir.resolve("node"), "node");
        Files.delete(node.resolve("ca.pem"));
        assertThatThrownBy(() -> Tls.of(node)).hasMessageContaining("ca.pem is missing");
        Files.writeString(node.resolve("key.pem"), "nothing");
        assertThatThrownBy(() -> Tls.of(node)).hasMessageContaining("key.pem holds no PKCS#8 key");
    }
}
