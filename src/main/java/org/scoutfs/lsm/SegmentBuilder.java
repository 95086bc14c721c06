package org.scoutfs.lsm;

import static org.scoutfs.lsm.SegmentLayout.*;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32C;
import org.scoutfs.base.Invariants;
import org.scoutfs.device.BufferPool;

/**
 * One segment in the making, in memory: data blocks as items come, then filter, index and footer. docs/format.md, "Segment".
 *
 * <p>It refuses an item before it outgrows the blocks that it may have.
 * <p>Not thread-safe; used again for segment after segment.
 */
final class SegmentBuilder implements AutoCloseable {
    private static final int FOOTER_ENTRY_MAX = 1 + SegmentInfo.KEY_SIZE_MAX + INDEX_VALUE_SIZE;
    /** Filter, index and footer of the smallest segment that is no solo block: below this there is only the solo block. */
    private static final int LONG_SEGMENT_UNITS_MIN = SOLO_UNITS_MAX + 1 + 1 + 1;

    private final SegmentOptions options;
    private final SegmentBuffer out;
    private final CRC32C crc = new CRC32C();
    private final BlockBuilder data;
    private final BlockBuilder index = new BlockBuilder(INDEX_UNITS, INDEX_RESTART_INTERVAL);
    private final FilterBuilder filter;
    private final byte[] indexValue = new byte[INDEX_VALUE_SIZE];
    private final byte[] footer = new byte[UNIT];

    private long id;
    private int unitsMax;
    private long itemCount;
    private long tombstoneCount;
    private byte[] firstKey = {};
    private byte[] lastKey = {};
    // The last data block that is finished, until the key after it is known.
    private boolean hasPending;
    private byte[] pendingLastKey = new byte[SegmentInfo.KEY_SIZE_MAX];
    private int pendingLastKeySize;
    private int pendingPosition;
    private int pendingUnits;
    private boolean isDataBlockOversize;
    private final List<byte[]> indexBlocks = new ArrayList<>();
    private final List<byte[]> indexLastKeys = new ArrayList<>();
    private int footerUsed;

    SegmentBuilder(SegmentOptions options, BufferPool pool) {
        this.options = options;
        this.out = new SegmentBuffer(pool);
        this.data = new BlockBuilder(Math.max(SOLO_UNITS_MAX, options.dataBlockUnits()), DATA_RESTART_INTERVAL);
        this.filter = new FilterBuilder(options);
    }

    /** Starts a segment of at most {@code unitsMax} units. */
    void begin(long segmentId, int maxUnits) {
        Invariants.check(maxUnits > 0, "no room for a segment");
        id = segmentId;
        unitsMax = maxUnits;
        itemCount = 0;
        tombstoneCount = 0;
        hasPending = false;
        isDataBlockOversize = false;
        indexBlocks.clear();
        indexLastKeys.clear();
        footerUsed = FOOTER_KEYS + 2 * (1 + SegmentInfo.KEY_SIZE_MAX);
        out.clear();
        filter.clear();
        data.begin(Math.min(SOLO_UNITS_MAX, maxUnits));
        index.begin(INDEX_UNITS);
    }

    boolean isEmpty() {
        return itemCount == 0;
    }

    /** Units that the segment would have if it ended now, at most. */
    int unitsNow() {
        if (out.units() == 0 && data.size() <= SOLO_UNITS_MAX * UNIT) {
            return (data.size() + UNIT - 1) / UNIT;
        }
        return out.units() + (data.size() + UNIT - 1) / UNIT + filter.units() + indexUnits() + 1;
    }

    private int indexUnits() {
        return indexBlocks.size() * INDEX_UNITS + (index.size() + 2 * FOOTER_ENTRY_MAX + UNIT - 1) / UNIT;
    }

