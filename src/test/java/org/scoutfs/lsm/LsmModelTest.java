package org.scoutfs.lsm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.scoutfs.base.Counters;
import org.scoutfs.base.Rng;
import org.scoutfs.device.BufferPool;
import org.scoutfs.device.DeviceExtent;
import org.scoutfs.device.MemoryBlockDevice;

/**
 * Random commits and merges, with several merges under way and published late, held against a sorted map at every version
 * that is still kept. Everything is small, so that runs of a few thousand items reach several levels.
 */
class LsmModelTest {
    private static final byte[] LOWEST = {};
    private static final byte[] HIGHEST = highest();

    private static byte[] highest() {
        byte[] key = new byte[SegmentInfo.KEY_SIZE_MAX];
        Arrays.fill(key, (byte) 0xff);
        return key;
    }

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void everyVersionReadsAsTheModelDoes(long seed) throws IOException {
        Run run = new Run(seed);
        run.go(120);
        run.close();
    }

    /** The rare branches were reached: a model test that merges nothing proves nothing. */
    @Test
    void theRandomRunsReachEveryKindOfJob() throws IOException {
        int moves = 0;
        int folds = 0;
        int purges = 0;
        int merges = 0;
        int late = 0;
        int dropped = 0;
        for (long seed = 100; seed < 104; seed++) {
            Run run = new Run(seed);
            run.go(100);
            run.close();
            moves += run.moves;
            folds += run.folds;
            purges += run.purges;
            merges += run.merges;
            late += run.publishedLate;
            dropped += run.emptyResults;
        }
        assertThat(moves).as("moves").isGreaterThan(5);
        assertThat(folds).as("folds").isGreaterThan(5);
        assertThat(purges).as("purges").isGreaterThan(5);
        assertThat(merges).as("merges down").isGreaterThan(30);
        assertThat(late).as("merges published after other commits").isGreaterThan(20);
    }

    @Test
    void deletedItemsGoAwayWithTheirTombstones() throws IOException {
        Run run = new Run(4711);
        run.deltasToo = false;
        run.go(60);
        run.deleteEverything();
        run.compactUntilQuiet();
        long items = 0;
        for (List<SegmentInfo> level : run.version.levels()) {
            items += level.stream().mapToLong(SegmentInfo::itemCount).sum();
        }
        assertThat(items).as("items left of " + run.putCount).isLessThan(run.putCount / 10);
        run.close();
    }

    /** One history. */
    private static final class Run {
        private final Rng rng;
        private final MemoryBlockDevice device = new MemoryBlockDevice("memory", 1 << 15);
        private final BufferPool pool = new BufferPool(64 << 20);
        private final TestSpace space = new TestSpace(device.blockCount());
        private final long allBlocks = space.freeBlocks();
        private final SegmentOptions options = new SegmentOptions(7, 24, 1, 9, 18, 10);
        private final CompactionPicker picker = new CompactionPicker(CompactionOptions.TINY);
        private final TreeMap<byte[], byte[]> model = new TreeMap<>(Arrays::compareUnsigned);
        private final List<Kept> kept = new ArrayList<>();
        private final Map<Long, DeviceExtent> extents = new HashMap<>();
        private final List<Running> running = new ArrayList<>();
        private SegmentStore store;
        Version version = Version.empty();
        boolean deltasToo = true;
        int moves;
        int folds;
        int purges;
        int merges;
        int publishedLate;
        int emptyResults;
        int putCount;
        private int frontier;

        private record Kept(Version version, TreeMap<byte[], byte[]> model) {}

        private record Running(MergeSpec spec, Merge.Result result, long startedAt) {}

        Run(long seed) {
            System.out.println("lsm model seed " + seed);
            rng = Rng.seeded(seed);
            store = open();
        }

        private SegmentStore open() {
            return new SegmentStore(device, pool, options, 1 << 20, new Counters());
        }

        void go(int rounds) throws IOException {
            for (int round = 0; round < rounds; round++) {
                commit(rng.nextInt(4) == 0 ? 200 + rng.nextInt(400) : 1 + rng.nextInt(20));
                if (rng.nextInt(3) > 0) {
                    startJobs();
                }
                while (!running.isEmpty() && rng.nextInt(2) == 0) {
                    publish(running.remove(rng.nextInt(running.size())));
                }
                if (rng.nextInt(8) == 0) {
                    reopen();
                }
                check(version, model, 20);
                if (rng.nextInt(10) == 0) {
                    kept.add(new Kept(version, new TreeMap<>(model)));
                }
                dropOldVersions();
            }
            while (!running.isEmpty()) {
                publish(running.removeFirst());
            }
            checkWhole();
        }

