package org.scoutfs.data;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.CorruptionException;
import org.scoutfs.base.Counter;
import org.scoutfs.base.Counters;
import org.scoutfs.base.Invariants;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.device.BufferPool;
import org.scoutfs.device.PooledBuffer;
import org.scoutfs.item.ChecksumItem;
import org.scoutfs.item.ExtentItem;
import org.scoutfs.item.Keys;
import org.scoutfs.lsm.Cursor;
import org.scoutfs.lsm.ItemReader;

/**
 * Reads blocks from their places on the device into the caller's memory, and believes none before its checksum is
 * verified. Whole blocks go straight where the caller wants them, when that memory is aligned; others through a pooled buffer.
 *
 * <p>Thread-safe.
 */
final class DataReader {
    /** A tail that is no whole block is worth a device read of its own after this many direct blocks. */
    private static final int DIRECT_BLOCKS = 32;
    /** Behind an extent of so many blocks there is rarely what is wanted next: a smaller one is a small file among others. */
    private static final int LARGE_EXTENT_BLOCKS = 64;

    private final BlockDevice device;
    private final BufferPool buffers;
    private final Counters counters;
    private final @Nullable ReadAhead ahead;

    /** @param ahead null where nothing is read before it is asked for */
    DataReader(BlockDevice device, BufferPool buffers, Counters counters, @Nullable ReadAhead ahead) {
        this.device = device;
        this.buffers = buffers;
        this.counters = counters;
        this.ahead = ahead;
    }

    /** Memory that is to be filled with a file's bytes from {@code offset} on. */
    record Target(long ino, MemorySegment into, long offset) {
        long endOffset() {
            return offset + into.byteSize();
        }

        /** The part of the memory that file bytes {@code [from, to)} belong to, cut to what there is. */
        @Nullable MemorySegment slice(long from, long to) {
            long first = Math.max(from, offset);
            long end = Math.min(to, endOffset());
            return first < end ? into.asSlice(first - offset, end - first) : null;
        }

        void clear(long first, long end) {
            MemorySegment slice = slice(FileState.offsetOf(first), FileState.offsetOf(end));
            if (slice != null) {
                slice.fill((byte) 0);
            }
        }

        /** Copies the bytes of blocks from {@code block} on, as far as they are wanted. */
        void copy(long block, MemorySegment from) {
            long start = FileState.offsetOf(block);
            MemorySegment slice =
                    slice(start, FileState.offsetOf(block + from.byteSize() / BlockDevice.BLOCK_SIZE));
            if (slice != null) {
                long skip = Math.max(0, offset - start);
                MemorySegment.copy(from, skip, slice, 0, slice.byteSize());
            }
        }
    }

    /** Where the checksums of blocks come from. */
    interface Checksums {
        int of(long block) throws IOException;
    }

    /** Fills the target's part in {@code [first, end)} from the extent items of the view. */
    void readItems(ItemReader view, Target target, long first, long end) throws IOException {
        long block = first;
        Checksums checksums = null;
        try (Cursor cursor = view.scan(ExtentItem.key(target.ino(), first), ExtentItem.lastKey(target.ino()))) {
            while (block < end && cursor.next()) {
                ExtentItem item = ExtentItem.decode(cursor.key(), cursor.value());
                if (item.block() >= end) {
                    break;
                }
                if (item.block() > block) {
                    target.clear(block, item.block());
                    block = item.block();
                }
                Invariants.check(!item.isOffline(), "reads an offline block of inode", target.ino());
                long to = Math.min(end, item.end());
                if (item.isUnwritten()) {
                    target.clear(block, to);
                } else {
                    if (checksums == null) {
                        checksums = new ItemChecksums(view, target.ino(), block, end);
                    }
                    long limit = item.blockCount() < LARGE_EXTENT_BLOCKS ? Long.MAX_VALUE : item.blkno() + item.blockCount();
                    readPlace(target, block, (int) (to - block), item.blkno() + (block - item.block()), limit, checksums);
                }
                block = to;
            }
        }
        target.clear(block, end);
    }

