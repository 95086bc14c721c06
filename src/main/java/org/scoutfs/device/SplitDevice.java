package org.scoutfs.device;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A metadata device and a data device under one range of block numbers: metadata from 0 on, data from {@link #DATA_START}
 * on. Which blocks exist is known from the two lengths; {@link #blockCount} is one past the last data block.
 *
 * <p>A flush reaches the devices that were written since their last flush. If a flush fails, the device stays to be flushed.
 */
public final class SplitDevice implements BlockDevice {
    /** The first block number of the data device. */
    public static final long DATA_START = 1L << 40;

    private final BlockDevice meta;
    private final BlockDevice data;
    private final Marks metaMarks = new Marks();
    private final Marks dataMarks = new Marks();

    /** Owns both: {@link #close} closes them. */
    public SplitDevice(BlockDevice meta, BlockDevice data) {
        this.meta = meta;
        this.data = data;
    }

    public BlockDevice meta() {
        return meta;
    }

    public BlockDevice data() {
        return data;
    }

    @Override
    public String name() {
        return meta.name() + "+" + data.name();
    }

    @Override
    public long blockCount() {
        return DATA_START + data.blockCount();
    }

    @Override
    public void measure() throws IOException {
        meta.measure();
        data.measure();
    }

    @Override
    public boolean isReadOnly() {
        return meta.isReadOnly() || data.isReadOnly();
    }

    @Override
    public void read(long blkno, MemorySegment into) throws IOException {
        if (blkno < DATA_START) {
            meta.read(blkno, into);
        } else {
            data.read(blkno - DATA_START, into);
        }
    }

    @Override
    public void write(long blkno, MemorySegment from) throws IOException {
        if (blkno < DATA_START) {
            meta.write(blkno, from);
            metaMarks.written();
        } else {
            data.write(blkno - DATA_START, from);
            dataMarks.written();
        }
    }

    @Override
    public void flush() throws IOException {
        dataMarks.flush(data);
        metaMarks.flush(meta);
    }

    @Override
    public void close() throws IOException {
        try (meta) {
            data.close();
        }
    }

    /**
     * How far a device is flushed, in writes. A write counts when it has returned; a flush covers those that counted when it
     * began. Of two threads that flush at once, none returns before a flush that covers its writes.
     */
    private static final class Marks {
        private final AtomicLong writes = new AtomicLong();
        private final AtomicLong flushed = new AtomicLong();

        void written() {
            writes.incrementAndGet();
        }

        void flush(BlockDevice device) throws IOException {
            long covered = writes.get();
            if (flushed.get() >= covered) {
                return;
            }
            device.flush();
            flushed.accumulateAndGet(covered, Math::max);
        }
    }
}
