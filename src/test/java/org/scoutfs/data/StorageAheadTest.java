package org.scoutfs.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.scoutfs.data.FileData.BlockRange;
import org.scoutfs.data.FileData.FileExtent;
import org.scoutfs.testkit.SparseDevice;

/** Storage that a growing file gets ahead of its data, what limits it, and how it comes back. */
class StorageAheadTest {
    private static final long INO = 5;
    private static final long OTHER = 6;
    private static final int BLOCK = FileDataHarness.BLOCK;

    private FileDataHarness harness = harness(2048, true);
    private long online;

    private static FileDataHarness harness(long blocks, boolean isContigOnly) {
        return new FileDataHarness(
                new DataOptions(8 << 20, 16, 2).withPrealloc(blocks, isContigOnly),
                1 << 20,
                new SparseDevice("device", 1L << 40));
    }

    private void use(FileDataHarness other) {
        harness.close();
        harness = other;
    }

    @AfterEach
    void close() throws Exception {
        harness.check();
        harness.close();
    }

    private void write(long block, int count) throws Exception {
        byte[] bytes = new byte[count * BLOCK];
        java.util.Arrays.fill(bytes, (byte) (block + 1));
        online += harness.write(INO, Long.MAX_VALUE, online, block * BLOCK, bytes).online();
    }

    private void append(int count) throws Exception {
        write(online, count);
    }

    /** Such as {@code 0+4 4+4u}, u for unwritten. */
    private String map() throws Exception {
        List<String> parts = new ArrayList<>();
        for (FileExtent extent : harness.data.extents(harness.transactions.view(), INO, 0, 100)) {
            parts.add(extent.block() + "+" + extent.blockCount() + (extent.isUnwritten() ? "u" : ""));
        }
        return String.join(" ", parts);
    }

    private long lastGap() throws Exception {
        List<FileExtent> all = harness.data.extents(harness.transactions.view(), INO, 0, 100);
        FileExtent last = all.getLast();
        FileExtent before = all.get(all.size() - 2);
        return last.blkno() - (before.blkno() + before.blockCount());
    }

    @Test
    void doublesWhileTheFileGrows() throws Exception {
        append(2);
        harness.commit();
        assertThat(map()).isEqualTo("0+2");
        append(2);
        harness.commit();
        assertThat(map()).isEqualTo("0+4 4+4u");
        assertThat(lastGap()).isZero();
        append(3);
        harness.commit();
        assertThat(map()).as("what was there is used first").isEqualTo("0+7 7+1u");
        append(3);
        harness.commit();
        assertThat(map()).isEqualTo("0+10 10+10u");
        for (int block = 0; block < 10; block++) {
            assertThat(harness.read(INO, 10L * BLOCK, (long) block * BLOCK, 1)[0]).isNotZero();
        }
        assertThat(harness.read(INO, 12L * BLOCK, 10L * BLOCK, BLOCK)).containsOnly(0);
    }

    @Test
    void noMoreThanTheOption() throws Exception {
        use(harness(3, true));
        append(20);
        harness.commit();
        append(1);
        harness.commit();
        assertThat(map()).isEqualTo("0+21 21+3u");
    }

    @Test
    void notForWhatIsWrittenAtOnce() throws Exception {
        for (int i = 0; i < 10; i++) {
            append(10);
        }
        harness.commit();
        assertThat(map()).isEqualTo("0+100");
    }

    @Test
    void notWithHolesAndNotInTheMiddle() throws Exception {
        write(0, 4);
        write(6, 2);
        harness.commit();
        write(8, 1);
        harness.commit();
        assertThat(map()).isEqualTo("0+4 6+3");
        write(4, 2);
        harness.commit();
        assertThat(map()).as("full now, but not appended to").doesNotContain("u");
        append(1);
        harness.commit();
        assertThat(map()).endsWith("10+10u");
    }

    @Test
    void regionsWhateverThePattern() throws Exception {
        use(harness(8, false));
        write(1, 2);
        harness.commit();
        assertThat(map()).as("as much as it has data").isEqualTo("0+1u 1+2 3+1u");
        write(20, 3);
        harness.commit();
        assertThat(map()).isEqualTo("0+1u 1+2 3+1u 16+4u 20+3 23+1u");
    }

    @Test
    void notWhereSpaceIsShort() throws Exception {
        append(4);
        harness.commit();
        harness.transactions.memoryDataSpace().setFreeBlocks(15);
        append(1);
        harness.commit();
        assertThat(map()).isEqualTo("0+5");
        assertThat(harness.data.takeTail(INO)).isNull();
    }

    @Test
    void comesBackWhenTheFileIsClosed() throws Exception {
        append(4);
        harness.commit();
        append(1);
        harness.commit();
        append(1);
        assertThat(harness.transactions.memoryDataSpace().usedBlocks()).isEqualTo(10);
        BlockRange tail = harness.data.takeTail(INO);
        assertThat(tail).isEqualTo(new BlockRange(5, 10));
        harness.punch(INO, 6L * BLOCK, 6L * BLOCK, 4L * BLOCK);
        harness.commit();
        assertThat(map()).isEqualTo("0+6");
        assertThat(harness.transactions.memoryDataSpace().usedBlocks()).isEqualTo(6);
        assertThat(harness.data.takeTail(INO)).isNull();
    }

    @Test
    void aClosedFileGetsNone() throws Exception {
        append(4);
        harness.commit();
        append(1);
        assertThat(harness.data.takeTail(INO)).isNull();
        harness.commit();
        assertThat(map()).isEqualTo("0+5");
        append(1);
        harness.commit();
        assertThat(map()).as("opened again").isEqualTo("0+6 6+6u");
    }

    @Test
    void whatSomebodyAsksForStays() throws Exception {
        append(4);
        harness.commit();
        append(1);
        harness.commit();
        harness.allocate(INO, 5, 10);
        assertThat(harness.data.takeTail(INO)).isNull();
        harness.commit();
        assertThat(map()).isEqualTo("0+5 5+10u");
    }

    @Test
    void aTruncateTakesIt() throws Exception {
        append(4);
        harness.commit();
        append(1);
        harness.commit();
        harness.truncate(INO, 5L * BLOCK, 5L * BLOCK);
        assertThat(map()).isEqualTo("0+5");
        assertThat(harness.data.takeTail(INO)).isNull();
    }

    @Test
    void scatteredIntoStorageAheadIsPromised() throws Exception {
        // The harness checks at each barrier that what is put there was announced.
        harness.allocate(OTHER, 0, 4096);
        harness.commit();
        for (int i = 0; i < 60; i++) {
            harness.write(OTHER, Long.MAX_VALUE, i * 67L * BLOCK, new byte[BLOCK]);
        }
        harness.commit();
        for (int i = 0; i < 60; i++) {
            harness.write(OTHER, Long.MAX_VALUE, (i * 64L + 63) * BLOCK, new byte[2 * BLOCK]);
        }
        harness.commit();
    }

    @Test
    void aCrashForgetsNothingThatWasCommitted() throws Exception {
        append(4);
        harness.commit();
        append(1);
        harness.commit();
        harness.crash();
        assertThat(map()).isEqualTo("0+5 5+5u");
        // Not this incarnation's: it is freed and not written into.
        append(1);
        harness.commit();
        assertThat(harness.read(INO, 6L * BLOCK, 5L * BLOCK, BLOCK)).containsOnly(6);
    }
}
