package org.scoutfs.testkit;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.scoutfs.net.Connection;
import org.scoutfs.net.Message;

/** Keeps what arrives, and how the connection ended. */
public final class Inbox implements Connection.Receiver {
    private static final Duration DEADLINE = Duration.ofSeconds(30);

    private final List<Message> messages = new CopyOnWriteArrayList<>();
    private final CompletableFuture<IOException> end = new CompletableFuture<>();
    private volatile int ends;

    @Override
    public void receive(Message message) {
        messages.add(message);
    }

    @Override
    public void closed(IOException cause) {
        ends++;
        end.complete(cause);
    }

    public List<Message> messages() {
        return messages;
    }

    public void awaitCount(int count) {
        Await.that(count + " messages", DEADLINE, () -> messages.size() >= count);
    }

    /** Waits for the end of the connection. */
    public IOException awaitEnd() {
        try {
            return end.get(DEADLINE.toSeconds(), TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new AssertionError("the connection does not end", e);
        }
    }

    public boolean isEnded() {
        return end.isDone();
    }

    /** How often the end was told. */
    public int ends() {
        return ends;
    }
}
