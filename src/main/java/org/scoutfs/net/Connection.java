package org.scoutfs.net;

import java.io.IOException;

/**
 * One side of a connection between a node and the server. Messages of one sender arrive in the order in which they were sent.
 *
 * <p>Thread-safe. {@link #send} never waits for the receiver and never runs it: it puts the message in a queue. In the process of
 * the server itself a {@link Deliverer} carries them, between processes a {@link PeerConnection}.
 */
public interface Connection {
    void send(Message message);

    /** Who gets what arrives. Called on a thread of the receiver's, one message at a time. */
    interface Receiver {
        void receive(Message message);

        /**
         * Nothing more will arrive: the other side has failed or stopped. Requests without an answer never get one, and whether
         * they took effect is not known.
         */
        default void closed(IOException cause) {}
    }
}
