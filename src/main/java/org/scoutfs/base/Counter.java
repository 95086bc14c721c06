package org.scoutfs.base;

import java.util.Locale;

/** What is counted, each with the sentence that {@code scoutfs counters} and the manual page show. */
public enum Counter {
    DEVICE_READS("reads of the device"),
    DEVICE_READ_BYTES("bytes read from the device"),
    DEVICE_WRITES("writes to the device"),
    DEVICE_WRITE_BYTES("bytes written to the device"),
    DEVICE_FLUSHES("flushes of the device"),
    DEVICE_CORRUPTIONS("blocks that were not what they must be"),
    WALKS("calls of walk-inodes"),
    WALK_NANOS("nanoseconds of work in them"),
    SERVER_MESSAGES("messages to and from the server, in this process or another one, without heartbeats"),
    SERVER_LOCK_MESSAGES("those of them that are about locks"),
    SERVER_HEARTBEATS("renewals of the lease and their answers"),
    DATA_BARRIER_FILES("changed files whose blocks got their places while no operation could begin"),
    DATA_BARRIER_MICROS("microseconds that this took");

    private final String description;

    Counter(String description) {
        this.description = description;
    }

    /** The name as commands and metrics show it: {@code device_reads}. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    public String description() {
        return description;
    }
}