        private void commit(int operations) throws IOException {
            TreeMap<byte[], ItemValue> memtable = new TreeMap<>(Arrays::compareUnsigned);
            for (int i = 0; i < operations; i++) {
                byte[] key = key();
                boolean isTotal = deltasToo && key[0] == 2;
                if (isTotal && rng.nextInt(4) > 0) {
                    apply(memtable, key, ItemValue.delta(total()));
                } else if (rng.nextInt(3) == 0) {
                    apply(memtable, key, ItemValue.TOMBSTONE);
                } else {
                    apply(memtable, key, ItemValue.put(isTotal ? total() : value()));
                }
            }
            write(memtable);
        }

        void deleteEverything() throws IOException {
            TreeMap<byte[], ItemValue> memtable = new TreeMap<>(Arrays::compareUnsigned);
            for (byte[] key : List.copyOf(model.keySet())) {
                apply(memtable, key, ItemValue.TOMBSTONE);
            }
            write(memtable);
        }

        private void write(TreeMap<byte[], ItemValue> memtable) throws IOException {
            space.longestRunMax = rng.nextInt(5) == 0 ? 1 + rng.nextInt(30) : Integer.MAX_VALUE;
            try (SegmentWriter writer = new SegmentWriter(
                    device, pool, space, options, CutPoints.forCommit(version, rng.nextInt(3)))) {
                writer.addAll(new ListCursor(memtable));
                List<VersionEdit.Added> added = new ArrayList<>();
                for (SegmentInfo segment : writer.finish()) {
                    added.add(new VersionEdit.Added(0, segment));
                }
                publish(added, List.of());
            }
        }

        /** Three kinds of keys: a frontier that only grows, a space that is written over and over, and totals. */
        private byte[] key() {
            ByteBuffer key = ByteBuffer.allocate(27);
            switch (rng.nextInt(3)) {
                case 0 -> key.put((byte) 6).putLong(1000 + frontier++).put((byte) 1).putLong(rng.nextInt(3));
                case 1 -> key.put((byte) 4).putLong(rng.nextInt(20)).put((byte) 3).putLong(rng.nextInt(30));
                default -> key.put((byte) 2).putLong(rng.nextInt(10)).put((byte) 2).putLong(rng.nextInt(5));
            }
            return key.array();
        }

        private byte[] total() {
            return ByteBuffer.allocate(16)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(rng.nextInt(3) - 1)
                    .putLong(rng.nextInt(2))
                    .array();
        }

        private byte[] value() {
            byte[] value = new byte[rng.nextInt(rng.nextInt(20) == 0 ? 5000 : 60)];
            Arrays.fill(value, (byte) rng.nextLong());
            return value;
        }

        private void apply(TreeMap<byte[], ItemValue> memtable, byte[] key, ItemValue item) throws IOException {
            putCount++;
            ItemValue older = memtable.get(key);
            memtable.put(key, older == null ? item : Deltas.merge(item, older));
            switch (item.kind()) {
                case PUT -> model.put(key, item.bytes());
                case TOMBSTONE -> model.remove(key);
                case DELTA -> {
                    byte[] sum = sum(model.get(key), item.bytes());
                    if (Arrays.equals(sum, new byte[sum.length])) {
                        model.remove(key);
                    } else {
                        model.put(key, sum);
                    }
                }
            }
        }

        private static byte[] sum(byte[] old, byte[] delta) {
            ByteBuffer a = ByteBuffer.wrap(old == null ? new byte[16] : old).order(ByteOrder.LITTLE_ENDIAN);
            ByteBuffer b = ByteBuffer.wrap(delta).order(ByteOrder.LITTLE_ENDIAN);
            return ByteBuffer.allocate(16)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(a.getLong(0) + b.getLong(0))
                    .putLong(a.getLong(8) + b.getLong(8))
                    .array();
        }

        private void publish(List<VersionEdit.Added> added, List<Long> removed) {
            for (VersionEdit.Added segment : added) {
                extents.put(segment.segment().id(), segment.segment().extent());
            }
            version = version.apply(new VersionEdit(version.number() + 1, version.stableSeq(), added, removed));
        }

        private void startJobs() throws IOException {
            CompactionPicker.Room room = rng.nextInt(3) > 0
                    ? CompactionPicker.Room.PLENTY
                    : new CompactionPicker.Room(1 + rng.nextInt(2000), rng.nextInt(2) == 0, rng.nextInt(2) == 0);
            while (running.size() < 4) {
                CompactionJob job = picker.pick(version, running.stream().map(Running::spec).toList(), room);
                if (job == null) {
                    return;
                }
                switch (job) {
                    case CompactionJob.Move move -> {
                        moves++;
                        version = version.apply(move.edit(version));
                    }
                    case CompactionJob.Merge merge -> start(merge.spec());
                }
            }
        }

