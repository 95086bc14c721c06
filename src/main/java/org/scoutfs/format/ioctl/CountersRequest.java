package org.scoutfs.format.ioctl;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * Number 0x80, ours: the mount's counters by pages. ioctl(2) returns how many entries it stored, beginning with counter number
 * {@code first}; the caller goes on with {@code first} plus that, until it gets 0. No privilege is needed.
 *
 * @param entryCount room in entries, unsigned
 */
public record CountersRequest(int first, int entryCount, long entriesPointer) {
    public static final int SIZE = 16;

    private static final int FIRST = 0; //       u32
    private static final int ENTRIES_NR = 4; //  u32
    private static final int ENTRIES_PTR = 8; // u64

    public static CountersRequest decode(MemorySegment in) {
        ByteBuffer bytes = Bytes.of(in, SIZE);
        return new CountersRequest(bytes.getInt(FIRST), bytes.getInt(ENTRIES_NR), bytes.getLong(ENTRIES_PTR));
    }

    public byte[] encode() {
        ByteBuffer bytes = Bytes.zeroed(SIZE);
        bytes.putInt(FIRST, first);
        bytes.putInt(ENTRIES_NR, entryCount);
        bytes.putLong(ENTRIES_PTR, entriesPointer);
        return bytes.array();
    }

    /** A counter. The name has at most {@value #NAME_BYTES} bytes of ASCII; longer ones are cut. */
    public record Entry(String name, long value) {
        public static final int SIZE = 64;
        public static final int NAME_BYTES = 56;

        private static final int VALUE = 0; // u64
        private static final int NAME = 8; //  56 bytes, filled up with NULs

        public void encode(MemorySegment entries, long index) {
            MemorySegment entry = entries.asSlice(index * SIZE, SIZE);
            entry.fill((byte) 0);
            ByteBuffer bytes = Bytes.of(entry, SIZE);
            byte[] ascii = name.getBytes(StandardCharsets.US_ASCII);
            bytes.putLong(VALUE, value);
            bytes.put(NAME, ascii, 0, Math.min(ascii.length, NAME_BYTES));
        }

        public static Entry decode(MemorySegment entries, long index) {
            ByteBuffer bytes = Bytes.of(entries.asSlice(index * SIZE), SIZE);
            int length = 0;
            while (length < NAME_BYTES && bytes.get(NAME + length) != 0) {
                length++;
            }
            byte[] ascii = new byte[length];
            bytes.get(NAME, ascii);
            return new Entry(new String(ascii, StandardCharsets.US_ASCII), bytes.getLong(VALUE));
        }
    }
}
