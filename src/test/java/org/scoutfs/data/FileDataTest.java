package org.scoutfs.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.scoutfs.base.CorruptionException;
import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;
import org.scoutfs.data.FileData.FileExtent;
import org.scoutfs.data.FileData.PreparedWrite;
import org.scoutfs.device.FilterBlockDevice;
import org.scoutfs.item.ChecksumItem;
import org.scoutfs.item.ExtentItem;
import org.scoutfs.testkit.SparseDevice;
import org.scoutfs.txn.Transaction;
import org.scoutfs.txn.Transactions.SpaceUse;

class FileDataTest {
    private static final int BLOCK = FileDataHarness.BLOCK;
    private static final long INO = 1024;

    private final SparseDevice sparse = new SparseDevice("device", 1L << 40);
    private final CountingDevice device = new CountingDevice(sparse);
    private final FileDataHarness harness = new FileDataHarness(new DataOptions(8 << 20, 16, 2), 1 << 20, device);

    @AfterEach
    void close() {
        harness.close();
    }

    /** Counts device calls, and fails or holds them when told to. */
    private static final class CountingDevice extends FilterBlockDevice {
        final AtomicInteger reads = new AtomicInteger();
        final AtomicInteger writes = new AtomicInteger();
        final AtomicInteger blocksWritten = new AtomicInteger();
        volatile int failRead = -1;
        volatile int failWrite = -1;
        volatile CountDownLatch held = new CountDownLatch(0);

        CountingDevice(SparseDevice below) {
            super(below);
        }

        void reset() {
            reads.set(0);
            writes.set(0);
            blocksWritten.set(0);
        }

        @Override
        public void read(long blkno, MemorySegment into) throws IOException {
            if (reads.getAndIncrement() == failRead) {
                throw new IOException("read failed as told");
            }
            super.read(blkno, into);
        }

        @Override
        public void write(long blkno, MemorySegment from) throws IOException {
            try {
                if (!held.await(60, TimeUnit.SECONDS)) {
                    throw new IOException("held for too long");
                }
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
            blocksWritten.addAndGet((int) (from.byteSize() / BLOCK));
            if (writes.getAndIncrement() == failWrite) {
                throw new IOException("write failed as told");
            }
            super.write(blkno, from);
        }
    }

