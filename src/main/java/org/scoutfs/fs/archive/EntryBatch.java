package org.scoutfs.fs.archive;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.scoutfs.base.FsException;
import org.scoutfs.fs.CallerMemory;

/** An array in the caller's memory that is filled from its beginning, some entries at a time. Confined to one thread. */
final class EntryBatch implements AutoCloseable {
    private static final int ENTRIES = 1024;
    /** What one call returns at most: a caller that wants more calls again. */
    static final int ANSWER_MAX = 1_000_000;

    private final CallerMemory caller;
    private final long address;
    private final int entrySize;
    private final int capacity;
    private final Arena arena = Arena.ofConfined();
    private final MemorySegment batch;
    private int stored;
    private int waiting;

    /** @param room in entries, unsigned */
    EntryBatch(CallerMemory caller, long address, int entrySize, long room) {
        this.caller = caller;
        this.address = address;
        this.entrySize = entrySize;
        this.capacity = Long.compareUnsigned(room, ANSWER_MAX) > 0 ? ANSWER_MAX : (int) room;
        batch = arena.allocate((long) Math.min(ENTRIES, capacity) * entrySize, Long.BYTES);
    }

    boolean isFull() {
        return stored + waiting == capacity;
    }

    /** Room for one more entry, to be filled before the next call. Not when it is full. */
    MemorySegment next() throws FsException {
        if (waiting == ENTRIES) {
            flush();
        }
        return batch.asSlice((long) waiting++ * entrySize, entrySize);
    }

    /** Stores what is left. @return how many entries the caller has */
    int finish() throws FsException {
        flush();
        return stored;
    }

    private void flush() throws FsException {
        if (waiting > 0) {
            caller.write(address + (long) stored * entrySize, batch.asSlice(0, (long) waiting * entrySize));
            stored += waiting;
            waiting = 0;
        }
    }

    @Override
    public void close() {
        arena.close();
    }
}
