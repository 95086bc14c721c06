package org.scoutfs.lsm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.scoutfs.base.CorruptionException;
import org.scoutfs.base.Counters;
import org.scoutfs.base.Rng;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.device.BufferPool;
import org.scoutfs.device.FilterBlockDevice;
import org.scoutfs.device.MemoryBlockDevice;
import org.scoutfs.device.PooledBuffer;

class SegmentTest {
    private static final SegmentOptions OPTIONS = SegmentOptions.of(0xfeedL);
    private static final byte[] LOWEST = {};
    private static final byte[] HIGHEST = highest();

    private final MemoryBlockDevice device = new MemoryBlockDevice("memory", 1 << 16);
    private final BufferPool pool = new BufferPool(64 << 20);
    private final TestSpace space = new TestSpace(device.blockCount());
    private final List<SegmentStore> stores = new ArrayList<>();

    @AfterEach
    void close() {
        stores.forEach(SegmentStore::close);
        assertThat(pool.borrowedBytes()).isZero();
        pool.close();
        device.close();
    }

    private static byte[] highest() {
        byte[] key = new byte[255];
        Arrays.fill(key, (byte) 0xff);
        return key;
    }

    private SegmentStore store() {
        SegmentStore store = new SegmentStore(device, pool, OPTIONS, 8 << 20, new Counters());
        stores.add(store);
        return store;
    }

    private static TreeMap<byte[], ItemValue> items(int count, int valueSize, long seed) {
        Rng rng = Rng.seeded(seed);
        TreeMap<byte[], ItemValue> items = new TreeMap<>(Arrays::compareUnsigned);
        while (items.size() < count) {
            ByteBuffer key = ByteBuffer.allocate(27);
            key.put((byte) 6).putLong(rng.nextInt(count / 4 + 1)).put((byte) rng.nextInt(4)).putLong(rng.nextInt(10));
            byte[] value = new byte[valueSize == 0 ? 0 : rng.nextInt(valueSize)];
            Arrays.fill(value, (byte) rng.nextLong());
            items.put(key.array(), rng.nextInt(10) == 0 ? ItemValue.TOMBSTONE : ItemValue.put(value));
        }
        return items;
    }

    private List<SegmentInfo> write(TreeMap<byte[], ItemValue> items, SegmentOptions options) throws IOException {
        try (SegmentWriter writer = new SegmentWriter(device, pool, space, options, CutPoints.NONE)) {
            writer.addAll(new ListCursor(items));
            return writer.finish();
        }
    }

    private static Version level1(List<SegmentInfo> segments) {
        return Version.of(1, 0, List.of(List.of(), segments));
    }

    private static void assertHolds(ItemSource source, TreeMap<byte[], ItemValue> items) throws IOException {
        for (Map.Entry<byte[], ItemValue> item : items.entrySet()) {
            assertSame(source.find(item.getKey()), item.getValue());
        }
        try (Cursor cursor = source.scan(LOWEST, HIGHEST)) {
            assertIs(cursor, items);
        }
    }

    private static void assertIs(Cursor cursor, Map<byte[], ItemValue> items) throws IOException {
        for (Map.Entry<byte[], ItemValue> item : items.entrySet()) {
            if (!cursor.next() || !Arrays.equals(cursor.key(), item.getKey())) {
                throw new AssertionError("scan expected " + Arrays.toString(item.getKey()));
            }
            assertSame(new ItemValue(cursor.kind(), cursor.value()), item.getValue());
        }
        assertThat(cursor.next()).isFalse();
        assertThat(cursor.next()).isFalse();
    }

    private static void assertSame(ItemValue actual, ItemValue expected) {
        if (actual == null || actual.kind() != expected.kind() || !Arrays.equals(actual.bytes(), expected.bytes())) {
            throw new AssertionError("expected " + expected + ", found " + actual);
        }
    }

    @Test
    void everyItemIsFoundAndScanned() throws IOException {
        for (int count : new int[] {1, 2, 10, 60, 200, 400, 1000, 20_000}) {
            TreeMap<byte[], ItemValue> items = items(count, 120, count);
            List<SegmentInfo> segments = write(items, OPTIONS);
            assertThat(segments).hasSize(1);
            ItemSource source = store().source(level1(segments));
            assertHolds(source, items);
            for (SegmentInfo segment : segments) {
                try (Cursor stream = store().stream(segment)) {
                    assertIs(stream, items);
                }
            }
        }
    }

