package org.scoutfs.lsm;

import static org.scoutfs.lsm.SegmentLayout.*;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.scoutfs.base.CorruptionException;

/** Steps through the entries of one block after the other. Who extends it brings the blocks. */
abstract class EntryCursor extends RawCursor {
    private final SegmentReader reader;
    private MemorySegment block = MemorySegment.NULL;
    private int offset;
    private int end;
    private int valueAt;

    EntryCursor(SegmentReader reader) {
        this.reader = reader;
        this.keyBytes = new byte[32];
    }

    /** Goes on in another block, from its first entry. */
    final void enter(MemorySegment next) {
        block = next;
        offset = BODY;
        end = ItemBlock.entriesEnd(next);
        keySize = 0;
    }

    /** Goes on in another block such that the next entry is the first that is not below {@code key}. */
    final void enterAt(MemorySegment next, byte[] key) throws CorruptionException {
        enter(next);
        try {
            long found = ItemBlock.ceiling(next, key);
            if (found < 0) {
                offset = end;
                return;
            }
            int target = (int) (found >> 1);
            offset = ItemBlock.restartBefore(next, key);
            if (offset > target) {
                offset = target;
            }
            while (offset < target) {
                step();
            }
        } catch (IndexOutOfBoundsException outside) {
            throw reader.malformed(next, outside);
        }
    }

    /** Goes on in another block at a restart such that no entry before it is the last one that is not above {@code key}. */
    final void enterBefore(MemorySegment next, byte[] key) throws CorruptionException {
        enter(next);
        try {
            offset = ItemBlock.restartBefore(next, key);
        } catch (IndexOutOfBoundsException outside) {
            throw reader.malformed(next, outside);
        }
    }

    /** The next entry of this block; false at its end. */
    final boolean nextInBlock() throws CorruptionException {
        if (offset >= end) {
            return false;
        }
        try {
            step();
            return true;
        } catch (IndexOutOfBoundsException outside) {
            throw reader.malformed(block, outside);
        }
    }

    private void step() throws CorruptionException {
        MemorySegment bytes = block;
        int shared = bytes.get(M8, offset) & 0xff;
        int unshared = bytes.get(M8, offset + 1) & 0xff;
        int tag = bytes.get(M8, offset + 2);
        int at = offset + 3;
        if (tag < 0) {
            tag = ItemBlock.tagAt(bytes, offset + 2);
            at = ItemBlock.afterTag(bytes, offset + 2);
        }
        int value = at + unshared;
        int next = value + (tag >>> 2);
        if (next > end || shared > keySize) {
            throw ItemBlock.beyondEnd(offset, end);
        }
        if ((tag & 3) == 0) {
            throw CorruptionException.of("entry at byte " + offset, "a kind from 1 to 3", "0");
        }
        int size = shared + unshared;
        if (size > keyBytes.length) {
            if (size > SegmentInfo.KEY_SIZE_MAX) {
                throw CorruptionException.of("entry at byte " + offset, "a key of at most " + SegmentInfo.KEY_SIZE_MAX + " bytes", "" + size);
            }
            keyBytes = Arrays.copyOf(keyBytes, Math.max(size, SegmentInfo.KEY_SIZE_MAX));
        }
        copyKey(bytes, at, shared, unshared);
        keySize = size;
        kindCode = tag & 3;
        valueSize = tag >>> 2;
        valueAt = value;
        offset = next;
    }

    /** Short runs, mostly: cheaper byte by byte than through the general copy. */
    private void copyKey(MemorySegment bytes, int at, int shared, int count) {
        if (count > 24) {
            MemorySegment.copy(bytes, M8, at, keyBytes, shared, count);
            return;
        }
        for (int i = 0; i < count; i++) {
            keyBytes[shared + i] = bytes.get(M8, at + i);
        }
    }

    @Override
    final void copyValue(byte[] into, int at) {
        MemorySegment.copy(block, M8, valueAt, into, at, valueSize);
    }
}
