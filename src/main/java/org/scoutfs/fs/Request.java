package org.scoutfs.fs;

import org.jspecify.annotations.Nullable;

/**
 * Who asks, and what must survive from one run of an operation to its next when it had to wait.
 *
 * <p>One thread runs the operation at a time; {@link #interrupt} comes from any.
 */
public final class Request {
    private final int uid;
    private final int gid;
    private final int pid;
    private volatile boolean isInterrupted;
    private @Nullable Object progress;

    /** @param pid the caller's thread in the initial PID namespace, 0 if unknown */
    public Request(int uid, int gid, int pid) {
        this.uid = uid;
        this.gid = gid;
        this.pid = pid;
    }

    public int uid() {
        return uid;
    }

    public int gid() {
        return gid;
    }

    public int pid() {
        return pid;
    }

    /** The caller got a signal: an operation that waits answers {@code EINTR} on its next run, if it has changed nothing. */
    public void interrupt() {
        isInterrupted = true;
    }

    public boolean isInterrupted() {
        return isInterrupted;
    }

    /** What the operation noted before it threw {@code MustWait}; null on the first run. */
    public @Nullable Object progress() {
        return progress;
    }

    public void setProgress(@Nullable Object progress) {
        this.progress = progress;
    }
}
