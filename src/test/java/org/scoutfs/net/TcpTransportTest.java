package org.scoutfs.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.scoutfs.base.Rng;
import org.scoutfs.format.ProcessIdentity;
import org.scoutfs.testkit.Inbox;
import org.scoutfs.testkit.RandomMessages;

/** TCP on loopback: all promises of {@link PeerConnection} and {@link Transport} between two of our own. */
class TcpTransportTest extends TcpTests {
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
}
