package org.scoutfs.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.scoutfs.base.Counter;
import org.scoutfs.base.Counters;
import org.scoutfs.device.BufferPool;
import org.scoutfs.device.DeviceExtent;
import org.scoutfs.device.FileBlockDevice;
import org.scoutfs.lsm.CompactionJob;
import org.scoutfs.lsm.CompactionOptions;
import org.scoutfs.lsm.CompactionPicker;
import org.scoutfs.lsm.Cursor;
import org.scoutfs.lsm.CutPoints;
import org.scoutfs.lsm.ItemReader;
import org.scoutfs.lsm.Merge;
import org.scoutfs.lsm.MergeSpec;
import org.scoutfs.lsm.MergedReader;
import org.scoutfs.lsm.SegmentInfo;
import org.scoutfs.lsm.SegmentOptions;
import org.scoutfs.lsm.SegmentSpace;
import org.scoutfs.lsm.SegmentStore;
import org.scoutfs.lsm.SegmentWriter;
import org.scoutfs.lsm.Version;
import org.scoutfs.lsm.VersionEdit;
import org.scoutfs.txn.MemTableForBench;

/** Our index with just enough of a node around it: two memtables, a thread that writes them, a thread that merges. */
final class ScoutfsLsmEngine implements LsmEngine {
    private static final byte[] HIGHEST = new byte[27];
    private static final int LEVEL0_RUNS_MAX = 40;

    static {
        Arrays.fill(HIGHEST, (byte) 0xff);
    }

    private final long memtableBytes;
    private final long cacheBytes;
    private final Counters counters = new Counters();
    private final FileBlockDevice device;
    private final BufferPool pool = new BufferPool(256 << 20);
    private final Space space;
    private final SegmentOptions options = SegmentOptions.of(42);
    private final CompactionPicker picker = new CompactionPicker(CompactionOptions.DEFAULT);
    private SegmentStore store;

    private final ReentrantLock mutex = new ReentrantLock();
    private final Condition changed = mutex.newCondition();
    private volatile Version version = Version.empty();
    private volatile MemTableForBench open = new MemTableForBench();
    private volatile MemTableForBench frozen;
    private volatile ItemReader reader;
    private long openBytes;
    private final List<MergeSpec> running = new ArrayList<>();
    private volatile boolean isClosing;
    private volatile Throwable failure;
    private final Thread writer = new Thread(this::writeLoop, "writer");
    private final Thread merger = new Thread(this::mergeLoop, "merger");

    ScoutfsLsmEngine(Path file, long blockCount, long memtableBytes, long cacheBytes) throws IOException {
        this.memtableBytes = memtableBytes;
        this.cacheBytes = cacheBytes;
        this.device = FileBlockDevice.create(file, blockCount, counters);
        this.space = new Space(blockCount);
        this.store = openStore();
        updateReader();
        writer.start();
        merger.start();
    }

    private SegmentStore openStore() {
        return new SegmentStore(device, pool, options, cacheBytes, counters);
    }

    private void updateReader() {
        MemTableForBench second = frozen;
        reader = second == null
                ? new MergedReader(open.source(), store.source(version))
                : new MergedReader(open.source(), second.source(), store.source(version));
    }

    @Override
    public void put(byte[] key, byte[] value) throws InterruptedException {
        openBytes += open.put(key, value);
        if (openBytes > memtableBytes) {
            freeze();
        }
    }

    private void freeze() throws InterruptedException {
        mutex.lock();
        try {
            while (frozen != null || version.level(0).size() > LEVEL0_RUNS_MAX) {
                check();
                changed.await();
            }
            open.freeze();
            frozen = open;
            open = new MemTableForBench();
            openBytes = 0;
            updateReader();
            changed.signalAll();
        } finally {
            mutex.unlock();
        }
    }

    private void check() {
        if (failure != null) {
            throw new IllegalStateException(failure);
        }
    }

    @Override
    public void flush() throws InterruptedException {
        freeze();
        mutex.lock();
        try {
            while (frozen != null) {
                check();
                changed.await();
            }
        } finally {
            mutex.unlock();
        }
    }

    private void writeLoop() {
        try {
            while (true) {
                mutex.lock();
                try {
                    while (frozen == null) {
                        if (isClosing) {
                            return;
                        }
                        changed.await();
                    }
                } finally {
                    mutex.unlock();
                }
                List<VersionEdit.Added> added = new ArrayList<>();
                try (Cursor items = frozen.items();
                        SegmentWriter segments = new SegmentWriter(
                                device, pool, space, options, CutPoints.forCommit(version, 64))) {
                    segments.addAll(items);
                    for (SegmentInfo segment : segments.finish()) {
                        added.add(new VersionEdit.Added(0, segment));
                    }
                }
                device.flush();
                publish(added, List.of(), true, null);
            }
        } catch (Throwable t) {
            fail(t);
        }
    }

