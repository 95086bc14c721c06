package org.scoutfs.lock;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;
import org.scoutfs.base.Invariants;
import org.scoutfs.base.MustWait;
import org.scoutfs.net.Connection;
import org.scoutfs.net.LockMode;
import org.scoutfs.net.LockName;
import org.scoutfs.net.Message;

/**
 * The lock client of one mount.
 *
 * <p>A lock's life here: <em>absent</em>; <em>asked for</em> (operations wait); <em>held</em> (operations come and go);
 * <em>gated</em> (the server wants it back: no new users, the last one to leave starts the {@link RevokeHandler}); then it is
 * given back, or kept as READ, and asked for again if somebody waits.
 * <ol>
 *   <li>An operation uses a lock only while the server says that this node holds it, in a mode that covers the use.
 *   <li>A lock is given back only when no operation uses it, the handler is done, and no commit that names its grant is under way.
 *   <li>{@link #changedGrants} names every lock that was used for WRITE since the call before and by a transaction that ended
 *       before this call. It may name more.
 *   <li>A revoke or grant that is not the newest of its lock changes nothing.
 * </ol>
 * <p>Thread-safe. {@code mutex} guards the fields of all locks but their user counts; messages are sent under it, so that
 * they leave in the order of the changes (sending only queues). The handlers and the completion of futures run outside of it.
 * <p>Cost: an uncontended acquire is one look-up and one compare-and-set; 100 bytes per lock that is known.
 */
public final class NodeLocks implements LockClient, Connection.Receiver {
    private static final System.Logger LOG = System.getLogger(NodeLocks.class.getName());
    private static final Comparator<Want> BY_NAME = Comparator.comparing(Want::name);

    private final long rid;
    private final Connection server;
    private final GrantHandler grantHandler;
    private final RevokeHandler revokeHandler;

    private final ConcurrentMap<LockName, HeldLock> locks = new ConcurrentHashMap<>();
    private final ConcurrentLinkedQueue<HeldLock> marked = new ConcurrentLinkedQueue<>();
    private volatile boolean isStopped;
    private volatile @Nullable BooleanSupplier lease;
    /** Guarded by mutex. */
    private boolean isServerGone;

    private final ReentrantLock mutex = new ReentrantLock();

    // Guarded by mutex.
    private List<HeldLock> inCommit = new ArrayList<>();
    private CompletableFuture<Void> leaseWait = new CompletableFuture<>();

    public NodeLocks(long rid, Connection server, GrantHandler grantHandler, RevokeHandler revokeHandler) {
        this.rid = rid;
        this.server = server;
        this.grantHandler = grantHandler;
        this.revokeHandler = revokeHandler;
    }

    // ---- operations ------------------------------------------------------------------------------------------------

    @Override
    public Use acquire(LockName name, LockMode mode) throws MustWait, FsException {
        HeldLock lock = locks.get(name);
        if (lock == null || !lock.tryUse(mode)) {
            lock = acquireSlowly(name, mode);
        }
        if (isStopped) {
            lock.close();
            throw FsException.of(Errno.EIO);
        }
        if (lease != null) {
            checkLeaseInside(lock);
        }
        if (mode == LockMode.WRITE && !lock.isMarked) {
            mark(lock);
        }
        return lock;
    }

    @Override
    public Use acquire(List<Want> wants) throws MustWait, FsException {
        Want[] sorted = wants.toArray(new Want[0]);
        if (sorted.length == 1) {
            return acquire(sorted[0].name(), sorted[0].mode());
        }
        Arrays.sort(sorted, BY_NAME);
        List<Use> taken = new ArrayList<>(sorted.length);
        boolean isDone = false;
        try {
            for (int i = 0; i < sorted.length; i++) {
                LockMode mode = sorted[i].mode();
                while (i + 1 < sorted.length && sorted[i + 1].name().equals(sorted[i].name())) {
                    i++;
                    mode = mode.covers(sorted[i].mode()) ? mode : sorted[i].mode();
                }
                taken.add(acquire(sorted[i].name(), mode));
            }
            isDone = true;
        } finally {
            if (!isDone) {
                taken.forEach(Use::close);
            }
        }
        return () -> {
            for (int i = taken.size() - 1; i >= 0; i--) {
                taken.get(i).close();
            }
        };
    }

