package org.scoutfs.lsm;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.scoutfs.base.CorruptionException;

/**
 * Arithmetic of {@link ValueKind#DELTA}.
 *
 * <p>Merging must not change what a reader sees, whatever is merged when. So the rules are those of addition, which may be
 * done in any grouping, with one twist: a sum of only zeroes is no value, and that is decided where the sum becomes final,
 * which is on the first PUT or TOMBSTONE below, or at the bottom.
 */
public final class Deltas {
    private static final VarHandle U64LE = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private Deltas() {}

    /**
     * What a newer item of a key makes of an older one.
     *
     * @throws CorruptionException when a delta meets a value that is not made of 64-bit numbers
     */
    public static ItemValue merge(ItemValue newer, ItemValue older) throws CorruptionException {
        if (newer.kind() != ValueKind.DELTA) {
            return newer;
        }
        return switch (older.kind()) {
            case DELTA -> ItemValue.delta(add(newer.bytes(), older.bytes()));
            case PUT -> settle(add(newer.bytes(), older.bytes()));
            case TOMBSTONE -> settle(newer.bytes());
        };
    }

    /** An item below which there is nothing: a sum is final. */
    public static ItemValue settle(ItemValue bottom) {
        return bottom.kind() == ValueKind.DELTA ? settle(bottom.bytes()) : bottom;
    }

    private static ItemValue settle(byte[] sum) {
        for (byte b : sum) {
            if (b != 0) {
                return ItemValue.put(sum);
            }
        }
        return ItemValue.TOMBSTONE;
    }

    /** The sums of the numbers at the same places; the shorter one is continued with zeroes. */
    public static byte[] add(byte[] one, byte[] other) throws CorruptionException {
        if (one.length % Long.BYTES != 0 || other.length % Long.BYTES != 0) {
            throw CorruptionException.of("delta", "64-bit numbers", one.length + " and " + other.length + " bytes");
        }
        boolean isOneLonger = one.length >= other.length;
        byte[] longer = isOneLonger ? one : other;
        byte[] shorter = isOneLonger ? other : one;
        byte[] sum = Arrays.copyOf(longer, longer.length);
        for (int i = 0; i < shorter.length; i += Long.BYTES) {
            U64LE.set(sum, i, (long) U64LE.get(sum, i) + (long) U64LE.get(shorter, i));
        }
        return sum;
    }
}
