package org.scoutfs.net;

import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Clock;
import org.scoutfs.base.CorruptionException;
import org.scoutfs.format.ByteReader;
import org.scoutfs.format.ByteWriter;

/**
 * One connection over TCP, after the hellos. Two threads: the writer takes all messages that wait, encodes them, and sends them with
 * one write; the reader decodes and calls the receiver. Neither waits for another connection.
 *
 * <pre>
 *   open ──close()────► closing: what was sent goes out, then BYE ─┐
 *    │                                                            ├─► the other side closes, or the linger time is over ─► closed
 *    └──closeWith()───► failed: nothing more but BYE ─────────────┘
 *    └──the other side, the network, a dead peer ──────────────────────────────────────────────────────────────────► closed
 * </pre>
 * <p>The first cause is kept and is what the receiver is told. The transport's watch cuts the socket when a write does not end.
 */
final class TcpConnection implements PeerConnection {
    private static final System.Logger LOG = System.getLogger(TcpConnection.class.getName());
    private static final int WRITE_SIZE = 256 << 10;

    private final TcpTransport transport;
    private final TransportOptions options;
    private final Clock clock;
    private final Socket plain;
    private final Socket socket;
    private final NodeAddress remote;
    private final Hello peer;
    private final FrameReader frames;
    private final MessageQueue<Message> queue;
    private final AtomicReference<@Nullable IOException> cause = new AtomicReference<>();
    private final Thread writer;
    private @Nullable Receiver receiver;

    /** When the write under way began; 0 while none is. The writer's, read by the watch. */
    private volatile long writeBeganNanos;
    /** When this side began to close; 0 while open. */
    private volatile long closingSinceNanos;
    /** Messages that wait are still sent: the close is one in order. */
    private volatile boolean isDraining;
    /** The last number that was sent; the writer's. */
    private long number;

    /**
     * @param plain the TCP socket; closing it ends everything at once
     * @param socket the same, or TLS over it
     * @param frames what follows the peer's hello
     * @param nonce from which this side's frames count: the peer's
     */
    TcpConnection(
            TcpTransport transport,
            Socket plain,
            Socket socket,
            NodeAddress remote,
            Hello peer,
            FrameReader frames,
            long nonce) {
        this.transport = transport;
        this.options = transport.options();
        this.clock = transport.clock();
        this.plain = plain;
        this.socket = socket;
        this.remote = remote;
        this.peer = peer;
        this.frames = frames;
        this.number = nonce;
        this.queue = new MessageQueue<>(options.queuedMessagesMax());
        this.writer = Thread.ofPlatform()
                .name("scoutfs-send-" + peer.nodeName())
                .daemon(true)
                .unstarted(this::write);
    }

    /** From now on messages go both ways. The reader is a thread that the caller has. */
    void begin(Receiver to) throws IOException {
        receiver = to;
        socket.setSoTimeout(options.deadMillis());
        writer.start();
    }

    @Override
    public Hello peer() {
        return peer;
    }

    @Override
    public NodeAddress remote() {
        return remote;
    }

    @Override
    public boolean isOpen() {
        return cause.get() == null;
    }

    @Override
    public void send(Message message) {
        if (!queue.offer(message)) {
            closeWith(new IOException(this + " takes too little: " + options.queuedMessagesMax()
                    + " messages wait to be sent, which is the most"));
        }
    }

    @Override
    public void closeWith(IOException why) {
        if (cause.compareAndSet(null, why)) {
            closingSinceNanos = now();
            queue.closeAndClear();
        }
    }

    @Override
    public void close() {
        if (cause.compareAndSet(null, new IOException("this side closed the connection with " + this))) {
            isDraining = true;
            closingSinceNanos = now();
            queue.close();
        }
    }

    private long now() {
        long now = clock.monotonicNanos();
        return now == 0 ? 1 : now;
    }

    // ---- the writer -------------------------------------------------------------------------------------------------

    private void write() {
        Frame.Batch batch = new Frame.Batch();
        try {
            OutputStream out = socket.getOutputStream();
            while (true) {
                List<Message> messages = queue.takeAll(TimeUnit.MILLISECONDS.toNanos(options.keepAliveMillis()));
                if (cause.get() != null && !isDraining) {
                    break;
                }
                for (Message message : messages) {
                    batch.add(++number, Frame.Kind.MESSAGE, encoded(message));
                    if (batch.size() >= WRITE_SIZE) {
                        write(out, batch);
                    }
                }
                if (messages.isEmpty()) {
                    if (queue.isAtEnd()) {
                        break;
                    }
                    batch.add(++number, Frame.Kind.PING, new byte[0]);
                }
                write(out, batch);
            }
            batch.add(++number, Frame.Kind.BYE, bye());
            write(out, batch);
        } catch (IOException e) {
            closeWith(new IOException("sending to " + this + ": " + e.getMessage(), e));
            cut();
        } catch (InterruptedException e) {
            closeWith(new IOException("the thread that sends to " + this + " was interrupted", e));
            cut();
        }
    }

