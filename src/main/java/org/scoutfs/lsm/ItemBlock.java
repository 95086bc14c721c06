package org.scoutfs.lsm;

import static org.scoutfs.lsm.SegmentLayout.*;

import java.lang.foreign.MemorySegment;
import java.util.zip.CRC32C;
import org.scoutfs.base.CorruptionException;

/**
 * Reads data and index blocks where they lie. Blocks are verified before they get here ({@link #verify}); all the same each
 * step stays inside the block's used bytes, so that a wrong length that somebody wrote with a right checksum is an error and
 * not a walk through other blocks.
 *
 * <p>Cost: no allocation; a look-up compares with about ten keys and steps over eight entries.
 */
final class ItemBlock {
    private ItemBlock() {}

    /**
     * Checks that a block is what its reader asked for.
     *
     * @param block all of its units
     * @param kind what it must be
     */
    static void verify(MemorySegment block, int kind, long volumeId, SegmentInfo segment, int position, CRC32C crc)
            throws CorruptionException {
        long size = block.byteSize();
        crc.reset();
        crc.update(block.asSlice(CRC + Integer.BYTES).asByteBuffer());
        int stored = block.get(M32, CRC);
        if ((int) crc.getValue() != stored) {
            throw damaged(segment, position, "checksum " + hex(crc.getValue()), hex(stored));
        }
        expect(segment, position, "kind", kind, block.get(M8, KIND));
        expect(segment, position, "units", size / UNIT, block.get(M16, UNITS) & 0xffff);
        expect(segment, position, "volume", volumeId, block.get(M64, VOLUME_ID));
        expect(segment, position, "segment", segment.id(), block.get(M64, SEGMENT_ID));
        expect(segment, position, "position", position, block.get(M32, POSITION));
        expect(segment, position, "reserved byte", 0, block.get(M8, RESERVED));
        int used = block.get(M32, USED);
        int restarts = block.get(M32, RESTARTS);
        int restartCount = block.get(M16, RESTART_COUNT) & 0xffff;
        if (used < BODY || used > size) {
            throw damaged(segment, position, "used bytes up to " + size, "" + used);
        }
        if (kind != KIND_FILTER && kind != KIND_FOOTER) {
            boolean isSound = restartCount > 0 && restarts >= BODY && restarts + Short.BYTES * restartCount == used;
            if (!isSound || restartCount > (block.get(M16, ITEM_COUNT) & 0xffff)) {
                throw damaged(segment, position, "restarts up to byte " + used, restartCount + " at " + restarts);
            }
        }
    }

    private static void expect(SegmentInfo segment, int position, String what, long expected, long actual)
            throws CorruptionException {
        if (expected != actual) {
            throw damaged(segment, position, what + " " + expected, "" + actual);
        }
    }

    static CorruptionException damaged(SegmentInfo segment, int position, String expected, String actual) {
        return CorruptionException.of(
                segment + ", block at unit " + position + " (device block " + (segment.blkno() + position) + ")",
                expected,
                actual);
    }

    private static String hex(long value) {
        return Integer.toHexString((int) value);
    }

    /** The end of the entries. */
    static int entriesEnd(MemorySegment block) {
        return block.get(M32, RESTARTS);
    }

    /** No entry is as high as the key that was asked for. */
    static final long NOT_FOUND = -1;

    /**
     * The first entry whose key is not below {@code key}: its offset times two, plus one when the key is equal; or
     * {@link #NOT_FOUND} when all keys are below.
     */
    static long ceiling(MemorySegment block, byte[] key) throws CorruptionException {
        return scan(block, restartBefore(block, key), entriesEnd(block), key);
    }

