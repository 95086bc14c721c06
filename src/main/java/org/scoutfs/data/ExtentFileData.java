package org.scoutfs.data;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Clock;
import org.scoutfs.base.Counter;
import org.scoutfs.base.Counters;
import org.scoutfs.base.FsException;
import org.scoutfs.base.Invariants;
import org.scoutfs.base.MustWait;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.device.BufferPool;
import org.scoutfs.lsm.ItemReader;
import org.scoutfs.txn.CommitParticipant;
import org.scoutfs.txn.DataSpace;
import org.scoutfs.txn.Transaction;
import org.scoutfs.txn.Transactions;

/**
 * File data in extents, with delayed allocation.
 *
 * <p>A write copies its bytes into buffers and frees what was there before; the new blocks get their places, extent items
 * and checksum items at the barrier, all at once, so that what was written together lies together. A file that streams is
 * sealed piece by piece before that: places are taken and the bytes go to the device while the transaction is still
 * open, which nobody sees before the commit.
 *
 * <ol>
 *   <li>A sealed buffer is never changed; a later write of its blocks makes a new one, and gives the earlier place back.
 *   <li>What a node reads is its newest data: open pieces over frozen ones over the extents of the view. Memory is looked
 *       at first: when a piece is gone from it, its items are already in every view that a reader may hold.
 *   <li>Whatever can fail is done when a call is admitted: room on the device and in memory, reading of extents and of
 *       partial blocks. Inside a transaction only memory is changed.
 *   <li>On the device the bytes of the last block after the end of the file are zero.
 * </ol>
 * <p>Threads: calls for one file are ordered by the inode's lock, which the caller holds; {@link FileState#mutex} is between
 * them, the barrier and the writer threads. No I/O happens under it.
 */
public final class ExtentFileData implements FileData, CommitParticipant, AutoCloseable {
    private static final System.Logger LOG = System.getLogger(ExtentFileData.class.getName());
    private static final long COMMIT_SECONDS_MAX = 600;
    private static final int READ_AHEAD_THREADS = 2;

    private final Transactions transactions;
    private final Counters counters;
    private final Clock clock = Clock.system();
    private final BlockMemory memory;
    private final FileStates states = new FileStates();
    private final MergedReader reader;
    private final Arena aheadArena = Arena.ofShared();
    private final @Nullable ExecutorService aheadThreads;
    private final DataWriter writer;
    private final Admission admission;
    private final Gatherer gatherer;
    private final StorageAhead ahead;
    private final Placer placer;
    private final Remover remover;
    private final Preallocator preallocator;
    private final FileMaps maps = new FileMaps(states);

    private final ReentrantLock mutex = new ReentrantLock();
    // Guarded by mutex, which is a leaf.
    private WriteBatch openBatch = new WriteBatch();
    private @Nullable Frozen frozen;

    /** What one barrier leaves to the commit. */
    private record Frozen(long number, List<FileState> files, List<DataWriter.Job> jobs, WriteBatch batch) {}

    /**
     * @param transactions this object adds itself as a participant
     * @param buffers for the length of device calls
     * @param rid this incarnation: only it writes into unwritten extents that it made
     * @param name of the mount, for the names of threads
     */
    public ExtentFileData(
            Transactions transactions,
            BlockDevice device,
            BufferPool buffers,
            Counters counters,
            DataOptions options,
            long rid,
            String name) {
        this.transactions = transactions;
        this.counters = counters;
        DataSpace space = transactions.dataSpace();
        this.memory = new BlockMemory(options.dirtyBytesLimit());
        this.aheadThreads = options.readAheadChunks() == 0
                ? null
                : Executors.newFixedThreadPool(
                        READ_AHEAD_THREADS,
                        Thread.ofPlatform().name("data-ahead-" + name + "-", 0).daemon().factory());
        ReadAhead readAhead = aheadThreads == null
                ? null
                : new ReadAhead(device, aheadThreads, options.readAheadChunks(), aheadArena);
        this.reader = new MergedReader(states, new DataReader(device, buffers, counters, readAhead));
        this.writer = new DataWriter(device, buffers, options.writerThreads(), name, readAhead);
        this.admission = new Admission(transactions, memory, states, reader, rid);
        this.gatherer = new Gatherer(space, memory, rid);
        this.ahead = new StorageAhead(space, states, options, rid);
        this.placer = new Placer(space, options.earlyBlocks(), ahead);
        this.remover = new Remover(space, states, admission, gatherer);
        this.preallocator = new Preallocator(space, states, admission, rid);
        transactions.addParticipant(this);
    }

