package org.scoutfs.format.ioctl;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * Number 6: who waits for offline blocks in this mount, after a place. ioctl(2) returns the number of entries.
 *
 * @param flags must be 0
 * @param afterIno with {@code afterBlock} the last entry that the caller has; both 0 to begin with
 * @param entryCount room in entries
 */
public record DataWaiting(long flags, long afterIno, long afterBlock, long entriesPointer, int entryCount) {
    public static final int SIZE = 40;

    private static final int FLAGS = 0; //         u64
    private static final int AFTER_INO = 8; //     u64
    private static final int AFTER_IBLOCK = 16; // u64
    private static final int ENTS_PTR = 24; //     u64
    private static final int ENTS_NR = 32; //      u16, then 6 bytes that mean nothing
    private static final int U16 = 0xffff;

    public static DataWaiting decode(MemorySegment in) {
        ByteBuffer bytes = Bytes.of(in, SIZE);
        return new DataWaiting(
                bytes.getLong(FLAGS),
                bytes.getLong(AFTER_INO),
                bytes.getLong(AFTER_IBLOCK),
                bytes.getLong(ENTS_PTR),
                bytes.getShort(ENTS_NR) & U16);
    }

    public byte[] encode() {
        ByteBuffer bytes = Bytes.zeroed(SIZE);
        bytes.putLong(FLAGS, flags);
        bytes.putLong(AFTER_INO, afterIno);
        bytes.putLong(AFTER_IBLOCK, afterBlock);
        bytes.putLong(ENTS_PTR, entriesPointer);
        bytes.putShort(ENTS_NR, (short) entryCount);
        return bytes.array();
    }

    /**
     * All who wait for one block.
     *
     * @param operations 1 read, 2 write, 4 change of size, or-ed
     */
    public record Entry(long ino, long block, int operations) {
        public static final int SIZE = 24;

        private static final int INO = 0; //    u64
        private static final int IBLOCK = 8; // u64
        private static final int OP = 16; //    u8, then 7 bytes of zeroes

        public void encode(MemorySegment entry) {
            ByteBuffer bytes = Bytes.of(entry, SIZE);
            bytes.putLong(INO, ino);
            bytes.putLong(IBLOCK, block);
            bytes.putLong(OP, operations);
        }

        public static Entry decode(MemorySegment entries, long index) {
            ByteBuffer bytes = Bytes.of(entries.asSlice(index * SIZE), SIZE);
            return new Entry(bytes.getLong(INO), bytes.getLong(IBLOCK), bytes.get(OP));
        }
    }
}
