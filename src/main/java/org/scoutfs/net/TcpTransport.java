package org.scoutfs.net;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Clock;
import org.scoutfs.base.CorruptionException;
import org.scoutfs.base.PacedLog;
import org.scoutfs.base.Rng;
import org.scoutfs.format.ByteReader;
import org.scoutfs.format.ByteWriter;

/**
 * Connections over TCP, with mutual TLS 1.3 where keys are given. docs/protocol.md has every byte.
 *
 * <ol>
 *   <li>It listens on exactly the one address that it was given; on none if none was.
 *   <li>Nobody gets a byte of ours before he has shown a certificate of our CA (with TLS), and no more than a refusal before his
 *       hello names this volume and our versions.
 *   <li>Who connects and is nobody costs one thread and a few KiB until the time for the handshake is over, and there is a bound on
 *       how many of those there are.
 * </ol>
 * <p>Threads: one that takes connections, one that watches times, and per connection a reader and a writer.
 */
public final class TcpTransport implements Transport {
    private static final System.Logger LOG = System.getLogger(TcpTransport.class.getName());

    /** A hello or a refusal with all its texts is shorter. */
    private static final int GREETING_BYTES_MAX = 4096;

    private static final long WATCH_MILLIS = 100;
    private static final int BACKLOG = 128;

    /**
     * @param self what this side says of itself
     * @param listen null to connect only; port 0 for one that the kernel chooses
     * @param tls null for none
     */
    public record Settings(
            Hello self, @Nullable NodeAddress listen, @Nullable Tls tls, TransportOptions options) {}

    private final Settings settings;
    private final TransportOptions options;
    private final Clock clock;
    private final Rng rng;
    private final PacedLog strangers;
    private final @Nullable ServerSocket listener;
    private final @Nullable NodeAddress address;
    private final CountDownLatch isClosed = new CountDownLatch(1);
    private final Semaphore ended = new Semaphore(0);
    private final Set<TcpConnection> connections = ConcurrentHashMap.newKeySet();

    /** Sockets of those that have not said who they are, and when their time is over. */
    private final Map<Socket, Long> greeting = new ConcurrentHashMap<>();

    private volatile @Nullable Acceptor acceptor;

    private TcpTransport(Settings settings, @Nullable ServerSocket listener, Clock clock, Rng rng) {
        this.settings = settings;
        this.options = settings.options;
        this.clock = clock;
        this.rng = rng;
        this.strangers = new PacedLog(LOG, clock);
        this.listener = listener;
        NodeAddress asked = settings.listen;
        this.address = listener == null || asked == null
                ? null
                : new NodeAddress(asked.host(), listener.getLocalPort());
    }

    /** @throws IOException when the address is not this host's, is taken, or means more than one */
    public static TcpTransport open(Settings settings, Clock clock, Rng rng) throws IOException {
        NodeAddress at = settings.listen;
        TcpTransport transport = new TcpTransport(settings, at == null ? null : bind(at), clock, rng);
        if (transport.listener != null) {
            start("scoutfs-listen", transport::listen);
        }
        start("scoutfs-net-watch", transport::watch);
        return transport;
    }

