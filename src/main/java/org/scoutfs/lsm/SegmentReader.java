package org.scoutfs.lsm;

import static org.scoutfs.lsm.SegmentLayout.*;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.CorruptionException;
import org.scoutfs.device.PooledBuffer;

/**
 * One segment, read block by block through the cache.
 *
 * <p>The first access reads the footer, and with the same read, or one more for a large segment, the filter and the index;
 * all of them become blocks of the cache like data. After that a look-up that the filter refuses costs one cache line, any
 * other one index block and one data block.
 * <p>Thread-safe: two threads that miss the same block both read it, and one of the two copies is dropped.
 */
final class SegmentReader {
    /** Read at the end of a segment to find its footer, in the hope that filter and index are in it too. */
    private static final int FIRST_READ_UNITS = 16;
    /** More of filter and index than this is read block by block, when it is asked for. */
    private static final int TAIL_UNITS_MAX = 512;
    /** So many data blocks are read at once where look-ups go through a segment in order. */
    private static final int LOOK_UP_AHEAD_BLOCKS = 8;

    final SegmentInfo info;
    private final SegmentStore store;
    private volatile @Nullable Map map;

    /** What the footer says, and where the blocks are in the cache, by position. */
    private record Map(
            boolean isSolo,
            int dataEnd,
            int filterLineCount,
            int shortPrefix,
            int longPrefix,
            byte[][] indexLastKeys,
            int[] indexPositions,
            int[] indexUnits,
            AtomicReferenceArray<@Nullable CachedBlock> blocks) {}

    SegmentReader(SegmentInfo info, SegmentStore store) {
        this.info = info;
        this.store = store;
    }

    // ---- opening --------------------------------------------------------------------------------------------------

    private Map map() throws IOException {
        Map open = map;
        return open != null ? open : open();
    }

    private Map open() throws IOException {
        Map opened;
        if (info.blockCount() <= SOLO_UNITS_MAX) {
            opened = soloMap();
            load(opened, 0, info.blockCount(), KIND_SOLO).close();
        } else {
            opened = openLong();
        }
        map = opened;
        return opened;
    }

    private Map openLong() throws IOException {
        int units = Math.min(FIRST_READ_UNITS, info.blockCount());
        int start = info.blockCount() - units;
        try (PooledBuffer buffer = store.pool().borrow((long) units * UNIT)) {
            MemorySegment end = buffer.memory();
            store.device().read(info.blkno() + start, end);
            int position = info.blockCount() - 1;
            MemorySegment footer = end.asSlice((long) (units - 1) * UNIT, UNIT);
            ItemBlock.verify(footer, KIND_FOOTER, store.volumeId(), info, position, new CRC32C());
            Map opened = parseFooter(footer.toArray(M8));
            if (opened.dataEnd >= start) {
                install(opened, end, start, opened.dataEnd);
            } else if (info.blockCount() - opened.dataEnd <= TAIL_UNITS_MAX) {
                readTail(opened);
            }
            return opened;
        }
    }

    /** Takes the bytes of a short segment that was just written: whoever looks into it next need not read them back. */
    void keepSolo(MemorySegment bytes) throws IOException {
        Map opened = soloMap();
        installOne(opened, bytes, 0, 0, info.blockCount(), KIND_SOLO);
        map = opened;
    }

    private Map soloMap() {
        return new Map(
                true, info.blockCount(), 0, 0, 0, new byte[0][], new int[0], new int[0], new AtomicReferenceArray<>(1));
    }

    private void readTail(Map opened) throws IOException {
        int units = info.blockCount() - 1 - opened.dataEnd;
        try (PooledBuffer buffer = store.pool().borrow((long) units * UNIT)) {
            store.device().read(info.blkno() + opened.dataEnd, buffer.memory());
            install(opened, buffer.memory(), opened.dataEnd, opened.dataEnd);
        }
    }

    /** Copies the filter and index blocks from {@code from} on into the cache. */
    private void install(Map opened, MemorySegment bytes, int start, int from) throws IOException {
        int position = from;
        while (position < opened.indexPositions[0]) {
            int units = filterBlockUnits(opened, position);
            installOne(opened, bytes, start, position, units, KIND_FILTER);
            position += units;
        }
        for (int i = 0; i < opened.indexPositions.length; i++) {
            installOne(opened, bytes, start, opened.indexPositions[i], opened.indexUnits[i], KIND_INDEX);
        }
    }

