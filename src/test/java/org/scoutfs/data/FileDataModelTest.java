package org.scoutfs.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.scoutfs.base.Rng;
import org.scoutfs.data.FileData.FileExtent;
import org.scoutfs.testkit.SeededTest;

/** Random calls on a few files, against byte arrays: equal bytes, holes and counts, also after commits and crashes. */
class FileDataModelTest {
    private static final int BLOCK = FileDataHarness.BLOCK;
    private static final int FILE_BLOCKS = 300;
    private static final int FILES = 3;

    private enum Kind {
        HOLE,
        UNWRITTEN,
        DATA
    }

    private static final class Model {
        final byte[] bytes;
        final Kind[] kinds;
        int size;
        long online;

        Model() {
            bytes = new byte[FILE_BLOCKS * BLOCK];
            kinds = new Kind[FILE_BLOCKS];
            Arrays.fill(kinds, Kind.HOLE);
        }

        Model(Model other) {
            bytes = other.bytes.clone();
            kinds = other.kinds.clone();
            size = other.size;
            online = other.online;
        }

        long dataBlocks() {
            return Arrays.stream(kinds).filter(kind -> kind == Kind.DATA).count();
        }
    }

    private Rng rng;
    private FileDataHarness harness;
    private List<Model> models;
    private List<Model> committed;

    @SeededTest(runs = 40)
    void randomCallsEqualTheModel(long seed) throws Exception {
        rng = Rng.seeded(seed);
        DataOptions options = new DataOptions((1L + rng.nextInt(4)) << 20, 1 + rng.nextInt(64), 1 + rng.nextInt(3));
        // From another die, so that a seed's calls are the same with it and without.
        options = options.withReadAhead(Rng.seeded(~seed).nextInt(3) * 2);
        try (FileDataHarness opened = new FileDataHarness(options)) {
            harness = opened;
            if (rng.nextInt(3) == 0) {
                harness.transactions.memoryDataSpace().fragment(1 + rng.nextInt(40));
            }
            models = new ArrayList<>();
            for (int i = 0; i < FILES; i++) {
                models.add(new Model());
            }
            keep();
            for (int i = 0; i < 300; i++) {
                step();
            }
            for (int file = 0; file < FILES; file++) {
                compareAll(file);
            }
            harness.check();
            for (int file = 0; file < FILES; file++) {
                compareAll(file);
                truncate(file, 0);
            }
            harness.check();
            assertThat(harness.transactions.committedItems()).as("items of empty files").isEmpty();
        }
    }

    private void step() throws Exception {
        int file = rng.nextInt(FILES);
        switch (rng.nextInt(16)) {
            case 0, 1, 2, 3, 4 -> write(file);
            case 5, 6 -> append(file);
            case 7 -> truncate(file, rng.nextInt(FILE_BLOCKS * BLOCK));
            case 8 -> punch(file);
            case 9 -> allocate(file);
            case 10, 11 -> compare(file);
            case 12 -> compareMap(file);
            case 13 -> {
                harness.commit();
                keep();
            }
            case 14 -> {
                if (rng.nextInt(4) == 0) {
                    harness.check();
                    keep();
                }
            }
            default -> {
                if (rng.nextInt(4) == 0) {
                    if (harness.waits > 0) {
                        // A full memory asked for a commit on its own: what is committed is not known.
                        harness.commit();
                        keep();
                    }
                    harness.crash();
                    models = copies(committed);
                }
            }
        }
    }

    private void keep() {
        harness.waits = 0;
        committed = copies(models);
    }

    private static List<Model> copies(List<Model> models) {
        List<Model> copies = new ArrayList<>();
        models.forEach(model -> copies.add(new Model(model)));
        return copies;
    }

    private static long ino(int file) {
        return 1024 + file;
    }

    private void write(int file) throws Exception {
        int offset = rng.nextInt(FILE_BLOCKS * BLOCK);
        int length = 1 + rng.nextInt(rng.nextInt(4) == 0 ? 64 * BLOCK : 3 * BLOCK);
        if (rng.nextInt(2) == 0) {
            offset = offset / BLOCK * BLOCK;
            length = (length + BLOCK - 1) / BLOCK * BLOCK;
        }
        write(file, offset, Math.min(length, FILE_BLOCKS * BLOCK - offset));
    }

    private void append(int file) throws Exception {
        Model model = models.get(file);
        for (int i = rng.nextInt(20); i >= 0; i--) {
            int length = Math.min(rng.nextInt(2) == 0 ? 16 * BLOCK : 4 * BLOCK, FILE_BLOCKS * BLOCK - model.size);
            if (length > 0) {
                write(file, model.size, length);
            }
        }
    }

    private void write(int file, int offset, int length) throws Exception {
        Model model = models.get(file);
        byte[] content = new byte[length];
        for (int i = 0; i < length; i += 1 + rng.nextInt(200)) {
            content[i] = (byte) rng.nextLong();
        }
        BlockCounts counts = harness.write(ino(file), model.size, offset, content);
        System.arraycopy(content, 0, model.bytes, offset, length);
        for (int block = offset / BLOCK; block * BLOCK < offset + length; block++) {
            model.kinds[block] = Kind.DATA;
        }
        model.size = Math.max(model.size, offset + length);
        account(model, counts);
        assertThat(harness.data.isDirty(ino(file))).isTrue();
    }

