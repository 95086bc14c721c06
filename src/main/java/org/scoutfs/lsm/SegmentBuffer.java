package org.scoutfs.lsm;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.scoutfs.lsm.SegmentLayout.UNIT;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.device.BufferPool;
import org.scoutfs.device.PooledBuffer;

/** The bytes of one segment until it is written: pieces of pooled memory, each one write of the device. */
final class SegmentBuffer implements AutoCloseable {
    private static final int PIECE_SIZE = 1 << 20;

    private final BufferPool pool;
    private final List<PooledBuffer> pieces = new ArrayList<>();
    private int units;

    SegmentBuffer(BufferPool pool) {
        this.pool = pool;
    }

    /** Whole units that were appended. */
    int units() {
        return units;
    }

    void append(byte[] bytes, int unitCount) {
        int from = 0;
        int left = unitCount * UNIT;
        while (left > 0) {
            long offset = (long) units * UNIT + from;
            int piece = (int) (offset / PIECE_SIZE);
            if (piece == pieces.size()) {
                pieces.add(pool.borrow(PIECE_SIZE));
            }
            int at = (int) (offset % PIECE_SIZE);
            int count = Math.min(left, PIECE_SIZE - at);
            MemorySegment.copy(
                    bytes, from, pieces.get(piece).memory(), JAVA_BYTE, at, count);
            from += count;
            left -= count;
        }
        units += unitCount;
    }

    /** The first units; no more than are in the first piece. */
    MemorySegment front(int unitCount) {
        return pieces.getFirst().memory().asSlice(0, (long) unitCount * UNIT);
    }

    /** Writes everything to {@code blkno} and on; several megabytes are several writes. */
    void write(BlockDevice device, long blkno) throws IOException {
        long left = (long) units * UNIT;
        for (PooledBuffer piece : pieces) {
            long count = Math.min(left, PIECE_SIZE);
            if (count == 0) {
                return;
            }
            device.write(blkno, piece.memory().asSlice(0, count));
            blkno += count / UNIT;
            left -= count;
        }
    }

    /** Empty again; the memory is kept for the next segment. */
    void clear() {
        units = 0;
    }

    @Override
    public void close() {
        pieces.forEach(PooledBuffer::close);
        pieces.clear();
    }
}