    @Test
    void aSmallSegmentIsOneBlock() throws IOException {
        SegmentInfo one = write(items(20, 50, 1), OPTIONS).getFirst();
        assertThat(one.blockCount()).isEqualTo(1);
        SegmentInfo four = write(items(250, 50, 1), OPTIONS).getFirst();
        assertThat(four.blockCount()).isEqualTo(3);
    }

    @Test
    void smallRunsOfFreeBlocksMakeSmallSegments() throws IOException {
        TreeMap<byte[], ItemValue> items = items(3000, 200, 5);
        for (int run : new int[] {1, 3, 4, 7, 8, 9, 12, 20, 100}) {
            space.longestRunMax = run;
            List<SegmentInfo> segments = write(items, OPTIONS);
            assertThat(segments).allMatch(segment -> segment.blockCount() <= run);
            assertHolds(store().source(level1(segments)), items);
        }
    }

    @Test
    void bigValuesGetBlocksOfTheirOwn() throws IOException {
        TreeMap<byte[], ItemValue> items = items(300, 0xffff, 9);
        List<SegmentInfo> segments = write(items, OPTIONS);
        assertThat(segments.size()).isGreaterThan(1);
        assertHolds(store().source(level1(segments)), items);
        for (SegmentInfo segment : segments) {
            assertThat(segment.blockCount()).isLessThanOrEqualTo(OPTIONS.segmentBlocks());
        }
    }

    @Test
    void scansStartAndEndAnywhere() throws IOException {
        TreeMap<byte[], ItemValue> items = items(5000, 40, 3);
        ItemSource source = store().source(level1(write(items, OPTIONS.withSegmentBlocks(20))));
        Rng rng = Rng.seeded(17);
        List<byte[]> keys = List.copyOf(items.keySet());
        for (int round = 0; round < 500; round++) {
            byte[] first = nearby(keys.get(rng.nextInt(keys.size())), rng);
            byte[] last = nearby(
                    rng.nextInt(2) == 0 ? first : keys.get(rng.nextInt(keys.size())), rng);
            if (Arrays.compareUnsigned(first, last) > 0) {
                continue;
            }
            Map<byte[], ItemValue> expected = items.subMap(first, true, last, true);
            try (Cursor cursor = source.scan(first, last)) {
                assertIs(cursor, expected);
            }
            byte[] largest = items.floorKey(last);
            byte[] found = source.lastKey(first, last);
            if (largest != null && Arrays.compareUnsigned(largest, first) >= 0) {
                assertThat(found).isEqualTo(largest);
            } else {
                assertThat(found).isNull();
            }
        }
    }

    private static byte[] nearby(byte[] key, Rng rng) {
        byte[] near = key.clone();
        switch (rng.nextInt(4)) {
            case 0 -> near[rng.nextInt(near.length)]++;
            case 1 -> near[rng.nextInt(near.length)]--;
            case 2 -> near = Arrays.copyOf(near, rng.nextInt(near.length + 1));
            default -> {}
        }
        return near;
    }

    @Test
    void keysThatAreNotThereAreNotFoundAndMostlyNotReadFor() throws IOException {
        TreeMap<byte[], ItemValue> items = items(50_000, 40, 4);
        SegmentStore store = store();
        ItemSource source = store.source(level1(write(items, OPTIONS)));
        assertHolds(source, items);
        SegmentStore cold = store();
        ItemSource coldSource = cold.source(level1(write(items, OPTIONS)));
        assertThat(coldSource.find(items.firstKey())).isNotNull();
        long before = cold.missCount();
        int absent = 0;
        for (byte[] key : items.keySet()) {
            byte[] other = key.clone();
            other[12] = 1;
            assertThat(coldSource.find(other)).isNull();
            absent++;
        }
        assertThat(cold.missCount() - before).as("data blocks read for absent keys").isLessThan(absent / 30);
    }

    /** Counts that do not depend on the machine: bytes for an item, reads for a look-up. */
    @Test
    void costsWhatItShould() throws IOException {
        TreeMap<byte[], ItemValue> items = items(50_000, 40, 4);
        SegmentInfo segment = write(items, OPTIONS).getFirst();
        double bytesPerItem = (double) segment.blockCount() * BlockDevice.BLOCK_SIZE / segment.itemCount();
        assertThat(bytesPerItem).as("bytes per item of 27 + 18").isBetween(20.0, 41.0);
        SegmentStore cold = store();
        ItemSource source = cold.source(level1(List.of(segment)));
        assertThat(source.find(items.firstKey())).isNotNull();
        assertThat(cold.missCount()).as("blocks read beside footer, filter and index").isEqualTo(1);
    }

