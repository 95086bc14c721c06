package org.scoutfs.data;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Invariants;
import org.scoutfs.device.BlockDevice;

/**
 * Dirty blocks that lie side by side in one buffer. {@link Piece}s say which file blocks they are.
 *
 * <ol>
 *   <li>While it is <em>gathering</em>, writers change it, under the inode's lock. Once it is <em>sealed</em> its bytes and
 *       places never change again; a later write of the same blocks goes to another run.
 *   <li>The buffer lives until the run is written or dropped, and nobody holds a {@link #pin} on it.
 * </ol>
 * <p>Fields are guarded by the mutex of the file, but for the pins.
 */
final class Run {
    private final BlockMemory memory;
    private final BlockMemory.Buffer buffer;
    private final ByteBuffer bytes;
    private final AtomicInteger pins = new AtomicInteger(1); // one is the owner's

    /** Blocks used so far, from the first. */
    int used;
    /** Blocks that some piece still names. */
    int live;

    private long[] places = {};
    /** Storage that blocks had, unwritten, before they became dirty; 0 for none. */
    private long @Nullable [] inherited;
    private boolean isSealed;
    private boolean isClosed;
    private boolean isWritten;
    private boolean hasFailed;
    private int jobs;

    Run(BlockMemory memory, BlockMemory.Buffer buffer) {
        this.memory = memory;
        this.buffer = buffer;
        this.bytes = buffer.memory().asByteBuffer();
    }

    int capacity() {
        return buffer.blocks();
    }

    /** The bytes of {@code count} blocks from the one with this index on. */
    MemorySegment memory(int index, int count) {
        return buffer.memory().asSlice((long) index * BlockDevice.BLOCK_SIZE, (long) count * BlockDevice.BLOCK_SIZE);
    }

    int checksum(CRC32C crc, int index) {
        crc.reset();
        bytes.limit((index + 1) * BlockDevice.BLOCK_SIZE).position(index * BlockDevice.BLOCK_SIZE);
        crc.update(bytes);
        return (int) crc.getValue();
    }

    /** Says where a block's unwritten storage is: it goes there, and holds no reservation. */
    void inherit(int index, long blkno) {
        long[] all = inherited;
        if (all == null) {
            all = new long[buffer.blocks()];
            inherited = all;
        }
        all[index] = blkno;
    }

    /** The storage that a block had before, or 0. */
    long inherited(int index) {
        long[] all = inherited;
        return all == null ? 0 : all[index];
    }

    boolean isSealed() {
        return isSealed;
    }

    /** No byte changes from now on. */
    void seal() {
        if (!isSealed) {
            isSealed = true;
            places = new long[used];
        }
    }

    /** Where the block with this index goes, after {@link #seal}. */
    long place(int index) {
        return places[index];
    }

    void setPlace(int index, long blkno) {
        Invariants.check(isSealed && places[index] == 0, "a block gets a second place", blkno);
        places[index] = blkno;
    }

    /** A device write of some of its blocks is to come. The buffer lives until all have ended. */
    void addJob() {
        jobs++;
        pin();
    }

    /** A write ended. When it was the last and none failed, the device has the bytes and the buffer is not needed. */
    void jobDone(boolean succeeded) {
        jobs--;
        hasFailed |= !succeeded;
        unpin();
        if (jobs == 0 && !hasFailed) {
            isWritten = true;
            close();
        }
    }

    /** Whether the bytes are on the device, and the buffer is not to be read any more. */
    boolean isWritten() {
        return isWritten;
    }

    /** The owner needs the buffer no longer. */
    void close() {
        if (!isClosed) {
            isClosed = true;
            unpin();
        }
    }

    /** Keeps the buffer. Only while the owner still has it: under the mutex of the file, when it is not written. */
    void pin() {
        Invariants.check(pins.getAndIncrement() > 0, "pins a buffer that is gone");
    }

    void unpin() {
        if (pins.decrementAndGet() == 0) {
            memory.release(buffer);
        }
    }
}