    @Override
    public @Nullable Use tryUseGated(LockName name, LockMode mode) {
        HeldLock lock = locks.get(name);
        if (lock == null) {
            return null;
        }
        mutex.lock();
        try {
            if (isStopped || lock.isHandled || !lock.tryUseGated(mode)) {
                return null;
            }
        } finally {
            mutex.unlock();
        }
        if (mode == LockMode.WRITE && !lock.isMarked) {
            mark(lock);
        }
        return lock;
    }

    private HeldLock acquireSlowly(LockName name, LockMode mode) throws MustWait, FsException {
        if (isStopped) {
            throw FsException.of(Errno.EIO);
        }
        HeldLock lock = locks.computeIfAbsent(name, absent -> new HeldLock(absent, this));
        mutex.lock();
        try {
            if (lock.tryUse(mode)) {
                return lock;
            }
            if (isStopped || isServerGone) {
                throw FsException.of(Errno.EIO);
            }
            // While it is gated the request waits for the answer to the revoke, which it must follow.
            if (lock.revoke == null && (lock.asked == null || !lock.asked.covers(mode))) {
                lock.asked = mode;
                server.send(new Message.LockRequest(rid, name, mode));
            }
            CompletableFuture<Void> changed = lock.changed;
            if (changed == null) {
                changed = new CompletableFuture<>();
                lock.changed = changed;
            }
            throw MustWait.on(changed);
        } finally {
            mutex.unlock();
        }
    }

    /**
     * The user is counted already: either {@link #changedGrants} sees it and keeps the mark, or we see here that the mark is
     * gone and set it again.
     */
    private void mark(HeldLock lock) {
        lock.isMarked = true;
        marked.add(lock);
    }

    // ---- commits ---------------------------------------------------------------------------------------------------

    /**
     * The grants of the WRITE locks that operations of the transaction now being frozen may have changed something under.
     * Called at the barrier; their locks stay until {@link #changesCommitted}.
     */
    public List<Long> changedGrants() {
        List<Long> numbers = new ArrayList<>();
        mutex.lock();
        try {
            int count = marked.size();
            for (int i = 0; i < count; i++) {
                HeldLock lock = marked.poll();
                if (lock == null) {
                    break;
                }
                if (!lock.isMarked || lock.isInCommit) {
                    continue; // given back since, or listed twice
                }
                lock.isMarked = false;
                if (lock.mode() != LockMode.WRITE) {
                    continue;
                }
                numbers.add(lock.grantNumber);
                lock.isInCommit = true;
                inCommit.add(lock);
            }
            // Who is inside now enters the next transaction, and did so before or after the mark was taken away.
            for (HeldLock lock : inCommit) {
                if (lock.users() > 0 && !lock.isMarked) {
                    mark(lock);
                }
            }
        } finally {
            mutex.unlock();
        }
        return numbers;
    }

    /** The commit that {@link #changedGrants} was called for is published. */
    public void changesCommitted() {
        List<HeldLock> retry = new ArrayList<>();
        mutex.lock();
        try {
            for (HeldLock lock : inCommit) {
                lock.isInCommit = false;
                if (lock.revoke != null) {
                    retry.add(lock);
                }
            }
            inCommit = new ArrayList<>();
        } finally {
            mutex.unlock();
        }
        // A revoke whose handler was done while this commit was under way has waited for it.
        for (HeldLock lock : retry) {
            finishRevoke(lock);
        }
    }

    /** No lock may be taken from now on: the mount ends, or its writes and reads can no longer be right. */
    public void stop() {
        wakeAllAfter(() -> isStopped = true);
    }

