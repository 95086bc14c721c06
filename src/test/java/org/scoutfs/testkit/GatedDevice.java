package org.scoutfs.testkit;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.device.FilterBlockDevice;

/** A node's way to a device, which can be shut: who comes then waits, as behind a stopped process, or fails, as behind a cut cable. */
public final class GatedDevice extends FilterBlockDevice {
    private enum Gate {
        OPEN,
        SHUT,
        CUT
    }

    private final ReentrantLock mutex = new ReentrantLock();
    private final Condition changed = mutex.newCondition();
    private Gate gate = Gate.OPEN; // guarded by mutex

    public GatedDevice(BlockDevice below) {
        super(below);
    }

    public void shut() {
        set(Gate.SHUT);
    }

    public void cut() {
        set(Gate.CUT);
    }

    public void open() {
        set(Gate.OPEN);
    }

    private void set(Gate next) {
        mutex.lock();
        try {
            gate = next;
            changed.signalAll();
        } finally {
            mutex.unlock();
        }
    }

    private void pass() throws IOException {
        mutex.lock();
        try {
            while (gate == Gate.SHUT) {
                changed.awaitUninterruptibly();
            }
            if (gate == Gate.CUT) {
                throw new IOException(name() + " does not answer");
            }
        } finally {
            mutex.unlock();
        }
    }

    @Override
    public void read(long blkno, MemorySegment into) throws IOException {
        pass();
        super.read(blkno, into);
    }

    @Override
    public void write(long blkno, MemorySegment from) throws IOException {
        pass();
        super.write(blkno, from);
    }

    @Override
    public void flush() throws IOException {
        pass();
        super.flush();
    }

    /** The shared device stays. */
    @Override
    public void close() {}
}
