package org.scoutfs.server;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.scoutfs.net.LockMode;
import org.scoutfs.net.LockName;

/**
 * Who holds which cluster lock, and who waits for it.
 *
 * <ol>
 *   <li>Two holders of one lock never conflict.
 *   <li>Waiters are served in the order in which they came: nobody overtakes, also not a READ among READs.
 *   <li>While the first waiter conflicts with a holder, that holder has been told so, once per grant.
 *   <li>A release that does not name the holder's newest grant changes nothing.
 * </ol>
 * <p>A plain state machine: no threads, no clock. Not thread-safe.
 */
final class LockTable {
    /** What the table wants said. */
    interface Listener {
        /** @param highestSeq the highest sequence number that anything was changed with under this lock */
        void granted(long rid, LockName name, LockMode mode, long grantNumber, long highestSeq);

        /** @param kept what the holder may keep, or null for nothing */
        void revoke(long rid, LockName name, @Nullable LockMode kept, long grantNumber);
    }

    private static final class Holder {
        LockMode mode;
        long grantNumber;
        boolean isRevoked;

        Holder(LockMode mode, long grantNumber) {
            this.mode = mode;
            this.grantNumber = grantNumber;
        }
    }

    private record Waiter(long rid, LockMode mode) {}

    private static final class Lock {
        final TreeMap<Long, Holder> holders = new TreeMap<>();
        final ArrayDeque<Waiter> waiters = new ArrayDeque<>();
        long highestSeq;

        Lock(long highestSeq) {
            this.highestSeq = highestSeq;
        }
    }

    private record Grant(long rid, LockName name) {}

    private final Listener listener;
    private final Map<LockName, Lock> locks = new HashMap<>();
    private final Map<Long, Grant> byGrantNumber = new HashMap<>();
    private long lastGrantNumber;
    /** The highest seq of all locks that the table does not know, or forgot because nobody holds them. */
    private long forgottenSeq;

    /**
     * @param firstGrantNumber grants of this table have larger numbers, and those of earlier servers smaller ones
     * @param usedSeq no larger sequence number was used before this table
     */
    LockTable(long firstGrantNumber, long usedSeq, Listener listener) {
        this.lastGrantNumber = firstGrantNumber;
        this.forgottenSeq = usedSeq;
        this.listener = listener;
    }

    /** Somebody wants a lock. A second request of a waiting incarnation replaces its mode when that is stronger. */
    void request(long rid, LockName name, LockMode mode) {
        Lock lock = locks.computeIfAbsent(name, _ -> new Lock(forgottenSeq));
        for (Iterator<Waiter> waiters = lock.waiters.iterator(); waiters.hasNext(); ) {
            Waiter waiter = waiters.next();
            if (waiter.rid == rid) {
                if (waiter.mode.covers(mode)) {
                    return;
                }
                waiters.remove();
                break;
            }
        }
        lock.waiters.add(new Waiter(rid, mode));
        serve(name, lock);
    }

    /** @param kept what the holder still holds, or null */
    void release(long rid, LockName name, @Nullable LockMode kept, long grantNumber) {
        Lock lock = locks.get(name);
        Holder holder = lock == null ? null : lock.holders.get(rid);
        if (lock == null || holder == null || holder.grantNumber != grantNumber) {
            return;
        }
        if (kept == null) {
            drop(lock, rid);
        } else if (holder.mode.covers(kept)) {
            holder.mode = kept;
            holder.isRevoked = false;
        }
        serve(name, lock);
    }

    /** An incarnation is gone: it holds nothing and waits for nothing. */
    void forget(long rid) {
        for (LockName name : List.copyOf(locks.keySet())) {
            Lock lock = locks.get(name);
            if (lock == null) {
                continue;
            }
            boolean waited = lock.waiters.removeIf(waiter -> waiter.rid == rid);
            if (lock.holders.containsKey(rid)) {
                drop(lock, rid);
                serve(name, lock);
            } else if (waited) {
                serve(name, lock);
            }
        }
    }

    /** Whether this grant is held for WRITE by this incarnation. */
    boolean isHeldForWrite(long rid, long grantNumber) {
        Grant grant = byGrantNumber.get(grantNumber);
        if (grant == null || grant.rid != rid) {
            return false;
        }
        Lock lock = locks.get(grant.name);
        Holder holder = lock == null ? null : lock.holders.get(rid);
        return holder != null && holder.mode == LockMode.WRITE;
    }

    /** Something was changed under a grant that {@link #isHeldForWrite}. */
    void used(long grantNumber, long seq) {
        Grant grant = byGrantNumber.get(grantNumber);
        Lock lock = grant == null ? null : locks.get(grant.name);
        if (lock != null) {
            lock.highestSeq = Math.max(lock.highestSeq, seq);
        }
    }

    int lockCount() {
        return locks.size();
    }

    private void serve(LockName name, Lock lock) {
        while (!lock.waiters.isEmpty()) {
            Waiter first = lock.waiters.getFirst();
            List<Long> conflicting = conflicts(lock, first);
            if (!conflicting.isEmpty()) {
                revoke(name, lock, conflicting, first.mode);
                return;
            }
            lock.waiters.removeFirst();
            grant(name, lock, first);
        }
        if (lock.holders.isEmpty()) {
            forgottenSeq = Math.max(forgottenSeq, lock.highestSeq);
            locks.remove(name);
        }
    }

    private static List<Long> conflicts(Lock lock, Waiter waiter) {
        List<Long> conflicting = new ArrayList<>();
        lock.holders.forEach((rid, holder) -> {
            if (rid != waiter.rid && holder.mode.conflictsWith(waiter.mode)) {
                conflicting.add(rid);
            }
        });
        return conflicting;
    }

    private void revoke(LockName name, Lock lock, List<Long> rids, LockMode wanted) {
        LockMode kept = wanted == LockMode.READ ? LockMode.READ : null;
        for (long rid : rids) {
            Holder holder = lock.holders.get(rid);
            if (holder != null && !holder.isRevoked) {
                holder.isRevoked = true;
                listener.revoke(rid, name, kept, holder.grantNumber);
            }
        }
    }

    /** A holder of less gets a new grant in place of the old one; a holder of enough is told again what it holds. */
    private void grant(LockName name, Lock lock, Waiter waiter) {
        Holder held = lock.holders.get(waiter.rid);
        if (held != null && held.mode.covers(waiter.mode)) {
            listener.granted(waiter.rid, name, held.mode, held.grantNumber, lock.highestSeq);
            return;
        }
        drop(lock, waiter.rid);
        long number = ++lastGrantNumber;
        lock.holders.put(waiter.rid, new Holder(waiter.mode, number));
        byGrantNumber.put(number, new Grant(waiter.rid, name));
        listener.granted(waiter.rid, name, waiter.mode, number, lock.highestSeq);
    }

    private void drop(Lock lock, long rid) {
        Holder gone = lock.holders.remove(rid);
        if (gone != null) {
            byGrantNumber.remove(gone.grantNumber);
        }
    }
}