    /**
     * Fills the target's part in {@code count} blocks from {@code block} on, which lie from {@code blkno} on.
     *
     * @param limit the block of the device before which reading ahead makes sense
     */
    void readPlace(Target target, long block, int count, long blkno, long limit, Checksums checksums) throws IOException {
        long at = Math.max(target.offset(), block * BlockDevice.BLOCK_SIZE);
        long end = Math.min(target.endOffset(), FileState.offsetOf(block + count));
        boolean isAligned = (target.into().address() - target.offset()) % BlockDevice.BLOCK_SIZE == 0;
        while (at < end) {
            long atBlock = at / BlockDevice.BLOCK_SIZE;
            long atBlkno = blkno + (atBlock - block);
            int whole = (int) ((end - at) / BlockDevice.BLOCK_SIZE);
            boolean beginsBlock = at % BlockDevice.BLOCK_SIZE == 0;
            boolean endsBlock = end % BlockDevice.BLOCK_SIZE == 0;
            if (isAligned && beginsBlock && whole > 0 && (endsBlock || whole >= DIRECT_BLOCKS)) {
                long bytes = (long) whole * BlockDevice.BLOCK_SIZE;
                MemorySegment direct = target.into().asSlice(at - target.offset(), bytes);
                readVerified(target.ino(), atBlock, whole, atBlkno, limit, direct, checksums);
                at += bytes;
                continue;
            }
            int blocks = (int) Math.min(
                    BlockMemory.BUFFER_BLOCKS_MAX, FileState.blockAfter(end) - atBlock);
            if (isAligned && !beginsBlock && blocks > DIRECT_BLOCKS) {
                blocks = 1;
            }
            try (PooledBuffer bounce = buffers.borrow((long) blocks * BlockDevice.BLOCK_SIZE)) {
                readVerified(target.ino(), atBlock, blocks, atBlkno, limit, bounce.memory(), checksums);
                target.copy(atBlock, bounce.memory());
            }
            at = FileState.offsetOf(atBlock + blocks);
        }
    }

    private void readVerified(
            long ino, long block, int count, long blkno, long limit, MemorySegment into, Checksums checksums)
            throws IOException {
        if (ahead != null && ahead.read(blkno, into, limit)) {
            if (firstBad(block, count, into, checksums) < 0) {
                return;
            }
            // It was read ahead, and maybe written again since.
            ahead.forget(blkno, count);
            device.read(blkno, into);
        } else if (ahead == null) {
            device.read(blkno, into);
        }
        verify(ino, block, count, blkno, into, checksums);
    }

    private void verify(long ino, long block, int count, long blkno, MemorySegment bytes, Checksums checksums)
            throws IOException {
        int bad = firstBad(block, count, bytes, checksums);
        if (bad >= 0) {
            counters.increment(Counter.DEVICE_CORRUPTIONS);
            CRC32C crc = new CRC32C();
            crc.update(bytes.asSlice((long) bad * BlockDevice.BLOCK_SIZE, BlockDevice.BLOCK_SIZE).asByteBuffer());
            throw CorruptionException.of(
                    "data of inode " + Long.toUnsignedString(ino) + " at offset " + (block + bad) * BlockDevice.BLOCK_SIZE
                            + " in block " + (blkno + bad) + " of " + device.name(),
                    "CRC32C " + Integer.toHexString(checksums.of(block + bad)),
                    Integer.toHexString((int) crc.getValue()));
        }
    }

    /** The index of the first block that does not fit its checksum, or -1. */
    private static int firstBad(long block, int count, MemorySegment bytes, Checksums checksums) throws IOException {
        CRC32C crc = new CRC32C();
        ByteBuffer buffer = bytes.asByteBuffer();
        for (int i = 0; i < count; i++) {
            crc.reset();
            buffer.limit((i + 1) * BlockDevice.BLOCK_SIZE).position(i * BlockDevice.BLOCK_SIZE);
            crc.update(buffer);
            if ((int) crc.getValue() != checksums.of(block + i)) {
                return i;
            }
        }
        return -1;
    }

    /** The checksums of {@code [first, end)} of a file, by one look-up, or by one scan where there are several groups. */
    private static final class ItemChecksums implements Checksums {
        private final long ino;
        private final long firstGroup;
        private final byte[] @Nullable [] values;

        ItemChecksums(ItemReader view, long ino, long first, long end) throws IOException {
            this.ino = ino;
            this.firstGroup = ChecksumItem.groupOf(first);
            long lastGroup = ChecksumItem.groupOf(end - 1);
            values = new byte[(int) ((lastGroup - firstGroup) / ChecksumItem.GROUP_BLOCKS) + 1][];
            byte[] key = ChecksumItem.key(ino, firstGroup);
            if (values.length == 1) {
                byte[] value = view.get(key);
                if (value != null) {
                    take(key, value);
                }
                return;
            }
            try (Cursor cursor = view.scan(key, ChecksumItem.key(ino, lastGroup))) {
                while (cursor.next()) {
                    take(cursor.key(), cursor.value());
                }
            }
        }

        private void take(byte[] key, byte[] value) throws CorruptionException {
            ChecksumItem.count(key, value);
            values[(int) ((Keys.second(key) - firstGroup) / ChecksumItem.GROUP_BLOCKS)] = value;
        }

        @Override
        public int of(long block) throws CorruptionException {
            long group = ChecksumItem.groupOf(block);
            byte[] value = values[(int) ((group - firstGroup) / ChecksumItem.GROUP_BLOCKS)];
            int index = (int) (block - group);
            if (value == null || index >= value.length / Integer.BYTES) {
                throw CorruptionException.missing(
                        "checksum", "block " + block + " of inode " + Long.toUnsignedString(ino));
            }
            return ChecksumItem.at(value, index);
        }
    }
}
