package org.scoutfs.volume;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.Consumer;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.device.DeviceExtent;
import org.scoutfs.format.BlockKind;
import org.scoutfs.format.StreamBlock;

/** Reading and writing the volume's own blocks, which is rare and small: memory is allocated for each call. */
final class MetaBlocks {
    /** Blocks in one read of a scan. */
    private static final int CHUNK_BLOCKS = 256;

    private MetaBlocks() {}

    /** What to do with one block's memory, which is borrowed. */
    interface Visitor {
        /** @return whether to go on */
        boolean visit(long blkno, MemorySegment block) throws IOException;
    }

    interface Decoder<T> {
        T decode(MemorySegment block) throws IOException;
    }

    static <T> T read(BlockDevice device, long blkno, Decoder<T> decoder) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment block = arena.allocate(BlockDevice.BLOCK_SIZE, BlockDevice.BLOCK_SIZE);
            device.read(blkno, block);
            return decoder.decode(block);
        }
    }

    static void write(BlockDevice device, long blkno, Consumer<MemorySegment> encoder) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment block = arena.allocate(BlockDevice.BLOCK_SIZE, BlockDevice.BLOCK_SIZE);
            encoder.accept(block);
            device.write(blkno, block);
        }
    }

    /** Visits the blocks of an extent in order. */
    static void scan(BlockDevice device, DeviceExtent extent, Visitor visitor) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            int chunk = (int) Math.min(CHUNK_BLOCKS, extent.blockCount());
            MemorySegment memory =
                    arena.allocate((long) chunk * BlockDevice.BLOCK_SIZE, BlockDevice.BLOCK_SIZE);
            for (long blkno = extent.blkno(); blkno < extent.end(); blkno += chunk) {
                long count = Math.min(chunk, extent.end() - blkno);
                MemorySegment part = memory.asSlice(0, count * BlockDevice.BLOCK_SIZE);
                device.read(blkno, part);
                for (long i = 0; i < count; i++) {
                    if (!visitor.visit(blkno + i, part.asSlice(i * BlockDevice.BLOCK_SIZE, BlockDevice.BLOCK_SIZE))) {
                        return;
                    }
                }
            }
        }
    }

    /** Who writes a stream, for the trailers. */
    record Stream(long volumeId, long epoch, BlockKind kind, long number) {}

    /** Writes a stream of bytes to the blocks named, in long runs. */
    static void writeStream(BlockDevice device, Stream stream, byte[] bytes, List<Long> blknos) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            int chunk = Math.min(CHUNK_BLOCKS, blknos.size());
            MemorySegment memory =
                    arena.allocate((long) chunk * BlockDevice.BLOCK_SIZE, BlockDevice.BLOCK_SIZE);
            int index = 0;
            while (index < blknos.size()) {
                long first = blknos.get(index);
                int count = 0;
                while (count < chunk && index + count < blknos.size() && blknos.get(index + count) == first + count) {
                    StreamBlock.part(stream.number, index + count, bytes).encode(
                            memory.asSlice((long) count * BlockDevice.BLOCK_SIZE, BlockDevice.BLOCK_SIZE),
                            stream.volumeId, first + count, stream.epoch, stream.kind);
                    count++;
                }
                device.write(first, memory.asSlice(0, (long) count * BlockDevice.BLOCK_SIZE));
                index += count;
            }
        }
    }
}
