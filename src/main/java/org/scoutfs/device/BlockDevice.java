package org.scoutfs.device;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/**
 * The volume's blocks, of {@value #BLOCK_SIZE} bytes, read and written past every cache of this host.
 *
 * <ol>
 *   <li>A write that returned is seen by every later read of any host, but survives a crash only once a {@link #flush}
 *       that began after it has returned. Until then a crash may keep, lose or tear it at 512 bytes.
 *   <li>Memory is native, its address and the byte counts multiples of {@value #BLOCK_SIZE} ({@link BufferPool} makes
 *       such). It is borrowed until the call returns.
 *   <li>A failed write leaves the blocks undefined: callers never write the same place again and believe it.
 * </ol>
 * <p>Thread-safe; calls of several threads run in parallel. A call blocks its thread until the device answers.
 */
public interface BlockDevice extends AutoCloseable {
    /** Bytes in a block. */
    int BLOCK_SIZE = 4096;

    /** How errors name this device: a path, usually. */
    String name();

    /** Blocks on the device, as far as it was measured; one past the largest block number. A device never shrinks. */
    long blockCount();

    /** Measures the device again: an administrator may have made it larger. A call past the known end does this first. */
    default void measure() throws IOException {}

    boolean isReadOnly();

    /** Fills {@code into}, whose size decides how many blocks are read, from block {@code blkno} on. */
    void read(long blkno, MemorySegment into) throws IOException;

    /** Writes all of {@code from} to block {@code blkno} and those after it. */
    void write(long blkno, MemorySegment from) throws IOException;

    /** Makes every write that returned before this call durable. */
    void flush() throws IOException;

    @Override
    void close() throws IOException;
}
