package org.scoutfs.base;

import java.util.concurrent.CompletableFuture;

/**
 * Not now: the operation has changed nothing, and has to be run again, from its start, once {@link #on} is complete.
 *
 * <p>This is how an operation waits for a cluster lock, for room in a transaction, for a commit, for offline data or for a
 * file lock without holding a thread: it throws before its first change, the request is put aside as an object, and the
 * completion puts it back in its queue. {@code docs/decisions/0004-waiting.md} says why this one case is an exception and
 * not a result: the wait can arise at any depth, and each level between would do nothing but pass it up.
 *
 * <p>It has no stack trace: it costs an allocation.
 */
public final class MustWait extends Exception {
    private static final long serialVersionUID = 1L;

    private final transient CompletableFuture<?> on;

    private MustWait(CompletableFuture<?> on) {
        super("must wait", null, false, false);
        this.on = on;
    }

    /** @param on completed, normally or not, when it is worth trying again; a failure is told by the next try */
    public static MustWait on(CompletableFuture<?> on) {
        return new MustWait(on);
    }

    public CompletableFuture<?> on() {
        return on;
    }
}