    private byte[] encoded(Message message) throws IOException {
        ByteWriter out = new ByteWriter(128);
        MessageCodec.encode(message, out);
        if (out.size() >= options.messageBytesMax()) {
            throw new IOException("a message " + message.getClass().getSimpleName() + " of " + out.size()
                    + " bytes is too long; " + options.messageBytesMax() + " is the most");
        }
        return out.toArray();
    }

    private byte[] bye() {
        IOException why = cause.get();
        ByteWriter out = new ByteWriter();
        String reason = why == null || isDraining ? "" : String.valueOf(why.getMessage());
        out.text(reason, MessageCodec.REASON_BYTES_MAX);
        return out.toArray();
    }

    private void write(OutputStream out, Frame.Batch batch) throws IOException {
        if (batch.size() > 0) {
            writeBeganNanos = now();
            out.write(batch.array(), 0, batch.size());
            out.flush();
            writeBeganNanos = 0;
            batch.clear();
        }
    }

    // ---- the reader -------------------------------------------------------------------------------------------------

    /** Returns when the connection is closed and the receiver knows. */
    void read() {
        IOException end;
        try {
            end = readUntilBye();
        } catch (SocketTimeoutException e) {
            end = new IOException("nothing was heard of " + this + " for " + options.deadMillis() + " ms", e);
        } catch (EOFException e) {
            end = new IOException(this + " closed the connection without a word", e);
        } catch (CorruptionException e) {
            transport.refused("the connection with " + this + " is closed: " + e.getMessage());
            end = e;
        } catch (IOException e) {
            end = new IOException("receiving from " + this + ": " + e.getMessage(), e);
        }
        closeWith(end);
        if (end instanceof CorruptionException) {
            awaitWriter(); // it says why to the other side
        }
        cut();
        awaitWriter();
        transport.forget(this);
        IOException why = cause.get();
        Receiver to = receiver;
        if (to != null) {
            tellClosed(to, why == null ? end : why);
        }
    }

    private IOException readUntilBye() throws IOException {
        String where = toString();
        while (true) {
            FrameReader.Received frame = frames.next();
            switch (frame.kind()) {
                case MESSAGE -> deliver(MessageCodec.decode(new ByteReader(frame.content(), where)));
                case PING -> {
                    if (frame.content().length != 0) {
                        throw CorruptionException.of(where, "an empty ping", frame.content().length + " bytes");
                    }
                }
                case BYE -> {
                    ByteReader in = new ByteReader(frame.content(), where);
                    String reason = in.text(MessageCodec.REASON_BYTES_MAX);
                    in.end();
                    return new IOException(where + (reason.isEmpty() ? " closed the connection" : " ended: " + reason));
                }
                case NONE, HELLO, REFUSAL ->
                    throw CorruptionException.of(where, "a message", "a frame of kind " + frame.kind());
            }
        }
    }

    private void deliver(Message message) {
        Receiver to = receiver;
        if (to == null || cause.get() != null) {
            return;
        }
        try {
            to.receive(message);
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.ERROR,
                    "the receiver failed at " + message.getClass().getSimpleName() + " from " + this, e);
            closeWith(new IOException("the receiver failed at " + message.getClass().getSimpleName(), e));
        }
    }

    private void tellClosed(Receiver to, IOException why) {
        try {
            to.closed(why);
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.ERROR, "the receiver failed at the end of the connection with " + this, e);
        }
    }

    private void awaitWriter() {
        try {
            writer.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    // ---- the watch --------------------------------------------------------------------------------------------------

    /** Ends what does not end by itself. */
    void watch() {
        long now = now();
        long began = writeBeganNanos;
        if (began != 0 && now - began > options.deadNanos()) {
            closeWith(new IOException(this + " has taken nothing for " + options.deadMillis() + " ms"));
            cut();
        }
        long closing = closingSinceNanos;
        if (closing != 0 && now - closing > options.lingerNanos()) {
            cut();
        }
    }

    /** Both threads come back from where they are. */
    void cut() {
        TcpTransport.closeQuietly(plain);
    }

    /** For messages: who is at the other end. */
    @Override
    public String toString() {
        return peer.who() + " at " + remote;
    }
}
