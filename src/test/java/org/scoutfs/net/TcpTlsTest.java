package org.scoutfs.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.scoutfs.testkit.Inbox;
import org.scoutfs.testkit.TestCertificates;

/** Who gets in with TLS, and who does not. */
class TcpTlsTest extends TcpTests {
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
