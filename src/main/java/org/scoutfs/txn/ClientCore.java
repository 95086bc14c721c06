package org.scoutfs.txn;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;
import org.scoutfs.device.DeviceExtent;
import org.scoutfs.device.ExtentSet;
import org.scoutfs.net.Message;

/**
 * What one incarnation of a mount knows of its server: a plain state machine without threads, clock and I/O. Whoever drives it
 * puts what it returns on the connection, in order.
 *
 * <pre>
 *   NEW ──Joined──► SERVED ──connection lost──► OFFLINE ──connected──► DECLARING ──Declared──► SERVED
 *                     └───────────────── Evicted, in any state ─────────────────► EVICTED
 * </pre>
 * <ol>
 *   <li>A request is repeated on each new connection, with its number and in its place, until it is answered.
 *   <li>After the first connection each one begins with all that this incarnation holds: locks, space, the oldest version it reads.
 *   <li>Between the declaration and the server's word on it nothing else is believed: it was said before the server knew.
 *   <li>A server of a lower epoch than one that it was served by is not believed.
 *   <li>The lease is counted from when its renewal was sent. Without one, no lock may be used.
 * </ol>
 * <p>Not thread-safe.
 */
public final class ClientCore {
    /** Renewals in the time of one lease. */
    private static final int RENEWALS_PER_LEASE = 4;

    private static final int LOCKS_PER_MESSAGE = 2000;

    /** Where this incarnation stands. */
    public enum State {
        /** It has not joined. */
        NEW,
        /** A server knows it and answers. */
        SERVED,
        /** It has joined, and there is no connection. */
        OFFLINE,
        /** It told a server, perhaps a new one, what it holds, and waits for its word. */
        DECLARING,
        /** It is over: a server gave up on it. */
        EVICTED
    }

    /** What a message that came means. */
    public enum Verdict {
        /** It answers a request, which is not pending any more. */
        ANSWER,
        /** It answers nothing, or is about locks, versions, jobs. */
        UNASKED,
        /** The server goes on with this incarnation: the version in it replaces what was known. */
        DECLARED,
        /** The incarnation is over. */
        EVICTED,
        /** A repeated answer, or one of a server that is not believed: nothing happens. */
        IGNORED
    }

    private final long rid;
    private final long leaseNanos;
    private final TreeMap<Long, Message> pending = new TreeMap<>();
    private final ExtentSet granted = new ExtentSet();
    private State state = State.NEW;
    private long epoch;
    private long lastRequestId;
    private long attempt;
    private long leaseEndNanos = Long.MIN_VALUE;
    private long renewDueNanos = Long.MIN_VALUE;

    /** @param leaseNanos 0 where mounts are alone and nothing ends by time */
    public ClientCore(long rid, long leaseNanos) {
        this.rid = rid;
        this.leaseNanos = leaseNanos;
    }

    public long rid() {
        return rid;
    }

    public State state() {
        return state;
    }

    /** Of the newest server that served it. */
    public long epoch() {
        return epoch;
    }

    /** Whether messages may be put on the connection now. */
    public boolean isOnline() {
        return state == State.SERVED || state == State.DECLARING || state == State.NEW;
    }

    // ---- what is sent ------------------------------------------------------------------------------------------------

    /** A new request. To be sent now if {@link #isOnline}; else it goes with the next connection. */
    public Message request(LongFunction<Message> make) {
        Message message = make.apply(++lastRequestId);
        pending.put(lastRequestId, message);
        return message;
    }

    /** What a request that was answered, or is to be given up, said. */
    public @Nullable Message pending(long requestId) {
        return pending.get(requestId);
    }

    public long lastRequestId() {
        return lastRequestId;
    }

    public int pendingCount() {
        return pending.size();
    }

    /**
     * The first messages on a new connection.
     *
     * @param held all locks that this node holds; the caller asks again for those it waits for
     */
    public List<Message> connected(List<Message.HeldGrant> held, long oldestVersion) {
        return connected(held, List.of(), oldestVersion);
    }

    /** As {@link #connected(List, long)}, of a node that holds file locks too. */
    public List<Message> connected(List<Message.HeldGrant> held, List<Message.FileLockRange> fileLocks, long oldestVersion) {
        List<Message> first = new ArrayList<>();
        if (state == State.EVICTED) {
            return first;
        }
        if (state == State.NEW) {
            // With a new number: the answer to the first one, if it comes yet, was made before the server knew this connection.
            if (!pending.isEmpty() && pending.pollFirstEntry().getValue() instanceof Message.Join join) {
                pending.put(++lastRequestId, new Message.Join(lastRequestId, rid, join.isReadOnly()));
            }
        } else {
            attempt++;
            for (int from = 0; from < held.size(); from += LOCKS_PER_MESSAGE) {
                first.add(new Message.DeclareLocks(
                        rid, attempt, List.copyOf(held.subList(from, Math.min(held.size(), from + LOCKS_PER_MESSAGE)))));
            }
            for (int from = 0; from < fileLocks.size(); from += LOCKS_PER_MESSAGE) {
                first.add(new Message.DeclareFileLocks(
                        rid, attempt, List.copyOf(fileLocks.subList(from, Math.min(fileLocks.size(), from + LOCKS_PER_MESSAGE)))));
            }
            long answered = pending.isEmpty() ? lastRequestId : pending.firstKey() - 1;
            first.add(new Message.Declare(rid, attempt, epoch, oldestVersion, answered, granted.toList()));
            state = State.DECLARING;
        }
        first.addAll(pending.values());
        renewDueNanos = Long.MIN_VALUE;
        return first;
    }

