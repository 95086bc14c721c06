package org.scoutfs.check;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;

/** The problems that were found: all counted, the first ones kept. Used by one thread. */
public final class Findings {
    /** More of them say nothing more. */
    public static final int KEPT_MAX = 10_000;

    private final Consumer<Problem> listener;
    private final List<Problem> kept = new ArrayList<>();
    private long count;

    /** @param listener is told each problem that is kept, at once */
    public Findings(Consumer<Problem> listener) {
        this.listener = listener;
    }

    void add(Problem.Kind kind, String where, String what) {
        count++;
        if (kept.size() < KEPT_MAX) {
            Problem problem = new Problem(kind, where, what);
            kept.add(problem);
            listener.accept(problem);
        }
    }

    /** All of them, also those that were not kept. */
    public long count() {
        return count;
    }

    public List<Problem> kept() {
        return Collections.unmodifiableList(kept);
    }
}
