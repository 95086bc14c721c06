package org.scoutfs.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32C;
import org.scoutfs.base.Counters;
import org.scoutfs.base.FsException;
import org.scoutfs.base.MustWait;
import org.scoutfs.data.FileData.Reached;
import org.scoutfs.data.FileData.PreparedWrite;
import org.scoutfs.data.FileData.Step;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.device.BufferPool;
import org.scoutfs.item.ChecksumItem;
import org.scoutfs.item.ExtentItem;
import org.scoutfs.item.Keys;
import org.scoutfs.testkit.MemoryTransactions;
import org.scoutfs.testkit.SparseDevice;
import org.scoutfs.txn.Transaction;
import org.scoutfs.txn.Transactions.SpaceUse;

/** File data over transactions in memory, driven as {@code fs} drives it: admit, begin, change, close. */
final class FileDataHarness implements AutoCloseable {
    static final int BLOCK = BlockDevice.BLOCK_SIZE;

    final MemoryTransactions transactions;
    final BlockDevice device;
    final BufferPool buffers = new BufferPool(64 << 20);
    final DataOptions options;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment bytes = arena.allocate((4 << 20) + BLOCK, BLOCK);
    ExtentFileData data;
    private long rid = 77;
    int waits;

    FileDataHarness(DataOptions options) {
        this(options, 1 << 28, new SparseDevice("device", 1L << 40));
    }

    FileDataHarness(DataOptions options, long dataBlocks, BlockDevice device) {
        this.options = options;
        this.transactions = new MemoryTransactions(dataBlocks);
        this.device = device;
        this.data = open();
    }

    private ExtentFileData open() {
        rid++;
        return new ExtentFileData(transactions, device, buffers, new Counters(), options, rid, "test");
    }

    void crash() {
        transactions.crash();
        data.close();
        data = open();
    }

    /** After {@code data} was closed. */
    void reopen() {
        transactions.crash(); // forgets the participant, and nothing else after a commit
        data = open();
    }

    void commit() throws IOException {
        try {
            transactions.commit().get(60, TimeUnit.SECONDS);
        } catch (java.util.concurrent.ExecutionException e) {
            if (e.getCause() instanceof IOException io) {
                throw io;
            }
            throw new AssertionError(e);
        } catch (InterruptedException | java.util.concurrent.TimeoutException e) {
            throw new AssertionError(e);
        }
    }

    interface Admission {
        PreparedWrite admit() throws FsException, MustWait, IOException;
    }

    PreparedWrite admit(Admission admission) throws FsException, IOException {
        for (int i = 0; i < 1000; i++) {
            try {
                return admission.admit();
            } catch (MustWait wait) {
                waits++;
                try {
                    wait.on().get(60, TimeUnit.SECONDS);
                } catch (Exception e) {
                    throw new AssertionError("waited in vain", e);
                }
            }
        }
        throw new AssertionError("never admitted");
    }

    Transaction begin(PreparedWrite prepared, SpaceUse use) throws FsException {
        try {
            return transactions.begin(prepared.itemBytes(), use);
        } catch (MustWait e) {
            throw new AssertionError(e);
        }
    }

    BlockCounts write(long ino, long fileSize, long offset, byte[] content) throws FsException, IOException {
        return write(ino, fileSize, -1, offset, content);
    }

    BlockCounts write(long ino, long fileSize, long onlineBlocks, long offset, byte[] content)
            throws FsException, IOException {
        try (PreparedWrite prepared =
                        admit(() -> data.admitWrite(transactions.view(), ino, fileSize, onlineBlocks, offset, content.length));
                Transaction txn = begin(prepared, SpaceUse.GROW);
                Arena confined = Arena.ofConfined()) {
            MemorySegment from = confined.allocate(content.length);
            from.copyFrom(MemorySegment.ofArray(content));
            return data.write(txn, prepared, ino, offset, from);
        }
    }

    BlockCounts truncate(long ino, long oldSize, long newSize) throws FsException, IOException {
        BlockCounts counts = BlockCounts.NONE;
        for (int i = 0; i < 10_000; i++) {
            try (PreparedWrite prepared =
                            admit(() -> data.admitTruncate(transactions.view(), ino, oldSize, newSize));
                    Transaction txn = begin(prepared, SpaceUse.SHRINK)) {
                Step step = data.truncate(txn, prepared, ino, newSize);
                counts = counts.plus(step.counts());
                if (step.isDone()) {
                    return counts;
                }
            }
        }
        throw new AssertionError("truncate never ends");
    }

    BlockCounts punch(long ino, long fileSize, long offset, long length) throws FsException, IOException {
        BlockCounts counts = BlockCounts.NONE;
        for (int i = 0; i < 10_000; i++) {
            try (PreparedWrite prepared =
                            admit(() -> data.admitPunch(transactions.view(), ino, fileSize, offset, length));
                    Transaction txn = begin(prepared, SpaceUse.SHRINK)) {
                Step step = data.punch(txn, prepared, ino, offset, length);
                counts = counts.plus(step.counts());
                if (step.isDone()) {
                    return counts;
                }
            }
        }
        throw new AssertionError("punch never ends");
    }

