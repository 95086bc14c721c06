package org.scoutfs.item;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import org.scoutfs.base.CorruptionException;
import org.scoutfs.base.Invariants;

/**
 * The CRC32C of up to {@value #GROUP_BLOCKS} neighbouring blocks of a file. docs/format.md, "Checksum item".
 *
 * <p>Values are arrays of {@value #GROUP_BLOCKS} numbers here, one per block of the group; numbers of blocks that have no
 * written extent mean nothing. On the device the value ends with the last block that has one.
 */
public final class ChecksumItem {
    /** Blocks in a group: 256 KiB of a file, 256 bytes of checksums. */
    public static final int GROUP_BLOCKS = 64;
    /** No encoded value is longer. */
    public static final int SIZE_MAX = GROUP_BLOCKS * Integer.BYTES;

    private static final VarHandle U32LE =
            MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    private ChecksumItem() {}

    /** The first block of the group that {@code block} is in. */
    public static long groupOf(long block) {
        return block & -GROUP_BLOCKS;
    }

    public static byte[] key(long ino, long group) {
        Invariants.check(groupOf(group) == group, "not the first block of a group", group);
        return Keys.of(Keys.Zone.CHECKSUM, ino, Keys.Type.CHECKSUM, group, 0, 0);
    }

    /** @param count how many blocks of the group, from its first, the value covers; at least 1 */
    public static byte[] value(int[] checksums, int count) {
        byte[] value = new byte[count * Integer.BYTES];
        for (int i = 0; i < count; i++) {
            U32LE.set(value, i * Integer.BYTES, checksums[i]);
        }
        return value;
    }

    /** How many blocks a value covers, after checking key and value. */
    public static int count(byte[] key, byte[] value) throws CorruptionException {
        if (Keys.third(key) != 0 || Keys.fourth(key) != 0 || groupOf(Keys.second(key)) != Keys.second(key)) {
            throw CorruptionException.of(
                    "checksum item " + Keys.toString(key), "a key of the first block of a group", Keys.toString(key));
        }
        if (value.length == 0 || value.length > SIZE_MAX || value.length % Integer.BYTES != 0) {
            throw CorruptionException.of(
                    "checksum item " + Keys.toString(key),
                    "4 to " + SIZE_MAX + " bytes, in steps of 4",
                    value.length + " bytes");
        }
        return value.length / Integer.BYTES;
    }

    /** The checksum of one block of a value that {@link #count} has accepted. */
    public static int at(byte[] value, int index) {
        return (int) U32LE.get(value, index * Integer.BYTES);
    }

    /** All checksums of a value, {@link #GROUP_BLOCKS} numbers. */
    public static int[] decode(byte[] key, byte[] value) throws CorruptionException {
        int count = count(key, value);
        int[] checksums = new int[GROUP_BLOCKS];
        for (int i = 0; i < count; i++) {
            checksums[i] = at(value, i);
        }
        return checksums;
    }
}
