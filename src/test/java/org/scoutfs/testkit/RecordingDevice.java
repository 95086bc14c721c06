package org.scoutfs.testkit;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.scoutfs.device.BlockDevice;

/**
 * A device in memory that keeps every write and flush in a {@link CrashHistory}. Made by
 * {@link CrashHistory#newDevice}; devices of one volume share one history.
 */
public final class RecordingDevice implements BlockDevice {
    private final CrashHistory history;
    private final int index;
    private final SparseDevice contents;

    RecordingDevice(CrashHistory history, int index, SparseDevice contents) {
        this.history = history;
        this.index = index;
        this.contents = contents;
    }

    public CrashHistory history() {
        return history;
    }

    @Override
    public String name() {
        return contents.name();
    }

    @Override
    public long blockCount() {
        return contents.blockCount();
    }

    @Override
    public boolean isReadOnly() {
        return false;
    }

    @Override
    public void read(long blkno, MemorySegment into) throws IOException {
        contents.read(blkno, into);
    }

    @Override
    public void write(long blkno, MemorySegment from) throws IOException {
        contents.write(blkno, from);
        history.wrote(index, blkno, from.toArray(ValueLayout.JAVA_BYTE));
    }

    @Override
    public void flush() {
        int coversBefore = history.now();
        history.flushed(index, coversBefore);
    }

    @Override
    public void close() {}
}
