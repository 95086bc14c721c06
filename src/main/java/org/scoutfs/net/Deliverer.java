package org.scoutfs.net;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Hands what one side sent to the receiver of the other, on a thread of the receiver's: the in-process connection.
 *
 * <p>The message object itself is handed over, so messages are immutable.
 */
public final class Deliverer implements Connection, AutoCloseable {
    private static final long IDLE_NANOS = TimeUnit.MINUTES.toNanos(1);
    private static final System.Logger LOG = System.getLogger(Deliverer.class.getName());

    private final Receiver receiver;
    private final MessageQueue<Message> queue = new MessageQueue<>();
    private final Thread thread;
    private volatile @Nullable IOException cause;

    /** @param name of the thread */
    public Deliverer(String name, Receiver receiver) {
        this.receiver = receiver;
        this.thread = Thread.ofPlatform().name(name).daemon(true).unstarted(this::run);
    }

    public void start() {
        thread.start();
    }

    @Override
    public void send(Message message) {
        queue.put(message);
    }

    /** What was sent is still handed over; then the receiver is told that the connection is closed, and why. */
    public void closeWith(IOException why) {
        if (cause == null) {
            cause = why;
        }
        queue.close();
    }

    private void run() {
        try {
            while (!queue.isAtEnd()) {
                List<Message> batch = queue.takeAll(IDLE_NANOS);
                for (Message message : batch) {
                    deliver(message);
                }
            }
            IOException why = cause;
            receiver.closed(why == null ? new IOException("the connection was closed") : why);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void deliver(Message message) {
        try {
            receiver.receive(message);
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.ERROR, "a receiver failed at " + message.getClass().getSimpleName(), e);
            closeWith(new IOException("the receiver failed", e));
        }
    }

    /** Waits until the receiver was told everything, unless the receiver itself calls this. */
    @Override
    public void close() {
        closeWith(new IOException("the server has stopped"));
        if (Thread.currentThread().equals(thread) || !thread.isAlive()) {
            return;
        }
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
