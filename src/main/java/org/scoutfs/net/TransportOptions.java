package org.scoutfs.net;

import java.util.concurrent.TimeUnit;

/**
 * Times and bounds of a {@link TcpTransport}.
 *
 * @param connectMillis until the other host answers
 * @param handshakeMillis from then until both hellos have come, TLS and all
 * @param keepAliveMillis a side that has sent nothing for so long sends a ping
 * @param deadMillis a side that has heard nothing for so long, or cannot send for so long, ends the connection; several times
 *     {@code keepAliveMillis}
 * @param lingerMillis a side that closes waits so long for the other one to take what was sent
 * @param queuedMessagesMax messages that wait to be sent; with more the connection ends
 * @param messageBytesMax in one message, sent or received
 * @param connectionsMax open at the same time; more are turned away
 * @param handshakesMax of those that have not said who they are; more are turned away
 */
public record TransportOptions(
        int connectMillis,
        int handshakeMillis,
        int keepAliveMillis,
        int deadMillis,
        int lingerMillis,
        int queuedMessagesMax,
        int messageBytesMax,
        int connectionsMax,
        int handshakesMax) {
    public static final TransportOptions DEFAULTS =
            new TransportOptions(2000, 5000, 1000, 10_000, 1000, 1 << 15, 64 << 20, 1024, 64);

    /** For a lease of this length: a dead peer is known before its lease is over. */
    public static TransportOptions forLease(long leaseMillis) {
        int dead = Math.toIntExact(Math.max(1000, Math.min(leaseMillis, 60_000)));
        return DEFAULTS.withTimes(DEFAULTS.handshakeMillis, Math.max(100, dead / 8), dead);
    }

    public TransportOptions withTimes(int newHandshakeMillis, int newKeepAliveMillis, int newDeadMillis) {
        return new TransportOptions(connectMillis, newHandshakeMillis, newKeepAliveMillis, newDeadMillis, lingerMillis,
                queuedMessagesMax, messageBytesMax, connectionsMax, handshakesMax);
    }

    public TransportOptions withLinger(int newLingerMillis) {
        return new TransportOptions(connectMillis, handshakeMillis, keepAliveMillis, deadMillis, newLingerMillis,
                queuedMessagesMax, messageBytesMax, connectionsMax, handshakesMax);
    }

    public TransportOptions withBounds(
            int newQueuedMessagesMax, int newMessageBytesMax, int newConnectionsMax, int newHandshakesMax) {
        return new TransportOptions(connectMillis, handshakeMillis, keepAliveMillis, deadMillis, lingerMillis,
                newQueuedMessagesMax, newMessageBytesMax, newConnectionsMax, newHandshakesMax);
    }

    long deadNanos() {
        return TimeUnit.MILLISECONDS.toNanos(deadMillis);
    }

    long lingerNanos() {
        return TimeUnit.MILLISECONDS.toNanos(lingerMillis);
    }
}
