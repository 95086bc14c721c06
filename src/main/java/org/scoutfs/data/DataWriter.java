package org.scoutfs.data;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.device.BufferPool;
import org.scoutfs.device.PooledBuffer;

/**
 * Writes sealed blocks to their places: neighbours together in writes of up to 1 MiB, several at a time.
 *
 * <p>A large piece goes to the device from where it lies; small ones that are neighbours on the device are copied together
 * first. Thread-safe.
 */
final class DataWriter implements AutoCloseable {
    /** Blocks of a piece that is not worth copying. */
    private static final int DIRECT_BLOCKS = 64;

    /** Blocks of a sealed run that go to one place. */
    record Job(FileState file, Run run, int index, int count, long blkno) {
        long end() {
            return blkno + count;
        }
    }

    private final BlockDevice device;
    private final BufferPool buffers;
    private final @Nullable ReadAhead ahead;
    private final ExecutorService threads;

    /** @param ahead hears of every write; null where nothing is read ahead */
    DataWriter(BlockDevice device, BufferPool buffers, int threadCount, String name, @Nullable ReadAhead ahead) {
        this.device = device;
        this.ahead = ahead;
        this.buffers = buffers;
        this.threads = Executors.newFixedThreadPool(
                threadCount,
                Thread.ofPlatform().name("data-writer-" + name + "-", 0).daemon().factory());
    }

    /** Begins to write the jobs; {@code batch} is told of each write that ended. */
    void start(List<Job> jobs, WriteBatch batch) {
        List<List<Job>> writes = plan(jobs);
        batch.add(writes.size());
        for (List<Job> write : writes) {
            threads.execute(() -> run(write, batch));
        }
    }

    private static List<List<Job>> plan(List<Job> jobs) {
        List<Job> sorted = new ArrayList<>(jobs);
        sorted.sort(Comparator.comparingLong(Job::blkno));
        List<List<Job>> writes = new ArrayList<>();
        List<Job> write = new ArrayList<>();
        int blocks = 0;
        for (Job job : sorted) {
            boolean joins = !write.isEmpty()
                    && write.getLast().end() == job.blkno()
                    && blocks + job.count() <= BlockMemory.BUFFER_BLOCKS_MAX
                    && job.count() < DIRECT_BLOCKS
                    && write.getLast().count() < DIRECT_BLOCKS;
            if (!joins) {
                write = new ArrayList<>();
                writes.add(write);
                blocks = 0;
            }
            write.add(job);
            blocks += job.count();
        }
        return writes;
    }

    private void run(List<Job> write, WriteBatch batch) {
        IOException failure = null;
        try {
            write(write);
        } catch (IOException e) {
            failure = e;
        } catch (RuntimeException | Error e) {
            failure = new IOException("writing data at block " + write.getFirst().blkno(), e);
        }
        if (ahead != null) {
            ahead.forget(write.getFirst().blkno(), write.getLast().end() - write.getFirst().blkno());
        }
        for (Job job : write) {
            done(job, failure);
        }
        batch.done(failure);
    }

    private void write(List<Job> write) throws IOException {
        Job first = write.getFirst();
        if (write.size() == 1) {
            device.write(first.blkno(), first.run().memory(first.index(), first.count()));
            return;
        }
        long blocks = write.getLast().end() - first.blkno();
        try (PooledBuffer joined = buffers.borrow(blocks * BlockDevice.BLOCK_SIZE)) {
            for (Job job : write) {
                MemorySegment from = job.run().memory(job.index(), job.count());
                MemorySegment.copy(
                        from,
                        0,
                        joined.memory(),
                        (job.blkno() - first.blkno()) * BlockDevice.BLOCK_SIZE,
                        from.byteSize());
            }
            device.write(first.blkno(), joined.memory());
        }
    }

    private static void done(Job job, @Nullable IOException failure) {
        job.file().mutex.lock();
        try {
            job.run().jobDone(failure == null);
        } finally {
            job.file().mutex.unlock();
        }
    }

    /** Ends the threads after what they are doing. */
    @Override
    public void close() {
        threads.shutdown();
        try {
            if (!threads.awaitTermination(60, TimeUnit.SECONDS)) {
                System.getLogger(DataWriter.class.getName())
                        .log(System.Logger.Level.WARNING, "data writes still running after 60 s");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