    private static ServerSocket bind(NodeAddress at) throws IOException {
        InetAddress one = InetAddress.getByName(at.host());
        if (one.isAnyLocalAddress() || one.isMulticastAddress()) {
            throw new IOException("cannot listen on " + at + ": it is not the address of one host");
        }
        ServerSocket socket = new ServerSocket();
        try {
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(one, at.port()), BACKLOG);
            return socket;
        } catch (IOException e) {
            closeQuietly(socket);
            throw new IOException("cannot listen on " + at + ": " + e.getMessage(), e);
        }
    }

    private static void start(String name, Runnable body) {
        Thread.ofPlatform().name(name).daemon(true).start(body);
    }

    @Override
    public @Nullable NodeAddress address() {
        return address;
    }

    @Override
    public void accept(@Nullable Acceptor newAcceptor) {
        acceptor = newAcceptor;
    }

    /** Connections that are open, for listings. */
    public Set<PeerConnection> connections() {
        return Set.copyOf(connections);
    }

    TransportOptions options() {
        return options;
    }

    Clock clock() {
        return clock;
    }

    // ---- the side that is called ------------------------------------------------------------------------------------

    private void listen() {
        ServerSocket from = listener;
        while (from != null && isClosed.getCount() > 0) {
            try {
                Socket socket = from.accept();
                if (greeting.size() >= options.handshakesMax() || connections.size() >= options.connectionsMax()) {
                    refused("a connection from " + remote(socket) + " is turned away: " + greeting.size()
                            + " wait for their hello, " + connections.size() + " are open");
                    closeQuietly(socket);
                    continue;
                }
                greeting.put(socket, deadline());
                start("scoutfs-receive-" + remote(socket), () -> serve(socket));
            } catch (IOException e) {
                if (isClosed.getCount() > 0) {
                    refused("taking a connection: " + e.getMessage());
                    awaitClose(WATCH_MILLIS); // out of descriptors, most likely
                }
            }
        }
    }

    private long deadline() {
        return clock.monotonicNanos() + TimeUnit.MILLISECONDS.toNanos(options.handshakeMillis());
    }

    private void serve(Socket plain) {
        NodeAddress remote = remote(plain);
        TcpConnection connection;
        try {
            connection = greetCaller(plain, remote);
        } catch (NotNowException e) {
            LOG.log(System.Logger.Level.DEBUG, remote + " called too early, or too late", e);
            closeQuietly(plain);
            return;
        } catch (IOException e) {
            refused("a connection from " + remote + " is closed: " + e.getMessage());
            closeQuietly(plain);
            return;
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.ERROR, "a bug while " + remote + " connects", e);
            closeQuietly(plain);
            return;
        } finally {
            greeting.remove(plain);
        }
        connection.read();
    }

    private TcpConnection greetCaller(Socket plain, NodeAddress remote) throws IOException {
        Socket socket = prepare(plain, false);
        FrameReader frames = new FrameReader(socket.getInputStream(), remote.toString(), GREETING_BYTES_MAX);
        HelloCodec.Heard heard = hello(frames.next(), remote);
        String wrong = wrongWith(heard);
        Hello peer = heard.hello();
        Acceptor by = acceptor;
        if (wrong != null || peer == null) {
            throw refuse(socket, String.valueOf(wrong));
        }
        if (by == null) {
            throw new NotNowException(refuse(socket, "this node takes no connections now"));
        }
        long nonce = rng.nextLong();
        frames.expect(nonce + 1, options.messageBytesMax());
        TcpConnection connection =
                new TcpConnection(this, plain, socket, remote, peer, frames, heard.nonce());
        Connection.Receiver receiver;
        try {
            receiver = by.accept(connection);
        } catch (IOException e) {
            throw refuse(socket, String.valueOf(e.getMessage()));
        }
        connections.add(connection);
        try {
            sendHello(socket, nonce);
            connection.begin(receiver);
            if (isClosed.getCount() == 0) {
                throw new IOException("this node stops");
            }
            return connection;
        } catch (IOException e) {
            connections.remove(connection);
            connection.closeWith(e);
            receiver.closed(e);
            throw e;
        }
    }

    /** A node of ours called while this one does not serve: nothing that an administrator has to know. */
    private static final class NotNowException extends IOException {
        private static final long serialVersionUID = 1L;

        NotNowException(IOException cause) {
            super(cause);
        }
    }

    /** Sends the reason, and makes the exception that ends the handshake. */
    private IOException refuse(Socket socket, String reason) throws IOException {
        ByteWriter out = new ByteWriter();
        out.u64(HelloCodec.MAGIC).u32(Hello.PROTOCOL_VERSION).u32(settings.self.formatVersion());
        out.text(reason, MessageCodec.REASON_BYTES_MAX);
        Frame.Batch batch = new Frame.Batch();
        batch.add(0, Frame.Kind.REFUSAL, out.toArray());
        socket.getOutputStream().write(batch.array(), 0, batch.size());
        socket.getOutputStream().flush();
        closeQuietly(socket); // before the inner one: with TLS it says that nothing was cut off
        return new IOException("refused: " + reason);
    }

    // ---- the side that calls ----------------------------------------------------------------------------------------

    @Override
    public PeerConnection connect(NodeAddress to, Connection.Receiver receiver) throws IOException {
        Socket plain = new Socket();
        greeting.put(plain, deadline() + TimeUnit.MILLISECONDS.toNanos(options.connectMillis()));
        try {
            if (isClosed.getCount() == 0) {
                throw new IOException("this node stops");
            }
            plain.connect(new InetSocketAddress(InetAddress.getByName(to.host()), to.port()), options.connectMillis());
            TcpConnection connection = greetCalled(plain, to);
            connections.add(connection);
            connection.begin(receiver);
            start("scoutfs-receive-" + connection.peer().nodeName(), connection::read);
            if (isClosed.getCount() == 0) {
                connection.closeWith(new IOException("this node stops"));
            }
            return connection;
        } catch (RefusedException e) {
            closeQuietly(plain);
            throw e;
        } catch (IOException e) {
            closeQuietly(plain);
            throw new IOException("cannot connect to " + to + ": " + e.getMessage(), e);
        } finally {
            greeting.remove(plain);
        }
    }

    private TcpConnection greetCalled(Socket plain, NodeAddress to) throws IOException {
        Socket socket = prepare(plain, true);
        long nonce = rng.nextLong();
        sendHello(socket, nonce);
        FrameReader frames = new FrameReader(socket.getInputStream(), to.toString(), GREETING_BYTES_MAX);
        HelloCodec.Heard heard = hello(frames.next(), to);
        String wrong = wrongWith(heard);
        Hello peer = heard.hello();
        if (wrong != null || peer == null) {
            throw new RefusedException(to + " is no node for us: " + wrong);
        }
        frames.expect(nonce + 1, options.messageBytesMax());
        return new TcpConnection(this, plain, socket, to, peer, frames, heard.nonce());
    }

    // ---- both sides -------------------------------------------------------------------------------------------------

    /** With TLS the handshake is done, and the other side has shown its certificate, when this returns. */
    private Socket prepare(Socket plain, boolean isClient) throws IOException {
        plain.setTcpNoDelay(true);
        plain.setSoTimeout(options.handshakeMillis());
        Tls tls = settings.tls;
        if (tls == null) {
            return plain;
        }
        SSLSocket socket = tls.over(plain, isClient);
        socket.startHandshake();
        return socket;
    }

    private void sendHello(Socket socket, long nonce) throws IOException {
        ByteWriter out = new ByteWriter();
        HelloCodec.encode(settings.self, nonce, out);
        Frame.Batch batch = new Frame.Batch();
        batch.add(0, Frame.Kind.HELLO, out.toArray());
        socket.getOutputStream().write(batch.array(), 0, batch.size());
        socket.getOutputStream().flush();
    }

    private static HelloCodec.Heard hello(FrameReader.Received first, NodeAddress from) throws IOException {
        ByteReader in = new ByteReader(first.content(), "hello of " + from);
        if (first.kind() == Frame.Kind.REFUSAL) {
            in.u64("the magic number", HelloCodec.MAGIC, HelloCodec.MAGIC);
            int protocol = in.u32();
            int format = in.u32();
            String reason = in.text(MessageCodec.REASON_BYTES_MAX);
            throw new RefusedException(from + " (protocol version " + Integer.toUnsignedString(protocol)
                    + ", format version " + Integer.toUnsignedString(format) + ") refuses this node: " + reason);
        }
        if (first.kind() != Frame.Kind.HELLO) {
            throw CorruptionException.of(from.toString(), "a hello", "a frame of kind " + first.kind());
        }
        return HelloCodec.decode(in);
    }

    /** Why the two do not belong together; null when they do. */
    private @Nullable String wrongWith(HelloCodec.Heard heard) {
        Hello self = settings.self;
        if (heard.protocolVersion() != self.protocolVersion() || heard.formatVersion() != self.formatVersion()) {
            return "protocol version " + self.protocolVersion() + " and format version " + self.formatVersion()
                    + " are spoken here, protocol version " + Integer.toUnsignedString(heard.protocolVersion())
                    + " and format version " + Integer.toUnsignedString(heard.formatVersion()) + " there";
        }
        Hello peer = heard.hello();
        if (peer != null && peer.volumeId() != self.volumeId()) {
            return "this is about volume " + Long.toHexString(self.volumeId()) + ", there it is volume "
                    + Long.toHexString(peer.volumeId());
        }
        return null;
    }

    private static NodeAddress remote(Socket socket) {
        return new NodeAddress(socket.getInetAddress().getHostAddress(), socket.getPort());
    }

    /** Somebody was refused, or cut off for what he sent: one line, unless there are too many. */
    void refused(String line) {
        strangers.log(System.Logger.Level.WARNING, line);
    }

    void forget(TcpConnection connection) {
        connections.remove(connection);
        ended.release();
    }

    // ---- times and the end ------------------------------------------------------------------------------------------

    private void watch() {
        while (!awaitClose(WATCH_MILLIS)) {
            connections.forEach(TcpConnection::watch);
            long now = clock.monotonicNanos();
            greeting.forEach((socket, end) -> {
                if (now - end > 0) {
                    closeQuietly(socket);
                }
            });
        }
        // What was closed in order with the transport still has its time.
        long end = clock.monotonicNanos() + options.lingerNanos();
        while (!connections.isEmpty() && clock.monotonicNanos() - end < 0) {
            connections.forEach(TcpConnection::watch);
            awaitOneEnd();
        }
        connections.forEach(TcpConnection::cut);
    }

    private void awaitOneEnd() {
        try {
            boolean unused = ended.tryAcquire(WATCH_MILLIS / 5, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean awaitClose(long millis) {
        try {
            return isClosed.await(millis, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return true;
        }
    }

    @Override
    public void close() {
        isClosed.countDown();
        acceptor = null;
        ServerSocket open = listener;
        if (open != null) {
            closeQuietly(open);
        }
        greeting.keySet().forEach(TcpTransport::closeQuietly);
        connections.forEach(TcpConnection::close);
    }

    static void closeQuietly(AutoCloseable one) {
        try {
            one.close();
        } catch (Exception e) {
            LOG.log(System.Logger.Level.DEBUG, "closing a socket", e);
        }
    }
}
