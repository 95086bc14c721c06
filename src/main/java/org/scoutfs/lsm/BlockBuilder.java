package org.scoutfs.lsm;

import static org.scoutfs.lsm.SegmentLayout.*;

import java.util.Arrays;
import java.util.zip.CRC32C;
import org.scoutfs.base.Invariants;

/**
 * One data or index block in the making: sorted entries with prefix compression. docs/format.md, "Segment".
 *
 * <p>Not thread-safe; used again for block after block.
 */
final class BlockBuilder {
    private final int restartInterval;
    private final CRC32C crc = new CRC32C();
    private byte[] bytes;
    private int capacity;
    private int used;
    private int itemCount;
    private short[] restarts = new short[64];
    private int restartCount;
    private byte[] lastKey = new byte[SegmentInfo.KEY_SIZE_MAX];
    private int lastKeySize;

    BlockBuilder(int units, int restartInterval) {
        this.restartInterval = restartInterval;
        this.bytes = new byte[units * UNIT];
        begin(units);
    }

    /** Starts a block that may grow to this many units. */
    void begin(int units) {
        if (bytes.length < units * UNIT) {
            bytes = new byte[units * UNIT];
        } else {
            Arrays.fill(bytes, 0, Math.min(bytes.length, used + UNIT), (byte) 0);
        }
        capacity = units * UNIT;
        used = BODY;
        itemCount = 0;
        restartCount = 0;
        lastKeySize = 0;
    }

    boolean isEmpty() {
        return itemCount == 0;
    }

    int itemCount() {
        return itemCount;
    }

    /** Bytes that the block would have if it ended here. */
    int size() {
        return used + Short.BYTES * restartCount;
    }

    /** Units of a block that holds nothing but one such entry. */
    static int unitsFor(int keySize, int valueSize) {
        return (BODY + ENTRY_OVERHEAD_MAX + keySize + valueSize + Short.BYTES + UNIT - 1) / UNIT;
    }

    /** The first key; the block is not empty. It is stored whole, right after the lengths and the tag. */
    byte[] firstKey() {
        int size = bytes[BODY + 1] & 0xff;
        int at = BODY + 2;
        while (bytes[at++] < 0) {
            // The tag goes on as long as its bytes have the high bit set.
        }
        return Arrays.copyOfRange(bytes, at, at + size);
    }

    byte[] lastKey() {
        return Arrays.copyOf(lastKey, lastKeySize);
    }

    byte[] lastKeyBytes() {
        return lastKey;
    }

    int lastKeySize() {
        return lastKeySize;
    }

    /** Adds an entry; false, and nothing happened, when it does not fit any more. Keys come in ascending order. */
    boolean add(RawCursor item) {
        int at = addKey(item.keyBytes, item.keySize, item.valueSize, item.kindCode);
        if (at < 0) {
            return false;
        }
        item.copyValue(bytes, at);
        return true;
    }

    boolean add(byte[] key, int keySize, byte[] value, int kindCode) {
        int at = addKey(key, keySize, value.length, kindCode);
        if (at < 0) {
            return false;
        }
        System.arraycopy(value, 0, bytes, at, value.length);
        return true;
    }

    /** Makes room for a value and returns its place, or -1. */
    private int addKey(byte[] key, int keySize, int valueSize, int kindCode) {
        boolean isRestart = itemCount % restartInterval == 0;
        int shared = isRestart ? 0 : sharedWithLast(key, keySize);
        int unshared = keySize - shared;
        int end = used + ENTRY_OVERHEAD_MAX + unshared + valueSize + Short.BYTES * (restartCount + 1);
        if (end > capacity || itemCount == 0xffff) {
            return -1;
        }
        if (isRestart) {
            addRestart();
        }
        int at = used;
        bytes[at++] = (byte) shared;
        bytes[at++] = (byte) unshared;
        int tag = valueSize << 2 | kindCode;
        while (tag >= 0x80) {
            bytes[at++] = (byte) (tag | 0x80);
            tag >>>= 7;
        }
        bytes[at++] = (byte) tag;
        System.arraycopy(key, shared, bytes, at, unshared);
        at += unshared;
        System.arraycopy(key, shared, lastKey, shared, unshared);
        lastKeySize = keySize;
        itemCount++;
        used = at + valueSize;
        return at;
    }

    private int sharedWithLast(byte[] key, int keySize) {
        int most = Math.min(keySize, lastKeySize);
        int mismatch = Arrays.mismatch(key, 0, most, lastKey, 0, most);
        return mismatch < 0 ? most : mismatch;
    }

    private void addRestart() {
        if (restartCount == restarts.length) {
            restarts = Arrays.copyOf(restarts, 2 * restartCount);
        }
        Invariants.check(used <= 0xffff, "restart beyond 64 KiB", used);
        restarts[restartCount++] = (short) used;
    }

    /** Finishes the block; returns its length in units. {@link #bytes} then has it, with an empty checksum. */
    int finish(int kind, long volumeId, long segmentId, int position) {
        U32.set(bytes, RESTARTS, used);
        U16.set(bytes, ITEM_COUNT, (short) itemCount);
        U16.set(bytes, RESTART_COUNT, (short) restartCount);
        int at = used;
        for (int i = 0; i < restartCount; i++, at += Short.BYTES) {
            U16.set(bytes, at, restarts[i]);
        }
        used = at;
        return seal(crc, bytes, used, kind, volumeId, segmentId, position);
    }

    byte[] bytes() {
        return bytes;
    }

    /** Writes the identity and the checksum of a block whose body is in place and zero behind it; returns its units. */
    static int seal(CRC32C crc, byte[] bytes, int used, int kind, long volumeId, long segmentId, int position) {
        int units = (used + UNIT - 1) / UNIT;
        bytes[KIND] = (byte) kind;
        bytes[RESERVED] = 0;
        U16.set(bytes, UNITS, (short) units);
        U64.set(bytes, VOLUME_ID, volumeId);
        U64.set(bytes, SEGMENT_ID, segmentId);
        U32.set(bytes, POSITION, position);
        U32.set(bytes, USED, used);
        crc.reset();
        crc.update(bytes, CRC + Integer.BYTES, units * UNIT - Integer.BYTES);
        U32.set(bytes, CRC, (int) crc.getValue());
        return units;
    }
}
