package org.scoutfs.format.ioctl;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * Number 20: the quota rules, in no order that means anything. ioctl(2) returns how many {@link QuotaRule} it stored, 0 at the end; the place
 * to go on from comes back in the structure. The request code says that it only comes back, so that it has to be read from the caller.
 *
 * @param iterator with {@code iteratorIndex}: the place, zeroes at first
 */
public record QuotaRules(long iterator, long iteratorIndex, long rulesPointer, long ruleCount) {
    public static final int SIZE = 32;

    private static final int ITERATOR = 0; //   2 u64
    private static final int RULES_PTR = 16; // u64
    private static final int RULES_NR = 24; //  u64

    public static QuotaRules decode(MemorySegment in) {
        ByteBuffer bytes = Bytes.of(in, SIZE);
        return new QuotaRules(
                bytes.getLong(ITERATOR), bytes.getLong(ITERATOR + 8), bytes.getLong(RULES_PTR), bytes.getLong(RULES_NR));
    }

    public byte[] encode() {
        ByteBuffer bytes = Bytes.zeroed(SIZE);
        bytes.putLong(ITERATOR, iterator);
        bytes.putLong(ITERATOR + 8, iteratorIndex);
        bytes.putLong(RULES_PTR, rulesPointer);
        bytes.putLong(RULES_NR, ruleCount);
        return bytes.array();
    }
}