    /**
     * The server answers no more. What is held stays held, so that reads go on; whoever needs another lock gets {@code EIO}
     * instead of waiting for an answer that does not come.
     */
    public void serverGone() {
        wakeAllAfter(() -> isServerGone = true);
    }

    private void wakeAllAfter(Runnable change) {
        List<CompletableFuture<Void>> waiting = new ArrayList<>();
        mutex.lock();
        try {
            change.run();
            waiting.add(leaseWait);
            leaseWait = new CompletableFuture<>();
            for (HeldLock lock : locks.values()) {
                if (lock.changed != null) {
                    waiting.add(lock.changed);
                    lock.changed = null;
                }
            }
        } finally {
            mutex.unlock();
        }
        waiting.forEach(future -> future.complete(null));
    }

    /**
     * For a new connection: hands over all that is held, and then asks again for what is waited for. Nothing is released or asked
     * for between the two.
     *
     * @param declare sends it as the first thing on that connection
     */
    public void declare(Consumer<List<Message.HeldGrant>> declare) {
        mutex.lock();
        try {
            List<Message.HeldGrant> held = new ArrayList<>();
            for (HeldLock lock : locks.values()) {
                LockMode mode = lock.mode();
                if (mode != null) {
                    held.add(new Message.HeldGrant(lock.name, mode, lock.grantNumber));
                }
            }
            held.sort(Comparator.comparing(Message.HeldGrant::name));
            declare.accept(held);
            for (HeldLock lock : locks.values()) {
                if (lock.asked == null) {
                    continue;
                }
                if (lock.revoke == null) {
                    server.send(new Message.LockRequest(rid, lock.name, lock.asked));
                } else {
                    lock.asked = null; // who waits asks again after the release, which the request must follow
                }
            }
        } finally {
            mutex.unlock();
        }
    }

    /**
     * For a mount in a cluster: asked at each use of a lock, whether this node still may. While it may not, operations wait until
     * {@link #leaseRenewed} or {@link #stop}.
     */
    public void setLease(BooleanSupplier isLeased) {
        lease = isLeased;
    }

    public void leaseRenewed() {
        CompletableFuture<Void> waiting;
        mutex.lock();
        try {
            waiting = leaseWait;
            leaseWait = new CompletableFuture<>();
        } finally {
            mutex.unlock();
        }
        waiting.complete(null);
    }

    private void checkLeaseInside(HeldLock lock) throws MustWait {
        try {
            checkLease();
        } catch (MustWait wait) {
            lock.close();
            throw wait;
        }
    }

    private void checkLease() throws MustWait {
        BooleanSupplier isLeased = lease;
        if (isLeased == null || isLeased.getAsBoolean()) {
            return;
        }
        CompletableFuture<Void> wait;
        mutex.lock();
        try {
            wait = leaseWait;
        } finally {
            mutex.unlock();
        }
        if (!isLeased.getAsBoolean()) { // else it was renewed before we looked what to wait for
            throw MustWait.on(wait);
        }
    }

    /** What this node holds of a lock, whether it may use it now or not. */
    public @Nullable LockMode heldMode(LockName name) {
        HeldLock lock = locks.get(name);
        return lock == null ? null : lock.mode();
    }

    /** Locks that are known here, held or asked for. */
    public int lockCount() {
        return locks.size();
    }

    // ---- messages --------------------------------------------------------------------------------------------------

    @Override
    public void receive(Message message) {
        switch (message) {
            case Message.LockGranted granted -> granted(granted);
            case Message.LockRevoke revoke -> revoked(revoke);
            default -> throw new IllegalArgumentException("not about locks: " + message);
        }
    }

