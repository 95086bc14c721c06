package org.scoutfs.format.ioctl;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * Number 12: where free space is recorded. ioctl(2) returns the number of entries; {@code EOVERFLOW} when they do not fit, since there
 * is no way to continue.
 *
 * @param entryCount room in entries, unsigned
 */
public record AllocDetail(long entriesPointer, long entryCount) {
    public static final int SIZE = 16;

    private static final int ENTRIES_PTR = 0; // u64
    private static final int ENTRIES_NR = 8; //  u64

    public static AllocDetail decode(MemorySegment in) {
        ByteBuffer bytes = Bytes.of(in, SIZE);
        return new AllocDetail(bytes.getLong(ENTRIES_PTR), bytes.getLong(ENTRIES_NR));
    }

    public byte[] encode() {
        ByteBuffer bytes = Bytes.zeroed(SIZE);
        bytes.putLong(ENTRIES_PTR, entriesPointer);
        bytes.putLong(ENTRIES_NR, entryCount);
        return bytes.array();
    }

    /**
     * Free space of one owner.
     *
     * @param id 0 for the server's pools, else a mount's rid
     * @param blocks of 64 KiB for metadata, of 4 KiB for data
     * @param isAvailable false for blocks that were freed and cannot be used yet
     */
    public record Entry(long id, long blocks, boolean isMeta, boolean isAvailable) {
        public static final int SIZE = 24;

        private static final int ID = 0; //     u64
        private static final int BLOCKS = 8; // u64
        private static final int FLAGS = 17; // u8; the type before it and the padding after it are zero
        private static final int META = 1;
        private static final int AVAILABLE = 2;

        public void encode(MemorySegment entries, long index) {
            ByteBuffer bytes = Bytes.of(entries.asSlice(index * SIZE), SIZE);
            bytes.putLong(ID, id);
            bytes.putLong(BLOCKS, blocks);
            bytes.putLong(16, 0);
            bytes.put(FLAGS, (byte) ((isMeta ? META : 0) | (isAvailable ? AVAILABLE : 0)));
        }

        public static Entry decode(MemorySegment entries, long index) {
            ByteBuffer bytes = Bytes.of(entries.asSlice(index * SIZE), SIZE);
            int flags = bytes.get(FLAGS);
            return new Entry(bytes.getLong(ID), bytes.getLong(BLOCKS), (flags & META) != 0, (flags & AVAILABLE) != 0);
        }
    }
}