    /**
     * Adds an item with a larger key than the last.
     *
     * @return false, and nothing happened, when the segment has no room for it: end it. A segment that is empty takes any
     *     item that fits its blocks at all
     */
    boolean add(RawCursor item) {
        Invariants.check(item.valueSize <= VALUE_SIZE_MAX && item.keySize <= SegmentInfo.KEY_SIZE_MAX, "item too large");
        if (Invariants.SLOW) {
            checkOrder(item);
        }
        if (isDataBlockOversize || !data.add(item)) {
            if (!beginDataBlockFor(item)) {
                return false;
            }
            Invariants.check(data.add(item), "item does not fit an empty block");
        }
        if (itemCount == 0) {
            firstKey = item.key();
        }
        itemCount++;
        if (item.kindCode == ValueKind.TOMBSTONE.code()) {
            tombstoneCount++;
        }
        filter.add(item.keyBytes, item.keySize);
        return true;
    }

    private void checkOrder(RawCursor item) {
        byte[] last = data.isEmpty() ? pendingLastKey : data.lastKeyBytes();
        int lastSize = data.isEmpty() ? pendingLastKeySize : data.lastKeySize();
        Invariants.check(
                itemCount == 0 || Arrays.compareUnsigned(last, 0, lastSize, item.keyBytes, 0, item.keySize) < 0,
                "items out of order");
    }

    private boolean beginDataBlockFor(RawCursor item) {
        int needed = BlockBuilder.unitsFor(item.keySize, item.valueSize);
        int units = Math.max(options.dataBlockUnits(), needed);
        // Finishing the block below may need one more index entry and one more filter line than unitsNow() knows.
        int later = unitsMax < LONG_SEGMENT_UNITS_MIN ? unitsMax : outUnitsAfterData() + units + tailUnits() + 2;
        if (itemCount > 0 && (later >= unitsMax || isFooterFull())) {
            return false;
        }
        if (!data.isEmpty()) {
            finishDataBlock();
        }
        isDataBlockOversize = needed > options.dataBlockUnits();
        data.begin(units);
        return true;
    }

    private int outUnitsAfterData() {
        return out.units() + (data.size() + UNIT - 1) / UNIT;
    }

    private int tailUnits() {
        return filter.units() + indexUnits() + 1;
    }

    private boolean isFooterFull() {
        return footerUsed + 2 * FOOTER_ENTRY_MAX > UNIT;
    }

    private void finishDataBlock() {
        flushPending(data.firstKey());
        pendingPosition = out.units();
        pendingLastKeySize = data.lastKeySize();
        System.arraycopy(data.lastKeyBytes(), 0, pendingLastKey, 0, pendingLastKeySize);
        pendingUnits = data.finish(KIND_DATA, options.volumeId(), id, pendingPosition);
        out.append(data.bytes(), pendingUnits);
        hasPending = true;
    }

    /** Enters the pending data block in the index, under a key that is not below it and below {@code nextKey}. */
    private void flushPending(byte[] nextKey) {
        if (!hasPending) {
            return;
        }
        byte[] key = separator(nextKey);
        U32.set(indexValue, 0, pendingPosition);
        U16.set(indexValue, 4, (short) pendingUnits);
        if (!index.add(key, key.length, indexValue, ValueKind.PUT.code())) {
            finishIndexBlock();
            index.begin(INDEX_UNITS);
            Invariants.check(index.add(key, key.length, indexValue, ValueKind.PUT.code()), "index entry too large");
        }
        hasPending = false;
    }

    /** The shortest key that is not below the pending block's last one and still below {@code nextKey}. */
    private byte[] separator(byte[] nextKey) {
        int most = Math.min(pendingLastKeySize, nextKey.length);
        int shared = Arrays.mismatch(pendingLastKey, 0, most, nextKey, 0, most);
        if (shared < 0) {
            shared = most;
        }
        return shared + 1 < nextKey.length
                ? Arrays.copyOf(nextKey, shared + 1)
                : Arrays.copyOf(pendingLastKey, pendingLastKeySize);
    }

    /** Index blocks follow the filter, whose length is not known yet: their positions are filled in at the end. */
    private void finishIndexBlock() {
        byte[] last = index.lastKey();
        indexLastKeys.add(last);
        footerUsed += 1 + last.length + INDEX_VALUE_SIZE;
        int units = index.finish(KIND_INDEX, options.volumeId(), id, 0);
        indexBlocks.add(Arrays.copyOf(index.bytes(), units * UNIT));
    }

