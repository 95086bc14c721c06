package org.scoutfs.txn;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.InvariantViolation;
import org.scoutfs.net.Connection;
import org.scoutfs.net.Message;

/**
 * What one incarnation says to the server: requests with their answers, and everything that comes unasked, each kind to
 * who registered for it.
 *
 * <ol>
 *   <li>Request ids rise by one, in the order in which the requests are sent.
 *   <li>Answers and unasked messages are handled one at a time, in the order in which the server sent them, on the
 *       connection's thread. So edits of versions are applied in order.
 * </ol>
 * <p>Thread-safe. {@code mutex} guards the fields; sending only queues and is done under it for the first promise.
 */
public final class ServerSession implements Connection.Receiver, AutoCloseable {
    private static final System.Logger LOG = System.getLogger(ServerSession.class.getName());

    private final long rid;
    private final Map<Class<? extends Message>, Connection.Receiver> receivers = new HashMap<>();

    private final ReentrantLock mutex = new ReentrantLock();

    // Guarded by mutex.
    private final Map<Long, Pending> pending = new HashMap<>();
    private @Nullable Connection connection;
    private @Nullable IOException closedBy;
    private @Nullable IOException goneBy; // why the other side has gone
    private long lastRequestId;
    private final List<Consumer<IOException>> closedListeners = new ArrayList<>();

    /** A request under way. */
    private interface Pending {
        void answered(Message message);

        void failed(IOException cause);
    }

    public ServerSession(long rid) {
        this.rid = rid;
    }

    public long rid() {
        return rid;
    }

    /** Before the first message: where messages of this kind go that answer no request. */
    public void register(Class<? extends Message> kind, Connection.Receiver receiver) {
        receivers.put(kind, receiver);
    }

    /** Before the first request: what carries the messages. The connection's receiver is this object. */
    public void connect(Connection to) {
        mutex.lock();
        try {
            connection = to;
        } finally {
            mutex.unlock();
        }
    }

    /** Sends a message that has no answer of its own. */
    public void send(Message message) {
        mutex.lock();
        try {
            if (connection != null && closedBy == null) {
                connection.send(message);
            }
        } finally {
            mutex.unlock();
        }
    }

    /**
     * Sends a request.
     *
     * @param make makes the message with its request id
     * @param kind of the answer
     * @param onAnswer runs on the connection's thread, before the next message is looked at
     * @return completes after {@code onAnswer}, with what it returned; with an {@link IOException} when the server refused,
     *     answered something else, or the session was closed
     */
    public <M extends Message, R> CompletableFuture<R> request(
            LongFunction<Message> make, Class<M> kind, Function<M, R> onAnswer) {
        CompletableFuture<R> result = new CompletableFuture<>();
        mutex.lock();
        try {
            if (closedBy != null) {
                return CompletableFuture.failedFuture(closedBy);
            }
            if (connection == null) {
                throw new IllegalStateException("no connection yet");
            }
            long requestId = ++lastRequestId;
            Message request = make.apply(requestId);
            pending.put(requestId, new Pending() {
                @Override
                public void answered(Message message) {
                    if (message instanceof Message.Refused refused) {
                        failed(new RefusedException(request.getClass().getSimpleName(), refused.reason()));
                    } else if (kind.isInstance(message)) {
                        try {
                            result.complete(onAnswer.apply(kind.cast(message)));
                        } catch (RuntimeException e) {
                            failed(new IOException("cannot take the answer " + message, e));
                        }
                    } else {
                        failed(new IOException("expected " + kind.getSimpleName() + ", got " + message));
                    }
                }

                @Override
                public void failed(IOException cause) {
                    result.completeExceptionally(cause);
                }
            });
            connection.send(request);
        } finally {
            mutex.unlock();
        }
        return result;
    }

