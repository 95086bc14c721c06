package org.scoutfs.item;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * The 64-bit hash of a name, under which directory entries and extended attributes are looked up. Part of the format: docs/format.md,
 * "Name hash".
 */
public final class NameHash {
    private static final VarHandle U64LE = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long STEP = 0x9E3779B97F4A7C15L;
    private static final long FINISH_1 = 0xBF58476D1CE4E5B9L;
    private static final long FINISH_2 = 0x94D049BB133111EBL;

    private NameHash() {}

    public static long of(byte[] name) {
        long hash = STEP * (name.length + 1);
        int at = 0;
        for (; at + Long.BYTES <= name.length; at += Long.BYTES) {
            hash = mix(hash ^ (long) U64LE.get(name, at));
        }
        long rest = 0;
        for (int i = name.length - 1; i >= at; i--) {
            rest = rest << 8 | name[i] & 0xff;
        }
        return mix(hash ^ rest);
    }

    /** The finishing step of SplitMix64, a permutation: two different inputs never meet here. */
    private static long mix(long value) {
        long z = value + STEP;
        z = (z ^ z >>> 30) * FINISH_1;
        z = (z ^ z >>> 27) * FINISH_2;
        return z ^ z >>> 31;
    }
}