    void allocate(long ino, long block, long blockCount) throws FsException, IOException {
        long at = block;
        while (at < block + blockCount) {
            long from = at;
            try (PreparedWrite prepared = admit(() ->
                            data.admitAllocate(transactions.view(), ino, from, block + blockCount - from));
                    Transaction txn = begin(prepared, SpaceUse.GROW)) {
                Reached step = data.allocate(txn, prepared, ino, from, block + blockCount - from);
                assertThat(step.endBlock()).isGreaterThan(from);
                assertThat(step.counts()).isEqualTo(BlockCounts.NONE);
                at = step.endBlock();
            }
        }
    }

    byte[] read(long ino, long fileSize, long offset, int length) throws IOException {
        return read(ino, fileSize, offset, length, 0);
    }

    /** @param shift where in a block of memory the bytes go: 0 for an aligned read */
    byte[] read(long ino, long fileSize, long offset, int length, int shift) throws IOException {
        MemorySegment into = bytes.asSlice(shift, length);
        into.fill((byte) 0x5a);
        data.read(transactions.view(), ino, fileSize, offset, into);
        return into.toArray(ValueLayout.JAVA_BYTE);
    }

    /** The items are consistent, name exactly the used blocks, once each, and their checksums are those of the device. */
    void check() throws FsException, IOException {
        try (Transaction txn = transactions.begin(100, SpaceUse.GROW)) {
            // As the inode item that fs puts: a transaction without any item is not committed.
            txn.delete(Keys.of(Keys.Zone.ORPHAN, 0, 0, 0, 0, 0));
        } catch (MustWait e) {
            throw new AssertionError(e);
        }
        commit();
        NavigableMap<byte[], byte[]> items = transactions.committedItems();
        Set<Long> blknos = new HashSet<>();
        Map<Long, Map<Long, Long>> writtenByIno = new HashMap<>();
        long previousIno = -1;
        long previousEnd = 0;
        for (Map.Entry<byte[], byte[]> entry : items.entrySet()) {
            byte[] key = entry.getKey();
            if (Keys.zone(key) != Keys.Zone.FS || Keys.type(key) != Keys.Type.EXTENT) {
                continue;
            }
            ExtentItem item = ExtentItem.decode(key, entry.getValue());
            long ino = Keys.first(key);
            if (ino == previousIno) {
                assertThat(item.block()).as("extents overlap").isGreaterThanOrEqualTo(previousEnd);
            }
            previousIno = ino;
            previousEnd = item.end();
            for (long i = 0; item.hasStorage() && i < item.blockCount(); i++) {
                assertThat(blknos.add(item.blkno() + i)).as("block with two owners").isTrue();
                assertThat(transactions.memoryDataSpace().isUsed(item.blkno() + i)).isTrue();
                if (item.isWritten()) {
                    writtenByIno
                            .computeIfAbsent(ino, key2 -> new HashMap<>())
                            .put(item.block() + i, item.blkno() + i);
                }
            }
        }
        assertThat(transactions.memoryDataSpace().usedBlocks()).as("used blocks").isEqualTo(blknos.size());
        assertThat(transactions.memoryDataSpace().takenBlocks()).as("taken blocks").isZero();
        assertThat(transactions.memoryDataSpace().reservedBlocks()).as("reserved blocks").isZero();
        assertThat(data.dirtyBytes()).as("dirty memory").isZero();
        assertThat(data.stateCount()).as("states in memory").isZero();
        checkChecksums(items, writtenByIno);
    }

    private void checkChecksums(NavigableMap<byte[], byte[]> items, Map<Long, Map<Long, Long>> writtenByIno)
            throws IOException {
        Set<String> groups = new HashSet<>();
        for (Map.Entry<Long, Map<Long, Long>> file : writtenByIno.entrySet()) {
            for (Map.Entry<Long, Long> block : file.getValue().entrySet()) {
                long group = ChecksumItem.groupOf(block.getKey());
                byte[] key = ChecksumItem.key(file.getKey(), group);
                groups.add(Keys.toString(key));
                byte[] value = items.get(key);
                assertThat(value).as("checksums of block " + block.getKey()).isNotNull();
                int index = (int) (block.getKey() - group);
                assertThat(ChecksumItem.count(key, value)).isGreaterThan(index);
                assertThat(ChecksumItem.at(value, index))
                        .as("checksum of block " + block.getKey())
                        .isEqualTo(crc(block.getValue()));
                boolean isLast = ChecksumItem.count(key, value) == index + 1;
                boolean mayBeLast = true;
                for (long next = block.getKey() + 1; next < group + ChecksumItem.GROUP_BLOCKS; next++) {
                    mayBeLast &= !file.getValue().containsKey(next);
                }
                assertThat(isLast).as("the value ends with the last written block").isEqualTo(mayBeLast);
            }
        }
        for (byte[] key : items.keySet()) {
            if (Keys.zone(key) == Keys.Zone.CHECKSUM) {
                assertThat(groups).as("checksum item of nothing").contains(Keys.toString(key));
            }
        }
    }

    private int crc(long blkno) throws IOException {
        MemorySegment block = bytes.asSlice(0, BLOCK);
        device.read(blkno, block);
        CRC32C crc = new CRC32C();
        crc.update(block.asByteBuffer());
        return (int) crc.getValue();
    }

    @Override
    public void close() {
        data.close();
        arena.close();
        buffers.close();
    }
}
