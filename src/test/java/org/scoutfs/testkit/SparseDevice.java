package org.scoutfs.testkit;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import org.scoutfs.device.BlockDevice;

/**
 * A device in memory that holds only the blocks that were written; the others read as zeroes. Writes are seen at once,
 * {@link #flush} does nothing. Blocks are never changed in place, so copies share them.
 */
public final class SparseDevice implements BlockDevice {
    private final String name;
    private volatile long blockCount;
    private final boolean isReadOnly;
    private final Map<Long, byte[]> blocks;

    public SparseDevice(String name, long blockCount) {
        this(name, blockCount, false, Map.of());
    }

    SparseDevice(String name, long blockCount, boolean isReadOnly, Map<Long, byte[]> blocks) {
        this.name = name;
        this.blockCount = blockCount;
        this.isReadOnly = isReadOnly;
        this.blocks = new HashMap<>(blocks);
    }

    /** Makes the device larger, as an administrator does. */
    public synchronized void grow(long blocks) {
        blockCount = Math.max(blockCount, blocks);
    }

    /** The same contents, in a device of its own. */
    public synchronized SparseDevice copy() {
        return new SparseDevice(name, blockCount, false, blocks);
    }

    /** The same contents, in a device of its own that refuses to be written. */
    public synchronized SparseDevice readOnlyCopy() {
        return new SparseDevice(name, blockCount, true, blocks);
    }

    /** A copy of one block's bytes. */
    public synchronized byte[] bytes(long blkno) {
        byte[] block = blocks.get(blkno);
        return block == null ? new byte[BLOCK_SIZE] : block.clone();
    }

    /** Replaces a block, for damage. */
    public synchronized void setBytes(long blkno, byte[] bytes) {
        if (bytes.length != BLOCK_SIZE) {
            throw new IllegalArgumentException("a block has 4096 bytes, not " + bytes.length);
        }
        blocks.put(blkno, bytes.clone());
    }

    /** The blocks that were ever written, with their bytes: to compare two devices. */
    public synchronized Map<Long, byte[]> writtenBlocks() {
        return new HashMap<>(blocks);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public long blockCount() {
        return blockCount;
    }

    @Override
    public boolean isReadOnly() {
        return isReadOnly;
    }

    @Override
    public synchronized void read(long blkno, MemorySegment into) throws IOException {
        check(blkno, into);
        for (long offset = 0; offset < into.byteSize(); offset += BLOCK_SIZE) {
            byte[] block = blocks.get(blkno + offset / BLOCK_SIZE);
            MemorySegment target = into.asSlice(offset, BLOCK_SIZE);
            if (block == null) {
                target.fill((byte) 0);
            } else {
                target.copyFrom(MemorySegment.ofArray(block));
            }
        }
    }

    @Override
    public synchronized void write(long blkno, MemorySegment from) throws IOException {
        check(blkno, from);
        if (isReadOnly) {
            throw new IOException(name + ": write to a read-only device at block " + blkno);
        }
        for (long offset = 0; offset < from.byteSize(); offset += BLOCK_SIZE) {
            byte[] block = new byte[BLOCK_SIZE];
            MemorySegment.ofArray(block).copyFrom(from.asSlice(offset, BLOCK_SIZE));
            blocks.put(blkno + offset / BLOCK_SIZE, block);
        }
    }

    private void check(long blkno, MemorySegment memory) throws IOException {
        if (memory.byteSize() % BLOCK_SIZE != 0 || !memory.isNative() || memory.address() % BLOCK_SIZE != 0) {
            throw new IllegalArgumentException("memory is not native, aligned and in blocks: " + memory);
        }
        if (blkno < 0 || memory.byteSize() / BLOCK_SIZE > blockCount - blkno) {
            throw new IOException(name + ": block " + blkno + "+" + memory.byteSize() / BLOCK_SIZE
                    + " is beyond the device of " + blockCount + " blocks");
        }
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
}
