package org.scoutfs.check;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.scoutfs.base.Counters;
import org.scoutfs.check.Problem.Kind;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.device.BufferPool;
import org.scoutfs.device.DeviceExtent;
import org.scoutfs.device.MemoryBlockDevice;
import org.scoutfs.lsm.Cursor;
import org.scoutfs.lsm.CutPoints;
import org.scoutfs.lsm.SegmentInfo;
import org.scoutfs.lsm.SegmentOptions;
import org.scoutfs.lsm.SegmentSpace;
import org.scoutfs.lsm.SegmentStore;
import org.scoutfs.lsm.SegmentWriter;
import org.scoutfs.lsm.ValueKind;
import org.scoutfs.lsm.Version;

/** What the version says of a segment, and what is in it: each contradiction is named, also where all checksums are right. */
class SegmentCheckTest {
    private static final SegmentOptions OPTIONS = SegmentOptions.of(0xfeedL);
    private static final int ITEMS = 3000;
    // docs/format.md, "Segment"
    private static final int CRC_END = 4;
    private static final int KIND = 4;
    private static final int UNITS = 6;
    private static final int BODY = 40;
    private static final int KIND_FILTER = 3;
    private static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort U16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final BlockDevice device = new MemoryBlockDevice("memory", 4096);
    private final BufferPool pool = new BufferPool(64 << 20);
    private final Space space = new Space();
    private SegmentInfo segment;

    @BeforeEach
    void write() throws IOException {
        segment = write(0, ITEMS);
    }

    @AfterEach
    void close() throws IOException {
        pool.close();
        device.close();
    }

    private SegmentInfo write(int from, int count) throws IOException {
        try (SegmentWriter writer = new SegmentWriter(device, pool, space, OPTIONS, CutPoints.NONE)) {
            writer.addAll(new Numbers(from, from + count));
            List<SegmentInfo> written = writer.finish();
            assertThat(written).hasSize(1);
            return written.getFirst();
        }
    }

    private List<Problem> check(SegmentInfo... atLevelOne) throws IOException {
        Findings findings = new Findings(problem -> {});
        try (SegmentStore store = new SegmentStore(device, pool, OPTIONS, 8 << 20, new Counters())) {
            new SegmentCheck(store, findings).run(Version.of(1, 0, List.of(List.of(), List.of(atLevelOne))));
        }
        return new ArrayList<>(findings.kept());
    }

    private void assertOne(String what, SegmentInfo said) throws IOException {
        List<Problem> problems = check(said);
        assertThat(problems).as(what).hasSize(1);
        assertThat(problems.getFirst().kind()).isEqualTo(Kind.SEGMENT);
        assertThat(problems.getFirst().toString()).contains(what);
    }

    private SegmentInfo said(long items, long tombstones, byte[] first, byte[] last) {
        return new SegmentInfo(segment.id(), segment.blkno(), segment.blockCount(), items, tombstones, first, last);
    }

    @Test
    void healthy() throws IOException {
        assertThat(check(segment, write(ITEMS, 10))).isEmpty();
    }

    @Test
    void anotherNumberOfItems() throws IOException {
        assertOne("items", said(ITEMS - 1, segment.tombstoneCount(), segment.firstKey(), segment.lastKey()));
        assertOne("items", said(ITEMS + 1, segment.tombstoneCount(), segment.firstKey(), segment.lastKey()));
    }

    @Test
    void anotherNumberOfTombstones() throws IOException {
        assertThat(segment.tombstoneCount()).isPositive();
        assertOne("tombstones", said(ITEMS, segment.tombstoneCount() - 1, segment.firstKey(), segment.lastKey()));
    }

    @Test
    void otherFirstAndLastKeys() throws IOException {
        assertOne("begins with another key", said(ITEMS, segment.tombstoneCount(), Numbers.key(1), segment.lastKey()));
        assertOne("first and last key", said(ITEMS, segment.tombstoneCount(), segment.firstKey(), Numbers.key(ITEMS)));
        segment = write(0, 3);
        assertOne("begins with another key", said(3, 0, Numbers.key(1), segment.lastKey()));
        assertOne("ends with another key", said(3, 0, segment.firstKey(), Numbers.key(9)));
    }

    @Test
    void anotherSegmentsNumberOrPlace() throws IOException {
        SegmentInfo other = write(0, ITEMS);
        assertOne("segment", new SegmentInfo(99, segment.blkno(), segment.blockCount(), ITEMS, segment.tombstoneCount(),
                segment.firstKey(), segment.lastKey()));
        assertOne("segment", new SegmentInfo(segment.id(), other.blkno(), segment.blockCount(), ITEMS, segment.tombstoneCount(),
                segment.firstKey(), segment.lastKey()));
    }

