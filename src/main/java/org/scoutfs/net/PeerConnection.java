package org.scoutfs.net;

import java.io.IOException;

/**
 * A connection to another process, after both sides have said who they are.
 *
 * <ol>
 *   <li>Messages arrive in the order in which they were sent, each at most once. After the first that does not arrive none does.
 *   <li>{@link #send} never waits. When more waits to be sent than the transport's bound, the connection is closed: a peer that
 *       does not read costs bounded memory and nobody else's time.
 *   <li>The receiver is told {@link Connection.Receiver#closed} once, last, whoever closed it and why. What was sent and has not
 *       arrived by then may have arrived or not.
 * </ol>
 * <p>Thread-safe.
 */
public interface PeerConnection extends Connection, AutoCloseable {
    /** What the other side said of itself. */
    Hello peer();

    /** The other side's address, for messages. */
    NodeAddress remote();

    boolean isOpen();

    /** Ends it at once; what waits to be sent is not. The other side is told the reason where that is possible without waiting. */
    void closeWith(IOException why);

    /** Ends it when what was sent so far is on its way, or after the transport's time for that. Does not wait. */
    @Override
    void close();
}