    private void granted(Message.LockGranted granted) {
        grantHandler.beforeHeld(granted);
        HeldLock lock = locks.computeIfAbsent(granted.name(), absent -> new HeldLock(absent, this));
        CompletableFuture<Void> waiting;
        mutex.lock();
        try {
            if (granted.grantNumber() <= lock.grantNumber) {
                return; // older than what we hold
            }
            lock.grantNumber = granted.grantNumber();
            if (lock.asked != null && granted.mode().covers(lock.asked)) {
                lock.asked = null;
            }
            lock.hold(granted.mode());
            waiting = lock.changed;
            lock.changed = null;
        } finally {
            mutex.unlock();
        }
        if (waiting != null) {
            waiting.complete(null);
        }
    }

    private void revoked(Message.LockRevoke revoke) {
        HeldLock lock = locks.get(revoke.name());
        if (lock == null) {
            sayNotHeld(revoke);
            return;
        }
        mutex.lock();
        try {
            if (lock.grantNumber != revoke.grantNumber() || lock.mode() == null) {
                sayNotHeld(revoke);
                return;
            }
            if (lock.revoke != null) {
                return;
            }
            lock.revoke = new HeldLock.Revoke(revoke.kept(), revoke.grantNumber());
            lock.gate();
        } finally {
            mutex.unlock();
        }
        revokeHandler.gated(lock.name, revoke.kept());
        mutex.lock();
        try {
            lock.isGateTold = true;
        } finally {
            mutex.unlock();
        }
        drained(lock);
    }

    /** It was given back, and the server had not heard: or it has by now, and this changes nothing. */
    private void sayNotHeld(Message.LockRevoke revoke) {
        server.send(new Message.LockReleased(rid, revoke.name(), null, revoke.grantNumber()));
    }

    /** No operation uses the gated lock any more. */
    void drained(HeldLock lock) {
        HeldLock.Revoke revoke;
        boolean isHandled;
        mutex.lock();
        try {
            revoke = lock.revoke;
            if (revoke == null || !lock.isGateTold || lock.users() > 0 || lock.isHandling && !lock.isHandled) {
                return;
            }
            isHandled = lock.isHandled;
            lock.isHandling = true;
        } finally {
            mutex.unlock();
        }
        if (isHandled) {
            finishRevoke(lock); // the last of those that came through the gate
            return;
        }
        var _ = revokeHandler
                .revoke(lock.name, revoke.kept())
                .whenComplete((kept, failure) -> handled(lock, revoke, kept, failure));
    }

    private void handled(
            HeldLock lock, HeldLock.Revoke revoke, @Nullable LockMode kept, @Nullable Throwable failure) {
        if (failure != null) {
            // Something under the lock could not be made durable. Nobody else may believe it either: keep the lock, and stop.
            LOG.log(System.Logger.Level.ERROR, "lock " + lock.name + " cannot be given back, no locks are taken any more", failure);
            stop();
            return;
        }
        Invariants.check(
                kept == null || revoke.kept() != null && revoke.kept().covers(kept), "keeps more than it may", lock.name);
        mutex.lock();
        try {
            lock.handledKept = kept;
            lock.isHandled = true;
        } finally {
            mutex.unlock();
        }
        finishRevoke(lock);
    }

    /** Gives the lock back, once the handler is done and no commit that names the grant is under way. */
    private void finishRevoke(HeldLock lock) {
        CompletableFuture<Void> waiting;
        mutex.lock();
        try {
            HeldLock.Revoke revoke = lock.revoke;
            if (revoke == null || !lock.isHandled || lock.isInCommit || lock.users() > 0) {
                return;
            }
            LockMode kept = lock.handledKept;
            lock.revoke = null;
            lock.isGateTold = false;
            lock.isHandling = false;
            lock.isHandled = false;
            if (lock.grantNumber != revoke.grantNumber()) {
                return; // granted anew meanwhile: the server knows better than to want the old one back
            }
            lock.isMarked = false;
            server.send(new Message.LockReleased(rid, lock.name, kept, revoke.grantNumber()));
            lock.hold(kept);
            // Whoever was kept out meanwhile looks again, and asks.
            waiting = lock.changed;
            lock.changed = null;
        } finally {
            mutex.unlock();
        }
        if (waiting != null) {
            waiting.complete(null);
        }
    }
}