    private void installOne(Map opened, MemorySegment bytes, int start, int position, int units, int kind)
            throws IOException {
        CachedBlock piece = store.cache().reserve(units);
        piece.bytes.copyFrom(bytes.asSlice((long) (position - start) * UNIT, (long) units * UNIT));
        publish(opened, piece, position, kind).close();
    }

    private Map parseFooter(byte[] bytes) throws CorruptionException {
        int used = (int) U32.get(bytes, USED);
        int footerPosition = info.blockCount() - 1;
        long itemCount = (long) U64.get(bytes, FOOTER_ITEM_COUNT);
        long tombstoneCount = (long) U64.get(bytes, FOOTER_TOMBSTONE_COUNT);
        int filterStart = (int) U32.get(bytes, FOOTER_FILTER_START);
        int indexStart = (int) U32.get(bytes, FOOTER_INDEX_START);
        int lineCount = (int) U32.get(bytes, FOOTER_FILTER_LINE_COUNT);
        int indexCount = (short) U16.get(bytes, FOOTER_INDEX_COUNT) & 0xffff;
        if (itemCount != info.itemCount() || tombstoneCount != info.tombstoneCount()) {
            throw damaged(info.itemCount() + " items, " + info.tombstoneCount() + " tombstones",
                    itemCount + " and " + tombstoneCount);
        }
        boolean isSound = filterStart > 0 && filterStart <= indexStart && indexStart < footerPosition && indexCount > 0
                && lineCount >= 0
                && filterUnits(lineCount) == indexStart - filterStart;
        if (!isSound) {
            throw damaged("filter and index before unit " + footerPosition,
                    "filter at " + filterStart + " of " + lineCount + " lines, index at " + indexStart);
        }
        byte[][] keys = new byte[indexCount][];
        int[] positions = new int[indexCount];
        int[] units = new int[indexCount];
        Parser parser = new Parser(bytes, used);
        byte[] firstKey = parser.key();
        byte[] lastKey = parser.key();
        if (!Arrays.equals(firstKey, info.firstKey()) || !Arrays.equals(lastKey, info.lastKey())) {
            throw damaged("the first and last key that the version names", "others");
        }
        int position = indexStart;
        for (int i = 0; i < indexCount; i++) {
            keys[i] = parser.key();
            positions[i] = parser.u32();
            units[i] = parser.u16();
            if (positions[i] != position || units[i] < 1 || units[i] > INDEX_UNITS) {
                throw damaged("index block at unit " + position, positions[i] + "+" + units[i]);
            }
            position += units[i];
        }
        if (position != footerPosition || parser.at != used) {
            throw damaged("index up to the footer", "index up to unit " + position);
        }
        return new Map(
                false,
                filterStart,
                lineCount,
                bytes[FOOTER_SHORT_PREFIX] & 0xff,
                bytes[FOOTER_LONG_PREFIX] & 0xff,
                keys,
                positions,
                units,
                new AtomicReferenceArray<>(info.blockCount()));
    }

    /** Reads the footer's variable part. */
    private final class Parser {
        private final byte[] bytes;
        private final int end;
        private int at = FOOTER_KEYS;

        Parser(byte[] bytes, int end) {
            this.bytes = bytes;
            this.end = end;
        }

        byte[] key() throws CorruptionException {
            int size = bytes[advance(1)] & 0xff;
            int start = advance(size);
            return Arrays.copyOfRange(bytes, start, start + size);
        }

        int u32() throws CorruptionException {
            return (int) U32.get(bytes, advance(4));
        }

        int u16() throws CorruptionException {
            return (short) U16.get(bytes, advance(2)) & 0xffff;
        }

        private int advance(int count) throws CorruptionException {
            if (count > end - at) {
                throw damaged("a footer of " + end + " bytes", "more");
            }
            int start = at;
            at += count;
            return start;
        }
    }

    private CorruptionException damaged(String expected, String actual) {
        return ItemBlock.damaged(info, info.blockCount() - 1, expected, actual);
    }

    // ---- blocks ---------------------------------------------------------------------------------------------------

    /** The block at a position, pinned. */
    private CachedBlock block(Map open, int position, int units, int kind) throws IOException {
        CachedBlock cached = open.blocks.getAcquire(position);
        return cached != null && cached.tryPin(this, position) ? cached : load(open, position, units, kind);
    }

