package org.scoutfs.data;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.FsException;
import org.scoutfs.base.MustWait;
import org.scoutfs.txn.DataSpace;

/** What one changing call holds from its admission on: space, memory, its file's state, and partial blocks at its ends. */
final class Prepared implements FileData.PreparedWrite {
    /** The bytes of a block that is only partly replaced: in a buffer of our own, or pinned where it is dirty. */
    record Edge(long block, @Nullable Run run, int index, BlockMemory.@Nullable Buffer buffer) {
        MemorySegment bytes() {
            if (run != null) {
                return run.memory(index, 1);
            }
            if (buffer == null) {
                throw new IllegalStateException("edge without bytes");
            }
            return buffer.memory();
        }
    }

    private final FileStates states;
    private final BlockMemory memory;
    private final DataSpace space;
    final FileState file;

    /** Reserved blocks and admitted memory that are not used yet. */
    long spaceBlocks;
    long memoryBlocks;
    long itemBytes;
    /** Of the file, before the write; negative: not told. */
    long onlineBlocks = -1;
    @Nullable Edge head;
    @Nullable Edge tail;
    private boolean isClosed;

    Prepared(FileStates states, BlockMemory memory, DataSpace space, FileState file) {
        this.states = states;
        this.memory = memory;
        this.space = space;
        this.file = file;
    }

    /** Sets more blocks of the device aside. */
    void reserve(long blocks) throws FsException, MustWait {
        if (blocks > 0) {
            space.reserve(blocks);
            spaceBlocks += blocks;
        }
    }

    @Nullable Edge edge(long block) {
        if (head != null && head.block() == block) {
            return head;
        }
        return tail != null && tail.block() == block ? tail : null;
    }

    @Override
    public long itemBytes() {
        return itemBytes;
    }

    @Override
    public void close() {
        if (isClosed) {
            return;
        }
        isClosed = true;
        drop(head);
        drop(tail);
        memory.unadmit(memoryBlocks);
        if (spaceBlocks > 0) {
            space.unreserve(spaceBlocks);
        }
        states.unpin(file);
    }

    private void drop(@Nullable Edge edge) {
        if (edge == null) {
            return;
        }
        if (edge.run() != null) {
            edge.run().unpin();
        }
        if (edge.buffer() != null) {
            memory.release(edge.buffer());
        }
    }
}