    /** Ends the segment: {@link #out} then has all of it. Its place is for the caller to add. */
    Finished finish() {
        Invariants.check(itemCount > 0, "empty segment");
        if (out.units() == 0 && data.size() <= SOLO_UNITS_MAX * UNIT) {
            lastKey = data.lastKey();
            int units = data.finish(KIND_SOLO, options.volumeId(), id, 0);
            out.append(data.bytes(), units);
        } else {
            finishDataBlock();
            lastKey = Arrays.copyOf(pendingLastKey, pendingLastKeySize);
            finishTail();
        }
        return new Finished(id, itemCount, tombstoneCount, firstKey, lastKey, out);
    }

    /** A finished segment without its place; {@code bytes} is the builder's until the next {@link #begin}. */
    record Finished(
            long id, long itemCount, long tombstoneCount, byte[] firstKey, byte[] lastKey, SegmentBuffer bytes) {}

    private void finishTail() {
        // The last data block has no successor: its last key is its index key.
        U32.set(indexValue, 0, pendingPosition);
        U16.set(indexValue, 4, (short) pendingUnits);
        if (!index.add(lastKey, lastKey.length, indexValue, ValueKind.PUT.code())) {
            finishIndexBlock();
            index.begin(INDEX_UNITS);
            Invariants.check(index.add(lastKey, lastKey.length, indexValue, ValueKind.PUT.code()), "index entry too large");
        }
        finishIndexBlock();
        int filterStart = out.units();
        appendFilter();
        appendIndexAndFooter(filterStart, out.units());
    }

    private void appendFilter() {
        byte[] lines = filter.lines();
        byte[] block = new byte[FILTER_UNITS * UNIT];
        int most = FILTER_LINES_PER_BLOCK * FILTER_LINE_SIZE;
        for (int from = 0; from < lines.length; from += most) {
            int count = Math.min(most, lines.length - from);
            Arrays.fill(block, (byte) 0);
            System.arraycopy(lines, from, block, FILTER_LINES, count);
            int units = BlockBuilder.seal(
                    crc, block, FILTER_LINES + count, KIND_FILTER, options.volumeId(), id, out.units());
            out.append(block, units);
        }
    }

    private void appendIndexAndFooter(int filterStart, int indexStart) {
        Arrays.fill(footer, (byte) 0);
        U64.set(footer, FOOTER_ITEM_COUNT, itemCount);
        U64.set(footer, FOOTER_TOMBSTONE_COUNT, tombstoneCount);
        U32.set(footer, FOOTER_FILTER_START, filterStart);
        U32.set(footer, FOOTER_INDEX_START, indexStart);
        U32.set(footer, FOOTER_FILTER_LINE_COUNT, filter.lineCount());
        U16.set(footer, FOOTER_INDEX_COUNT, (short) indexBlocks.size());
        footer[FOOTER_SHORT_PREFIX] = (byte) options.shortPrefix();
        footer[FOOTER_LONG_PREFIX] = (byte) options.longPrefix();
        int at = putKey(FOOTER_KEYS, firstKey);
        at = putKey(at, lastKey);
        for (int i = 0; i < indexBlocks.size(); i++) {
            byte[] block = indexBlocks.get(i);
            int used = (int) U32.get(block, USED);
            int position = out.units();
            int units = BlockBuilder.seal(crc, block, used, KIND_INDEX, options.volumeId(), id, position);
            out.append(block, units);
            at = putKey(at, indexLastKeys.get(i));
            U32.set(footer, at, position);
            U16.set(footer, at + 4, (short) units);
            at += INDEX_VALUE_SIZE;
        }
        int units = BlockBuilder.seal(crc, footer, at, KIND_FOOTER, options.volumeId(), id, out.units());
        out.append(footer, units);
    }

    private int putKey(int at, byte[] key) {
        footer[at] = (byte) key.length;
        System.arraycopy(key, 0, footer, at + 1, key.length);
        return at + 1 + key.length;
    }

    @Override
    public void close() {
        out.close();
    }
}