    @Test
    void lookUpsInOrderReadSeveralBlocksAtOnceAndOthersOne() throws IOException {
        TreeMap<byte[], ItemValue> items = items(50_000, 40, 4);
        SegmentInfo segment = write(items, OPTIONS).getFirst();
        assertThat(readsFor(segment, items, List.copyOf(items.keySet()))).isBetween(4, segment.blockCount() / 16);
        List<byte[]> fewFarApart = new ArrayList<>();
        for (byte[] key : items.keySet()) {
            if (fewFarApart.isEmpty() || fewFarApart.size() * 5000L < items.headMap(key).size()) {
                fewFarApart.add(key);
            }
        }
        assertThat(readsFor(segment, items, fewFarApart)).isEqualTo(fewFarApart.size());
    }

    @Test
    void aDamagedNeighbourIsNoErrorOfALookUp() throws IOException {
        TreeMap<byte[], ItemValue> items = items(50_000, 40, 4);
        SegmentInfo segment = write(items, OPTIONS).getFirst();
        try (PooledBuffer zeroes = pool.borrow(BlockDevice.BLOCK_SIZE)) {
            zeroes.memory().fill((byte) 0);
            device.write(segment.blkno() + segment.blockCount() / 2, zeroes.memory());
        }
        ItemSource source = store().source(level1(List.of(segment)));
        int failed = 0;
        for (Map.Entry<byte[], ItemValue> item : items.entrySet()) {
            try {
                assertSame(source.find(item.getKey()), item.getValue());
            } catch (CorruptionException damage) {
                failed++;
            }
        }
        assertThat(failed).isBetween(1, 16 * 1024 / 20);
    }

    /** How often the device is read for look-ups of these keys, after the segment has been opened and its first block read. */
    private int readsFor(SegmentInfo segment, TreeMap<byte[], ItemValue> items, List<byte[]> keys) throws IOException {
        int[] reads = new int[1];
        BlockDevice counting = new FilterBlockDevice(device) {
            @Override
            public void read(long blkno, MemorySegment into) throws IOException {
                reads[0]++;
                super.read(blkno, into);
            }
        };
        SegmentStore cold = new SegmentStore(counting, pool, OPTIONS, 8 << 20, new Counters());
        stores.add(cold);
        ItemSource source = cold.source(level1(List.of(segment)));
        assertSame(source.find(keys.getFirst()), items.get(keys.getFirst()));
        reads[0] = 1;
        for (byte[] key : keys) {
            assertSame(source.find(key), items.get(key));
        }
        return reads[0];
    }

    @Test
    void everyFlippedByteIsNoticedOrHarmless() throws IOException {
        for (int count : new int[] {30, 900}) {
            TreeMap<byte[], ItemValue> items = items(count, 60, count);
            SegmentInfo segment = write(items, OPTIONS).getFirst();
            Version version = level1(List.of(segment));
            int noticed = 0;
            int step = count > 100 ? 13 : 1;
            for (long at = 0; at < (long) segment.blockCount() * BlockDevice.BLOCK_SIZE; at += step) {
                flip(segment.blkno(), at);
                try (SegmentStore store = new SegmentStore(device, pool, OPTIONS, 1 << 20, new Counters())) {
                    assertHolds(store.source(version), items);
                } catch (CorruptionException expected) {
                    noticed++;
                }
                flip(segment.blkno(), at);
            }
            assertThat(noticed).isEqualTo((segment.blockCount() * BlockDevice.BLOCK_SIZE + step - 1) / step);
        }
    }