    private static void account(Model model, BlockCounts counts) {
        model.online += counts.online();
        assertThat(counts.offline()).isZero();
        assertThat(model.online).as("online blocks").isEqualTo(model.dataBlocks());
    }

    private void truncate(int file, int newSize) throws Exception {
        Model model = models.get(file);
        BlockCounts counts = harness.truncate(ino(file), model.size, newSize);
        Arrays.fill(model.bytes, newSize, model.bytes.length, (byte) 0);
        Arrays.fill(model.kinds, (newSize + BLOCK - 1) / BLOCK, FILE_BLOCKS, Kind.HOLE);
        model.size = newSize;
        account(model, counts);
    }

    private void punch(int file) throws Exception {
        Model model = models.get(file);
        int offset = rng.nextInt(FILE_BLOCKS * BLOCK);
        int length = 1 + rng.nextInt(rng.nextInt(2) == 0 ? 40 * BLOCK : 2 * BLOCK);
        length = Math.min(length, FILE_BLOCKS * BLOCK - offset);
        BlockCounts counts = harness.punch(ino(file), model.size, offset, length);
        Arrays.fill(model.bytes, offset, offset + length, (byte) 0);
        int first = (offset + BLOCK - 1) / BLOCK;
        int end = (offset + length) / BLOCK;
        if (first < end) {
            Arrays.fill(model.kinds, first, end, Kind.HOLE);
        }
        account(model, counts);
    }

    private void allocate(int file) throws Exception {
        Model model = models.get(file);
        int block = rng.nextInt(FILE_BLOCKS);
        int count = 1 + rng.nextInt(Math.min(80, FILE_BLOCKS - block));
        harness.allocate(ino(file), block, count);
        for (int i = block; i < block + count; i++) {
            if (model.kinds[i] == Kind.HOLE) {
                model.kinds[i] = Kind.UNWRITTEN;
            }
        }
    }

    private void compare(int file) throws Exception {
        int offset = rng.nextInt(FILE_BLOCKS * BLOCK);
        int length = 1 + rng.nextInt(Math.min(80 * BLOCK, FILE_BLOCKS * BLOCK - offset));
        if (rng.nextInt(2) == 0) {
            offset = offset / BLOCK * BLOCK;
            length = (length + BLOCK - 1) / BLOCK * BLOCK;
        }
        compare(file, offset, length);
    }

    private void compareAll(int file) throws Exception {
        compare(file, 0, FILE_BLOCKS * BLOCK);
        compareMap(file);
    }

    private void compare(int file, int offset, int length) throws Exception {
        Model model = models.get(file);
        byte[] expected = Arrays.copyOfRange(model.bytes, offset, offset + length);
        int shift = rng.nextInt(3) == 0 ? rng.nextInt(BLOCK) : 0;
        byte[] found = harness.read(ino(file), model.size, offset, length, shift);
        int differs = Arrays.mismatch(expected, found);
        assertThat(differs)
                .as("first wrong byte of a read at %d, in block %d", offset, (offset + differs) / BLOCK)
                .isEqualTo(-1);
    }

    private void compareMap(int file) throws Exception {
        Model model = models.get(file);
        Kind[] found = new Kind[FILE_BLOCKS];
        Arrays.fill(found, Kind.HOLE);
        long end = 0;
        for (FileExtent extent : harness.data.extents(harness.transactions.view(), ino(file), 0, 10_000)) {
            assertThat(extent.block()).isGreaterThanOrEqualTo(end);
            end = extent.end();
            for (long block = extent.block(); block < end; block++) {
                found[(int) block] = extent.isUnwritten() ? Kind.UNWRITTEN : Kind.DATA;
            }
        }
        assertThat(found).isEqualTo(model.kinds);
        assertThat(harness.data.firstOffline(harness.transactions.view(), ino(file), 0, FILE_BLOCKS)).isEqualTo(-1);
        if (model.size > 0) {
            int offset = rng.nextInt(model.size);
            assertThat(harness.data.seekData(harness.transactions.view(), ino(file), model.size, offset))
                    .as("SEEK_DATA from %d", offset)
                    .isEqualTo(seek(model, offset, true));
            assertThat(harness.data.seekHole(harness.transactions.view(), ino(file), model.size, offset))
                    .as("SEEK_HOLE from %d", offset)
                    .isEqualTo(seek(model, offset, false));
        }
    }

    private static long seek(Model model, int offset, boolean isForData) {
        for (int at = offset; at < model.size; at = (at / BLOCK + 1) * BLOCK) {
            if ((model.kinds[at / BLOCK] == Kind.DATA) == isForData) {
                return at;
            }
        }
        return isForData ? -1 : model.size;
    }
}
