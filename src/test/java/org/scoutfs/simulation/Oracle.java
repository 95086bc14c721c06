package org.scoutfs.simulation;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.scoutfs.lsm.SegmentInfo;
import org.scoutfs.lsm.Version;
import org.scoutfs.net.LockMode;
import org.scoutfs.net.LockName;
import org.scoutfs.net.Message.FileLockRange;

/**
 * Knows everything, and says what must never happen.
 *
 * <p>Each value of a group of inodes is one write, which names the value that it replaced. So whatever was acknowledged, or seen by
 * another node, must be among the ancestors of whatever is seen later: else it was lost, or two nodes changed the group at once.
 */
final class Oracle {
    /** One change of one group, with its block of data. */
    static final class Write {
        final long id;
        final int group;
        final Write parent;
        final int depth;
        final long blkno;
        final long seq;
        final long rid;

        Write(long id, int group, Write parent, long blkno, long seq, long rid) {
            this.id = id;
            this.group = group;
            this.parent = parent;
            this.depth = parent == null ? 1 : parent.depth + 1;
            this.blkno = blkno;
            this.seq = seq;
            this.rid = rid;
        }

        boolean descendsFrom(Write other) {
            Write at = this;
            while (at != null && at.depth > other.depth) {
                at = at.parent;
            }
            return at == other;
        }

        @Override
        public String toString() {
            return "write " + id + " of group " + group + " (seq " + seq + ", by " + Long.toHexString(rid) + ")";
        }
    }

    /** What a segment holds: the newest write of each group in it, and the index entries of all writes. */
    record Content(Map<Integer, Write> values, List<Write> entries) {}

    /** A broken promise. */
    static final class Violation extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Violation(String message) {
            super(message);
        }
    }

    private final Cluster cluster;
    final Map<Long, Content> contents = new HashMap<>();
    private final Map<Integer, Write> acknowledged = new HashMap<>();
    private final List<Walker> walkers = new ArrayList<>();
    private long lastWriteId;
    int operations;
    int commits;
    int merges;
    int evictions;
    int takeOvers;
    int unmounts;

    /** Somebody who remembers how far he came in the index of changes. */
    static final class Walker {
        final Set<Long> seen = new HashSet<>();
        long position;
    }

    Oracle(Cluster cluster) {
        this.cluster = cluster;
    }

    long nextWriteId() {
        return ++lastWriteId;
    }

    static void fail(String message) {
        throw new Violation(message);
    }

    /** An operation works under a lock now. */
    void working(SimClient client, LockName name, LockMode mode) {
        for (SimClient other : leasedOthers(client)) {
            LockMode held = other.locks.heldMode(name);
            if (held != null && held.conflictsWith(mode)) {
                fail(client + " uses " + name + " for " + mode + " while " + other + " holds it for " + held);
            }
        }
    }

    private List<SimClient> leasedOthers(SimClient client) {
        List<SimClient> others = new ArrayList<>();
        for (SimNode node : cluster.nodes) {
            if (node.client != null && node.client != client && node.isRunning() && node.client.believesLeased()
                    && !node.client.isGoodbyeSaid()) {
                others.add(node.client);
            }
        }
        return others;
    }

    /** A program has this file lock now. */
    void locked(SimClient client, FileLockRange lock) {
        if (!client.believesLeased()) {
            return;
        }
        for (SimClient other : leasedOthers(client)) {
            for (FileLockRange held : other.fileLocks.held()) {
                if (held.ino() == lock.ino() && held.isFlock() == lock.isFlock() && (held.isWrite() || lock.isWrite())
                        && held.start() <= lock.end() && lock.start() <= held.end()) {
                    fail(client + " has file lock " + lock + " while " + other + " has " + held);
                }
            }
        }
    }

    /** A file goes for good, since nobody has it open. */
    void destroying(SimClient client, long ino) {
        for (SimClient other : leasedOthers(client)) {
            if (other.opens.isOpen(ino)) {
                fail(client + " is told that nobody has " + ino + " open, and " + other + " has");
            }
        }
    }

    void observed(SimClient client, int group, Write value) {
        Write known = acknowledged.get(group);
        if (known != null && (value == null || !value.descendsFrom(known))) {
            fail(client + " sees " + value + " though " + known + " was acknowledged or seen by others");
        }
        if (value != null && value.rid != client.rid) {
            acknowledged.put(group, value);
        }
    }

    void committed(SimClient client, Iterable<Write> newest) {
        commits++;
        for (Write write : newest) {
            Write known = acknowledged.get(write.group);
            if (known != null && known.descendsFrom(write)) {
                continue;
            }
            if (known != null && !write.descendsFrom(known)) {
                fail(client + " committed " + write + " beside " + known);
            }
            acknowledged.put(write.group, write);
            Write parent = write.parent;
            if (parent != null && parent.rid != write.rid && parent.seq >= write.seq) {
                fail(write + " follows " + parent + " with no larger sequence number");
            }
        }
    }

    Walker newWalker() {
        Walker walker = new Walker();
        walkers.add(walker);
        return walker;
    }

    void walk(Walker walker, Version version) {
        long bound = version.stableSeq();
        for (List<SegmentInfo> level : version.levels()) {
            for (SegmentInfo segment : level) {
                for (Write entry : contents.get(segment.id()).entries) {
                    if (entry.seq > walker.position && entry.seq <= bound) {
                        walker.seen.add(entry.id);
                    }
                }
            }
        }
        walker.position = Math.max(walker.position, bound);
    }

    /** The newest value of a group in a version, or null. */
    Write find(Version version, int group) {
        for (List<SegmentInfo> level : version.levels()) {
            for (SegmentInfo segment : level) {
                Write found = contents.get(segment.id()).values.get(group);
                if (found != null) {
                    return found;
                }
            }
        }
        return null;
    }

    /** Where {@link #find} finds it. */
    SegmentInfo segmentOf(Version version, int group) {
        for (List<SegmentInfo> level : version.levels()) {
            for (SegmentInfo segment : level) {
                if (contents.get(segment.id()).values.containsKey(group)) {
                    return segment;
                }
            }
        }
        throw new IllegalStateException("asked for what is not there");
    }

    /** At the end, with the state that the last server's log says. */
    void checkAll(Version version, Disk disk) {
        for (Map.Entry<Integer, Write> one : acknowledged.entrySet()) {
            Write found = find(version, one.getKey());
            if (found == null || !found.descendsFrom(one.getValue())) {
                fail("in the end there is " + found + ", and " + one.getValue() + " was acknowledged or seen");
            }
            if (disk.block(found.blkno).current != found.id) {
                fail("in the end block " + found.blkno + " of " + found + " holds " + disk.block(found.blkno).current);
            }
        }
        for (List<SegmentInfo> level : version.levels()) {
            for (SegmentInfo segment : level) {
                if (disk.block(segment.blkno()).current != -segment.id()) {
                    fail("in the end the block of " + segment + " holds " + disk.block(segment.blkno()).current);
                }
                for (Write entry : contents.get(segment.id()).entries) {
                    for (Walker walker : walkers) {
                        if (entry.seq <= walker.position && !walker.seen.contains(entry.id)) {
                            fail("a walker at " + walker.position + " has missed " + entry);
                        }
                    }
                }
            }
        }
    }
}