    /** With a right checksum: two keys change places. */
    @Test
    void keysOutOfOrder() throws IOException {
        SegmentInfo small = write(0, 3);
        change(small.blkno(), 1, block -> {
            // Shared, unshared, tag, then the whole first key: zone u8, first u64, type u8, second u64.
            long numbersByte = BODY + 3 + 1 + 8 + 1 + 8 - 1;
            block.set(ValueLayout.JAVA_BYTE, numbersByte, (byte) 2);
        });
        List<Problem> problems = check(new SegmentInfo(small.id(), small.blkno(), small.blockCount(), 3,
                small.tombstoneCount(), Numbers.key(2), small.lastKey()));
        assertThat(problems).hasSize(1);
        assertThat(problems.getFirst().toString()).contains("not in order");
    }

    @Test
    void everyBlockThatIsZeroedIsNamed() throws IOException {
        for (int i = 0; i < segment.blockCount(); i++) {
            byte[] before = bytes(segment.blkno() + i);
            set(segment.blkno() + i, new byte[BlockDevice.BLOCK_SIZE]);
            assertThat(check(segment)).as("block %d of %d is zeroes", i, segment.blockCount()).isNotEmpty();
            set(segment.blkno() + i, before);
        }
        assertThat(check(segment)).isEmpty();
    }

    @Test
    void everyFlippedBitIsNamed() throws IOException {
        for (int i = 0; i < segment.blockCount(); i++) {
            byte[] before = bytes(segment.blkno() + i);
            for (int bit : new int[] {7, 8 * 5 + 1, 8 * 900, 8 * 4095 + 7}) {
                byte[] flipped = before.clone();
                flipped[bit / 8] ^= (byte) (1 << bit % 8);
                set(segment.blkno() + i, flipped);
                assertThat(check(segment)).as("bit %d of block %d of %d", bit, i, segment.blockCount()).isNotEmpty();
            }
            set(segment.blkno() + i, before);
        }
    }

    /** A filter that does not know a key hides it from look-ups, though all checksums are right. */
    @Test
    void aFilterThatForgets() throws IOException {
        int filter = -1;
        for (int i = 0; i < segment.blockCount() && filter < 0; i++) {
            byte[] bytes = bytes(segment.blkno() + i);
            boolean isBlock = MemorySegment.ofArray(bytes).get(ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN), 8) == 0xfeedL;
            filter = isBlock && bytes[KIND] == KIND_FILTER ? i : -1;
        }
        assertThat(filter).as("a filter block").isPositive();
        int units = bytes(segment.blkno() + filter)[UNITS];
        change(segment.blkno() + filter, units, block -> block.asSlice(64, 64).fill((byte) 0));
        assertThat(check(segment)).hasSize(1);
        assertThat(check(segment).getFirst().toString()).contains("filter");
    }

    // ---- bytes

    private interface Change {
        void of(MemorySegment block);
    }

    /** Changes a block and makes its checksum right again. */
    private void change(long blkno, int units, Change change) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment block = arena.allocate((long) units * BlockDevice.BLOCK_SIZE, BlockDevice.BLOCK_SIZE);
            device.read(blkno, block);
            assertThat(block.get(U16, UNITS)).isEqualTo((short) units);
            change.of(block);
            CRC32C crc = new CRC32C();
            crc.update(block.asSlice(CRC_END).asByteBuffer());
            block.set(U32, 0, (int) crc.getValue());
            device.write(blkno, block);
        }
    }

    private byte[] bytes(long blkno) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment block = arena.allocate(BlockDevice.BLOCK_SIZE, BlockDevice.BLOCK_SIZE);
            device.read(blkno, block);
            return block.toArray(ValueLayout.JAVA_BYTE);
        }
    }

    private void set(long blkno, byte[] bytes) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment block = arena.allocate(BlockDevice.BLOCK_SIZE, BlockDevice.BLOCK_SIZE);
            block.copyFrom(MemorySegment.ofArray(bytes));
            device.write(blkno, block);
        }
    }

    /** One segment after the other. */
    private static final class Space implements SegmentSpace {
        private long nextId = 1;
        private long next = 16;

        @Override
        public long nextSegmentId() {
            return nextId++;
        }

        @Override
        public int longestRun() {
            return 1024;
        }

        @Override
        public DeviceExtent take(int blockCount) {
            DeviceExtent taken = new DeviceExtent(next, blockCount);
            next += blockCount;
            return taken;
        }
    }

    /** Items with the numbers of a range as keys; each tenth one is a tombstone. */
    private static final class Numbers implements Cursor {
        private final int end;
        private int at;

        Numbers(int from, int end) {
            this.at = from - 1;
            this.end = end;
        }

        static byte[] key(int number) {
            return org.scoutfs.item.Keys.of(6, number >>> 8, 7, number & 0xff, 0, 0);
        }

        @Override
        public boolean next() {
            return ++at < end;
        }

        @Override
        public byte[] key() {
            return key(at);
        }

        @Override
        public ValueKind kind() {
            return at % 10 == 9 ? ValueKind.TOMBSTONE : ValueKind.PUT;
        }

        @Override
        public byte[] value() {
            return at % 10 == 9 ? new byte[0] : new byte[] {(byte) at, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
        }

        @Override
        public void close() {}
    }
}
