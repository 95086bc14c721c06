package org.scoutfs.server;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.scoutfs.net.LockMode;
import org.scoutfs.net.LockName;
import org.scoutfs.net.Message;

/**
 * Who holds which cluster lock, and who waits for it.
 *
 * <ol>
 *   <li>Two holders of one lock never conflict.
 *   <li>Waiters are served in the order in which they came: nobody overtakes, also not a READ among READs.
 *   <li>While the first waiter conflicts with a holder, that holder has been told so, once per grant.
 *   <li>A release that does not name the holder's newest grant changes nothing.
 *   <li>While the table is closed nothing is granted; requests, releases and declarations are taken.
 * </ol>
 * <p>A plain state machine: no threads; the time comes in by {@link #setNow}. Not thread-safe.
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
        final long grantNumber;
        final long sinceNanos;
        boolean isRevoked;
        long revokedNanos;

        Holder(LockMode mode, long grantNumber, long sinceNanos) {
            this.mode = mode;
            this.grantNumber = grantNumber;
            this.sinceNanos = sinceNanos;
        }
    }

    private record Waiter(long rid, LockMode mode, long sinceNanos) {}

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
    /** Locks that a holder was asked to give back; some may be back already. */
    private final Map<Long, Set<LockName>> revoked = new HashMap<>();
    private long lastGrantNumber;
    /** The highest seq of all locks that the table does not know, or forgot because nobody holds them. */
    private long forgottenSeq;
    private boolean isOpen = true;
    private long nowNanos;

    /**
     * @param firstGrantNumber grants of this table have larger numbers, and those of earlier servers smaller ones
     * @param usedSeq no larger sequence number was used before this table
     */
    LockTable(long firstGrantNumber, long usedSeq, Listener listener) {
        this.lastGrantNumber = firstGrantNumber;
        this.forgottenSeq = usedSeq;
        this.listener = listener;
    }

    void setNow(long nanos) {
        nowNanos = nanos;
    }

    /** Nothing is granted until {@link #open}: not all holders are known, or this server may not promise anything now. */
    void close() {
        isOpen = false;
    }

    void open() {
        if (!isOpen) {
            isOpen = true;
            List.copyOf(locks.entrySet()).forEach(one -> serve(one.getKey(), one.getValue()));
        }
    }

    /**
     * Somebody that an earlier server granted locks to says which. Nobody is revoked or served before {@link #open}.
     *
     * @return a lock that somebody else holds in conflict with this, or null when all were taken
     */
    @Nullable LockName declare(long rid, List<Message.HeldGrant> held) {
        for (Message.HeldGrant grant : held) {
            Lock lock = locks.computeIfAbsent(grant.name(), _ -> new Lock(forgottenSeq));
            if (!conflicts(lock, rid, grant.mode()).isEmpty()) {
                return grant.name();
            }
            drop(lock, rid);
            hold(grant.name(), lock, rid, grant.mode(), grant.grantNumber());
        }
        return null;
    }

    /**
     * An incarnation of this server's comes back on a new connection: what was said on the old one may not have arrived. It
     * holds what it says and was granted; a grant that it does not know of is taken back; it asks again for what it waits for.
     */
    void reconcile(long rid, List<Message.HeldGrant> held) {
        Map<LockName, Message.HeldGrant> declared = new HashMap<>();
        held.forEach(grant -> declared.put(grant.name(), grant));
        for (Map.Entry<LockName, Lock> one : List.copyOf(locks.entrySet())) {
            Lock lock = one.getValue();
            boolean waited = lock.waiters.removeIf(waiter -> waiter.rid == rid);
            Holder holder = lock.holders.get(rid);
            if (holder != null) {
                Message.HeldGrant grant = declared.get(one.getKey());
                drop(lock, rid);
                if (grant != null && grant.grantNumber() <= holder.grantNumber && holder.mode.covers(grant.mode())) {
                    // The same grant, or a weaker one that it still uses, since it has not heard of the one that replaced it;
                    // nor, perhaps, that it was to give it back.
                    hold(one.getKey(), lock, rid, grant.mode(), grant.grantNumber());
                }
            }
            if (waited || holder != null) {
                serve(one.getKey(), lock);
            }
        }
    }

    /** Since when a holder was asked to give back something that it has not given back; {@link Long#MAX_VALUE} for nothing. */
    long oldestRevokeNanos(long rid) {
        long oldest = Long.MAX_VALUE;
        if (revoked.containsKey(rid)) {
            for (LockName name : revoked.get(rid)) {
                Lock lock = locks.get(name);
                Holder holder = lock == null ? null : lock.holders.get(rid);
                if (holder != null && holder.isRevoked) {
                    oldest = Math.min(oldest, holder.revokedNanos);
                }
            }
        }
        return oldest;
    }

    /** What {@code scoutfs locks} shows, at most so many. */
    List<Message.LockState> list(int countMax) {
        List<Message.LockState> all = new ArrayList<>();
        locks.entrySet().stream().sorted(Map.Entry.comparingByKey()).limit(countMax).forEach(entry -> {
            LockName name = entry.getKey();
            Lock lock = entry.getValue();
            List<Message.LockHolder> holders = new ArrayList<>();
            lock.holders.forEach((rid, holder) -> holders.add(new Message.LockHolder(
                    rid, holder.mode, holder.grantNumber, nowNanos - holder.sinceNanos, holder.isRevoked)));
            List<Message.LockWaiter> waiters = new ArrayList<>();
            lock.waiters.forEach(waiter ->
                    waiters.add(new Message.LockWaiter(waiter.rid, waiter.mode, nowNanos - waiter.sinceNanos)));
            all.add(new Message.LockState(name, holders, waiters));
        });
        return all;
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
        lock.waiters.add(new Waiter(rid, mode, nowNanos));
        serve(name, lock);
    }

    /** @param kept what the holder still holds, or null */
    void release(long rid, LockName name, @Nullable LockMode kept, long grantNumber) {
        Lock lock = locks.get(name);
        Holder holder = lock == null ? null : lock.holders.get(rid);
        if (lock == null || holder == null || holder.grantNumber != grantNumber) {
            return;
        }
        Set<LockName> asked = revoked.get(rid);
        if (asked != null) {
            asked.remove(name);
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
        revoked.remove(rid);
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
        while (isOpen && !lock.waiters.isEmpty()) {
            Waiter first = lock.waiters.getFirst();
            List<Long> conflicting = conflicts(lock, first.rid, first.mode);
            if (!conflicting.isEmpty()) {
                revoke(name, lock, conflicting, first.mode);
                return;
            }
            lock.waiters.removeFirst();
            grant(name, lock, first);
        }
        if (lock.holders.isEmpty() && lock.waiters.isEmpty()) {
            forgottenSeq = Math.max(forgottenSeq, lock.highestSeq);
            locks.remove(name);
        }
    }

    private static List<Long> conflicts(Lock lock, long wanting, LockMode mode) {
        List<Long> conflicting = new ArrayList<>();
        lock.holders.forEach((rid, holder) -> {
            if (rid != wanting && holder.mode.conflictsWith(mode)) {
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
                holder.revokedNanos = nowNanos;
                revoked.computeIfAbsent(rid, _ -> new HashSet<>()).add(name);
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
        hold(name, lock, waiter.rid, waiter.mode, number);
        listener.granted(waiter.rid, name, waiter.mode, number, lock.highestSeq);
    }

    private void hold(LockName name, Lock lock, long rid, LockMode mode, long number) {
        lock.holders.put(rid, new Holder(mode, number, nowNanos));
        byGrantNumber.put(number, new Grant(rid, name));
    }

    private void drop(Lock lock, long rid) {
        Holder gone = lock.holders.remove(rid);
        if (gone != null) {
            byGrantNumber.remove(gone.grantNumber);
        }
    }
}
