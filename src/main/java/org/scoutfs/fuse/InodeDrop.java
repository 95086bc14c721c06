package org.scoutfs.fuse;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.scoutfs.base.Errno;

/**
 * Makes the kernel drop what it has of one inode while requests about it may wait in this process.
 *
 * <pre>
 *   METADATA ──► PAGES ──► DONE
 *      │  ▲        │  ▲
 *      └──┘        └──┘  a request begins to wait inside a range whose invalidation is under way: that one may hang on its page,
 *   the kernel knows     so what is left around the page is asked for again
 *   nothing yet
 * </pre>
 * <ol>
 *   <li>Each byte of the file is in {@code uncovered}, or an invalidation that covered it has returned, or a waiting READ owns its
 *       page. Done is when nothing is uncovered.
 *   <li>An invalidation may hang until a waiting request is answered, which may be after this drop is done. So nothing waits for all
 *       of them.
 *   <li>Pages that may be locked by a waiting request, and may not, are asked for by themselves, and count as covered after a time.
 *       The time begins when the kernel is told: a slow thread must not pass for a locked page.
 * </ol>
 * <p>Thread-safe. {@code mutex} is a leaf.
 */
final class InodeDrop {
    private static final long RETRY_MILLIS = 2;
    /** After about a second the attributes have run out by themselves. */
    private static final int RETRIES_MAX = 600;
    /**
     * How long a page that a waiting write may have locked is waited for: if it is locked, it has no bytes of before, and if it is not,
     * the invalidation takes microseconds from when it began.
     */
    static final long GRACE_MILLIS = 15;

    /**
     * The same for the pages of a direct read. They are locked only where the file is opened for direct I/O and mapped as well, which
     * the request does not say.
     */
    static final long READ_GRACE_MILLIS = 1000;

    private static final long END = Long.MAX_VALUE;

    /** What the kernel is told. */
    interface Kernel {
        /** @param offset negative: attributes and ACLs only
         *  @param length 0: to the end
         *  @param begun run just before the kernel is told
         *  @return completes when it is carried out, with 0 or a negative error number */
        CompletableFuture<Integer> invalidate(long ino, long offset, long length, Runnable begun);
    }

    /** Runs something later. */
    interface Later {
        void run(long millis, Runnable task);
    }

    /** Bytes, whole pages. */
    private record Range(long start, long end) {
        boolean overlaps(Range other) {
            return start < other.end && other.start < end;
        }

        boolean isEmpty() {
            return start >= end;
        }
    }

    /** Pages that may be locked. */
    private record Alone(Range range, boolean isRead) {
        static Alone of(ParkedPages pages) {
            return new Alone(new Range(pages.start(), pages.end()), pages.isRead());
        }
    }

    /** An invalidation under way. */
    private static final class Call {
        final Range range;
        /** For so long it is waited for once it has begun; 0 for as long as it takes. */
        final long graceMillis;
        /** Whether it may hang, and what is left of its range was asked for again. */
        boolean isGivenUp;

        Call(Range range, long graceMillis) {
            this.range = range;
            this.graceMillis = graceMillis;
        }
    }

    private final long ino;
    private final Kernel kernel;
    private final Later later;
    private final BooleanSupplier isKnown;
    private final CompletableFuture<Void> done = new CompletableFuture<>();

    private final ReentrantLock mutex = new ReentrantLock();
    // Guarded by mutex.
    private final List<Range> uncovered = new ArrayList<>(List.of(new Range(0, END)));
    private final List<Call> calls = new ArrayList<>();
    /** Begun to wait before the pages' turn. */
    private final List<ParkedPages> early = new ArrayList<>();

    private boolean isAtPages;

    InodeDrop(long ino, Kernel kernel, Later later, BooleanSupplier isKnown) {
        this.ino = ino;
        this.kernel = kernel;
        this.later = later;
        this.isKnown = isKnown;
    }

    CompletableFuture<Void> done() {
        return done;
    }

    /** Begins. {@link #parked} has been called for all that wait already, and will be for all that follow. */
    void start() {
        dropMetadata(0);
    }

    private void dropMetadata(int tries) {
        var _ = kernel.invalidate(ino, -1, 0, () -> {}).thenAccept(result -> metadataDropped(result, tries));
    }

    private void metadataDropped(int result, int tries) {
        if (result == -Errno.ENOENT.number()) {
            // A look-up's answer may be on its way to a thread that will believe it: then it is too early to stop.
            if (isKnown.getAsBoolean() && tries < RETRIES_MAX) {
                later.run(RETRY_MILLIS, () -> dropMetadata(tries + 1));
            } else {
                finish();
            }
            return;
        }
        if (result == -Errno.ENODEV.number()) {
            finish(); // no mount, no caches
            return;
        }
        dropPages();
    }

    private void finish() {
        mutex.lock();
        try {
            uncovered.clear();
        } finally {
            mutex.unlock();
        }
        done.complete(null);
    }

