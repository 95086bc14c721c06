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
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Counter;
import org.scoutfs.base.Counters;
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
 *   <li>In a cluster a connection that is lost is followed by another one, to the same server or to its successor ({@link #attach}).
 *       Requests without an answer are repeated on it, after what this node holds was declared; nothing that came over the old
 *       one is handled any more.
 *   <li>Where the mount is alone, or the server says that this incarnation is over, the session ends for good.
 * </ol>
 * <p>Thread-safe. {@code delivery} is held while a message is handled, and while a connection takes the place of another; {@code mutex}
 * guards the fields; sending only queues and is done under it for the first promise. {@code delivery} comes before the mutex of the lock
 * client, and that one before {@code mutex}.
 */
public final class ServerSession implements Connection.Receiver, AutoCloseable {
    private static final System.Logger LOG = System.getLogger(ServerSession.class.getName());

    private final long rid;
    private final boolean isInCluster;
    private final Counters counters;
    private final long leaseNanos;
    private final Map<Class<? extends Message>, Connection.Receiver> receivers = new HashMap<>();

    private final ReentrantLock delivery = new ReentrantLock();
    private final ReentrantLock mutex = new ReentrantLock();

    // Guarded by mutex.
    private final ClientCore core;
    private final Map<Long, Pending> pending = new HashMap<>();
    private @Nullable Connection connection;
    private @Nullable Attached attached;
    private @Nullable IOException closedBy;
    private @Nullable IOException goneBy; // why the other side has gone
    private final List<Consumer<IOException>> closedListeners = new ArrayList<>();

    /** What {@link ClientCore#leaseEndNanos} said last; far in the past when the incarnation is over. */
    private volatile long leaseEndNanos;

    private volatile @Nullable Runnable renewedListener;
    private volatile Supplier<List<Message.FileLockRange>> fileLocks = List::of;

    /** A request under way. */
    private interface Pending {
        void answered(Message message);

        void failed(IOException cause);
    }

    /** The node's own end of one connection. */
    private static final class Attached implements Connection.Receiver {
        private final ServerSession session;
        private final Consumer<IOException> onLost;
        private @Nullable IOException lostBy; // guarded by the session's mutex

        Attached(ServerSession session, Consumer<IOException> onLost) {
            this.session = session;
            this.onLost = onLost;
        }

        @Override
        public void receive(Message message) {
            session.receiveFrom(this, message);
        }

        @Override
        public void closed(IOException cause) {
            session.lost(this, cause);
        }
    }

    /** What a new connection begins with. */
    public interface Declaration {
        /**
         * Hands over all locks that this node holds, and then asks again for those it waits for; in between, none is released or
         * asked for.
         *
         * @param declare sends them
         */
        void declare(Consumer<List<Message.HeldGrant>> declare);

        /** A declaration of a mount that uses no locks. */
        Declaration NO_LOCKS = declare -> declare.accept(List.of());
    }

    /** Of a mount that is alone: its one connection lasts as long as the mount. */
    public ServerSession(long rid) {
        this(rid, 0);
    }

    public ServerSession(long rid, long leaseNanos) {
        this(rid, leaseNanos, new Counters());
    }

    /**
     * @param leaseNanos in a cluster, how long a right lasts that the server does not renew; 0 where the mount is alone
     * @param counters where messages are counted
     */
    public ServerSession(long rid, long leaseNanos, Counters counters) {
        this.rid = rid;
        this.counters = counters;
        this.isInCluster = leaseNanos > 0;
        this.leaseNanos = leaseNanos;
        this.core = new ClientCore(rid, leaseNanos);
        this.leaseEndNanos = core.leaseEndNanos();
    }

    public long rid() {
        return rid;
    }

    /** What file locks this node declares on each new connection. Called under {@code mutex}: must not call back. */
    public void setFileLocks(Supplier<List<Message.FileLockRange>> held) {
        fileLocks = held;
    }

    /** Before the first message: where messages of this kind go that answer no request. */
    public void register(Class<? extends Message> kind, Connection.Receiver receiver) {
        receivers.put(kind, receiver);
    }

    // ---- connections ---------------------------------------------------------------------------------------------------

    /** Where the mount is alone, before the first request: what carries the messages. The connection's receiver is this object. */
    public void connect(Connection to) {
        mutex.lock();
        try {
            connection = to;
        } finally {
            mutex.unlock();
        }
    }

    /** What opens a connection to a server. */
    public interface Opener<C extends Connection> {
        C open(Connection.Receiver receiver) throws IOException;
    }

    /**
     * In a cluster: opens a connection, in the place of any that there was, and begins to use it.
     *
     * @param declaration what this node holds
     * @param onLost is told when this connection is lost, perhaps before this returns
     * @param oldestVersion that is still read here
     */
    public <C extends Connection> C attach(
            Opener<C> opener, Declaration declaration, Consumer<IOException> onLost, LongSupplier oldestVersion)
            throws IOException {
        detach();
        Attached fresh = new Attached(this, onLost);
        C to = opener.open(fresh);
        delivery.lock();
        try {
            declaration.declare(held -> begin(fresh, to, held, oldestVersion.getAsLong()));
        } finally {
            delivery.unlock();
        }
        return to;
    }

    private void begin(Attached fresh, Connection to, List<Message.HeldGrant> held, long oldestVersion) {
        mutex.lock();
        try {
            if (closedBy != null || fresh.lostBy != null) {
                return;
            }
            boolean isNew = core.state() == ClientCore.State.NEW;
            Pending join = isNew ? pending.remove(core.lastRequestId()) : null;
            List<Message> first = core.connected(held, fileLocks.get(), oldestVersion);
            if (join != null) {
                pending.put(core.lastRequestId(), join); // it asks under a new number
            }
            connection = to;
            attached = fresh;
            first.forEach(message -> sendTo(to, message));
        } finally {
            mutex.unlock();
        }
    }

    /** Nothing that comes over the connection is handled any more, and nothing is sent. */
    public void detach() {
        delivery.lock();
        try {
            mutex.lock();
            try {
                attached = null;
                connection = null;
                core.disconnected();
            } finally {
                mutex.unlock();
            }
        } finally {
            delivery.unlock();
        }
    }

    private void lost(Attached from, IOException cause) {
        mutex.lock();
        try {
            from.lostBy = cause;
            if (attached == from) {
                attached = null;
                connection = null;
                core.disconnected();
            }
        } finally {
            mutex.unlock();
        }
        from.onLost.accept(cause);
    }

    // ---- the lease -----------------------------------------------------------------------------------------------------

    /** Asks for the lease when it is time. Not to be called while this node's device makes no progress. */
    public void renew(long nowNanos, long oldestVersion) {
        mutex.lock();
        try {
            Message renewal = core.renewal(nowNanos, oldestVersion);
            if (renewal != null && connection != null && closedBy == null) {
                sendTo(connection, renewal);
            }
        } finally {
            mutex.unlock();
        }
    }

    public boolean isRenewalDue(long nowNanos) {
        mutex.lock();
        try {
            return core.isRenewalDue(nowNanos);
        } finally {
            mutex.unlock();
        }
    }

    /** Who is told, on the connection's thread, when the lease was renewed. Before the first message. */
    public void onRenewed(Runnable listener) {
        renewedListener = listener;
    }

    /** Whether what this node holds may be used at this time. */
    public boolean isLeased(long nowNanos) {
        return nowNanos < leaseEndNanos;
    }

    /** How long what this node holds may still be used; 0 when it may not. */
    public long leaseLeftNanos(long nowNanos) {
        long end = leaseEndNanos;
        return nowNanos < end ? end - nowNanos : 0;
    }

    /** Whether a server knows this node and answers it; always where the mount is alone. */
    public boolean isServed() {
        mutex.lock();
        try {
            return !isInCluster || core.state() == ClientCore.State.SERVED;
        } finally {
            mutex.unlock();
        }
    }

    /** How long a right lasts that the server does not renew; 0 where the mount is alone. */
    public long leaseNanos() {
        return leaseNanos;
    }

    /** Of the newest server that served this node. */
    public long epoch() {
        mutex.lock();
        try {
            return core.epoch();
        } finally {
            mutex.unlock();
        }
    }

    // ---- what is counted -----------------------------------------------------------------------------------------------

    private void sendTo(Connection to, Message message) {
        count(message);
        to.send(message);
    }

    private void count(Message message) {
        switch (message) {
            case Message.Renew _, Message.Renewed _ -> counters.increment(Counter.SERVER_HEARTBEATS);
            case Message.LockRequest _, Message.LockReleased _, Message.LockGranted _, Message.LockRevoke _ -> {
                counters.increment(Counter.SERVER_MESSAGES);
                counters.increment(Counter.SERVER_LOCK_MESSAGES);
            }
            default -> counters.increment(Counter.SERVER_MESSAGES);
        }
    }

    // ---- what is sent --------------------------------------------------------------------------------------------------

    /** Sends a message that has no answer of its own. While there is no connection it is lost: declarations make up for that. */
    public void send(Message message) {
        mutex.lock();
        try {
            if (connection != null && closedBy == null && core.isOnline()) {
                sendTo(connection, message);
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
            if (connection == null && !isInCluster) {
                throw new IllegalStateException("no connection yet");
            }
            Message request = core.request(make);
            pending.put(core.lastRequestId(), new Pending() {
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
            if (connection != null && core.isOnline()) {
                sendTo(connection, request);
            }
        } finally {
            mutex.unlock();
        }
        return result;
    }

    // ---- what comes ----------------------------------------------------------------------------------------------------

    @Override
    public void receive(Message message) {
        receiveFrom(null, message);
    }

    private void receiveFrom(@Nullable Attached from, Message message) {
        long requestId = answeredRequest(message);
        delivery.lock();
        try {
            ClientCore.Verdict verdict;
            Pending request = null;
            mutex.lock();
            try {
                if (from != attached) {
                    return;
                }
                count(message);
                verdict = core.receive(message);
                if (verdict == ClientCore.Verdict.ANSWER) {
                    request = pending.remove(requestId);
                }
                leaseEndNanos = core.state() == ClientCore.State.EVICTED ? Long.MIN_VALUE : core.leaseEndNanos();
            } finally {
                mutex.unlock();
            }
            switch (verdict) {
                case ANSWER -> answered(request, message);
                case UNASKED, DECLARED -> {
                    dispatch(message);
                    Runnable renewed = renewedListener;
                    if (renewed != null && message instanceof Message.Renewed) {
                        renewed.run();
                    }
                }
                case EVICTED -> closed(new EvictedException(message instanceof Message.Evicted told ? told.reason() : ""));
                case IGNORED -> LOG.log(System.Logger.Level.DEBUG, "ignored: {0}", message);
            }
        } finally {
            delivery.unlock();
        }
    }

    /** The request that a message answers; 0 for none. */
    private static long answeredRequest(Message message) {
        return switch (message) {
            case Message.Joined answer -> answer.requestId();
            case Message.Committed answer -> answer.requestId();
            case Message.Refused answer -> answer.requestId();
            case Message.Done answer -> answer.requestId();
            case Message.SpaceGranted answer -> answer.requestId();
            case Message.InodesGranted answer -> answer.requestId();
            case Message.VolumeStatus answer -> answer.requestId();
            case Message.OpenElsewhere answer -> answer.requestId();
            case Message.LockList answer -> answer.requestId();
            case Message.ClusterState answer -> answer.requestId();
            case Message.FileLockAnswer answer -> answer.requestId();
            case Message.Declared _,
                    Message.Evicted _,
                    Message.IsOpen _,
                    Message.LockGranted _,
                    Message.LockRevoke _,
                    Message.Published _,
                    Message.Renewed _,
                    Message.MergeJob _,
                    Message.RecallSpace _,
                    Message.FileLocksFreed _ -> 0;
            case Message.FileLockRequest wrong -> throw notForNodes(wrong);
            case Message.FileLockRelease wrong -> throw notForNodes(wrong);
            case Message.DeclareFileLocks wrong -> throw notForNodes(wrong);
            case Message.Join wrong -> throw notForNodes(wrong);
            case Message.DeclareLocks wrong -> throw notForNodes(wrong);
            case Message.Declare wrong -> throw notForNodes(wrong);
            case Message.AskOpen wrong -> throw notForNodes(wrong);
            case Message.OpenHere wrong -> throw notForNodes(wrong);
            case Message.LocksRequest wrong -> throw notForNodes(wrong);
            case Message.ClusterRequest wrong -> throw notForNodes(wrong);
            case Message.Commit wrong -> throw notForNodes(wrong);
            case Message.Merged wrong -> throw notForNodes(wrong);
            case Message.MergeFailed wrong -> throw notForNodes(wrong);
            case Message.NeedSpace wrong -> throw notForNodes(wrong);
            case Message.NeedInodes wrong -> throw notForNodes(wrong);
            case Message.ReturnSpace wrong -> throw notForNodes(wrong);
            case Message.Resize wrong -> throw notForNodes(wrong);
            case Message.LockRequest wrong -> throw notForNodes(wrong);
            case Message.LockReleased wrong -> throw notForNodes(wrong);
            case Message.Renew wrong -> throw notForNodes(wrong);
            case Message.StatusRequest wrong -> throw notForNodes(wrong);
            case Message.Goodbye wrong -> throw notForNodes(wrong);
        };
    }

    private static IllegalArgumentException notForNodes(Message message) {
        return new IllegalArgumentException("a message for the server came to a node: " + message);
    }

    private static void answered(@Nullable Pending request, Message message) {
        if (request == null) {
            LOG.log(System.Logger.Level.DEBUG, "answer to no open request: {0}", message);
            return;
        }
        request.answered(message);
    }

    private void dispatch(Message message) {
        Connection.Receiver receiver = receivers.get(message.getClass());
        if (receiver == null && message instanceof Message.IsOpen asked) {
            // No file system yet, so nobody knows. Who asks holds a lock until it is told, and asks again after a yes.
            send(new Message.OpenHere(rid, asked.askId(), true));
            return;
        }
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
            leaseEndNanos = isInCluster ? Long.MIN_VALUE : leaseEndNanos;
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