    public void disconnected() {
        if (state == State.SERVED || state == State.DECLARING) {
            state = State.OFFLINE;
        }
    }

    // ---- the lease ---------------------------------------------------------------------------------------------------

    /** A renewal if one is due, else null. Not to be called while this node's device I/O makes no progress. */
    public @Nullable Message renewal(long nowNanos, long oldestVersion) {
        if (!isRenewalDue(nowNanos)) {
            return null;
        }
        renewDueNanos = nowNanos + leaseNanos / RENEWALS_PER_LEASE;
        return new Message.Renew(rid, nowNanos, oldestVersion);
    }

    public boolean isRenewalDue(long nowNanos) {
        return leaseNanos > 0 && state == State.SERVED && nowNanos >= renewDueNanos;
    }

    /** Whether this node may use its locks at this time. */
    public boolean isLeased(long nowNanos) {
        return state != State.EVICTED && (leaseNanos == 0 || nowNanos < leaseEndNanos);
    }

    public long leaseEndNanos() {
        return leaseNanos == 0 ? Long.MAX_VALUE : leaseEndNanos;
    }

    // ---- what comes --------------------------------------------------------------------------------------------------

    public Verdict receive(Message message) {
        boolean isWord = message instanceof Message.Declared || message instanceof Message.Evicted;
        if (state == State.EVICTED || state == State.OFFLINE || state == State.DECLARING && !isWord) {
            // What was said before the server had read the declaration does not count there any more.
            return Verdict.IGNORED;
        }
        return switch (message) {
            case Message.Joined m -> {
                if (pending.remove(m.requestId()) == null || m.epoch() < epoch) {
                    yield Verdict.IGNORED;
                }
                epoch = m.epoch();
                state = State.SERVED;
                take(m.grants());
                yield Verdict.ANSWER;
            }
            case Message.Declared m -> {
                if (state != State.DECLARING || m.attempt() != attempt || m.epoch() < epoch) {
                    yield Verdict.IGNORED;
                }
                epoch = m.epoch();
                state = State.SERVED;
                yield Verdict.DECLARED;
            }
            case Message.Evicted m -> {
                if (m.rid() != rid) {
                    yield Verdict.IGNORED;
                }
                state = State.EVICTED;
                yield Verdict.EVICTED;
            }
            case Message.Committed m -> answered(m.requestId(), m.grants());
            case Message.SpaceGranted m -> answered(m.requestId(), m.grants());
            case Message.Done m -> answered(m.requestId(), Message.Grants.NONE);
            case Message.InodesGranted m -> answered(m.requestId(), Message.Grants.NONE);
            case Message.VolumeStatus m -> answered(m.requestId(), Message.Grants.NONE);
            case Message.OpenElsewhere m -> answered(m.requestId(), Message.Grants.NONE);
            case Message.FileLockAnswer m -> answered(m.requestId(), Message.Grants.NONE);
            case Message.LockList m -> answered(m.requestId(), Message.Grants.NONE);
            case Message.ClusterState m -> answered(m.requestId(), Message.Grants.NONE);
            case Message.Refused m -> pending.remove(m.requestId()) == null ? Verdict.IGNORED : Verdict.ANSWER;
            case Message.MergeJob m -> {
                take(m.grants());
                yield Verdict.UNASKED;
            }
            case Message.Renewed m -> {
                if (m.leaseNanos() > 0) {
                    leaseEndNanos = Math.max(leaseEndNanos, m.sentNanos() + m.leaseNanos());
                }
                yield Verdict.UNASKED;
            }
            default -> Verdict.UNASKED;
        };
    }

    private Verdict answered(long requestId, Message.Grants grants) {
        Message asked = pending.remove(requestId);
        if (asked == null) {
            return Verdict.IGNORED;
        }
        switch (asked) {
            case Message.Commit m -> {
                m.consumed().forEach(granted::removeOverlap);
                m.returned().forEach(granted::removeOverlap);
            }
            case Message.Merged m -> {
                m.consumed().forEach(granted::removeOverlap);
                m.returned().forEach(granted::removeOverlap);
            }
            case Message.MergeFailed m -> m.returned().forEach(granted::removeOverlap);
            case Message.ReturnSpace m -> m.returned().forEach(granted::removeOverlap);
            default -> {}
        }
        take(grants);
        return Verdict.ANSWER;
    }

    private void take(Message.Grants grants) {
        for (List<DeviceExtent> extents : List.of(grants.data(), grants.meta())) {
            for (DeviceExtent extent : extents) {
                granted.removeOverlap(extent); // a repeated message
                granted.add(extent);
            }
        }
    }
}