    private void dropPages() {
        List<Call> begin = new ArrayList<>();
        boolean isDone;
        mutex.lock();
        try {
            isAtPages = true;
            for (ParkedPages pages : early) {
                if (pages.isOwner()) {
                    cover(new Range(pages.start(), pages.end()));
                }
            }
            List<Alone> alone = new ArrayList<>();
            for (ParkedPages pages : early) {
                if (!pages.isOwner()) {
                    alone.add(Alone.of(pages));
                }
            }
            for (Range range : List.copyOf(uncovered)) {
                cut(range, alone, 0, begin);
            }
            isDone = uncovered.isEmpty();
        } finally {
            mutex.unlock();
        }
        begin.forEach(this::run);
        if (isDone) {
            done.complete(null);
        }
    }

    /**
     * Asks for a range, and by itself for each part of it that may be locked. Under the mutex.
     *
     * @param graceMillis of the rest
     */
    private void cut(Range range, List<Alone> alone, long graceMillis, List<Call> begin) {
        List<Range> pieces = new ArrayList<>(List.of(range));
        // Writes' pages first: a longer call that hung on one of them would say nothing of the pages behind it.
        for (boolean reads : new boolean[] {false, true}) {
            for (Alone one : alone) {
                if (one.isRead != reads) {
                    continue;
                }
                List<Range> next = new ArrayList<>();
                for (Range piece : pieces) {
                    Range inside =
                            new Range(Math.max(piece.start, one.range.start), Math.min(piece.end, one.range.end));
                    if (!inside.isEmpty()) {
                        begin.add(add(inside, reads ? READ_GRACE_MILLIS : GRACE_MILLIS));
                    }
                    subtract(piece, one.range, next);
                }
                pieces = next;
            }
        }
        for (Range piece : pieces) {
            begin.add(add(piece, graceMillis));
        }
    }

    private Call add(Range range, long graceMillis) {
        Call call = new Call(range, graceMillis);
        calls.add(call);
        return call;
    }

    private void run(Call call) {
        long length = call.range.end == END ? 0 : call.range.end - call.range.start;
        Runnable begun = () -> {
            if (call.graceMillis > 0) {
                later.run(call.graceMillis, () -> graceOver(call));
            }
        };
        var _ = kernel.invalidate(ino, call.range.start, length, begun).thenRun(() -> {
            mutex.lock();
            try {
                calls.remove(call);
            } finally {
                mutex.unlock();
            }
            covered(call.range);
        });
    }

    private void graceOver(Call call) {
        mutex.lock();
        try {
            if (call.isGivenUp) {
                return; // what is left of it was asked for anew, and has its own time
            }
        } finally {
            mutex.unlock();
        }
        covered(call.range);
    }

    private void covered(Range range) {
        boolean isDone;
        mutex.lock();
        try {
            cover(range);
            isDone = uncovered.isEmpty();
        } finally {
            mutex.unlock();
        }
        if (isDone) {
            done.complete(null);
        }
    }

    /** Under the mutex. */
    private void cover(Range gone) {
        List<Range> left = new ArrayList<>();
        for (Range range : uncovered) {
            subtract(range, gone, left);
        }
        uncovered.clear();
        uncovered.addAll(left);
    }

    private static void subtract(Range from, Range gone, List<Range> left) {
        if (!from.overlaps(gone)) {
            left.add(from);
            return;
        }
        Range before = new Range(from.start, gone.start);
        Range after = new Range(gone.end, from.end);
        if (!before.isEmpty()) {
            left.add(before);
        }
        if (!after.isEmpty()) {
            left.add(after);
        }
    }

    /** A request about this inode begins to wait. From any thread. */
    void parked(ParkedPages pages) {
        List<Call> begin = new ArrayList<>();
        boolean isDone;
        mutex.lock();
        try {
            if (!isAtPages) {
                early.add(pages);
                return;
            }
            Range locked = new Range(pages.start(), pages.end());
            if (pages.isOwner()) {
                cover(locked);
            }
            List<Call> again = new ArrayList<>();
            for (Iterator<Call> each = calls.iterator(); each.hasNext(); ) {
                Call call = each.next();
                // A direct read rarely holds a page, and there may be any number of them: what has its time already keeps it.
                boolean mayHang = pages.isOwner() || !pages.isRead() || call.graceMillis == 0;
                if (mayHang && !call.isGivenUp && call.range.overlaps(locked) && !call.range.equals(locked)) {
                    call.isGivenUp = true;
                    again.add(call);
                }
            }
            List<Alone> alone = pages.isOwner() ? List.of() : List.of(Alone.of(pages));
            for (Call call : again) {
                Range range = call.range;
                for (Range left : List.copyOf(uncovered)) {
                    Range both = new Range(Math.max(range.start, left.start), Math.min(range.end, left.end));
                    if (!both.isEmpty()) {
                        cut(both, alone, call.graceMillis, begin);
                    }
                }
            }
            isDone = uncovered.isEmpty();
        } finally {
            mutex.unlock();
        }
        begin.forEach(this::run);
        if (isDone) {
            done.complete(null);
        }
    }
}
