package org.scoutfs.fs;

import java.util.concurrent.CompletableFuture;
import java.util.function.LongFunction;
import org.scoutfs.net.Message;

/** How this layer asks the server something. Implemented by {@code node} over the mount's session. Thread-safe, never waits. */
public interface ServerRequests {
    /** This incarnation. */
    long rid();

    /**
     * @param make makes the message with the request id that it gets
     * @param kind of the answer
     * @return fails with an {@link java.io.IOException} when the server refused or the session ended
     */
    <M extends Message> CompletableFuture<M> ask(LongFunction<Message> make, Class<M> kind);
}
