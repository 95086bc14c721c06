package org.scoutfs.format;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.scoutfs.base.CorruptionException;

/**
 * One block of a stream of bytes that is cut into blocks: a batch of log records, or a checkpoint. docs/format.md, "Stream
 * block".
 *
 * @param number of the batch or the checkpoint
 * @param index of this block within it
 * @param count blocks in it
 * @param bytes this block's part; every block but the last is full
 */
public record StreamBlock(long number, int index, int count, byte[] bytes) {
    private static final int HEADER_SIZE = 24;

    /** Bytes of the stream that one block holds. */
    public static final int CAPACITY = BlockTrailer.PAYLOAD_SIZE - HEADER_SIZE;

    /** Blocks that a stream of this many bytes takes; at least one. */
    public static int blockCount(long byteCount) {
        return Math.toIntExact(Math.max(1, (byteCount + CAPACITY - 1) / CAPACITY));
    }

    /** The part of {@code stream} that block {@code index} holds. */
    public static StreamBlock part(long number, int index, byte[] stream) {
        int from = index * CAPACITY;
        int to = Math.min(stream.length, from + CAPACITY);
        return new StreamBlock(number, index, blockCount(stream.length), Arrays.copyOfRange(stream, from, to));
    }

    public void encode(MemorySegment block, long volumeId, long blkno, long epoch, BlockKind kind) {
        ByteWriter out = new ByteWriter(HEADER_SIZE + bytes.length);
        out.u64(number).u32(index).u32(count).u32(bytes.length).u32(0).raw(bytes);
        new BlockTrailer(volumeId, blkno, epoch, kind).seal(block, out.toArray());
    }

    public static StreamBlock decode(MemorySegment block, long volumeId, long blkno, long epoch, BlockKind kind)
            throws CorruptionException {
        BlockTrailer trailer = BlockTrailer.open(block, volumeId, blkno, kind);
        ByteReader in = BlockTrailer.payload(block, kind + " at block " + blkno);
        in.check(trailer.epoch() == epoch, "epoch " + epoch, "epoch " + trailer.epoch());
        long number = in.u64("a number", 1, Long.MAX_VALUE);
        int index = in.u32("an index", 0, Integer.MAX_VALUE - 1);
        int count = in.u32("a count above the index", index + 1, Integer.MAX_VALUE);
        int size = in.u32("a size", index < count - 1 ? CAPACITY : 0, CAPACITY);
        in.u32("zero", 0, 0);
        StreamBlock decoded = new StreamBlock(number, index, count, in.raw(size));
        in.zeroes();
        return decoded;
    }
}