    @Override
    public void read(ItemReader view, long ino, long fileSize, long offset, MemorySegment into) throws IOException {
        reader.read(view, ino, fileSize, offset, into);
    }

    // ---- writing

    @Override
    public PreparedWrite admitWrite(
            ItemReader view, long ino, long fileSize, long onlineBlocks, long offset, long length)
            throws FsException, MustWait, IOException {
        Prepared prepared = admission.admitWrite(view, ino, offset, length);
        prepared.onlineBlocks = onlineBlocks;
        return prepared;
    }

    @Override
    public BlockCounts write(Transaction txn, PreparedWrite prepared, long ino, long offset, MemorySegment from) {
        Prepared p = (Prepared) prepared;
        FileState file = p.file;
        Invariants.check(file.ino == ino, "prepared for another inode", ino);
        List<DataWriter.Job> early;
        BlockCounts counts;
        file.mutex.lock();
        try {
            states.touch(file, txn);
            long first = FileState.blockOf(offset);
            long end = FileState.blockAfter(offset + from.byteSize());
            BlockCounts before = file.counts(first, end);
            gatherer.replace(txn, p, offset, from.byteSize(), from);
            counts = new BlockCounts(end - first - before.online(), -before.offline());
            if (p.onlineBlocks >= 0) {
                ahead.written(txn, file, end, p.onlineBlocks + counts.online());
            }
            early = placer.sealStream(file, end);
        } finally {
            file.mutex.unlock();
        }
        if (!early.isEmpty()) {
            writer.start(early, openBatch());
        }
        return counts;
    }

    private WriteBatch openBatch() {
        mutex.lock();
        try {
            return openBatch;
        } finally {
            mutex.unlock();
        }
    }

    // ---- the commit

    @Override
    public void freeze(Transaction last) {
        List<FileState> files = states.takeTouched();
        if (files.isEmpty()) {
            return;
        }
        long begin = clock.monotonicNanos();
        List<DataWriter.Job> jobs = placer.freeze(last, files);
        counters.add(Counter.DATA_BARRIER_FILES, files.size());
        counters.add(Counter.DATA_BARRIER_MICROS, (clock.monotonicNanos() - begin) / 1000);
        mutex.lock();
        try {
            WriteBatch batch = openBatch;
            openBatch = new WriteBatch();
            Frozen before = frozen;
            if (before != null) {
                // A transaction without a change was not committed, and goes on.
                Invariants.check(
                        before.number() == last.number() && before.jobs().isEmpty(),
                        "a barrier while a commit is in flight",
                        before.number());
                files.addAll(before.files());
            }
            frozen = new Frozen(last.number(), files, jobs, batch);
        } finally {
            mutex.unlock();
        }
    }

    @Override
    public void writeOut(long number, long seq, LateItems items) throws IOException {
        Frozen now = frozen(number);
        if (now != null) {
            // While the caller makes the segments: two writes at once take little longer than one.
            writer.start(now.jobs(), now.batch());
        }
    }

    @Override
    public void awaitWritten(long number) throws IOException {
        Frozen now = frozen(number);
        if (now != null) {
            now.batch().await();
        }
    }

    private boolean isCommitInFlight() {
        mutex.lock();
        try {
            return frozen != null;
        } finally {
            mutex.unlock();
        }
    }

