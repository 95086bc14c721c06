package org.scoutfs.data;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.sys.NativeMemory;

/**
 * Reads blocks before they are asked for, where reads follow each other on the device: the next part of a large file while the last one
 * is copied, and the contents of small files that were written together, with one device read for many of them.
 *
 * <ol>
 *   <li>It knows places, not files. What it holds may be old, when blocks were freed and written again: so whoever gets bytes from here
 *       compares them with their checksum, and reads the device where they differ.
 *   <li>Blocks that this node writes are forgotten after the write.
 *   <li>An error of a read ahead is nobody's: who wants the blocks reads them again, and gets the error.
 *   <li>Memory is fixed; a part of it that is neither used up nor forgotten for a while is not given to others.
 * </ol>
 * <p>Thread-safe; {@code mutex} is a leaf, and no I/O happens under it.
 */
final class ReadAhead {
    static final int CHUNK_BLOCKS = 256;

    /** What is read ahead at first, when two reads followed each other. It doubles as they go on. */
    private static final int FIRST_BLOCKS = 32;

    /** A read that leaves out so many blocks still follows. */
    private static final int GAP_BLOCKS = 16;

    private static final int STREAMS = 8;
    /** Chunks that a stream of large reads has in flight or ready. */
    private static final int DEPTH = 3;
    /** A chunk that was wanted within so many reads is not taken for other blocks. */
    private static final int REST_READS = 64;

    /** Blocks from {@code blkno} on, read or being read. Guarded by mutex but for its bytes. */
    private static final class Chunk {
        final MemorySegment memory;
        long blkno;
        int count;
        boolean isValid;
        /** Who reads or copies its bytes now. */
        int users;

        long lastWanted;
        CompletableFuture<Boolean> read = CompletableFuture.completedFuture(false);

        Chunk(MemorySegment memory) {
            this.memory = memory;
        }

        boolean overlaps(long from, long end) {
            return isValid && blkno < end && from < blkno + count;
        }
    }

    /** Reads that follow each other. Guarded by mutex. */
    private static final class Stream {
        /** Where the next read is expected. */
        long next = -1;
        /** Where the next chunk begins. */
        long ahead;
        /** Blocks read so far without a break. */
        long length;

        long lastWanted;
    }

    private final BlockDevice device;
    private final Executor threads;
    private final Chunk[] chunks;
    private final Stream[] streams = new Stream[STREAMS];

    private final ReentrantLock mutex = new ReentrantLock();
    // Guarded by mutex.
    private long readCount;
    /** Read without mutex by writers, who need not look where nothing is. */
    private volatile int validCount;

    /**
     * @param threads read chunks; a task may be dropped or refused only when no read follows
     * @param arena of the memory; it outlives the threads
     */
    ReadAhead(BlockDevice device, Executor threads, int chunkCount, Arena arena) {
        this.device = device;
        this.threads = threads;
        long chunkBytes = (long) CHUNK_BLOCKS * BlockDevice.BLOCK_SIZE;
        MemorySegment memory = NativeMemory.mapLarge(chunkCount * chunkBytes, arena);
        this.chunks = new Chunk[chunkCount];
        for (int i = 0; i < chunkCount; i++) {
            chunks[i] = new Chunk(memory.asSlice(i * chunkBytes, chunkBytes));
        }
        for (int i = 0; i < STREAMS; i++) {
            streams[i] = new Stream();
        }
    }

    /**
     * Fills memory with the blocks from {@code blkno} on.
     *
     * @param limit the block before which reading ahead makes sense
     * @return whether some of them were read earlier, and may be old
     */
    boolean read(long blkno, MemorySegment into, long limit) throws IOException {
        int count = (int) (into.byteSize() / BlockDevice.BLOCK_SIZE);
        follow(blkno, count, Math.min(limit, device.blockCount()));
        long end = blkno + count;
        long at = blkno;
        boolean isFromMemory = false;
        while (at < end) {
            Chunk chunk = pin(at);
            long to = chunk == null ? beginOfChunk(at, end) : Math.min(end, chunk.blkno + chunk.count);
            MemorySegment part = into.asSlice((at - blkno) * BlockDevice.BLOCK_SIZE, (to - at) * BlockDevice.BLOCK_SIZE);
            if (chunk == null) {
                device.read(at, part);
            } else {
                try {
                    if (chunk.read.join()) {
                        part.copyFrom(chunk.memory.asSlice((at - chunk.blkno) * BlockDevice.BLOCK_SIZE, part.byteSize()));
                        isFromMemory = true;
                    } else {
                        device.read(at, part);
                    }
                } finally {
                    unpin(chunk, to);
                }
            }
            at = to;
        }
        return isFromMemory;
    }

    /** After blocks were written: what was read of them before is not to be used. */
    void forget(long blkno, long count) {
        // A chunk that is entered after this look is read after the write.
        if (validCount == 0) {
            return;
        }
        mutex.lock();
        try {
            for (Chunk chunk : chunks) {
                if (chunk.overlaps(blkno, blkno + count)) {
                    drop(chunk);
                }
            }
        } finally {
            mutex.unlock();
        }
    }

