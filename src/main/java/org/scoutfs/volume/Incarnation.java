package org.scoutfs.volume;

import java.util.TreeSet;
import org.scoutfs.device.ExtentSet;
import org.scoutfs.format.ProcessIdentity;

/**
 * One incarnation of a mount, or of a server, and what was given to it. Changed only by {@link VolumeState}; others read it.
 */
public final class Incarnation {
    private final long rid;
    private final ProcessIdentity process;
    private final long epoch;
    private final boolean isServer;
    private final boolean isReadOnly;
    boolean isEvicted;
    long lastRequestId;
    final TreeSet<Long> openSeqs = new TreeSet<>();
    final ExtentSet granted = new ExtentSet();

    Incarnation(long rid, ProcessIdentity process, long epoch, boolean isServer, boolean isReadOnly) {
        this.rid = rid;
        this.process = process;
        this.epoch = epoch;
        this.isServer = isServer;
        this.isReadOnly = isReadOnly;
    }

    public long rid() {
        return rid;
    }

    public ProcessIdentity process() {
        return process;
    }

    /** The epoch in which it came. */
    public long epoch() {
        return epoch;
    }

    /** Whether its grants are for a log; else it is a mount. */
    public boolean isServer() {
        return isServer;
    }

    public boolean isReadOnly() {
        return isReadOnly;
    }

    /** Whether its grants are in quarantine, because it may still write. */
    public boolean isEvicted() {
        return isEvicted;
    }

    public long lastRequestId() {
        return lastRequestId;
    }

    /** Sequence numbers that it may still commit under. Not to be changed. */
    public TreeSet<Long> openSeqs() {
        return openSeqs;
    }

    /** Blocks that it may write to. Not to be changed. */
    public ExtentSet granted() {
        return granted;
    }

    @Override
    public String toString() {
        return (isServer ? "server " : "mount ") + Long.toHexString(rid);
    }
}
