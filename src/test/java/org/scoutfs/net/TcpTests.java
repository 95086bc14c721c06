package org.scoutfs.net;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.scoutfs.base.Clock;
import org.scoutfs.base.Rng;
import org.scoutfs.format.ProcessIdentity;
import org.scoutfs.testkit.Await;
import org.scoutfs.testkit.Inbox;

/** Nodes on loopback, and what their receivers got; all closed after each test. */
abstract class TcpTests {
    static final long VOLUME = 0x1234_5678_9abcL;
    static final NodeAddress LOOPBACK = new NodeAddress("127.0.0.1", 0);
    static final Duration DEADLINE = Duration.ofSeconds(30);

    /** Pings often; believes in a peer for so long that a busy machine does not matter. */
    static final TransportOptions PATIENT = TransportOptions.DEFAULTS.withTimes(30_000, 50, 60_000).withLinger(20_000);

    static final TransportOptions IMPATIENT = TransportOptions.DEFAULTS.withTimes(30_000, 50, 1000);

    private final List<AutoCloseable> opened = new ArrayList<>();
    final List<PeerConnection> accepted = new CopyOnWriteArrayList<>();
    final List<Inbox> inboxes = new CopyOnWriteArrayList<>();

    @AfterEach
    void closeAll() throws Exception {
        for (AutoCloseable one : opened.reversed()) {
            one.close();
        }
    }

    static Hello hello(String name) {
        return Hello.of(VOLUME, name.hashCode(), Hello.NO_SLOT, name, ProcessIdentity.NONE);
    }

    TcpTransport node(Hello self, @Nullable NodeAddress listen, @Nullable Tls tls, TransportOptions options)
            throws IOException {
        TcpTransport transport = TcpTransport.open(
                new TcpTransport.Settings(self, listen, tls, options), Clock.system(), Rng.seeded(self.rid()));
        opened.add(transport);
        return transport;
    }

    /** Takes everybody. */
    TcpTransport server(@Nullable Tls tls, TransportOptions options) throws IOException {
        TcpTransport server = node(hello("server"), LOOPBACK, tls, options);
        server.accept(from -> {
            accepted.add(from);
            Inbox inbox = new Inbox();
            inboxes.add(inbox);
            return inbox;
        });
        return server;
    }

    TcpTransport client(@Nullable Tls tls, TransportOptions options) throws IOException {
        return node(hello("client"), null, tls, options);
    }

    static NodeAddress at(TcpTransport server) {
        NodeAddress address = server.address();
        assertThat(address).isNotNull();
        return address;
    }

    Inbox inbox(int index) {
        Await.that("connection " + index, DEADLINE, () -> inboxes.size() > index);
        return inboxes.get(index);
    }

    PeerConnection accepted(int index) {
        Await.that("connection " + index, DEADLINE, () -> accepted.size() > index);
        return accepted.get(index);
    }

    static Message.Done done(long number) {
        return new Message.Done(number);
    }
}
