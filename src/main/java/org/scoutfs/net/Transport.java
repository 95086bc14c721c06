package org.scoutfs.net;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Connections between the processes of a cluster. TCP between hosts; the simulation has its own.
 *
 * <p>Thread-safe.
 */
public interface Transport extends AutoCloseable {
    /** Decides about each peer that connects and has said who it is. */
    interface Acceptor {
        /**
         * Called on a thread of the transport's, before any message of this peer's is received. Messages may be sent to
         * {@code from} at once.
         *
         * @return who gets what arrives
         * @throws IOException the peer is refused, and told this message: for instance who is the server
         */
        Connection.Receiver accept(PeerConnection from) throws IOException;
    }

    /** Where this process listens; null when it only connects. */
    @Nullable NodeAddress address();

    /**
     * Starts to take connections. Until then, and while nobody is set, peers are refused.
     *
     * @param acceptor null to refuse again; connections that are open stay so
     */
    void accept(@Nullable Acceptor acceptor);

    /**
     * Connects and says hello. Waits for the other side, at most as long as the transport's time for that.
     *
     * @param receiver gets what arrives, on a thread of the connection's, perhaps before this returns
     * @throws RefusedException when the other side does not want us; its message says why
     * @throws IOException when it cannot be reached, or is no node of this volume
     */
    PeerConnection connect(NodeAddress to, Connection.Receiver receiver) throws IOException;

    /** Closes the listener and every connection. */
    @Override
    void close();

    /** The other side answered the hello with a refusal. */
    final class RefusedException extends IOException {
        private static final long serialVersionUID = 1L;

        public RefusedException(String message) {
            super(message);
        }
    }
}
