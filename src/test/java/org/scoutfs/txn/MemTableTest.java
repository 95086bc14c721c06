package org.scoutfs.txn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.scoutfs.base.InvariantViolation;
import org.scoutfs.base.Rng;
import org.scoutfs.lsm.Cursor;
import org.scoutfs.lsm.ItemValue;
import org.scoutfs.lsm.ValueKind;

class MemTableTest {
    private static final Object DELETED = new Object();
    private static final byte[] FIRST = key(0);
    private static final byte[] LAST = filled(27, 0xff);

    @Test
    void newAndDeletedAgainLeavesNothing() throws IOException {
        MemTable table = new MemTable();
        long bytes = table.putNew(key(1), value(1));
        assertThat(bytes).isEqualTo(27 + 8 + MemTable.ENTRY_OVERHEAD_BYTES);
        bytes += table.delete(key(1));
        assertThat(bytes).isZero();
        assertThat(table.find(key(1))).isNull();
        assertThat(table.lastKey(FIRST, key(1))).isNull();
        assertThat(list(table, FIRST, LAST)).isEmpty();
    }

    @Test
    void putAgainAfterThatIsStillNew() throws IOException {
        MemTable table = new MemTable();
        table.putNew(key(1), value(1));
        table.delete(key(1));
        table.put(key(1), value(2));
        assertThat(table.find(key(1)).bytes()).isEqualTo(value(2));
        table.delete(key(1));
        assertThat(list(table, FIRST, LAST)).isEmpty();
    }

    @Test
    void deletedAndPutAsNewLeavesATombstoneWhenDeletedAgain() {
        MemTable table = new MemTable();
        table.delete(key(1)); // an older item lies in a segment
        table.putNew(key(1), value(1));
        table.delete(key(1));
        assertThat(table.find(key(1))).isSameAs(ItemValue.TOMBSTONE);
    }

    @Test
    void deltasAreAddedUpAndStayDeltasWhileNothingIsKnownBelow() {
        MemTable table = new MemTable();
        table.add(key(1), value(5));
        table.add(key(1), value(-2));
        assertThat(table.find(key(1)).kind()).isEqualTo(ValueKind.DELTA);
        assertThat(table.find(key(1)).bytes()).isEqualTo(value(3));
    }

    @Test
    void deltasOnAValueMakeAValueAndOnATombstoneStartFromZero() {
        MemTable table = new MemTable();
        table.put(key(1), value(5));
        table.add(key(1), value(-2));
        assertThat(table.find(key(1)).bytes()).isEqualTo(value(3));
        table.add(key(1), value(-3));
        assertThat(table.find(key(1))).isSameAs(ItemValue.TOMBSTONE);
        table.add(key(1), value(4));
        assertThat(table.find(key(1)).bytes()).isEqualTo(value(4));
    }

    @Test
    void aFrozenTableRefusesChanges() {
        MemTable table = new MemTable();
        table.freeze();
        assertThatThrownBy(() -> table.put(key(1), value(1))).isInstanceOf(InvariantViolation.class);
    }