    private static byte[] pattern(int length, int seed) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) (i * 31 + i / 251 + seed);
        }
        return bytes;
    }

    private List<FileExtent> extents(long ino) throws IOException {
        return harness.data.extents(harness.transactions.view(), ino, 0, 1000);
    }

    @Test
    void smallFilesOfOneCommitAreOneDeviceWrite() throws Exception {
        for (int i = 0; i < 200; i++) {
            assertThat(harness.write(INO + i, 0, 0, pattern(BLOCK, i))).isEqualTo(new BlockCounts(1, 0));
        }
        assertThat(device.writes.get()).isZero();
        harness.commit();
        assertThat(device.writes.get()).isEqualTo(1);
        assertThat(harness.transactions.committedItems()).hasSize(400);
        device.reset();
        for (int i = 0; i < 200; i++) {
            assertThat(harness.read(INO + i, BLOCK, 0, BLOCK)).isEqualTo(pattern(BLOCK, i));
        }
        assertThat(device.reads.get()).isEqualTo(200);
        harness.check();
    }

    @Test
    void streamingWritesBeforeTheCommitAndMakesOneExtent() throws Exception {
        int size = 0;
        for (int i = 0; i < 64; i++) {
            harness.write(INO, size, size, pattern(8 * BLOCK, i));
            size += 8 * BLOCK;
        }
        awaitWrites(200);
        assertThat(device.blocksWritten.get()).as("blocks written before the commit").isGreaterThanOrEqualTo(400);
        // Read back what has left memory, from its early place.
        for (int i = 0; i < 64; i++) {
            assertThat(harness.read(INO, size, i * 8L * BLOCK, 8 * BLOCK)).isEqualTo(pattern(8 * BLOCK, i));
        }
        harness.commit();
        assertThat(device.blocksWritten.get()).isEqualTo(512);
        assertThat(extents(INO)).hasSize(1);
        device.reset();
        harness.read(INO, size, 0, size);
        assertThat(device.reads.get()).isEqualTo(1);
        harness.check();
    }

    private void awaitWrites(int blocks) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (device.blocksWritten.get() < blocks || harness.data.dirtyBytes() > 112L * BLOCK) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("no early writes: " + device.blocksWritten.get());
            }
            Thread.onSpinWait();
        }
    }

    @Test
    void anOverwriteOfEarlyWrittenBlocksGivesTheirPlacesBack() throws Exception {
        harness.write(INO, 0, 0, pattern(64 * BLOCK, 1));
        awaitWrites(64);
        assertThat(harness.transactions.memoryDataSpace().takenBlocks()).isEqualTo(64);
        harness.write(INO, 64 * BLOCK, 10 * BLOCK + 5, pattern(4 * BLOCK, 2));
        assertThat(harness.transactions.memoryDataSpace().takenBlocks()).isEqualTo(59);
        byte[] expected = pattern(64 * BLOCK, 1);
        System.arraycopy(pattern(4 * BLOCK, 2), 0, expected, 10 * BLOCK + 5, 4 * BLOCK);
        assertThat(harness.read(INO, 64 * BLOCK, 0, 64 * BLOCK)).isEqualTo(expected);
        harness.check();
        assertThat(harness.read(INO, 64 * BLOCK, 0, 64 * BLOCK)).isEqualTo(expected);
    }

    @Test
    void closingCommitsWhatIsStillGathered() throws Exception {
        harness.write(INO, 0, 0, pattern(3 * BLOCK, 1));
        try (Transaction txn = harness.transactions.begin(100, SpaceUse.GROW)) {
            txn.put(new byte[] {1}, new byte[] {1});
        }
        harness.data.close();
        assertThat(device.blocksWritten.get()).isEqualTo(3);
        assertThat(harness.transactions.committedItems()).hasSize(3);
        harness.reopen();
        assertThat(harness.read(INO, 3 * BLOCK, 0, 3 * BLOCK)).isEqualTo(pattern(3 * BLOCK, 1));
    }

    @Test
    void appendsWithSyncsBetweenMakeOneExtent() throws Exception {
        for (int i = 0; i < 40; i++) {
            harness.write(INO, (long) i * BLOCK, (long) i * BLOCK, pattern(BLOCK, i));
            harness.commit();
        }
        assertThat(extents(INO)).hasSize(1);
        assertThat(harness.transactions.committedItems()).as("one extent, one group").hasSize(2);
        harness.check();
    }

    @Test
    void aDamagedBlockIsNeverReturned() throws Exception {
        harness.write(INO, 0, 0, pattern(20 * BLOCK, 3));
        harness.commit();
        long blkno = extents(INO).getFirst().blkno() + 7;
        byte[] bytes = sparse.bytes(blkno);
        bytes[100] ^= 1;
        sparse.setBytes(blkno, bytes);
        assertThat(harness.read(INO, 20 * BLOCK, 0, 7 * BLOCK)).isEqualTo(pattern(7 * BLOCK, 3));
        for (int shift : new int[] {0, 5}) {
            assertThatThrownBy(() -> harness.read(INO, 20 * BLOCK, 0, 20 * BLOCK, shift))
                    .isInstanceOf(CorruptionException.class)
                    .hasMessageContaining("inode 1024")
                    .hasMessageContaining("offset " + 7 * BLOCK)
                    .hasMessageContaining("block " + blkno);
        }
        // A partial overwrite needs the old bytes; a whole one heals.
        assertThatThrownBy(() -> harness.write(INO, 20 * BLOCK, 7 * BLOCK + 1, new byte[10]))
                .isInstanceOf(CorruptionException.class);
        harness.write(INO, 20 * BLOCK, 7 * BLOCK, pattern(BLOCK, 9));
        harness.check();
        assertThat(harness.read(INO, 20 * BLOCK, 7 * BLOCK, BLOCK)).isEqualTo(pattern(BLOCK, 9));
    }

    @Test
    void aMissingChecksumIsDamage() throws Exception {
        harness.write(INO, 0, 0, pattern(BLOCK, 3));
        harness.commit();
        try (Transaction txn = harness.transactions.begin(100, SpaceUse.GROW)) {
            txn.delete(ChecksumItem.key(INO, 0));
        }
        assertThatThrownBy(() -> harness.read(INO, BLOCK, 0, BLOCK)).isInstanceOf(CorruptionException.class);
        assertThatThrownBy(() -> harness.write(INO, BLOCK, BLOCK, new byte[BLOCK]))
                .isInstanceOf(CorruptionException.class);
    }

    @Test
    void aFailedReadIsToldAndTheNextOneWorks() throws Exception {
        harness.write(INO, 0, 0, pattern(3 * BLOCK, 3));
        harness.commit();
        device.reset();
        device.failRead = 0;
        assertThatThrownBy(() -> harness.read(INO, 3 * BLOCK, 0, 3 * BLOCK)).isInstanceOf(IOException.class);
        assertThat(harness.read(INO, 3 * BLOCK, 0, 3 * BLOCK)).isEqualTo(pattern(3 * BLOCK, 3));
        device.failRead = device.reads.get();
        assertThatThrownBy(() -> harness.write(INO, 3 * BLOCK, 10, new byte[10])).isInstanceOf(IOException.class);
        harness.check();
    }

    @Test
    void eachFailedWriteFailsTheCommitAndReadsGoOn() throws Exception {
        for (int failing = 0; failing < 20; failing++) {
            CountingDevice failingDevice = new CountingDevice(new SparseDevice("device", 1L << 40));
            failingDevice.failWrite = failing;
            try (FileDataHarness opened =
                    new FileDataHarness(new DataOptions(8 << 20, 16, 2), 1 << 20, failingDevice)) {
                boolean hasFailed = false;
                for (int round = 0; round < 4 && !hasFailed; round++) {
                    opened.write(INO, 0, 0, pattern(100 * BLOCK, round));
                    opened.write(INO + 1, 0, 50L * BLOCK, pattern(BLOCK, round));
                    try {
                        opened.commit();
                    } catch (IOException e) {
                        assertThat(e).hasMessageContaining("as told");
                        hasFailed = true;
                    }
                    assertThat(opened.read(INO, 100 * BLOCK, 0, 100 * BLOCK))
                            .isEqualTo(pattern(100 * BLOCK, round));
                    assertThat(opened.read(INO + 1, 51 * BLOCK, 50 * BLOCK, BLOCK)).isEqualTo(pattern(BLOCK, round));
                }
                assertThat(hasFailed || failing > failingDevice.writes.get() - 1)
                        .as("write %d of %d", failing, failingDevice.writes.get())
                        .isTrue();
            }
        }
    }

    @Test
    void aFullVolumeRefusesWritesAndStillTruncates() throws Exception {
        harness.write(INO, 0, 0, pattern(10 * BLOCK, 1));
        harness.allocate(INO, 10, 5);
        harness.commit();
        harness.transactions.memoryDataSpace().setFreeBlocks(1);
        assertThatThrownBy(() -> harness.write(INO, 10 * BLOCK, 20 * BLOCK, new byte[2 * BLOCK]))
                .isEqualTo(FsException.of(Errno.ENOSPC));
        // What was preallocated can be written without a free block.
        harness.write(INO, 10 * BLOCK, 10 * BLOCK, pattern(5 * BLOCK, 2));
        harness.write(INO, 15 * BLOCK, 15 * BLOCK, pattern(BLOCK, 2));
        assertThat(harness.truncate(INO, 16 * BLOCK, 0)).isEqualTo(new BlockCounts(-16, 0));
        harness.check();
        assertThat(harness.transactions.memoryDataSpace().freeBlocks()).isEqualTo(16);
    }

    @Test
    void preallocatedBlocksReadAsZeroesAndKeepTheirPlaceWhenWritten() throws Exception {
        harness.allocate(INO, 0, 100);
        harness.commit();
        long blkno = extents(INO).getFirst().blkno();
        assertThat(extents(INO)).containsExactly(new FileExtent(0, 100, blkno, true, false));
        assertThat(harness.read(INO, 100 * BLOCK, 0, 100 * BLOCK)).isEqualTo(new byte[100 * BLOCK]);
        assertThat(harness.write(INO, 100 * BLOCK, 10 * BLOCK + 1, pattern(BLOCK, 1))).isEqualTo(new BlockCounts(2, 0));
        harness.commit();
        assertThat(extents(INO))
                .containsExactly(
                        new FileExtent(0, 10, blkno, true, false),
                        new FileExtent(10, 2, blkno + 10, false, false),
                        new FileExtent(12, 88, blkno + 12, true, false));
        harness.crash();
        // Another incarnation writes nothing into it.
        harness.write(INO, 100 * BLOCK, 20 * BLOCK, pattern(BLOCK, 2));
        harness.commit();
        assertThat(extents(INO).get(3).blkno()).isNotEqualTo(blkno + 20);
        harness.check();
    }

    @Test
    void theLastBytesOfTheLargestFile() throws Exception {
        long size = Long.MAX_VALUE;
        byte[] bytes = pattern(2 * BLOCK + 100, 4);
        long offset = size - bytes.length;
        assertThat(harness.write(INO, 0, offset, bytes)).isEqualTo(new BlockCounts(3, 0));
        assertThat(harness.read(INO, size, offset, bytes.length)).isEqualTo(bytes);
        harness.commit();
        assertThat(harness.read(INO, size, offset, bytes.length)).isEqualTo(bytes);
        assertThat(harness.read(INO, size, offset, bytes.length, 7)).isEqualTo(bytes);
        assertThat(harness.data.seekData(harness.transactions.view(), INO, size, 0)).isEqualTo(offset / BLOCK * BLOCK);
        assertThat(harness.data.seekHole(harness.transactions.view(), INO, size, offset)).isEqualTo(size);
        assertThat(harness.data.seekHole(harness.transactions.view(), INO, size, 5)).isEqualTo(5);
        assertThat(harness.punch(INO, size, offset + 10, bytes.length - 10)).isEqualTo(new BlockCounts(-2, 0));
        byte[] punched = bytes.clone();
        Arrays.fill(punched, 10, punched.length, (byte) 0);
        assertThat(harness.read(INO, size, offset, bytes.length)).isEqualTo(punched);
        assertThat(harness.truncate(INO, size, 0)).isEqualTo(new BlockCounts(-1, 0));
        harness.check();
        assertThat(harness.transactions.committedItems()).isEmpty();
    }

    @Test
    void growingOverATailShowsZeroes() throws Exception {
        harness.write(INO, 0, 0, pattern(12 << 10, 1));
        harness.commit();
        harness.truncate(INO, 12 << 10, 6 << 10);
        byte[] read = harness.read(INO, 12 << 10, 0, 12 << 10);
        assertThat(Arrays.copyOf(read, 6 << 10)).isEqualTo(pattern(6 << 10, 1));
        assertThat(Arrays.copyOfRange(read, 6 << 10, 12 << 10)).isEqualTo(new byte[6 << 10]);
        harness.check();
        assertThat(harness.read(INO, 12 << 10, 0, 12 << 10)).isEqualTo(read);
    }

    @Test
    void aLongFragmentedFileGoesInBoundedSteps() throws Exception {
        harness.transactions.memoryDataSpace().fragment(1);
        for (int i = 0; i < 10; i++) {
            harness.write(INO, i * 100L * BLOCK, i * 100L * BLOCK, pattern(100 * BLOCK, i));
        }
        harness.commit();
        assertThat(extents(INO)).hasSize(1000);
        int steps = 0;
        boolean isDone = false;
        long freed = 0;
        while (!isDone) {
            try (PreparedWrite prepared =
                            harness.admit(() -> harness.data.admitTruncate(harness.transactions.view(), INO, 1000L * BLOCK, 10));
                    Transaction txn = harness.begin(prepared, SpaceUse.SHRINK)) {
                assertThat(prepared.itemBytes()).isLessThan(100_000);
                FileData.Step step = harness.data.truncate(txn, prepared, INO, 10);
                freed -= step.counts().online();
                isDone = step.isDone();
                steps++;
            }
            if (steps % 2 == 0) {
                harness.commit();
            }
        }
        assertThat(freed).isEqualTo(999);
        assertThat(steps).isBetween(6, 30);
        harness.check();
        byte[] tail = new byte[BLOCK];
        System.arraycopy(pattern(10, 0), 0, tail, 0, 10);
        assertThat(harness.read(INO, BLOCK, 0, BLOCK)).isEqualTo(tail);
    }

    @Test
    void writersWaitWhenMemoryIsFullAndGoOnAfterTheCommit() throws Exception {
        try (FileDataHarness small =
                new FileDataHarness(new DataOptions(1 << 20, 1 << 20, 1), 1 << 20, new SparseDevice("device", 1L << 40))) {
            for (int i = 0; i < 600; i++) {
                small.write(INO + i % 7, (i / 7) * 5L * BLOCK, (i / 7) * 5L * BLOCK, pattern(5 * BLOCK, i));
            }
            assertThat(small.waits).isPositive();
            small.check();
            for (int i = 0; i < 600; i++) {
                assertThat(small.read(INO + i % 7, 1L << 40, (i / 7) * 5L * BLOCK, 5 * BLOCK))
                        .isEqualTo(pattern(5 * BLOCK, i));
            }
        }
    }

    @Test
    void offlineBlocksAreFoundAndCounted() throws Exception {
        try (Transaction txn = harness.transactions.begin(1000, SpaceUse.GROW)) {
            ExtentItem offline = ExtentItem.offline(10, 1L << 40);
            txn.put(offline.key(INO), offline.value());
        }
        long size = 1L << 52;
        harness.write(INO, size, 0, pattern(BLOCK, 1));
        var view = harness.transactions.view();
        assertThat(harness.data.firstOffline(view, INO, 0, 10)).isEqualTo(-1);
        assertThat(harness.data.firstOffline(view, INO, 0, 11)).isEqualTo(10);
        assertThat(harness.data.firstOffline(view, INO, 1000, 1)).isEqualTo(1000);
        assertThat(harness.data.seekData(view, INO, size, BLOCK)).isEqualTo(10 * BLOCK);
        assertThat(harness.write(INO, size, 20 * BLOCK, pattern(BLOCK, 1))).isEqualTo(new BlockCounts(1, -1));
        assertThat(harness.truncate(INO, size, 15 * BLOCK)).isEqualTo(new BlockCounts(-1, -((1L << 40) - 6)));
        assertThat(extents(INO)).extracting(FileExtent::isOffline).containsExactly(false, true);
        assertThat(harness.truncate(INO, size, 0)).isEqualTo(new BlockCounts(-1, -5));
        harness.check();
    }

    @Test
    void writersOfManyFilesGoOnDuringCommits() throws Exception {
        int threads = 4;
        int rounds = 150;
        List<Throwable> failures = new ArrayList<>();
        CountDownLatch done = new CountDownLatch(threads);
        for (int t = 0; t < threads; t++) {
            long ino = INO + t;
            Thread thread = new Thread(() -> {
                try {
                    for (int i = 0; i < rounds; i++) {
                        harnessWrite(ino, i);
                    }
                } catch (Throwable e) {
                    synchronized (failures) {
                        failures.add(e);
                    }
                } finally {
                    done.countDown();
                }
            });
            thread.start();
        }
        int commits = 0;
        while (!done.await(1, TimeUnit.MILLISECONDS)) {
            harness.commit();
            commits++;
        }
        assertThat(failures).isEmpty();
        assertThat(commits).isPositive();
        harness.check();
        for (int t = 0; t < threads; t++) {
            for (int i = 0; i < rounds; i++) {
                assertThat(harness.read(INO + t, 1L << 40, i * 3000L, 3000)).isEqualTo(pattern(3000, i));
            }
        }
    }

    /** What one writer thread does: append without alignment, then read back what it wrote. */
    private void harnessWrite(long ino, int i) throws Exception {
        harness.write(ino, i * 3000L, i * 3000L, pattern(3000, i));
        java.lang.foreign.Arena arena = java.lang.foreign.Arena.ofConfined();
        try (arena) {
            MemorySegment into = arena.allocate(3000);
            harness.data.read(harness.transactions.view(), ino, (i + 1) * 3000L, i * 3000L, into);
            if (into.mismatch(MemorySegment.ofArray(pattern(3000, i))) != -1) {
                throw new AssertionError("wrong bytes of inode " + ino + " at " + i * 3000L);
            }
        }
    }
}
