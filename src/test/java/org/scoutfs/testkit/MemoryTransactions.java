package org.scoutfs.testkit;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;
import org.scoutfs.base.Invariants;
import org.scoutfs.base.MustWait;
import org.scoutfs.data.ExtentFileData;
import org.scoutfs.device.DeviceExtent;
import org.scoutfs.lsm.Cursor;
import org.scoutfs.lsm.ItemReader;
import org.scoutfs.lsm.ValueKind;
import org.scoutfs.txn.CommitParticipant;
import org.scoutfs.txn.DataSpace;
import org.scoutfs.txn.Transaction;
import org.scoutfs.txn.Transactions;

/**
 * Transactions without a device or a server: items lie in sorted maps, a commit runs on the caller's thread and is done when
 * {@link #commit} returns. For tests of what lies above {@code txn}.
 *
 * <p>It is stricter than the real thing: keys and values that the caller changes after a put, {@link Transaction#putNew} of a
 * key that exists, more item bytes than were announced, blocks consumed that were never taken or freed that were never
 * consumed, and a transaction closed twice all throw.
 *
 * <p>Thread-safe: transactions run in parallel, a commit waits for those inside.
 */
public final class MemoryTransactions implements Transactions {
    private static final VarHandle U64LE = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    /** What the real transactions count for an item beside its key and value, and what they charge for a reserved block. */
    private static final int ITEM_OVERHEAD_BYTES = 16;

    private static final long BARRIER_BYTES_PER_BLOCK = 128;

    private final ReentrantReadWriteLock barrier = new ReentrantReadWriteLock();
    private final List<CommitParticipant> participants = new ArrayList<>();
    private final MemoryDataSpace dataSpace;
    private final NavigableMap<byte[], byte[]> live = new ConcurrentSkipListMap<>(Arrays::compareUnsigned);

    // Replaced under the write lock of barrier.
    private volatile NavigableMap<byte[], byte[]> committed = new TreeMap<>(Arrays::compareUnsigned);
    private volatile long committedSeq;
    private volatile long number = 1;
    private volatile boolean isDirty;
    private volatile Errno beginFails = null;
    private volatile int beginWaits;
    private volatile IOException commitFails = null;
    private volatile boolean isStopped;
    private volatile long itemBytesPut;
    private volatile long commits;
    private final AtomicLong inodeCount = new AtomicLong();
    private final AtomicLong keptBytes = new AtomicLong();

    /** With room for a terabyte of data. */
    public MemoryTransactions() {
        this(1L << 28);
    }

    /** @param dataBlocks how many data blocks there are; block numbers begin at 1000 */
    public MemoryTransactions(long dataBlocks) {
        this.dataSpace = new MemoryDataSpace(1000, dataBlocks);
    }

    // ---- what tests steer ------------------------------------------------------------------------------------------

    /** Forgets everything that was not committed, as a crash does. Participants are forgotten too: tests make new ones. */
    public void crash() {
        barrier.writeLock().lock();
        try {
            live.clear();
            live.putAll(committed);
            participants.clear();
            dataSpace.crash();
            keptBytes.set(0);
            isDirty = false;
            isStopped = false;
            number++;
        } finally {
            barrier.writeLock().unlock();
        }
    }

    /** Each {@link #begin} fails so from now on; null ends it. */
    public void failBegin(Errno errno) {
        beginFails = errno;
    }

    /** The next {@code times} calls of {@link #begin} throw {@link MustWait} on a completed future. */
    public void waitInBegin(int times) {
        beginWaits = times;
    }

    /** The next commit fails with this, and writes stop. */
    public void failCommit(IOException cause) {
        commitFails = cause;
    }

    /** Commits that had something to do. */
    public long commits() {
        return commits;
    }

    /** The sum of what {@link Transaction#countInodes} was told. */
    public long inodeCount() {
        return inodeCount.get();
    }

    /** All live items, by key, as the node sees them. */
    public NavigableMap<byte[], byte[]> items() {
        barrier.writeLock().lock(); // a background thread of the file system may be inside a transaction
        try {
            return new TreeMap<>(live);
        } finally {
            barrier.writeLock().unlock();
        }
    }

    /** The items of the last commit. */
    public NavigableMap<byte[], byte[]> committedItems() {
        return new TreeMap<>(committed);
    }

    /** The concrete space, for what tests ask of it. */
    public MemoryDataSpace memoryDataSpace() {
        return dataSpace;
    }

