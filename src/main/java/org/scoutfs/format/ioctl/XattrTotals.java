package org.scoutfs.format.ioctl;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * Number 15: the totals of xattrs from a name on, ascending. ioctl(2) returns how many {@link Entry} it stored; 0 means that there are no
 * more. {@code EINVAL} for a pointer that is no multiple of 8 or room for less than one.
 */
public record XattrTotals(long first, long second, long third, long totalsPointer, long totalsBytes) {
    public static final int SIZE = 40;

    private static final int POS_NAME = 0; //     3 u64
    private static final int TOTALS_PTR = 24; //  u64
    private static final int TOTALS_BYTES = 32; // u64

    public static XattrTotals decode(MemorySegment in) {
        ByteBuffer bytes = Bytes.of(in, SIZE);
        return new XattrTotals(
                bytes.getLong(POS_NAME),
                bytes.getLong(POS_NAME + 8),
                bytes.getLong(POS_NAME + 16),
                bytes.getLong(TOTALS_PTR),
                bytes.getLong(TOTALS_BYTES));
    }

    public byte[] encode() {
        ByteBuffer bytes = Bytes.zeroed(SIZE);
        bytes.putLong(POS_NAME, first);
        bytes.putLong(POS_NAME + 8, second);
        bytes.putLong(POS_NAME + 16, third);
        bytes.putLong(TOTALS_PTR, totalsPointer);
        bytes.putLong(TOTALS_BYTES, totalsBytes);
        return bytes.array();
    }

    /** One total: what it is called, and what the values and the number of its xattrs are. All wrap around. */
    public record Entry(long first, long second, long third, long total, long count) {
        public static final int SIZE = 40;

        private static final int NAME = 0; //   3 u64
        private static final int TOTAL = 24; // u64
        private static final int COUNT = 32; // u64

        /** Writes entry number {@code index} of an array. */
        public void encode(MemorySegment entries, long index) {
            ByteBuffer bytes = Bytes.of(entries.asSlice(index * SIZE), SIZE);
            bytes.putLong(NAME, first);
            bytes.putLong(NAME + 8, second);
            bytes.putLong(NAME + 16, third);
            bytes.putLong(TOTAL, total);
            bytes.putLong(COUNT, count);
        }

        public static Entry decode(MemorySegment entries, long index) {
            ByteBuffer bytes = Bytes.of(entries.asSlice(index * SIZE), SIZE);
            return new Entry(
                    bytes.getLong(NAME),
                    bytes.getLong(NAME + 8),
                    bytes.getLong(NAME + 16),
                    bytes.getLong(TOTAL),
                    bytes.getLong(COUNT));
        }
    }
}