    @Test
    void keysOfAnyLengthSortAsBytes() throws IOException {
        MemTable table = new MemTable();
        List<byte[]> keys = new ArrayList<>();
        for (int length = 0; length <= PackedKey.MAX_BYTES; length++) {
            keys.add(filled(length, 0));
            keys.add(filled(length, 0x7f));
            keys.add(filled(length, 0x80));
            keys.add(filled(length, 0xff));
        }
        for (byte[] key : keys) {
            table.put(key, key);
        }
        TreeMap<byte[], byte[]> model = new TreeMap<>(Arrays::compareUnsigned);
        keys.forEach(key -> model.put(key, key));
        List<byte[]> found = new ArrayList<>();
        try (Cursor cursor = table.scanAll()) {
            while (cursor.next()) {
                assertThat(cursor.key()).isEqualTo(cursor.value());
                found.add(cursor.key());
            }
        }
        assertThat(found).containsExactlyElementsOf(model.keySet());
        assertThatThrownBy(() -> table.put(new byte[PackedKey.MAX_BYTES + 1], FIRST))
                .isInstanceOf(InvariantViolation.class);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void randomChangesGiveWhatAMapGives(long seed) throws IOException {
        Rng rng = Rng.seeded(seed);
        MemTable table = new MemTable();
        TreeMap<byte[], Object> model = new TreeMap<>(Arrays::compareUnsigned);
        TreeMap<byte[], Boolean> isNew = new TreeMap<>(Arrays::compareUnsigned);
        int space = 1 << (4 + rng.nextInt(12));
        long bytes = 0;
        for (int i = 0; i < 20_000; i++) {
            byte[] key = key(rng.nextInt(space));
            byte[] value = value(1 + rng.nextInt(3));
            Object before = model.get(key);
            switch (rng.nextInt(4)) {
                case 0 -> {
                    bytes += table.put(key, value);
                    model.put(key, value);
                }
                case 1 -> {
                    if (before == null) {
                        bytes += table.putNew(key, value);
                        model.put(key, value);
                        isNew.put(key, true);
                    }
                }
                case 2 -> {
                    bytes += table.delete(key);
                    if (isNew.containsKey(key)) {
                        model.remove(key);
                    } else {
                        model.put(key, DELETED);
                    }
                }
                default -> {
                    if (before != null) {
                        bytes += table.add(key, value);
                        model.put(key, before instanceof byte[] old ? MemTree.sum(old, value) : value);
                    }
                }
            }
            if (i % 500 == 0) {
                compare(table, model, rng, space);
            }
        }
        compare(table, model, rng, space);
        long expected = 0;
        for (Map.Entry<byte[], Object> entry : model.entrySet()) {
            expected += 27 + MemTable.ENTRY_OVERHEAD_BYTES + (entry.getValue() instanceof byte[] v ? v.length : 0);
        }
        assertThat(bytes).as("seed %d", seed).isEqualTo(expected);
    }

    private static void compare(MemTable table, TreeMap<byte[], Object> model, Rng rng, int space) throws IOException {
        byte[] a = key(rng.nextInt(space));
        byte[] b = key(rng.nextInt(space));
        byte[] first = Arrays.compareUnsigned(a, b) < 0 ? a : b;
        byte[] last = first == a ? b : a;
        List<String> expected = new ArrayList<>();
        model.subMap(first, true, last, true).forEach((key, value) -> expected.add(text(key, value)));
        assertThat(list(table, first, last)).isEqualTo(expected);
        assertThat(table.lastKey(FIRST, a)).isEqualTo(model.floorKey(a));
        ItemValue found = table.find(a);
        assertThat(found == null ? null : found.kind() == ValueKind.TOMBSTONE ? DELETED : found.bytes())
                .isEqualTo(model.get(a));
    }

    /** Each thread owns every n-th key and counts its value up; readers must never see one go down. */
    @Test
    void concurrentWritersAndReadersAgree() throws Exception {
        int writers = 3;
        int keysEach = 2_000;
        int rounds = 30;
        MemTable table = new MemTable();
        try (ExecutorService pool = Executors.newFixedThreadPool(writers + 1)) {
            List<Future<Long>> done = new ArrayList<>();
            for (int w = 0; w < writers; w++) {
                int writer = w;
                done.add(pool.submit(() -> {
                    long bytes = 0;
                    for (int round = 1; round <= rounds; round++) {
                        for (int i = 0; i < keysEach; i++) {
                            // scattered: neighbours belong to different writers
                            byte[] key = key((i * 7919L % keysEach) * writers + writer);
                            bytes += table.put(key, value(round));
                            if (table.find(key).bytes()[0] != round) {
                                throw new AssertionError("does not see its own put");
                            }
                        }
                    }
                    return bytes;
                }));
            }
            Callable<Long> reader = () -> {
                long seen = 0;
                int[] last = new int[writers * keysEach];
                while (!done.stream().allMatch(Future::isDone)) {
                    long before = -1;
                    try (Cursor cursor = table.scan(FIRST, LAST)) {
                        while (cursor.next()) {
                            long number = ByteBuffer.wrap(cursor.key()).getLong(10);
                            int round = cursor.value()[0];
                            if (number <= before || round < last[(int) number]) {
                                throw new AssertionError("out of order, or back in time, at " + number);
                            }
                            last[(int) number] = round;
                            before = number;
                            seen++;
                        }
                    }
                }
                return seen;
            };
            Future<Long> read = pool.submit(reader);
            long bytes = 0;
            for (Future<Long> each : done) {
                bytes += each.get(60, TimeUnit.SECONDS);
            }
            assertThat(read.get(60, TimeUnit.SECONDS)).isPositive();
            assertThat(bytes).isEqualTo((long) writers * keysEach * (27 + 8 + MemTable.ENTRY_OVERHEAD_BYTES));
        }
        List<String> all = list(table, FIRST, LAST);
        assertThat(all).hasSize(writers * keysEach);
        assertThat(all).allMatch(text -> text.endsWith("=" + rounds));
    }

    private static List<String> list(MemTable table, byte[] first, byte[] last) throws IOException {
        List<String> found = new ArrayList<>();
        try (Cursor cursor = table.scan(first, last)) {
            while (cursor.next()) {
                found.add(text(
                        cursor.key(), cursor.kind() == ValueKind.TOMBSTONE ? DELETED : cursor.value()));
            }
            assertThat(cursor.next()).isFalse();
        }
        return found;
    }

    private static String text(byte[] key, Object value) {
        return ByteBuffer.wrap(key).getLong(10)
                + "="
                + (value instanceof byte[] bytes
                        ? ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong()
                        : "deleted");
    }

    private static byte[] key(long number) {
        byte[] key = new byte[27];
        key[0] = 6;
        ByteBuffer.wrap(key).putLong(10, number);
        return key;
    }

    private static byte[] value(long number) {
        return ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(number).array();
    }

    private static byte[] filled(int length, int value) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) value);
        return bytes;
    }
}