    private void mergeLoop() {
        try {
            while (true) {
                CompactionJob job;
                Version at;
                mutex.lock();
                try {
                    at = version;
                    while ((job = picker.pick(version, running, CompactionPicker.Room.PLENTY)) == null) {
                        if (isClosing) {
                            return;
                        }
                        changed.await();
                    }
                    if (job instanceof CompactionJob.Move move) {
                        version = version.apply(move.edit(version));
                        updateReader();
                        continue;
                    }
                    running.add(((CompactionJob.Merge) job).spec());
                    at = version;
                } finally {
                    mutex.unlock();
                }
                MergeSpec spec = ((CompactionJob.Merge) job).spec();
                Merge.Result result = new Merge(spec, at, store, space, options, Merge.Pace.FULL).run();
                device.flush();
                publish(result.added(), spec.inputIds(), false, spec);
                for (SegmentInfo input : spec.inputs()) {
                    space.give(input.extent());
                }
            }
        } catch (Throwable t) {
            fail(t);
        }
    }

    private void publish(List<VersionEdit.Added> added, List<Long> removed, boolean isMemtable, MergeSpec done) {
        mutex.lock();
        try {
            version = version.apply(new VersionEdit(version.number() + 1, 0, added, removed));
            if (isMemtable) {
                frozen = null;
            }
            running.remove(done);
            updateReader();
            if (!isMemtable) {
                store.retainOnly(List.of(version));
            }
            changed.signalAll();
        } finally {
            mutex.unlock();
        }
    }

    private void fail(Throwable t) {
        t.printStackTrace();
        mutex.lock();
        try {
            failure = t;
            changed.signalAll();
        } finally {
            mutex.unlock();
        }
    }

    @Override
    public void settle() throws InterruptedException {
        mutex.lock();
        try {
            changed.signalAll();
            while (frozen != null || !running.isEmpty() || picker.pick(version, running, CompactionPicker.Room.PLENTY) != null) {
                check();
                changed.await();
            }
        } finally {
            mutex.unlock();
        }
    }

    @Override
    public int get(byte[] key) throws IOException {
        byte[] value = reader.get(key);
        return value == null ? -1 : value.length;
    }

    @Override
    public int scan(byte[] first, int count) throws IOException {
        int found = 0;
        try (Cursor cursor = reader.scan(first, HIGHEST)) {
            while (found < count && cursor.next()) {
                sink += cursor.key().length + cursor.value().length;
                found++;
            }
        }
        return found;
    }

    private long sink;

    @Override
    public long bytesWritten() {
        return counters.value(Counter.DEVICE_WRITE_BYTES);
    }

    @Override
    public void reopen() throws InterruptedException {
        settle();
        mutex.lock();
        try {
            store.close();
            store = openStore();
            updateReader();
        } finally {
            mutex.unlock();
        }
    }

    @Override
    public String shape() {
        return version + ", cache " + (store.cachedBytes() >> 20) + " MiB, misses " + store.missCount();
    }

    @Override
    public void close() throws IOException {
        isClosing = true;
        mutex.lock();
        try {
            changed.signalAll();
        } finally {
            mutex.unlock();
        }
        try {
            writer.join();
            merger.join();
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
        store.close();
        pool.close();
        device.close();
    }

    /** First fit; the benchmark's readers are the writer itself, so space of merged segments is free at once. */
    private static final class Space implements SegmentSpace {
        private final TreeMap<Long, Long> free = new TreeMap<>();
        private long nextId = 1;

        Space(long blockCount) {
            free.put(16L, blockCount - 16);
        }

        @Override
        public synchronized long nextSegmentId() {
            return nextId++;
        }

        @Override
        public int longestRun() {
            return 1 << 18;
        }

        @Override
        public synchronized DeviceExtent take(int blockCount) {
            for (var run : free.entrySet()) {
                if (run.getValue() >= blockCount) {
                    long start = run.getKey();
                    long length = run.getValue();
                    free.remove(start);
                    if (length > blockCount) {
                        free.put(start + blockCount, length - blockCount);
                    }
                    return new DeviceExtent(start, blockCount);
                }
            }
            throw new IllegalStateException("the device of the benchmark is full");
        }

        synchronized void give(DeviceExtent extent) {
            long start = extent.blkno();
            long length = extent.blockCount();
            var before = free.floorEntry(start);
            if (before != null && before.getKey() + before.getValue() == start) {
                free.remove(before.getKey());
                start = before.getKey();
                length += before.getValue();
            }
            Long after = free.remove(start + length);
            free.put(start, after == null ? length : length + after);
        }
    }
}
