package org.scoutfs.bench;

import java.io.IOException;

/** What the benchmark of the index asks of ours and of the other one. One thread writes and reads; engines have their own. */
interface LsmEngine extends AutoCloseable {
    void put(byte[] key, byte[] value) throws Exception;

    /** Makes durable what was put. Merges may go on. */
    void flush() throws Exception;

    /** Waits until nothing is left to merge. */
    void settle() throws Exception;

    /** Bytes of the value, or -1. */
    int get(byte[] key) throws Exception;

    /** Reads up to {@code count} items from {@code first} on; returns how many there were. */
    int scan(byte[] first, int count) throws Exception;

    /** Bytes that were written to the device. */
    long bytesWritten() throws Exception;

    /** Forgets all caches. */
    void reopen() throws Exception;

    /** One line about the shape. */
    String shape() throws Exception;

    @Override
    void close() throws IOException;
}