    // ---- Transactions ----------------------------------------------------------------------------------------------

    @Override
    public Transaction begin(long itemBytes, SpaceUse use) throws FsException, MustWait {
        Invariants.check(barrier.getReadHoldCount() == 0, "a thread begins a transaction inside another");
        Errno errno = beginFails;
        if (errno != null && !(errno == Errno.ENOSPC && use == SpaceUse.SHRINK)) {
            throw FsException.of(errno);
        }
        if (isStopped) {
            throw FsException.of(Errno.EIO);
        }
        if (beginWaits > 0) {
            beginWaits--;
            throw MustWait.on(CompletableFuture.completedFuture(null));
        }
        barrier.readLock().lock();
        return new MemoryTransaction(itemBytes, true);
    }

    @Override
    public ItemReader view() {
        return new MapReader(live);
    }

    @Override
    public PublishedView published() {
        return new MapPublishedView(committed, committedSeq);
    }

    @Override
    public CompletableFuture<Void> commit() {
        Invariants.check(barrier.getReadHoldCount() == 0, "commit() inside a transaction");
        barrier.writeLock().lock();
        try {
            if (isStopped) {
                return CompletableFuture.failedFuture(new IOException("writes stopped"));
            }
            MemoryTransaction last = new MemoryTransaction(Long.MAX_VALUE, false);
            for (CommitParticipant participant : participants) {
                long before = last.putBytes;
                participant.freeze(last);
                if (participant instanceof ExtentFileData) {
                    long promised = keptBytes.getAndSet(0) + BARRIER_BYTES_PER_BLOCK * dataSpace.consumedBlocks();
                    Invariants.check(
                            last.putBytes - before <= promised,
                            "data put " + (last.putBytes - before) + " bytes at the barrier and promised " + promised);
                }
            }
            if (!isDirty && !dataSpace.hasConsumed()) {
                return CompletableFuture.completedFuture(null);
            }
            long frozenNumber = number;
            long seq = seqOf(frozenNumber);
            try {
                IOException failure = commitFails;
                if (failure != null) {
                    commitFails = null;
                    throw failure;
                }
                for (CommitParticipant participant : participants) {
                    participant.writeOut(frozenNumber, seq, new LateLiveItems());
                }
                for (CommitParticipant participant : participants) {
                    participant.awaitWritten(frozenNumber);
                }
            } catch (IOException e) {
                isStopped = true;
                return CompletableFuture.failedFuture(e);
            }
            dataSpace.commit();
            committed = new TreeMap<>(live);
            committedSeq = seq;
            isDirty = false;
            commits++;
            number = frozenNumber + 1;
            for (CommitParticipant participant : participants) {
                participant.committed(frozenNumber);
            }
            return CompletableFuture.completedFuture(null);
        } finally {
            barrier.writeLock().unlock();
        }
    }

    @Override
    public DataSpace dataSpace() {
        return dataSpace;
    }

    @Override
    public void addParticipant(CommitParticipant participant) {
        participants.add(participant);
    }

    private static long seqOf(long number) {
        return number + 100; // unlike the number, so that a test notices when one is taken for the other
    }

    private void put(byte[] key, byte[] value) {
        live.put(key.clone(), value.clone());
        isDirty = true;
    }

    private void delete(byte[] key) {
        live.remove(key);
        isDirty = true;
    }

    private void add(byte[] key, byte[] delta) {
        live.compute(key.clone(), (k, old) -> sum(old, delta));
        isDirty = true;
    }

    private static byte[] sum(byte[] old, byte[] delta) {
        Invariants.check(delta.length % Long.BYTES == 0, "a delta is whole 64-bit numbers", delta.length);
        byte[] sum = old == null ? new byte[delta.length] : old.clone();
        Invariants.check(sum.length == delta.length, "deltas of one key have one length", delta.length);
        boolean isZero = true;
        for (int i = 0; i < sum.length; i += Long.BYTES) {
            long value = (long) U64LE.get(sum, i) + (long) U64LE.get(delta, i);
            U64LE.set(sum, i, value);
            isZero &= value == 0;
        }
        return isZero ? null : sum;
    }

    private final class LateLiveItems implements CommitParticipant.LateItems {
        @Override
        public void put(byte[] key, byte[] value) {
            MemoryTransactions.this.put(key, value);
        }

