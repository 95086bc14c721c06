package org.scoutfs.device;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.scoutfs.sys.NativeMemory;

/** A volume in memory, for tests. Blocks that were never written are zeroes and take no memory. */
public final class MemoryBlockDevice implements BlockDevice {
    private final Arena arena = Arena.ofShared();
    private final String name;
    private final MemorySegment bytes;

    public MemoryBlockDevice(String name, long blockCount) {
        this.name = name;
        this.bytes = NativeMemory.map(blockCount * BLOCK_SIZE, arena);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public long blockCount() {
        return bytes.byteSize() / BLOCK_SIZE;
    }

    @Override
    public boolean isReadOnly() {
        return false;
    }

    @Override
    public void read(long blkno, MemorySegment into) throws IOException {
        into.copyFrom(bytes.asSlice(BlockRange.offset(this, "read", blkno, into), into.byteSize()));
    }

    @Override
    public void write(long blkno, MemorySegment from) throws IOException {
        bytes.asSlice(BlockRange.offset(this, "write", blkno, from), from.byteSize()).copyFrom(from);
    }

    @Override
    public void flush() {}

    @Override
    public void close() {
        arena.close();
    }
}
