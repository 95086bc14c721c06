package org.scoutfs.fuse.wire;

import java.lang.foreign.MemorySegment;

/**
 * A structure that is put together in an array and then copied to its place in one step. Each access to a {@link MemorySegment} is a
 * chain of twenty calls until the compiler has seen it often enough, an access to an array is one instruction from the start: in the
 * first seconds of a mount a listing spent most of its time in those calls.
 *
 * <p>Of little-endian hosts only, as all of this package. Fields are written once each; what is not written is zero.
 */
final class Words {
    private final long[] words;

    /** @param size a multiple of 8 */
    Words(long size) {
        words = new long[(int) (size / Long.BYTES)];
    }

    /** @param at a multiple of 8 */
    void u64(int at, long value) {
        words[at >>> 3] = value;
    }

    /** @param at a multiple of 4 */
    void u32(int at, int value) {
        words[at >>> 3] |= Integer.toUnsignedLong(value) << ((at & 4) << 3);
    }

    void bytes(int at, byte[] bytes) {
        for (int i = 0; i < bytes.length; i++) {
            words[at + i >>> 3] |= (bytes[i] & 0xffL) << ((at + i & 7) << 3);
        }
    }

    int copyTo(MemorySegment to, long at) {
        MemorySegment.copy(words, 0, to, Wire.U64, at, words.length);
        return words.length * Long.BYTES;
    }
}