    private void drop(Chunk chunk) {
        if (chunk.isValid) {
            chunk.isValid = false;
            validCount = validCount - 1;
        }
    }

    /** The chunk with a block, which keeps its bytes until {@link #unpin}. */
    private @Nullable Chunk pin(long blkno) {
        if (validCount == 0) {
            return null;
        }
        mutex.lock();
        try {
            for (Chunk chunk : chunks) {
                if (chunk.overlaps(blkno, blkno + 1)) {
                    chunk.users++;
                    return chunk;
                }
            }
            return null;
        } finally {
            mutex.unlock();
        }
    }

    /** @param to how far it was copied; at its end it has served */
    private void unpin(Chunk chunk, long to) {
        mutex.lock();
        try {
            chunk.users--;
            chunk.lastWanted = to == chunk.blkno + chunk.count ? readCount - REST_READS - 1 : readCount;
        } finally {
            mutex.unlock();
        }
    }

    /** Where the first chunk begins in {@code [from, end)}, or {@code end}. */
    private long beginOfChunk(long from, long end) {
        if (validCount == 0) {
            return end;
        }
        mutex.lock();
        try {
            long begin = end;
            for (Chunk chunk : chunks) {
                if (chunk.overlaps(from, begin)) {
                    begin = Math.max(from + 1, chunk.blkno);
                }
            }
            return begin;
        } finally {
            mutex.unlock();
        }
    }

    /** Sees whether a read follows others, and reads ahead of it if so. */
    private void follow(long blkno, int count, long limit) {
        mutex.lock();
        try {
            readCount++;
            Stream stream = streamOf(blkno, count);
            stream.lastWanted = readCount;
            boolean follows = stream.length > 0;
            stream.length += count;
            stream.next = blkno + count;
            stream.ahead = Math.max(stream.ahead, stream.next);
            if (!follows) {
                return;
            }
            int size = (int) Math.min(CHUNK_BLOCKS, Math.max(FIRST_BLOCKS, stream.length));
            long goal = stream.next + Math.max(size / 2, (long) DEPTH * count);
            while (stream.ahead < goal && stream.ahead < limit) {
                int blocks = (int) Math.min(size, limit - stream.ahead);
                if (!begin(stream.ahead, blocks)) {
                    return;
                }
                stream.ahead += blocks;
            }
        } finally {
            mutex.unlock();
        }
    }

    /** The stream that a read belongs to: one that it follows, or the one that nothing followed for longest, as a new one. */
    private Stream streamOf(long blkno, int count) {
        Stream oldest = streams[0];
        for (Stream stream : streams) {
            long end = Math.max(stream.next + Math.max(GAP_BLOCKS, count), stream.ahead);
            if (stream.length > 0 && blkno >= stream.next && blkno <= end) {
                return stream;
            }
            if (stream.lastWanted < oldest.lastWanted) {
                oldest = stream;
            }
        }
        oldest.length = 0;
        oldest.ahead = 0;
        return oldest;
    }

    private boolean begin(long blkno, int count) {
        Chunk chunk = idleChunk();
        if (chunk == null) {
            return false;
        }
        drop(chunk);
        CompletableFuture<Boolean> read = new CompletableFuture<>();
        chunk.blkno = blkno;
        chunk.count = count;
        chunk.read = read;
        chunk.lastWanted = readCount;
        chunk.users = 1;
        chunk.isValid = true;
        validCount = validCount + 1;
        try {
            threads.execute(() -> fill(chunk, read));
            return true;
        } catch (RejectedExecutionException ending) {
            drop(chunk);
            chunk.users = 0;
            boolean _ = read.complete(false);
            return false;
        }
    }

    private @Nullable Chunk idleChunk() {
        Chunk best = null;
        for (Chunk chunk : chunks) {
            if (chunk.users == 0
                    && (!chunk.isValid || chunk.lastWanted < readCount - REST_READS)
                    && (best == null || best.isValid && (!chunk.isValid || chunk.lastWanted < best.lastWanted))) {
                best = chunk;
            }
        }
        return best;
    }

    private void fill(Chunk chunk, CompletableFuture<Boolean> read) {
        boolean isRead = false;
        try {
            device.read(chunk.blkno, chunk.memory.asSlice(0, (long) chunk.count * BlockDevice.BLOCK_SIZE));
            isRead = true;
        } catch (IOException unread) {
            System.getLogger(ReadAhead.class.getName())
                    .log(System.Logger.Level.DEBUG, "blocks that were not asked for yet", unread);
        } finally {
            mutex.lock();
            try {
                chunk.users--;
                if (!isRead) {
                    drop(chunk);
                }
            } finally {
                mutex.unlock();
            }
            boolean _ = read.complete(isRead);
        }
    }
}