    private CachedBlock load(Map open, int position, int units, int kind) throws IOException {
        store.countMiss();
        CachedBlock piece = store.cache().reserve(units);
        try {
            store.device().read(info.blkno() + position, piece.bytes);
        } catch (IOException | RuntimeException | Error failure) {
            store.cache().discard(piece);
            throw failure;
        }
        return publish(open, piece, position, kind);
    }

    /** Verifies a filled piece and shows it to everybody; returns it, or the one that another thread was faster with. */
    private CachedBlock publish(Map open, CachedBlock piece, int position, int kind) throws IOException {
        try {
            ItemBlock.verify(piece.bytes, kind, store.volumeId(), info, position, new CRC32C());
        } catch (CorruptionException damage) {
            store.cache().discard(piece);
            store.countCorruption();
            throw damage;
        }
        piece.owner = this;
        piece.position = position;
        piece.isReferenced = true;
        if (piece.isTemporary()) {
            return piece;
        }
        while (true) {
            CachedBlock other = open.blocks.compareAndExchange(position, null, piece);
            if (other == null) {
                return piece;
            }
            if (other.tryPin(this, position)) {
                store.cache().discard(piece);
                return other;
            }
            // The other one is being replaced just now, or was, by a thread that has not come to say so.
            open.blocks.compareAndSet(position, other, null);
        }
    }

    /** The cache takes the piece for another block. */
    void forgetBlock(CachedBlock piece) {
        Map open = map;
        if (open != null) {
            open.blocks.compareAndSet(piece.position, piece, null);
        }
    }

    /** Gives all blocks back to the cache: no version has the segment any more. Readers that still go on may load some again. */
    void free() {
        Map open = map;
        if (open == null) {
            return;
        }
        for (int i = 0; i < open.blocks.length(); i++) {
            CachedBlock cached = open.blocks.getAcquire(i);
            if (cached != null) {
                store.cache().free(cached);
            }
        }
    }

    // ---- look-ups -------------------------------------------------------------------------------------------------

    /**
     * What this segment says of a key that lies in its range.
     *
     * @param longHash of the key's long prefix, by the store's options
     */
    @Nullable ItemValue find(byte[] key, long longHash) throws IOException {
        Map open = map();
        if (open.isSolo) {
            try (CachedBlock solo = block(open, 0, info.blockCount(), KIND_SOLO)) {
                return findIn(solo.bytes, key);
            }
        }
        long hash = open.longPrefix == store.longPrefix()
                ? longHash
                : KeyHash.of(key, Math.min(key.length, open.longPrefix));
        if (!filterHas(open, hash)) {
            return null;
        }
        long place = dataBlockFor(open, key);
        if (place < 0) {
            return null;
        }
        if (!isCached(open, place)) {
            readAheadOf(open, key, place);
        }
        try (CachedBlock data = block(open, positionOf(place), unitsOf(place), KIND_DATA)) {
            return findIn(data.bytes, key);
        }
    }

    /**
     * Look-ups often go through a segment in order, as those of the inodes that were made one after the other. When the two blocks before
     * the one that is missing are here, those after it are read with it: many look-ups all over a large segment seldom find it so.
     */
    private void readAheadOf(Map open, byte[] key, long place) {
        try {
            long[] places = placesFrom(NO_PLACE, indexBlockFor(key));
            int at = Arrays.binarySearch(places, place);
            if (at < 2 || !isCached(open, places[at - 1]) || !isCached(open, places[at - 2])) {
                return;
            }
            int to = at + 1;
            while (to < places.length && to - at < LOOK_UP_AHEAD_BLOCKS && !isCached(open, places[to])) {
                to++;
            }
            if (to - at > 1) {
                readAhead(places, at, to);
            }
        } catch (IOException ofAny) {
            // Perhaps only a neighbour cannot be read. The one that is asked for is read alone next, and says so itself if it cannot.
            return;
        }
    }

    /** Whether filter and index lead to a key that is here, for look-ups and for ranges. */
    boolean leadsTo(byte[] key) throws IOException {
        Map open = map();
        if (!open.isSolo
                && key.length > open.shortPrefix
                && !filterHas(open, KeyHash.of(key, open.shortPrefix))) {
            return false;
        }
        return find(key, KeyHash.of(key, Math.min(key.length, store.longPrefix()))) != null;
    }

    private @Nullable ItemValue findIn(MemorySegment block, byte[] key) throws IOException {
        try {
            long found = ItemBlock.ceiling(block, key);
            return found >= 0 && (found & 1) != 0 ? ItemBlock.value(block, (int) (found >> 1)) : null;
        } catch (IndexOutOfBoundsException outside) {
            throw malformed(block, outside);
        }
    }