    @Override
    public void receive(Message message) {
        switch (message) {
            case Message.Joined answer -> answered(answer.requestId(), answer);
            case Message.Committed answer -> answered(answer.requestId(), answer);
            case Message.Refused answer -> answered(answer.requestId(), answer);
            case Message.Done answer -> answered(answer.requestId(), answer);
            case Message.SpaceGranted answer -> answered(answer.requestId(), answer);
            case Message.InodesGranted answer -> answered(answer.requestId(), answer);
            case Message.VolumeStatus answer -> answered(answer.requestId(), answer);
            case Message.OpenElsewhere answer -> answered(answer.requestId(), answer);
            case Message.LockList answer -> answered(answer.requestId(), answer);
            case Message.Declared unasked -> dispatch(unasked);
            case Message.Evicted unasked -> dispatch(unasked);
            case Message.IsOpen unasked -> dispatch(unasked);
            case Message.LockGranted unasked -> dispatch(unasked);
            case Message.LockRevoke unasked -> dispatch(unasked);
            case Message.Published unasked -> dispatch(unasked);
            case Message.Renewed unasked -> dispatch(unasked);
            case Message.MergeJob unasked -> dispatch(unasked);
            case Message.RecallSpace unasked -> dispatch(unasked);
            case Message.Join wrong -> throw notForNodes(wrong);
            case Message.DeclareLocks wrong -> throw notForNodes(wrong);
            case Message.Declare wrong -> throw notForNodes(wrong);
            case Message.AskOpen wrong -> throw notForNodes(wrong);
            case Message.OpenHere wrong -> throw notForNodes(wrong);
            case Message.LocksRequest wrong -> throw notForNodes(wrong);
            case Message.Commit wrong -> throw notForNodes(wrong);
            case Message.Merged wrong -> throw notForNodes(wrong);
            case Message.MergeFailed wrong -> throw notForNodes(wrong);
            case Message.NeedSpace wrong -> throw notForNodes(wrong);
            case Message.NeedInodes wrong -> throw notForNodes(wrong);
            case Message.ReturnSpace wrong -> throw notForNodes(wrong);
            case Message.LockRequest wrong -> throw notForNodes(wrong);
            case Message.LockReleased wrong -> throw notForNodes(wrong);
            case Message.Renew wrong -> throw notForNodes(wrong);
            case Message.StatusRequest wrong -> throw notForNodes(wrong);
            case Message.Goodbye wrong -> throw notForNodes(wrong);
        }
    }

    private static IllegalArgumentException notForNodes(Message message) {
        return new IllegalArgumentException("a message for the server came to a node: " + message);
    }

    private void answered(long requestId, Message message) {
        Pending request;
        mutex.lock();
        try {
            request = pending.remove(requestId);
        } finally {
            mutex.unlock();
        }
        if (request == null) {
            LOG.log(System.Logger.Level.DEBUG, "answer to no open request: {0}", message);
            return;
        }
        request.answered(message);
    }

    private void dispatch(Message message) {
        Connection.Receiver receiver = receivers.get(message.getClass());
        if (receiver == null) {
            LOG.log(System.Logger.Level.WARNING, "nobody takes {0}", message);
            return;
        }
        try {
            receiver.receive(message);
        } catch (InvariantViolation bug) {
            close(new IOException("cannot take " + message, bug));
            throw bug;
        }
    }

    /**
     * The other side has gone: see {@link #close(IOException)}; and who asked to know is told, unless this side had closed
     * before: at the end of a mount the server goes last.
     */
    @Override
    public void closed(IOException cause) {
        List<Consumer<IOException>> listeners;
        mutex.lock();
        try {
            if (closedBy != null) {
                return;
            }
            goneBy = cause;
            listeners = List.copyOf(closedListeners);
        } finally {
            mutex.unlock();
        }
        close(cause);
        listeners.forEach(listener -> listener.accept(cause));
    }

    /** Who is told when the server has gone; at once when it has. */
    public void onClosed(Consumer<IOException> listener) {
        IOException gone;
        mutex.lock();
        try {
            closedListeners.add(listener);
            gone = goneBy;
        } finally {
            mutex.unlock();
        }
        if (gone != null) {
            listener.accept(gone);
        }
    }

    /** The connection is gone: every request under way fails with this, and every later one. */
    public void close(IOException cause) {
        List<Pending> failed;
        mutex.lock();
        try {
            if (closedBy != null) {
                return;
            }
            closedBy = cause;
            failed = new ArrayList<>(pending.values());
            pending.clear();
        } finally {
            mutex.unlock();
        }
        failed.forEach(request -> request.failed(cause));
    }

    @Override
    public void close() {
        close(new IOException("the mount has ended"));
    }
}
