package org.scoutfs.fs;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.scoutfs.lock.LockClient;
import org.scoutfs.lock.RevokeHandler;
import org.scoutfs.net.LockMode;
import org.scoutfs.net.LockName;

/**
 * What this node does before one of its locks may go to another node.
 *
 * <pre>
 *   gated, drained ──► DROPPING ──────────► LAUNDERED ─────────► COMMITTING ────────► FORGETTING ──► given back, or kept as READ
 *   (lock client)      the kernel forgets;  the last of those    all that was done     decoded
 *                      it may write dirty   writes is inside     here is published     inodes go
 *                      pages of mappings
 * </pre>
 * <ol>
 *   <li>When the lock is given back, the kernel of this host has nothing of the range but pages that waiting reads own, which hold
 *       no bytes yet; the decoded inodes are gone; and every change under the lock is published.
 *   <li>A page that is written back while the kernel drops it is part of the commit, because {@link #tryLaunder} lets it in until
 *       that commit is asked for, and nobody afterwards.
 *   <li>The lock is kept as READ only while no file of the range is open for writing here: pages of such a file can be changed
 *       through a mapping without a word to us.
 * </ol>
 * <p>Nothing here waits on a thread: each step follows from the completion of the one before. Thread-safe; {@code mutex} is a
 * leaf.
 */
final class LockRevoker implements RevokeHandler {
    /** How far a revoke has come. */
    enum Step {
        /** The kernel drops attributes, names and pages; what it writes back thereby is let in. */
        DROPPING,
        /** The kernel has dropped all; nobody is let in any more, and who is inside finishes. */
        LAUNDERED,
        /** Everything that this node did is on its way to the device. */
        COMMITTING,
        /** The changes are published; what this node keeps decoded of the range goes. */
        FORGETTING
    }

    private static final class Revocation {
        Step step = Step.DROPPING;
        int laundering;
        final CompletableFuture<Void> laundered = new CompletableFuture<>();
    }

    private final Core core;

    private final ReentrantLock mutex = new ReentrantLock();
    // Guarded by mutex.
    private final Map<LockName, Revocation> revocations = new HashMap<>();

    LockRevoker(Core core) {
        this.core = core;
    }

    @Override
    public CompletableFuture<@Nullable LockMode> revoke(LockName name, @Nullable LockMode kept) {
        Revocation revocation = new Revocation();
        mutex.lock();
        try {
            revocations.put(name, revocation);
        } finally {
            mutex.unlock();
        }
        boolean isOfInodes = name.kind() == LockName.Kind.INODES;
        if (name.kind() == LockName.Kind.RULES) {
            core.quota.forget();
        }
        LockMode keeps = kept != null && isOfInodes && isWritableHere(name) ? null : kept;
        CompletableFuture<Void> dropped =
                isOfInodes && keeps == null ? dropFromKernel(name) : CompletableFuture.completedFuture(null);
        return dropped.thenCompose(_ -> closeLaundry(revocation))
                .thenCompose(_ -> {
                    step(revocation, Step.COMMITTING);
                    return core.transactions.commit();
                })
                .handle((_, failure) -> {
                    step(revocation, Step.FORGETTING);
                    if (isOfInodes && keeps == null) {
                        core.cache.removeRange(core.firstIno(name), core.options.lockGroupInodes());
                    }
                    end(name, revocation);
                    if (isOfInodes) {
                        // Another node may stage: who waits looks again, under a lock of its own.
                        core.offlineWaiters.wake(core.firstIno(name), core.options.lockGroupInodes());
                    }
                    return failure;
                })
                .thenCompose(failure -> failure == null
                        ? CompletableFuture.completedFuture(keeps)
                        : CompletableFuture.<@Nullable LockMode>failedFuture(failure));
    }

    private boolean isWritableHere(LockName name) {
        long first = core.firstIno(name);
        for (long ino = first; ino < first + core.options.lockGroupInodes(); ino++) {
            if (core.writableOpens.get(ino) > 0) {
                return true;
            }
        }
        return false;
    }

    private CompletableFuture<Void> dropFromKernel(LockName name) {
        long first = core.firstIno(name);
        List<CompletableFuture<Void>> drops = new ArrayList<>();
        for (long ino = first; ino < first + core.options.lockGroupInodes(); ino++) {
            long known = ino;
            if (core.references.get(known) > 0 || core.opens.get(known) > 0 || known == Core.ROOT_INO) {
                drops.add(core.kernel.drop(known, () -> core.references.get(known) > 0));
            }
        }
        return CompletableFuture.allOf(drops.toArray(new CompletableFuture<?>[0]));
    }

    private void step(Revocation revocation, Step step) {
        mutex.lock();
        try {
            revocation.step = step;
        } finally {
            mutex.unlock();
        }
    }

    private void end(LockName name, Revocation revocation) {
        mutex.lock();
        try {
            var _ = revocations.remove(name, revocation);
        } finally {
            mutex.unlock();
        }
    }

    // ---- pages that come back while they are dropped

    /** Lets nobody in any more; completes when the last one has left. */
    private CompletableFuture<Void> closeLaundry(Revocation revocation) {
        mutex.lock();
        try {
            revocation.step = Step.LAUNDERED;
            return revocation.laundering == 0 ? CompletableFuture.completedFuture(null) : revocation.laundered;
        } finally {
            mutex.unlock();
        }
    }

    /**
     * For a page that the kernel writes back: the lock for writing, though its gate may be closed. Null when it is too late for
     * the revoke that is under way, or the lock is not held so.
     */
    LockClient.@Nullable Use tryLaunder(LockName name) {
        Revocation revocation;
        mutex.lock();
        try {
            revocation = revocations.get(name);
            if (revocation != null) {
                if (revocation.step != Step.DROPPING) {
                    return null;
                }
                revocation.laundering++;
            }
        } finally {
            mutex.unlock();
        }
        LockClient.Use use = core.locks.tryUseGated(name, LockMode.WRITE);
        if (use == null) {
            leaveLaundry(revocation);
            return null;
        }
        return () -> {
            use.close();
            leaveLaundry(revocation);
        };
    }

    private void leaveLaundry(@Nullable Revocation revocation) {
        if (revocation == null) {
            return;
        }
        boolean isLast;
        mutex.lock();
        try {
            revocation.laundering--;
            isLast = revocation.laundering == 0 && revocation.step != Step.DROPPING;
        } finally {
            mutex.unlock();
        }
        if (isLast) {
            revocation.laundered.complete(null);
        }
    }
}