    CorruptionException malformed(MemorySegment block, IndexOutOfBoundsException outside) {
        return ItemBlock.damaged(info, block.get(M32, POSITION), "entries inside the block", "" + outside.getMessage());
    }

    /** Whether a key with the given start may be here. True where nothing can be said. */
    boolean mayHaveRange(byte[] first, int sharedPrefix) throws IOException {
        if (info.blockCount() <= SOLO_UNITS_MAX) {
            return true;
        }
        Map open = map();
        if (sharedPrefix >= open.longPrefix) {
            return filterHas(open, KeyHash.of(first, open.longPrefix));
        }
        return sharedPrefix < open.shortPrefix || filterHas(open, KeyHash.of(first, open.shortPrefix));
    }

    private boolean filterHas(Map open, long hash) throws IOException {
        if (open.filterLineCount == 0) {
            return true;
        }
        int line = FilterBuilder.lineOf(hash, open.filterLineCount);
        int position = open.dataEnd + line / FILTER_LINES_PER_BLOCK * FILTER_UNITS;
        try (CachedBlock block = block(open, position, filterBlockUnits(open, position), KIND_FILTER)) {
            MemorySegment bytes = block.bytes;
            long at = FILTER_LINES + (long) (line % FILTER_LINES_PER_BLOCK) * FILTER_LINE_SIZE;
            long bits = FilterBuilder.bitsOf(hash);
            for (int probe = 0; probe < FilterBuilder.PROBES; probe++) {
                int bit = (int) bits & 511;
                if ((bytes.get(M8, at + (bit >>> 3)) >>> (bit & 7) & 1) == 0) {
                    return false;
                }
                bits >>>= 9;
            }
            return true;
        }
    }

    private static int filterBlockUnits(Map open, int position) {
        int before = (position - open.dataEnd) / FILTER_UNITS * FILTER_LINES_PER_BLOCK;
        int lines = Math.min(open.filterLineCount - before, FILTER_LINES_PER_BLOCK);
        return (FILTER_LINES + lines * FILTER_LINE_SIZE + UNIT - 1) / UNIT;
    }

    private static int filterUnits(int lineCount) {
        int rest = lineCount % FILTER_LINES_PER_BLOCK;
        return lineCount / FILTER_LINES_PER_BLOCK * FILTER_UNITS
                + (rest == 0 ? 0 : (FILTER_LINES + rest * FILTER_LINE_SIZE + UNIT - 1) / UNIT);
    }

    // ---- places ---------------------------------------------------------------------------------------------------

    /** A data block's position and units in one number; negative for none. */
    static final long NO_PLACE = -1;

    static int positionOf(long place) {
        return (int) (place >> 16);
    }

    static int unitsOf(long place) {
        return (int) place & 0xffff;
    }

