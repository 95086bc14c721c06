package org.scoutfs.txn;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.CopyOnWriteArrayList;
import org.scoutfs.base.Invariants;

/**
 * Which threads are inside an operation, and since which version: what tells when nobody reads a version any more.
 *
 * <p>A thread's section begins at a version and lasts until the outermost {@link #leave}. All views that it takes meanwhile are of
 * that version or later ones.
 *
 * <p>Why nobody is missed: a thread first writes that it is inside and then takes a view; who asks for the oldest first reads the
 * newest version and then looks at the threads. Both are sequentially consistent. So a thread that is seen outside takes its view
 * after the newest version was read, and gets that version or a later one.
 *
 * <p>Thread-safe. Cost: two writes to memory of the thread's own for each operation; {@link #oldest} looks at each thread that ever
 * had a section and is alive.
 */
final class ReadSections {
    private static final long OUTSIDE = Long.MAX_VALUE;
    private static final VarHandle SINCE;

    static {
        try {
            SINCE = MethodHandles.lookup().findVarHandle(Section.class, "since", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** One thread's. */
    private static final class Section {
        private final Thread thread = Thread.currentThread();
        private int depth; // the thread's own

        @SuppressWarnings("unused") // through SINCE
        private volatile long since = OUTSIDE;
    }

    private final CopyOnWriteArrayList<Section> sections = new CopyOnWriteArrayList<>();
    private final ThreadLocal<Section> own = ThreadLocal.withInitial(this::register);

    private Section register() {
        sections.removeIf(one -> !one.thread.isAlive());
        Section section = new Section();
        sections.add(section);
        return section;
    }

    /** @param version one that is not newer than the views which are taken from now on */
    void enter(long version) {
        Section section = own.get();
        if (section.depth++ == 0) {
            SINCE.setVolatile(section, version);
        }
    }

    void leave() {
        Section section = own.get();
        Invariants.check(section.depth > 0, "a thread leaves more often than it entered", section.thread.getName());
        if (--section.depth == 0) {
            SINCE.setRelease(section, OUTSIDE);
        }
    }

    /** Whether the calling thread is inside. */
    boolean isInside() {
        return own.get().depth > 0;
    }

    /** The oldest version that a thread inside may read; {@code newest}, which the caller has read before, where none is older. */
    long oldest(long newest) {
        long oldest = newest;
        for (Section section : sections) {
            oldest = Math.min(oldest, (long) SINCE.getVolatile(section));
        }
        return oldest;
    }
}