    /** Wrong bytes under a right checksum: a value, a clear error, never a walk through memory or a hang. */
    @Test
    void malformedBlocksWithRightChecksumsAreRefused() throws IOException {
        TreeMap<byte[], ItemValue> items = items(900, 60, 900);
        SegmentInfo segment = write(items, OPTIONS).getFirst();
        Version version = level1(List.of(segment));
        Rng rng = Rng.seeded(99);
        int noticed = 0;
        try (PooledBuffer block = pool.borrow(4 * BlockDevice.BLOCK_SIZE);
                PooledBuffer saved = pool.borrow(4 * BlockDevice.BLOCK_SIZE)) {
            device.read(segment.blkno(), saved.memory());
            for (int round = 0; round < 3000; round++) {
                block.memory().copyFrom(saved.memory());
                int size = (block.memory().get(SegmentLayout.M16, SegmentLayout.UNITS) & 0xffff) * BlockDevice.BLOCK_SIZE;
                byte[] bytes = block.memory().asSlice(0, size).toArray(ValueLayout.JAVA_BYTE);
                for (int i = rng.nextInt(4); i >= 0; i--) {
                    bytes[28 + rng.nextInt(size - 28)] = (byte) rng.nextLong();
                }
                var crc = new java.util.zip.CRC32C();
                crc.update(bytes, 4, size - 4);
                SegmentLayout.U32.set(bytes, 0, (int) crc.getValue());
                block.memory().asSlice(0, size).copyFrom(java.lang.foreign.MemorySegment.ofArray(bytes));
                device.write(segment.blkno(), block.memory());
                try (SegmentStore store = new SegmentStore(device, pool, OPTIONS, 1 << 20, new Counters())) {
                    readAll(store, version, items);
                } catch (CorruptionException expected) {
                    noticed++;
                }
            }
            device.write(segment.blkno(), saved.memory());
        }
        assertThat(noticed).isGreaterThan(500);
    }

    private void readAll(SegmentStore store, Version version, TreeMap<byte[], ItemValue> items) throws IOException {
        ItemSource source = store.source(version);
        int i = 0;
        for (byte[] key : items.keySet()) {
            if (++i % 16 == 0) {
                source.find(key);
                source.lastKey(LOWEST, key);
            }
        }
        try (Cursor cursor = source.scan(LOWEST, HIGHEST)) {
            while (cursor.next()) {
                cursor.key();
                cursor.value();
            }
        }
        try (Cursor cursor = store.stream(version.level(1).getFirst())) {
            while (cursor.next()) {
                cursor.value();
            }
        }
    }

    private void flip(long blkno, long at) throws IOException {
        try (PooledBuffer buffer = pool.borrow(BlockDevice.BLOCK_SIZE)) {
            long block = blkno + at / BlockDevice.BLOCK_SIZE;
            long offset = at % BlockDevice.BLOCK_SIZE;
            device.read(block, buffer.memory());
            byte old = buffer.memory().get(ValueLayout.JAVA_BYTE, offset);
            buffer.memory().set(ValueLayout.JAVA_BYTE, offset, (byte) (old ^ 0x40));
            device.write(block, buffer.memory());
        }
    }

    @Test
    void aSegmentOfAnotherVolumeOrAnotherPlaceIsRefused() throws IOException {
        TreeMap<byte[], ItemValue> items = items(900, 60, 900);
        SegmentInfo one = write(items, OPTIONS).getFirst();
        SegmentInfo other = write(items, OPTIONS).getFirst();
        SegmentInfo swapped = new SegmentInfo(
                one.id(), other.blkno(), one.blockCount(), one.itemCount(), one.tombstoneCount(), one.firstKey(),
                one.lastKey());
        ItemSource source = store().source(level1(List.of(swapped)));
        assertThatThrownBy(() -> source.find(items.firstKey()))
                .isInstanceOf(CorruptionException.class)
                .hasMessageContaining("segment");
        SegmentOptions foreign = SegmentOptions.of(0xbad);
        try (SegmentStore store = new SegmentStore(device, pool, foreign, 1 << 20, new Counters())) {
            ItemSource foreignSource = store.source(level1(List.of(one)));
            assertThatThrownBy(() -> foreignSource.find(items.firstKey()))
                    .isInstanceOf(CorruptionException.class)
                    .hasMessageContaining("volume");
        }
    }

    @Test
    void aCacheThatIsMuchTooSmallStillReadsRight() throws IOException {
        TreeMap<byte[], ItemValue> items = items(50_000, 100, 8);
        List<SegmentInfo> segments = write(items, OPTIONS.withSegmentBlocks(200));
        try (SegmentStore store = new SegmentStore(device, pool, OPTIONS, 1 << 20, new Counters())) {
            assertHolds(store.source(level1(segments)), items);
            assertThat(store.cachedBytes()).isLessThanOrEqualTo(1 << 20);
        }
    }
}
