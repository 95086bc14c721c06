package org.scoutfs.device;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/** Forwards every call. What records, counts, delays or fails extends this. */
public class FilterBlockDevice implements BlockDevice {
    private final BlockDevice below;

    protected FilterBlockDevice(BlockDevice below) {
        this.below = below;
    }

    protected final BlockDevice below() {
        return below;
    }

    @Override
    public String name() {
        return below.name();
    }

    @Override
    public long blockCount() {
        return below.blockCount();
    }

    @Override
    public void measure() throws IOException {
        below.measure();
    }

    @Override
    public boolean isReadOnly() {
        return below.isReadOnly();
    }

    @Override
    public void read(long blkno, MemorySegment into) throws IOException {
        below.read(blkno, into);
    }

    @Override
    public void write(long blkno, MemorySegment from) throws IOException {
        below.write(blkno, from);
    }

    @Override
    public void flush() throws IOException {
        below.flush();
    }

    @Override
    public void close() throws IOException {
        below.close();
    }
}
