package org.scoutfs.lsm;

import static org.scoutfs.lsm.SegmentLayout.*;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.CorruptionException;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.device.BufferPool;
import org.scoutfs.device.PooledBuffer;

/**
 * All items of one segment, from front to back, with large reads past the cache: what merges read, and {@code check}.
 *
 * <p>Every block is verified, and at the end the number of items is held against the version's.
 */
final class SegmentStream extends EntryCursor {
    private static final int BUFFER_UNITS = 128;

    private final SegmentInfo info;
    private final BlockDevice device;
    private final BufferPool pool;
    private final long volumeId;
    private final CRC32C crc = new CRC32C();

    private @Nullable PooledBuffer buffer;
    private int bufferStart;
    private int bufferUnits;
    private int nextPosition;
    private long itemCount;
    private boolean isAtEnd;

    SegmentStream(SegmentReader reader, BlockDevice device, BufferPool pool, long volumeId) {
        super(reader);
        this.info = reader.info;
        this.device = device;
        this.pool = pool;
        this.volumeId = volumeId;
    }

    @Override
    public boolean next() throws IOException {
        while (!isAtEnd) {
            if (nextPosition > 0 && nextInBlock()) {
                itemCount++;
                return true;
            }
            enterNext();
        }
        return false;
    }

    /** Enters the next data block. The filter follows the last one; if a damaged block only looks like it, the count tells. */
    private void enterNext() throws IOException {
        boolean isSolo = info.blockCount() <= SOLO_UNITS_MAX;
        if (nextPosition > 0 && (isSolo || bytes(nextPosition, 1).get(M8, KIND) == KIND_FILTER)) {
            if (itemCount != info.itemCount()) {
                throw CorruptionException.of(info.toString(), info.itemCount() + " items", "" + itemCount);
            }
            isAtEnd = true;
            return;
        }
        int units = bytes(nextPosition, 1).get(M16, UNITS) & 0xffff;
        if (units == 0 || units > Math.min(BUFFER_UNITS, info.blockCount() - nextPosition)) {
            throw ItemBlock.damaged(info, nextPosition, "a block of up to " + BUFFER_UNITS + " units", "" + units);
        }
        MemorySegment block = bytes(nextPosition, units);
        ItemBlock.verify(block, isSolo ? KIND_SOLO : KIND_DATA, volumeId, info, nextPosition, crc);
        enter(block);
        nextPosition += units;
    }

    /** The units from a position on, read when they are not in the buffer. */
    private MemorySegment bytes(int position, int units) throws IOException {
        if (buffer == null) {
            buffer = pool.borrow((long) Math.min(BUFFER_UNITS, info.blockCount()) * UNIT);
        }
        if (position >= info.blockCount()) {
            throw ItemBlock.damaged(info, position, "the filter", "the end of the segment");
        }
        if (position < bufferStart || position + units > bufferStart + bufferUnits) {
            bufferStart = position;
            bufferUnits = Math.min((int) (buffer.memory().byteSize() / UNIT), info.blockCount() - position);
            device.read(info.blkno() + position, buffer.memory().asSlice(0, (long) bufferUnits * UNIT));
        }
        return buffer.memory().asSlice((long) (position - bufferStart) * UNIT, (long) units * UNIT);
    }

    @Override
    public void close() {
        if (buffer != null) {
            buffer.close();
            buffer = null;
        }
    }
}
