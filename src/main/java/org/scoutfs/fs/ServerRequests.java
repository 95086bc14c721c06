package org.scoutfs.fs;

import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
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

    /** As {@link #ask(LongFunction, Class)}; {@code onAnswer} runs before the next message is looked at. */
    <M extends Message, R> CompletableFuture<R> ask(LongFunction<Message> make, Class<M> kind, Function<M, R> onAnswer);

    /** Says something that has no answer. Lost while there is no server. */
    void tell(Message message);
}