    private void awaitCommit() {
        try {
            var _ = transactions.commit().get(COMMIT_SECONDS_MAX, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            // Whoever asked for durability was told; here is only the end.
            LOG.log(System.Logger.Level.DEBUG, "no commit of the last data", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private @Nullable Frozen frozen(long number) {
        mutex.lock();
        try {
            return frozen != null && frozen.number() == number ? frozen : null;
        } finally {
            mutex.unlock();
        }
    }

    @Override
    public void committed(long number) {
        Frozen done = frozen(number);
        mutex.lock();
        try {
            frozen = null;
        } finally {
            mutex.unlock();
        }
        states.committed(number, done == null ? List.of() : done.files());
    }

    // ---- taking away

    @Override
    public PreparedWrite admitTruncate(ItemReader view, long ino, long oldSize, long newSize)
            throws FsException, MustWait, IOException {
        BlockRange _ = states.takeTail(ino);
        return remover.admit(view, ino, newSize, Long.MAX_VALUE);
    }

    @Override
    public Step truncate(Transaction txn, PreparedWrite edge, long ino, long newSize) {
        return remover.remove(txn, (Prepared) edge, ino, newSize, Long.MAX_VALUE);
    }

    @Override
    public BlockCounts makeOffline(Transaction txn, PreparedWrite edge, long ino, long blockCount) {
        return remover.makeOffline(txn, (Prepared) edge, ino, blockCount);
    }

    @Override
    public PreparedWrite admitPunch(ItemReader view, long ino, long fileSize, long offset, long length)
            throws FsException, MustWait, IOException {
        return remover.admit(view, ino, offset, endOf(offset, length));
    }

    @Override
    public Step punch(Transaction txn, PreparedWrite edges, long ino, long offset, long length) {
        return remover.remove(txn, (Prepared) edges, ino, offset, endOf(offset, length));
    }

    @Override
    public PreparedWrite admitRelease(ItemReader view, long ino, long block, long blockCount)
            throws FsException, MustWait, IOException {
        BlockRange _ = states.takeTail(ino);
        return remover.admitRelease(view, ino, block, block + blockCount);
    }

    @Override
    public Reached release(Transaction txn, PreparedWrite prepared, long ino, long block, long blockCount) {
        return remover.release(txn, (Prepared) prepared, ino, block, block + blockCount);
    }

    private static long endOf(long offset, long length) {
        return length > Long.MAX_VALUE - offset ? Long.MAX_VALUE : offset + length;
    }

    // ---- preallocation

    @Override
    public PreparedWrite admitAllocate(ItemReader view, long ino, long block, long blockCount)
            throws FsException, MustWait, IOException {
        // Now somebody asks for storage, maybe of the same blocks: it stays.
        BlockRange _ = states.takeTail(ino);
        return preallocator.admit(view, ino, block, blockCount);
    }

    @Override
    public Reached allocate(Transaction txn, PreparedWrite prepared, long ino, long block, long blockCount) {
        return preallocator.allocate(txn, (Prepared) prepared, ino, block, blockCount);
    }

    @Override
    public @Nullable BlockRange takeTail(long ino) {
        return ahead.takeTail(ino);
    }

    @Override
    public void keepTail(long ino, BlockRange tail) {
        states.addTail(ino, tail);
    }

    // ---- the map

    @Override
    public long firstOffline(ItemReader view, long ino, long block, long blockCount) throws IOException {
        return maps.firstOffline(view, ino, block, blockCount);
    }

    @Override
    public long seekData(ItemReader view, long ino, long fileSize, long offset) throws IOException {
        return maps.seekData(view, ino, fileSize, offset);
    }

    @Override
    public long seekHole(ItemReader view, long ino, long fileSize, long offset) throws IOException {
        return maps.seekHole(view, ino, fileSize, offset);
    }

    @Override
    public List<FileExtent> extents(ItemReader view, long ino, long block, int max) throws IOException {
        return maps.extents(view, ino, block, max);
    }

    /** Memory that gathered data take. */
    public long dirtyBytes() {
        return (memory.limitBlocks() - memory.freeBlocks()) * BlockDevice.BLOCK_SIZE;
    }

    /** Files that are kept in memory because they are dirty or being changed. */
    int stateCount() {
        return states.size();
    }

    @Override
    public boolean isDirty(long ino) {
        FileState file = states.get(ino);
        return file != null
                && file.withMutex(() -> file.open.isEmpty() && file.frozen.isEmpty() ? 0L : 1L) != 0;
    }

    /** After the last operation. What is still gathered goes into a commit first, unless writes have stopped. */
    @Override
    public void close() {
        if (states.hasTouched() || isCommitInFlight()) {
            awaitCommit();
        }
        writer.close();
        memory.close();
        if (aheadThreads != null) {
            aheadThreads.close();
        }
        aheadArena.close();
    }
}
