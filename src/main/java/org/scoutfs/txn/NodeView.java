package org.scoutfs.txn;

import java.lang.ref.WeakReference;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Invariants;
import org.scoutfs.lsm.ItemReader;
import org.scoutfs.lsm.ItemSource;
import org.scoutfs.lsm.MergedReader;
import org.scoutfs.lsm.SegmentStore;
import org.scoutfs.lsm.Version;
import org.scoutfs.lsm.VersionEdit;

/**
 * What this node sees: one immutable triple of open memtable, frozen memtable and version, replaced in one step and only forward.
 *
 * <p>It also knows which versions are still read here, since the space of removed segments may be used again only when
 * nobody reads a version that has them. Readers that say when they are done ({@link #pin}) are counted. An operation's view lives
 * no longer than its thread's section ({@link ReadSections}). A view that is taken outside of any section, which only
 * starting and tests do, has no end that anybody tells: such a version is let go when the garbage collector finds that no
 * view of it is reachable; that may be late, never early.
 *
 * <p>Thread-safe. {@code mutex} guards the replacing; reading the view is one volatile read.
 */
final class NodeView {
    /** The triple, with the reader over it. {@code source} is what keeps the version in use. */
    record Triple(
            MemTable open, @Nullable MemTable frozen, Version version, ItemSource source, MergedReader reader) {}

    /** A version that may still be read. {@code source} is null where every reader of it was inside a section. */
    private record Used(Version version, @Nullable WeakReference<ItemSource> source) {
        boolean isReachable() {
            return source != null && !source.refersTo(null);
        }
    }

    /** With more versions in use than this the store is not told yet: looking at all their segments would cost too much. */
    private static final int RETAINED_VERSIONS_MAX = 64;

    private final SegmentStore store;
    private final ReadSections sections = new ReadSections();
    private volatile Triple current;

    private final ReentrantLock mutex = new ReentrantLock();

    // Guarded by mutex.
    private final TreeMap<Long, List<Version>> pins = new TreeMap<>();
    private final ArrayDeque<Used> superseded = new ArrayDeque<>();
    private boolean hasGone; // whether segments left the version since the store was last told
    private long readOutsideVersion = -1; // the newest version that a view outside of all sections was taken of

    NodeView(Version version, MemTable open, SegmentStore store) {
        this.store = store;
        this.current = triple(open, null, version, store.source(version));
    }

    private static Triple triple(MemTable open, @Nullable MemTable frozen, Version version, ItemSource source) {
        MergedReader reader = frozen == null
                ? new MergedReader(open, source)
                : new MergedReader(open, frozen, source);
        return new Triple(open, frozen, version, source, reader);
    }

    Triple current() {
        return current;
    }

    void enter() {
        sections.enter(current.version.number());
    }

    void leave() {
        sections.leave();
    }

    ItemReader reader() {
        return sections.isInside() ? current.reader : readerOutside();
    }

    private ItemReader readerOutside() {
        mutex.lock();
        try {
            readOutsideVersion = current.version.number();
            return current.reader;
        } finally {
            mutex.unlock();
        }
    }

    Version version() {
        return current.version;
    }

    /** At the barrier: the open memtable becomes the frozen one. */
    void freeze(MemTable nextOpen) {
        mutex.lock();
        try {
            Triple before = current;
            Invariants.check(before.frozen == null, "two commits at once");
            current = triple(nextOpen, before.open, before.version, before.source);
        } finally {
            mutex.unlock();
        }
    }

    /**
     * Goes forward to the version that the edits lead to; edits that are known already are left out.
     *
     * @param isOwnCommit whether the edits have in them what the frozen memtable held: then it goes in the same step
     */
    void publish(List<VersionEdit> edits, boolean isOwnCommit) {
        mutex.lock();
        try {
            Triple before = current;
            Version version = before.version;
            boolean hasRemoved = false;
            for (VersionEdit edit : edits) {
                if (edit.number() > version.number()) {
                    version = version.apply(edit);
                    hasRemoved |= !edit.removedIds().isEmpty();
                }
            }
            MemTable frozen = isOwnCommit ? null : before.frozen;
            ItemSource source = before.source;
            if (version.number() != before.version.number()) {
                hasGone |= hasRemoved;
                source = store.source(version);
                boolean isReadOutside = readOutsideVersion == before.version.number();
                superseded.addLast(
                        new Used(before.version, isReadOutside ? new WeakReference<>(before.source) : null));
            }
            current = triple(before.open, frozen, version, source);
        } finally {
            mutex.unlock();
        }
    }

    /**
     * In the place of the version that was known: one that a server told whole, after edits may have been lost.
     *
     * @param isCommitted whether it has in it what the frozen memtable held: then that goes in the same step
     */
    void replace(Version version, boolean isCommitted) {
        mutex.lock();
        try {
            Triple before = current;
            Invariants.check(version.number() >= before.version.number(), "a version was taken back", version.number());
            MemTable frozen = isCommitted ? null : before.frozen;
            boolean isReadOutside = readOutsideVersion == before.version.number();
            superseded.addLast(new Used(before.version, isReadOutside ? new WeakReference<>(before.source) : null));
            hasGone = true;
            current = triple(before.open, frozen, version, store.source(version));
        } finally {
            mutex.unlock();
        }
    }

    /** The newest version, kept in use until {@link Pinned#close}. */
    Pinned pin() {
        mutex.lock();
        try {
            Triple now = current;
            pins.computeIfAbsent(now.version.number(), number -> new ArrayList<>()).add(now.version);
            return new Pinned(now.version, now.source);
        } finally {
            mutex.unlock();
        }
    }

    /** A version in use. */
    final class Pinned implements AutoCloseable {
        private final Version version;
        private final ItemSource source;
        private boolean isClosed; // guarded by mutex

        Pinned(Version version, ItemSource source) {
            this.version = version;
            this.source = source;
        }

        Version version() {
            return version;
        }

        ItemSource source() {
            return source;
        }

        /** Idempotent. */
        @Override
        public void close() {
            mutex.lock();
            try {
                if (!isClosed) {
                    isClosed = true;
                    pins.computeIfPresent(version.number(), (number, same) -> {
                        same.removeLast();
                        return same.isEmpty() ? null : same;
                    });
                }
            } finally {
                mutex.unlock();
            }
        }
    }

    /** The oldest version that anybody here may still read. Lets the store forget the segments of older ones. */
    long oldestVersion() {
        List<Version> live = List.of();
        long oldest;
        mutex.lock();
        try {
            // In order: one that is still read keeps those after it, which are read as a rule too. So a commit looks at few.
            long inside = sections.oldest(current.version.number());
            boolean hasFewer = false;
            while (!superseded.isEmpty()
                    && superseded.getFirst().version.number() < inside
                    && !superseded.getFirst().isReachable()) {
                superseded.removeFirst();
                hasFewer = true;
            }
            oldest = superseded.isEmpty() ? current.version.number() : superseded.getFirst().version.number();
            if (!pins.isEmpty()) {
                oldest = Math.min(oldest, pins.firstKey());
            }
            if (hasGone && hasFewer && superseded.size() <= RETAINED_VERSIONS_MAX) {
                hasGone = !superseded.isEmpty();
                live = new ArrayList<>();
                for (Used used : superseded) {
                    live.add(used.version);
                }
                for (List<Version> same : pins.values()) {
                    live.add(same.getFirst());
                }
                live.add(current.version);
            }
        } finally {
            mutex.unlock();
        }
        if (!live.isEmpty()) {
            store.retainOnly(live);
        }
        return oldest;
    }
}
