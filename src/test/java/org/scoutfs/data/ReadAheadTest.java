package org.scoutfs.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.scoutfs.base.CorruptionException;
import org.scoutfs.base.Counters;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.device.BufferPool;
import org.scoutfs.device.FilterBlockDevice;
import org.scoutfs.device.MemoryBlockDevice;

/** What is read ahead runs when the test says so, on its own thread: each step is certain. */
class ReadAheadTest {
    private static final int BLOCK = BlockDevice.BLOCK_SIZE;
    private static final int BLOCKS = 4096;

    /** Counts reads, as "BLKNO+COUNT", and fails those of one block. */
    private static final class Watched extends FilterBlockDevice {
        final List<String> reads = new ArrayList<>();
        long bad = -1;

        Watched(BlockDevice device) {
            super(device);
        }

        @Override
        public void read(long blkno, MemorySegment into) throws IOException {
            long count = into.byteSize() / BLOCK;
            reads.add(blkno + "+" + count);
            if (bad >= blkno && bad < blkno + count) {
                throw new IOException("bad block " + bad);
            }
            super.read(blkno, into);
        }
    }

    private final Arena arena = Arena.ofConfined();
    private final Watched device = new Watched(new MemoryBlockDevice("memory", BLOCKS));
    private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
    private final ReadAhead ahead = new ReadAhead(device, tasks::add, 4, arena);
    private final MemorySegment into = arena.allocate(512L * BLOCK, BLOCK);

    ReadAheadTest() throws IOException {
        for (int i = 0; i < BLOCKS; i++) {
            write(i, i);
        }
    }

    @AfterEach
    void close() throws IOException {
        device.close();
        arena.close();
    }

    private void write(long blkno, int what) throws IOException {
        into.asSlice(0, BLOCK).fill((byte) 0);
        into.set(ValueLayout.JAVA_INT, 0, what);
        device.write(blkno, into.asSlice(0, BLOCK));
    }

    private boolean read(long blkno, int count, long limit) throws IOException {
        into.fill((byte) -1);
        boolean isOld = ahead.read(blkno, into.asSlice(0, (long) count * BLOCK), limit);
        for (int i = 0; i < count; i++) {
            assertThat(into.get(ValueLayout.JAVA_INT, (long) i * BLOCK)).as("block %d", blkno + i).isEqualTo((int) blkno + i);
        }
        return isOld;
    }

    private void runTasks() {
        while (!tasks.isEmpty()) {
            tasks.poll().run();
        }
    }

    @Test
    void neighboursAreReadTogether() throws IOException {
        for (int blkno = 100; blkno < 400; blkno++) {
            read(blkno, 1, Long.MAX_VALUE);
            runTasks();
        }
        assertThat(device.reads).startsWith("100+1", "101+1", "102+32").hasSizeLessThan(12);
    }

    @Test
    void readsHereAndThereAreJustThese() throws IOException {
        for (int i = 0; i < 100; i++) {
            assertThat(read(i * 997 % BLOCKS, 1, Long.MAX_VALUE)).isFalse();
        }
        assertThat(device.reads).hasSize(100);
        assertThat(tasks).isEmpty();
    }

    @Test
    void nothingIsReadAheadBeyondTheLimitOrTheDevice() throws IOException {
        read(10, 4, 20);
        read(14, 4, 20);
        runTasks();
        read(BLOCKS - 6, 2, Long.MAX_VALUE);
        read(BLOCKS - 4, 2, Long.MAX_VALUE);
        runTasks();
        assertThat(device.reads).containsExactly("10+4", "14+4", "18+2", (BLOCKS - 6) + "+2", (BLOCKS - 4) + "+2", (BLOCKS - 2) + "+2");
    }

    @Test
    void aReadTakesWhatThereIsAndTheRestFromTheDevice() throws IOException {
        read(0, 8, 40);
        read(8, 8, 40);
        runTasks(); // 16 to 40
        device.reads.clear();
        assertThat(read(30, 20, 40)).isTrue();
        assertThat(device.reads).containsExactly("40+10");
    }

    @Test
    void whatIsWrittenIsForgotten() throws IOException {
        read(0, 8, 40);
        read(8, 8, 40);
        runTasks();
        write(20, 777);
        ahead.forget(20, 1);
        device.reads.clear();
        assertThat(ahead.read(20, into.asSlice(0, BLOCK), 40)).isFalse();
        assertThat(into.get(ValueLayout.JAVA_INT, 0)).isEqualTo(777);
    }

    @Test
    void whatIsWrittenWhileItIsReadIsForgotten() throws IOException {
        read(0, 8, 40);
        read(8, 8, 40);
        assertThat(tasks).hasSize(1);
        ahead.forget(16, 1);
        runTasks();
        device.reads.clear();
        assertThat(ahead.read(16, into.asSlice(0, BLOCK), 40)).isFalse();
        assertThat(device.reads).contains("16+1");
    }

    /** Another node wrote it, of which nobody here heard. */
    @Test
    void whatDoesNotFitItsChecksumIsReadAgain() throws IOException {
        read(0, 8, 40);
        read(8, 8, 40);
        runTasks();
        write(20, 777);
        CRC32C crc = new CRC32C();
        crc.update(into.asSlice(0, BLOCK).asByteBuffer());
        try (BufferPool buffers = new BufferPool(1 << 20)) {
            DataReader reader = new DataReader(device, buffers, new Counters(), ahead);
            into.fill((byte) -1);
            reader.readPlace(
                    new DataReader.Target(1, into.asSlice(0, BLOCK), 0), 0, 1, 20, 40, block -> (int) crc.getValue());
            assertThat(into.get(ValueLayout.JAVA_INT, 0)).isEqualTo(777);
            assertThatThrownBy(() -> reader.readPlace(
                            new DataReader.Target(1, into.asSlice(0, BLOCK), 0), 0, 1, 21, 40, block -> (int) crc.getValue()))
                    .isInstanceOf(CorruptionException.class);
        }
    }

    @Test
    void anErrorIsThatOfWhoWantsTheBlock() throws IOException {
        device.bad = 20;
        read(0, 8, 40);
        read(8, 8, 40);
        runTasks();
        assertThat(read(16, 4, 40)).isFalse();
        assertThatThrownBy(() -> read(20, 1, 40)).isInstanceOf(IOException.class).hasMessageContaining("bad block 20");
        assertThat(read(21, 4, 40)).isFalse();
    }

    /** More streams than there is memory for: all get their bytes. */
    @Test
    void streamsDoNotTakeEachOthersMemory() throws IOException {
        for (int i = 0; i < 64; i++) {
            for (int stream = 0; stream < 6; stream++) {
                read(stream * 600 + i * 8, 8, Long.MAX_VALUE);
                runTasks();
            }
        }
        assertThat(device.reads).hasSizeLessThan(6 * 64);
    }
}
