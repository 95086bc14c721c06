package org.scoutfs.testkit;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicLong;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.device.FilterBlockDevice;

/**
 * A device of which one I/O fails: the {@code n}-th since it was armed. A failed write leaves half of its blocks written, as a
 * real one may. Counts go on after the failure, so that a test knows how many there are to fail.
 */
public final class FaultyDevice extends FilterBlockDevice {
    private final AtomicLong count = new AtomicLong();
    private volatile long failAt = -1;
    private volatile String failed = "";

    public FaultyDevice(BlockDevice inner) {
        super(inner);
    }

    /** Counts from here; the I/O with this number, from 0, fails. A negative one counts only. */
    public void arm(long number) {
        count.set(0);
        failed = "";
        failAt = number;
    }

    public long count() {
        return count.get();
    }

    /** What failed, or nothing. */
    public String failed() {
        return failed;
    }

    private void maybeFail(String what) throws IOException {
        if (count.getAndIncrement() == failAt) {
            failed = what + " by " + Thread.currentThread().getName();
            throw new IOException("injected: " + what);
        }
    }

    @Override
    public void read(long blkno, MemorySegment into) throws IOException {
        maybeFail("read of block " + blkno);
        super.read(blkno, into);
    }

    @Override
    public void write(long blkno, MemorySegment from) throws IOException {
        try {
            maybeFail("write of block " + blkno);
        } catch (IOException e) {
            long half = from.byteSize() / 2 / BLOCK_SIZE * BLOCK_SIZE;
            if (half > 0) {
                super.write(blkno, from.asSlice(0, half));
            }
            throw e;
        }
        super.write(blkno, from);
    }

    @Override
    public void flush() throws IOException {
        maybeFail("flush");
        super.flush();
    }
}