    /** The offset of the last restart whose key is not above {@code key}; of the first restart when all are above. */
    static int restartBefore(MemorySegment block, byte[] key) throws CorruptionException {
        int end = entriesEnd(block);
        int low = 0;
        int high = (block.get(M16, RESTART_COUNT) & 0xffff) - 1;
        while (low < high) {
            int middle = (low + high + 1) >>> 1;
            if (compareRestart(block, restart(block, end, middle), end, key) <= 0) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return restart(block, end, low);
    }

    /** The offset of restart {@code index}. */
    static int restart(MemorySegment block, int end, int index) throws CorruptionException {
        int offset = block.get(M16, end + (long) Short.BYTES * index) & 0xffff;
        if (offset < BODY || offset >= end) {
            throw CorruptionException.of("restart " + index + " of a block", "an offset below " + end, "" + offset);
        }
        return offset;
    }

    /** Compares the key of a restart with {@code key}. */
    private static int compareRestart(MemorySegment block, int offset, int end, byte[] key) throws CorruptionException {
        int size = block.get(M8, offset + 1) & 0xff;
        int at = afterTag(block, offset + 2);
        if (at + size > end) {
            throw beyondEnd(offset, end);
        }
        int most = Math.min(size, key.length);
        int matched = matched(block, at, key, 0, most);
        return matched < most ? (block.get(M8, at + matched) & 0xff) - (key[matched] & 0xff) : size - key.length;
    }

    /**
     * Steps from a restart to the first entry that is not below {@code key}. {@code matched} is how many bytes the last
     * entry, which was below, had in common with the key: an entry that shares more with it is below too, and one that shares
     * less is above, so most entries are passed without looking at their keys.
     */
    private static long scan(MemorySegment block, int start, int end, byte[] key) throws CorruptionException {
        int offset = start;
        int matched = 0;
        boolean isFirst = true;
        while (offset < end) {
            int shared = block.get(M8, offset) & 0xff;
            int unshared = block.get(M8, offset + 1) & 0xff;
            int tag = block.get(M8, offset + 2);
            int at = offset + 3;
            if (tag < 0) {
                tag = tagAt(block, offset + 2);
                at = afterTag(block, offset + 2);
            }
            int next = at + unshared + (tag >>> 2);
            if (next > end) {
                throw beyondEnd(offset, end);
            }
            if (isFirst || shared == 0) {
                // A key that is stored whole says nothing of the one before it.
                isFirst = false;
                matched = 0;
                shared = 0;
            }
            if (shared < matched) {
                return (long) offset << 1;
            }
            if (shared == matched) {
                int most = Math.min(unshared, key.length - matched);
                int same = matched(block, at, key, matched, most);
                matched += same;
                if (same < most) {
                    if ((block.get(M8, at + same) & 0xff) > (key[matched] & 0xff)) {
                        return (long) offset << 1;
                    }
                } else if (same == unshared) {
                    if (matched == key.length) {
                        return (long) offset << 1 | 1;
                    }
                } else {
                    return (long) offset << 1;
                }
            }
            offset = next;
        }
        return NOT_FOUND;
    }

    /** How many of {@code most} bytes agree, from {@code at} in the block and from {@code from} in the key. */
    private static int matched(MemorySegment block, int at, byte[] key, int from, int most) {
        int i = 0;
        for (; i + Long.BYTES <= most; i += Long.BYTES) {
            long difference = block.get(M64, at + i) ^ (long) U64.get(key, from + i);
            if (difference != 0) {
                return i + (Long.numberOfTrailingZeros(difference) >>> 3);
            }
        }
        for (; i < most; i++) {
            if (block.get(M8, at + i) != key[from + i]) {
                return i;
            }
        }
        return most;
    }

    /** Kind and value of the entry at {@code offset}, copied. */
    static ItemValue value(MemorySegment block, int offset) throws CorruptionException {
        int tag = tagAt(block, offset + 2);
        int at = afterTag(block, offset + 2) + (block.get(M8, offset + 1) & 0xff);
        int size = tag >>> 2;
        if (at + size > entriesEnd(block)) {
            throw beyondEnd(offset, entriesEnd(block));
        }
        return switch (tag & 3) {
            case 1 -> ItemValue.put(bytes(block, at, size));
            case 2 -> ItemValue.TOMBSTONE;
            case 3 -> ItemValue.delta(bytes(block, at, size));
            default -> throw CorruptionException.of("entry at byte " + offset, "a kind from 1 to 3", "0");
        };
    }

    private static byte[] bytes(MemorySegment block, int at, int size) {
        byte[] bytes = new byte[size];
        MemorySegment.copy(block, M8, at, bytes, 0, size);
        return bytes;
    }

    /** The tag of an entry: value size times four plus the kind. At most three bytes. */
    static int tagAt(MemorySegment block, int offset) throws CorruptionException {
        int tag = 0;
        for (int i = 0; i < 3; i++) {
            int b = block.get(M8, offset + i);
            tag |= (b & 0x7f) << 7 * i;
            if (b >= 0) {
                return tag;
            }
        }
        throw CorruptionException.of("entry at byte " + (offset - 2), "a tag of at most 3 bytes", "more");
    }

    static int afterTag(MemorySegment block, int offset) throws CorruptionException {
        for (int i = 1; i <= 3; i++) {
            if (block.get(M8, offset + i - 1) >= 0) {
                return offset + i;
            }
        }
        throw CorruptionException.of("entry at byte " + (offset - 2), "a tag of at most 3 bytes", "more");
    }

    static CorruptionException beyondEnd(int offset, int end) {
        return CorruptionException.of("entry at byte " + offset, "an end before byte " + end, "one behind it");
    }
}