        private void start(MergeSpec spec) throws IOException {
            if (spec.isPurge()) {
                purges++;
            } else if (spec.targetLevel() == 0) {
                folds++;
            } else {
                merges++;
            }
            space.longestRunMax = rng.nextInt(5) == 0 ? 10 + rng.nextInt(30) : Integer.MAX_VALUE;
            Merge.Result result = new Merge(spec, version, store, space, options, Merge.Pace.FULL).run();
            assertThat(result).isNotNull();
            long blocks = result.added().stream().mapToLong(added -> added.segment().blockCount()).sum();
            assertThat(blocks).isLessThanOrEqualTo(spec.blocksMax());
            emptyResults += result.added().isEmpty() ? 1 : 0;
            running.add(new Running(spec, result, version.number()));
        }

        private void publish(Running job) {
            if (version.number() > job.startedAt) {
                publishedLate++;
            }
            publish(job.result.added(), job.spec.inputIds());
        }

        void compactUntilQuiet() throws IOException {
            for (int round = 0; round < 1000; round++) {
                long before = version.number();
                startJobs();
                while (!running.isEmpty()) {
                    publish(running.removeFirst());
                }
                dropOldVersions();
                if (version.number() == before) {
                    return;
                }
            }
            throw new AssertionError("compaction does not come to rest: " + version);
        }

        private void reopen() throws IOException {
            ByteBuffer bytes = ByteBuffer.allocate(VersionCodec.sizeOf(version));
            VersionCodec.encode(version, bytes);
            version = VersionCodec.decodeVersion(bytes.flip());
            store.close();
            store = open();
        }

        private void dropOldVersions() throws IOException {
            while (kept.size() > 3) {
                Kept old = kept.remove(rng.nextInt(kept.size()));
                check(old.version, old.model, 10);
            }
            List<Version> live = new ArrayList<>(kept.stream().map(Kept::version).toList());
            live.add(version);
            Set<Long> ids = new HashSet<>();
            for (Version one : live) {
                one.levels().forEach(level -> level.forEach(segment -> ids.add(segment.id())));
            }
            for (Running job : running) {
                job.result.added().forEach(added -> ids.add(added.segment().id()));
            }
            for (Long id : List.copyOf(extents.keySet())) {
                if (!ids.contains(id)) {
                    space.give(extents.remove(id));
                }
            }
            if (rng.nextInt(2) == 0) {
                store.retainOnly(live);
            }
        }

        private void check(Version at, TreeMap<byte[], byte[]> expected, int rounds) throws IOException {
            ItemReader reader = store.reader(at);
            for (int i = 0; i < rounds; i++) {
                byte[] key = key();
                assertThat(reader.get(key)).as("get at %s", at).isEqualTo(expected.get(key));
                byte[] other = key();
                byte[] first = Arrays.compareUnsigned(key, other) <= 0 ? key : other;
                byte[] last = first == key ? other : key;
                if (rng.nextInt(2) == 0) {
                    last = Arrays.copyOf(Arrays.copyOf(first, 9), 27);
                    Arrays.fill(last, 9, 27, (byte) 0xff);
                }
                checkRange(reader, expected, first, last);
            }
        }

        private static void checkRange(ItemReader reader, TreeMap<byte[], byte[]> expected, byte[] first, byte[] last)
                throws IOException {
            var range = expected.subMap(first, true, last, true);
            try (Cursor cursor = reader.scan(first, last)) {
                for (Map.Entry<byte[], byte[]> item : range.entrySet()) {
                    boolean isRight = cursor.next()
                            && Arrays.equals(cursor.key(), item.getKey())
                            && Arrays.equals(cursor.value(), item.getValue())
                            && cursor.kind() == ValueKind.PUT;
                    if (!isRight) {
                        throw new AssertionError("scan expected " + Arrays.toString(item.getKey()) + " = "
                                + Arrays.toString(item.getValue()) + ", found " + Arrays.toString(cursor.key()) + " = "
                                + Arrays.toString(cursor.value()));
                    }
                }
                assertThat(cursor.next()).isFalse();
            }
            ItemReader.Item largest = reader.last(first, last);
            if (range.isEmpty()) {
                assertThat(largest).isNull();
            } else {
                assertThat(largest).isNotNull();
                assertThat(largest.key()).isEqualTo(range.lastKey());
                assertThat(largest.value()).isEqualTo(range.lastEntry().getValue());
            }
        }

        private void checkWhole() throws IOException {
            for (Kept old : kept) {
                checkRange(store.reader(old.version), old.model, LOWEST, HIGHEST);
            }
            checkRange(store.reader(version), model, LOWEST, HIGHEST);
        }

        void close() throws IOException {
            kept.clear();
            dropOldVersions();
            long live = extents.values().stream().mapToLong(DeviceExtent::blockCount).sum();
            assertThat(space.freeBlocks() + live).as("blocks free and live").isEqualTo(allBlocks);
            assertThat(pool.borrowedBytes()).as("buffers not returned").isZero();
            store.close();
            pool.close();
            device.close();
        }
    }
}
