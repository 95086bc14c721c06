package org.scoutfs.lock;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Invariants;
import org.scoutfs.net.LockMode;
import org.scoutfs.net.LockName;

/**
 * One lock in this node's table: whether it is held, and how many operations use it. It is itself the
 * {@link LockClient.Use} of an operation that takes only this lock, so that the usual case allocates nothing.
 *
 * <p>{@code state} is one word: the mode that is held, whether new users are kept out, and the number of users. Users come and go
 * with one compare-and-set each; the rest changes under the mutex of {@link NodeLocks}.
 */
final class HeldLock implements LockClient.Use {
    private static final int HAS_READ = 1;
    private static final int HAS_WRITE = 2;
    private static final int GATED = 4;
    private static final int ONE_USER = 8;
    private static final VarHandle STATE;

    static {
        try {
            STATE = MethodHandles.lookup().findVarHandle(HeldLock.class, "state", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    final LockName name;
    private final NodeLocks owner;

    @SuppressWarnings("unused") // through STATE
    private volatile int state;

    /** Whether it is in the list of locks that the open transaction may have changed something under. */
    volatile boolean isMarked;

    // Guarded by the mutex of NodeLocks.

    /** Of the grant that is held; 0 while none is. */
    long grantNumber;

    /** The mode that the server was asked for and has not granted yet, or null. */
    @Nullable LockMode asked;

    /** What operations wait for; completed when it may be worth trying again. */
    @Nullable CompletableFuture<Void> changed;

    /** The revoke that is being obeyed, or null. */
    @Nullable Revoke revoke;

    /** Whether the handler of the revoke was told that the gate is closed. */
    boolean isGateTold;

    /** Whether the handler of the revoke was called, whether it is done, and what it keeps. */
    boolean isHandling;

    boolean isHandled;

    @Nullable LockMode handledKept;

    /** Whether a commit that is under way says that something was changed under this grant. */
    boolean isInCommit;

    /** What the server wants back. */
    record Revoke(@Nullable LockMode kept, long grantNumber) {}

    HeldLock(LockName name, NodeLocks owner) {
        this.name = name;
        this.owner = owner;
    }

    /** Adds a user if the lock is held in a mode that covers this one and is not gated. */
    boolean tryUse(LockMode mode) {
        int wanted = mode == LockMode.WRITE ? HAS_WRITE : HAS_READ | HAS_WRITE;
        while (true) {
            int seen = (int) STATE.getVolatile(this);
            if ((seen & wanted) == 0 || (seen & GATED) != 0) {
                return false;
            }
            if (STATE.compareAndSet(this, seen, seen + ONE_USER)) {
                return true;
            }
        }
    }

    /** As {@link #tryUse}, also through a closed gate. Under the owner's mutex. */
    boolean tryUseGated(LockMode mode) {
        int wanted = mode == LockMode.WRITE ? HAS_WRITE : HAS_READ | HAS_WRITE;
        while (true) {
            int seen = (int) STATE.getVolatile(this);
            if ((seen & wanted) == 0) {
                return false;
            }
            if (STATE.compareAndSet(this, seen, seen + ONE_USER)) {
                return true;
            }
        }
    }

    /** An operation leaves. */
    @Override
    public void close() {
        int before = (int) STATE.getAndAdd(this, -ONE_USER);
        Invariants.check(before >= ONE_USER, "a lock is given up more often than it was taken", name);
        if ((before & GATED) != 0 && before < 2 * ONE_USER) {
            owner.drained(this);
        }
    }

    /** Keeps new users out. */
    void gate() {
        var _ = (int) STATE.getAndBitwiseOr(this, GATED);
    }

    /** What is held from now on; lets users in again. */
    void hold(@Nullable LockMode mode) {
        int flags = mode == null ? 0 : mode == LockMode.WRITE ? HAS_WRITE : HAS_READ;
        while (true) {
            int seen = (int) STATE.getVolatile(this);
            if (STATE.compareAndSet(this, seen, (seen & -ONE_USER) | flags)) {
                return;
            }
        }
    }

    @Nullable LockMode mode() {
        int seen = (int) STATE.getVolatile(this);
        return (seen & HAS_WRITE) != 0 ? LockMode.WRITE : (seen & HAS_READ) != 0 ? LockMode.READ : null;
    }

    boolean isGated() {
        return ((int) STATE.getVolatile(this) & GATED) != 0;
    }

    int users() {
        return (int) STATE.getVolatile(this) / ONE_USER;
    }
}