    /** The place of the only data block that can have the first key that is not below {@code key}. */
    private long dataBlockFor(Map open, byte[] key) throws IOException {
        int low = 0;
        int high = open.indexLastKeys.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (Arrays.compareUnsigned(open.indexLastKeys[middle], key) < 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        if (low == open.indexLastKeys.length) {
            return NO_PLACE;
        }
        try (CachedBlock index = block(open, open.indexPositions[low], open.indexUnits[low], KIND_INDEX)) {
            try {
                long found = ItemBlock.ceiling(index.bytes, key);
                if (found < 0) {
                    throw ItemBlock.damaged(
                            info, open.indexPositions[low], "a last key as the footer has it", "a smaller one");
                }
                return placeAt(open, index.bytes, (int) (found >> 1));
            } catch (IndexOutOfBoundsException outside) {
                throw malformed(index.bytes, outside);
            }
        }
    }

    private long placeAt(Map open, MemorySegment index, int entry) throws CorruptionException {
        int tag = ItemBlock.tagAt(index, entry + 2);
        int at = ItemBlock.afterTag(index, entry + 2) + (index.get(M8, entry + 1) & 0xff);
        int position = index.get(M32, at);
        int units = index.get(M16, at + 4) & 0xffff;
        if (tag >>> 2 != INDEX_VALUE_SIZE || position < 0 || units == 0 || position > open.dataEnd - units) {
            throw ItemBlock.damaged(
                    info, index.get(M32, POSITION), "data block before unit " + open.dataEnd, position + "+" + units);
        }
        return (long) position << 16 | units;
    }

    /** The data block to begin a scan at {@code first} with. */
    long firstPlace(byte[] first) throws IOException {
        Map open = map();
        return open.isSolo ? info.blockCount() : dataBlockFor(open, first);
    }

    /** The places of an index block's data blocks, in order, of the index block that has {@code place}; and those after. */
    long[] placesFrom(long place, int indexBlock) throws IOException {
        Map open = map();
        if (open.isSolo || indexBlock >= open.indexPositions.length) {
            return new long[0];
        }
        try (CachedBlock index =
                block(open, open.indexPositions[indexBlock], open.indexUnits[indexBlock], KIND_INDEX)) {
            try {
                return places(open, index.bytes, place);
            } catch (IndexOutOfBoundsException outside) {
                throw malformed(index.bytes, outside);
            }
        }
    }

    private long[] places(Map open, MemorySegment index, long after) throws CorruptionException {
        long[] places = new long[index.get(M16, ITEM_COUNT) & 0xffff];
        int count = 0;
        int end = ItemBlock.entriesEnd(index);
        int entry = BODY;
        while (entry < end && count < places.length) {
            long place = placeAt(open, index, entry);
            if (place > after) {
                places[count++] = place;
            }
            entry = ItemBlock.afterTag(index, entry + 2) + (index.get(M8, entry + 1) & 0xff) + INDEX_VALUE_SIZE;
        }
        return Arrays.copyOf(places, count);
    }

    /** The number of the index block that has the entry of {@code key}'s data block. */
    int indexBlockFor(byte[] key) throws IOException {
        Map open = map();
        int index = 0;
        while (index < open.indexLastKeys.length - 1 && Arrays.compareUnsigned(open.indexLastKeys[index], key) < 0) {
            index++;
        }
        return index;
    }

    int indexBlockCount() throws IOException {
        return map().indexPositions.length;
    }

    /** A data block, pinned. */
    CachedBlock dataBlock(long place) throws IOException {
        Map open = map();
        return block(open, positionOf(place), unitsOf(place), open.isSolo ? KIND_SOLO : KIND_DATA);
    }

    boolean isCached(long place) throws IOException {
        return isCached(map(), place);
    }

    private static boolean isCached(Map open, long place) {
        return open.blocks.getAcquire(positionOf(place)) != null;
    }

    /** Reads data blocks that lie one behind the other with one read, and puts them in the cache. */
    void readAhead(long[] places, int from, int to) throws IOException {
        Map open = map();
        int start = positionOf(places[from]);
        int end = positionOf(places[to - 1]) + unitsOf(places[to - 1]);
        try (PooledBuffer buffer = store.pool().borrow((long) (end - start) * UNIT)) {
            store.device().read(info.blkno() + start, buffer.memory());
            for (int i = from; i < to; i++) {
                if (!isCached(places[i])) {
                    installOne(open, buffer.memory(), start, positionOf(places[i]), unitsOf(places[i]), KIND_DATA);
                }
            }
        }
    }

    // ---- the largest key -------------------------------------------------------------------------------------------

    /** The largest key in {@code [first, last]}, or null. At most two data blocks are looked at. */
    byte @Nullable [] lastKey(byte[] first, byte[] last) throws IOException {
        Map open = map();
        if (open.isSolo) {
            return lastKeyIn(info.blockCount(), first, last);
        }
        int indexBlock = indexBlockFor(last);
        long[] places = placesFrom(NO_PLACE, indexBlock);
        long place = dataBlockFor(open, last);
        int at = place == NO_PLACE ? places.length - 1 : Arrays.binarySearch(places, place);
        byte[] key = at < 0 ? null : lastKeyIn(places[at], first, last);
        if (key != null || at < 0) {
            return key;
        }
        // All keys of that block are above the range, so the one before it ends below, or there is none.
        if (at > 0) {
            return lastKeyIn(places[at - 1], first, last);
        }
        if (indexBlock == 0) {
            return null;
        }
        long[] before = placesFrom(NO_PLACE, indexBlock - 1);
        return lastKeyIn(before[before.length - 1], first, last);
    }

    private byte @Nullable [] lastKeyIn(long place, byte[] first, byte[] last) throws IOException {
        try (BlockCursor cursor = new BlockCursor(this, dataBlock(place))) {
            return cursor.lastKey(first, last);
        }
    }
}