        @Override
        public void delete(byte[] key) {
            MemoryTransactions.this.delete(key);
        }

        @Override
        public void add(byte[] key, byte[] delta) {
            MemoryTransactions.this.add(key, delta);
        }
    }

    private final class MemoryTransaction implements Transaction {
        private final boolean isOperation;
        private long itemBytesLeft;
        private long putBytes;
        private boolean isClosed;

        MemoryTransaction(long itemBytes, boolean isOperation) {
            this.itemBytesLeft = itemBytes;
            this.isOperation = isOperation;
        }

        @Override
        public long seq() {
            return seqOf(number);
        }

        @Override
        public long number() {
            return number;
        }

        @Override
        public ItemReader view() {
            return new MapReader(live);
        }

        @Override
        public void put(byte[] key, byte[] value) {
            use(key.length + value.length);
            MemoryTransactions.this.put(key, value);
        }

        @Override
        public void putNew(byte[] key, byte[] value) {
            Invariants.check(!live.containsKey(key), "putNew of a key that exists");
            put(key, value);
        }

        @Override
        public void delete(byte[] key) {
            use(key.length);
            MemoryTransactions.this.delete(key);
        }

        @Override
        public void add(byte[] key, byte[] delta) {
            use(key.length + delta.length);
            MemoryTransactions.this.add(key, delta);
        }

        @Override
        public void free(DeviceExtent extent) {
            Invariants.check(!isClosed, "use after close");
            dataSpace.free(extent);
            isDirty = true;
        }

        @Override
        public void countInodes(long delta) {
            Invariants.check(!isClosed, "use after close");
            inodeCount.addAndGet(delta);
            isDirty = true;
        }

        @Override
        public void close() {
            Invariants.check(!isClosed, "a transaction is closed twice");
            isClosed = true;
            if (isOperation) {
                barrier.readLock().unlock();
            }
        }

        @Override
        public void keep(int items, long bytes) {
            Invariants.check(!isClosed, "use after close");
            keptBytes.getAndAdd(bytes + (long) items * ITEM_OVERHEAD_BYTES);
        }

        private void use(long bytes) {
            Invariants.check(!isClosed, "use after close");
            putBytes += bytes + ITEM_OVERHEAD_BYTES;
            itemBytesLeft -= bytes;
            Invariants.check(itemBytesLeft >= 0, "more item bytes than announced to begin(), by", -itemBytesLeft);
        }
    }

    private static class MapReader implements ItemReader {
        private final NavigableMap<byte[], byte[]> items;

        MapReader(NavigableMap<byte[], byte[]> items) {
            this.items = items;
        }

        @Override
        public byte[] get(byte[] key) {
            return items.get(key);
        }

        @Override
        public Cursor scan(byte[] first, byte[] last) {
            if (Arrays.compareUnsigned(first, last) > 0) {
                return new MapCursor(List.of());
            }
            List<Item> found = new ArrayList<>();
            items.subMap(first, true, last, true).forEach((key, value) -> found.add(new Item(key, value)));
            return new MapCursor(found);
        }

        @Override
        public Item last(byte[] first, byte[] last) {
            if (Arrays.compareUnsigned(first, last) > 0) {
                return null;
            }
            Map.Entry<byte[], byte[]> entry = items.subMap(first, true, last, true).lastEntry();
            return entry == null ? null : new Item(entry.getKey(), entry.getValue());
        }
    }

    private static final class MapPublishedView extends MapReader implements PublishedView {
        private final long stableSeq;

        MapPublishedView(NavigableMap<byte[], byte[]> items, long stableSeq) {
            super(items);
            this.stableSeq = stableSeq;
        }

        @Override
        public long number() {
            return stableSeq;
        }

        @Override
        public long stableSeq() {
            return stableSeq;
        }

        @Override
        public void close() {}
    }

    private static final class MapCursor implements Cursor {
        private final List<ItemReader.Item> items;
        private int index = -1;

        MapCursor(List<ItemReader.Item> items) {
            this.items = items;
        }

        @Override
        public boolean next() {
            if (index < items.size()) {
                index++;
            }
            return index < items.size();
        }

        @Override
        public byte[] key() {
            return items.get(index).key();
        }

        @Override
        public ValueKind kind() {
            return ValueKind.PUT;
        }

        @Override
        public byte[] value() {
            return items.get(index).value();
        }

        @Override
        public void close() {}
    }
}
