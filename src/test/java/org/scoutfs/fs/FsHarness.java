package org.scoutfs.fs;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.scoutfs.base.Clock;
import org.scoutfs.base.Counters;
import org.scoutfs.base.FsException;
import org.scoutfs.data.DataOptions;
import org.scoutfs.data.ExtentFileData;
import org.scoutfs.device.BufferPool;
import org.scoutfs.net.Message;
import org.scoutfs.testkit.FsClient;
import org.scoutfs.testkit.GrantingLocks;
import org.scoutfs.testkit.MemoryTransactions;
import org.scoutfs.testkit.SparseDevice;

/** A file system over transactions in memory, locks that are granted at once, and the real file data. */
final class FsHarness implements AutoCloseable {
    private static final long DEADLINE_MILLIS = 60_000;

    final MemoryTransactions transactions = new MemoryTransactions();
    final GrantingLocks locks = new GrantingLocks();
    final SparseDevice device = new SparseDevice("device", 1L << 40);
    final BufferPool buffers = new BufferPool(64 << 20);
    final Numbers numbers = new Numbers();
    final TickingClock clock = new TickingClock();
    final List<String> invalidated = new ArrayList<>();
    FsOptions options;
    boolean isAdministrator = true;

    private long rid = 76;
    private ExtentFileData data;
    NodeFileSystem fs;
    FsClient client;

    FsHarness() {
        this(FsOptions.DEFAULTS.withCachedInodes(64));
    }

    FsHarness(FsOptions options) {
        this.options = options;
        open();
    }

    private void open() {
        data = new ExtentFileData(transactions, device, buffers, new Counters(), DataOptions.DEFAULT, ++rid, "test");
        fs = new NodeFileSystem(
                transactions,
                locks,
                data,
                numbers,
                request -> new Message.VolumeStatus(0, 100, 1000, 10, 400, 50, 7, 0),
                new KernelCache() {
                    @Override
                    public void invalidateInode(long ino, long offset, long length) {
                        invalidated.add("inode " + ino + " " + offset + "+" + length);
                    }

                    @Override
                    public void invalidateEntry(long parentIno, byte[] name) {
                        invalidated.add("entry " + parentIno);
                    }
                },
                request -> isAdministrator,
                clock,
                options);
        client = new FsClient(fs);
        try {
            client.run(request -> fs.start("test orphans"));
        } catch (FsException | IOException e) {
            throw new AssertionError(e);
        }
    }

    /** Loses what was not committed, and mounts again. */
    void crash() throws IOException {
        fs.close();
        transactions.crash(); // before data are closed: closing commits them
        data.close();
        open();
    }

    /** Unmounts in order, and mounts again. */
    void remount() throws IOException {
        fs.close();
        commit();
        data.close();
        transactions.crash();
        open();
    }

    void commit() throws IOException {
        try {
            transactions.commit().get(DEADLINE_MILLIS, TimeUnit.MILLISECONDS);
        } catch (Exception e) {
            throw new IOException(e);
        }
    }

    /** Everything that can be destroyed is, afterwards. */
    void settle() {
        try {
            if (!fs.awaitOrphans(DEADLINE_MILLIS)) {
                throw new AssertionError("orphans are not done");
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() {
        fs.close();
        data.close();
        if (!locks.inUse().isEmpty()) {
            throw new AssertionError("locks in use at the end: " + locks.inUse());
        }
    }

    static byte[] name(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** Two runs; numbers that come back are given out again. */
    static final class Numbers implements InodeNumbers {
        private final AtomicLong directories = new AtomicLong(1024);
        private final AtomicLong others = new AtomicLong(1 << 20);

        @Override
        public long take(boolean forDirectory) {
            return (forDirectory ? directories : others).getAndIncrement();
        }

        @Override
        public void giveBack(long ino, boolean forDirectory) {}
    }

    /** Moves on with each look at it. */
    static final class TickingClock implements Clock {
        private final AtomicLong nanos = new AtomicLong(1_700_000_000_000_000_000L);

        @Override
        public long monotonicNanos() {
            return nanos.incrementAndGet();
        }

        @Override
        public long wallNanos() {
            return nanos.addAndGet(1_000_003);
        }

        long now() {
            return nanos.get();
        }
    }
}
