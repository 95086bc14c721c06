package org.scoutfs.server;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.scoutfs.net.Message;
import org.scoutfs.net.Message.FileLockRange;

/**
 * The file locks of all nodes: {@code flock}, {@code fcntl} and open-file-description locks.
 *
 * <ol>
 *   <li>Two locks of one family and different owners that overlap are both for reading. An owner is a number on one incarnation.
 *   <li>A request is answered at once, yes or no. Nobody waits here: a node that was refused is told when something of that inode
 *       goes, and asks again.
 *   <li>While the table is closed nothing is granted and nothing answered: not all holders are known, or this server may not promise
 *       anything now.
 * </ol>
 * <p>Only in memory: each node tells a new server what it holds. Not thread-safe.
 */
final class FileLockTable {
    private record Held(long rid, FileLockRange lock) {
        boolean isOf(long otherRid, FileLockRange other) {
            return rid == otherRid && lock.owner() == other.owner() && lock.isFlock() == other.isFlock();
        }

        boolean overlaps(FileLockRange other) {
            return lock.start() <= other.end() && other.start() <= lock.end();
        }
    }

    private final BiConsumer<Long, Message> send;
    private final Map<Long, List<Held>> byIno = new HashMap<>();
    private final TreeMap<Long, TreeSet<Long>> refused = new TreeMap<>();
    private final ArrayDeque<Message.FileLockRequest> deferred = new ArrayDeque<>();
    private boolean isOpen = true;

    /** @param send says something to an incarnation */
    FileLockTable(BiConsumer<Long, Message> send) {
        this.send = send;
    }

    void close() {
        isOpen = false;
    }

    void open() {
        isOpen = true;
        while (!deferred.isEmpty()) {
            answer(deferred.remove());
        }
    }

    void request(Message.FileLockRequest asked) {
        if (isOpen) {
            answer(asked);
        } else {
            // One that is asked again on a new connection replaces the old one.
            deferred.removeIf(one -> one.rid() == asked.rid() && one.requestId() == asked.requestId());
            deferred.add(asked);
        }
    }

    private void answer(Message.FileLockRequest asked) {
        FileLockRange inTheWay = conflict(asked.rid(), asked.lock());
        if (!asked.isTest()) {
            if (inTheWay == null) {
                boolean isLess = cut(asked.rid(), asked.lock());
                hold(asked.rid(), asked.lock());
                if (isLess) {
                    tell(asked.lock().ino()); // one for writing that becomes one for reading lets others in
                }
            } else {
                refused.computeIfAbsent(asked.lock().ino(), _ -> new TreeSet<>()).add(asked.rid());
            }
        }
        send.accept(asked.rid(), new Message.FileLockAnswer(asked.requestId(), inTheWay));
    }

    private @Nullable FileLockRange conflict(long rid, FileLockRange wanted) {
        for (Held held : byIno.getOrDefault(wanted.ino(), List.of())) {
            if (!held.isOf(rid, wanted)
                    && held.lock.isFlock() == wanted.isFlock()
                    && held.overlaps(wanted)
                    && (held.lock.isWrite() || wanted.isWrite())) {
                return held.lock;
            }
        }
        return null;
    }

    void release(long rid, FileLockRange lock) {
        if (cut(rid, lock)) {
            tell(lock.ino());
        }
    }

    /** What an incarnation holds, in the place of what was known of it. */
    void declare(long rid, List<FileLockRange> locks) {
        Set<Long> touched = removeAll(rid);
        locks.forEach(lock -> hold(rid, lock));
        touched.forEach(this::tell);
    }

    /** An incarnation is gone. */
    void forget(long rid) {
        deferred.removeIf(one -> one.rid() == rid);
        refused.values().forEach(rids -> rids.remove(rid));
        refused.values().removeIf(Set::isEmpty);
        removeAll(rid).forEach(this::tell);
    }

    private Set<Long> removeAll(long rid) {
        Set<Long> touched = new TreeSet<>();
        byIno.forEach((ino, locks) -> {
            if (locks.removeIf(held -> held.rid == rid)) {
                touched.add(ino);
            }
        });
        byIno.values().removeIf(List::isEmpty);
        return touched;
    }

    private void hold(long rid, FileLockRange lock) {
        byIno.computeIfAbsent(lock.ino(), _ -> new ArrayList<>()).add(new Held(rid, lock));
    }

    /** Takes a range out of an owner's locks. @return whether there was something to take */
    private boolean cut(long rid, FileLockRange range) {
        List<Held> locks = byIno.get(range.ino());
        if (locks == null) {
            return false;
        }
        List<Held> rest = new ArrayList<>();
        boolean any = false;
        for (Held held : List.copyOf(locks)) {
            if (held.isOf(rid, range) && held.overlaps(range)) {
                any = true;
                locks.remove(held);
                FileLockRange was = held.lock;
                if (was.start() < range.start()) {
                    rest.add(new Held(rid, part(was, was.start(), range.start() - 1)));
                }
                if (was.end() > range.end()) {
                    rest.add(new Held(rid, part(was, range.end() + 1, was.end())));
                }
            }
        }
        locks.addAll(rest);
        if (locks.isEmpty()) {
            byIno.remove(range.ino());
        }
        return any;
    }

    private static FileLockRange part(FileLockRange of, long start, long end) {
        return new FileLockRange(of.ino(), of.isFlock(), of.owner(), start, end, of.isWrite(), of.pid());
    }

    private void tell(long ino) {
        TreeSet<Long> rids = refused.remove(ino);
        if (rids != null) {
            rids.forEach(rid -> send.accept(rid, new Message.FileLocksFreed(ino)));
        }
    }

    /** For tests: how many locks are held. */
    int size() {
        return byIno.values().stream().mapToInt(List::size).sum();
    }
}
