package org.scoutfs.item;

import java.util.Arrays;
import org.scoutfs.base.CorruptionException;

/**
 * An extended attribute, in as many items as it needs: part 0 has the lengths, the name and the value's beginning, the others have the
 * rest. docs/format.md, "Extended attribute items".
 */
public final class XattrItem {
    public static final int NAME_BYTES_MAX = 255;
    public static final int VALUE_BYTES_MAX = 65535;

    /** Bytes of an item's value; only the last part is shorter. */
    public static final int PART_BYTES = 4096;

    private static final int AT_NAME_LENGTH = 0; //  u8
    private static final int AT_RESERVED = 1; //     u8, zero
    private static final int AT_VALUE_LENGTH = 2; // u16
    private static final int AT_NAME = 4;

    private XattrItem() {}

    public static byte[] key(long ino, long nameHash, long id, int part) {
        return Keys.of(Keys.Zone.FS, ino, Keys.Type.XATTR, nameHash, id, part);
    }

    public static long id(byte[] key) {
        return Keys.third(key);
    }

    public static int part(byte[] key) {
        return Keys.fourth(key);
    }

    /** How many items an xattr takes. */
    public static int partCount(int nameLength, int valueLength) {
        return (AT_NAME + nameLength + valueLength + PART_BYTES - 1) / PART_BYTES;
    }

    /** An upper bound of the keys and values of an xattr. */
    public static long itemBytes(int nameLength, int valueLength) {
        return AT_NAME + nameLength + valueLength + (long) Keys.SIZE * partCount(nameLength, valueLength);
    }

    /** The values of the parts, first to last. */
    public static byte[][] encode(byte[] name, byte[] value) {
        byte[] whole = new byte[AT_NAME + name.length + value.length];
        whole[AT_NAME_LENGTH] = (byte) name.length;
        whole[AT_VALUE_LENGTH] = (byte) value.length;
        whole[AT_VALUE_LENGTH + 1] = (byte) (value.length >>> 8);
        System.arraycopy(name, 0, whole, AT_NAME, name.length);
        System.arraycopy(value, 0, whole, AT_NAME + name.length, value.length);
        byte[][] parts = new byte[partCount(name.length, value.length)][];
        for (int part = 0; part < parts.length; part++) {
            int from = part * PART_BYTES;
            parts[part] =
                    parts.length == 1 ? whole : Arrays.copyOfRange(whole, from, Math.min(whole.length, from + PART_BYTES));
        }
        return parts;
    }

    public static byte[] name(byte[] key, byte[] firstPart) throws CorruptionException {
        int length = nameLength(key, firstPart);
        return Arrays.copyOfRange(firstPart, AT_NAME, AT_NAME + length);
    }

    public static boolean hasName(byte[] key, byte[] firstPart, byte[] name) throws CorruptionException {
        int length = nameLength(key, firstPart);
        return Arrays.equals(firstPart, AT_NAME, AT_NAME + length, name, 0, name.length);
    }

    public static int valueLength(byte[] key, byte[] firstPart) throws CorruptionException {
        nameLength(key, firstPart);
        return firstPart[AT_VALUE_LENGTH] & 0xff | (firstPart[AT_VALUE_LENGTH + 1] & 0xff) << 8;
    }

    /** As much of the value as the first part holds: all of a value that is short. */
    public static byte[] valueInFirstPart(byte[] key, byte[] firstPart) throws CorruptionException {
        int from = AT_NAME + nameLength(key, firstPart);
        return Arrays.copyOfRange(firstPart, from, Math.min(firstPart.length, from + valueLength(key, firstPart)));
    }

    /** Copies what part {@code part} holds of the value to where it belongs in {@code value}. */
    public static void copyValue(byte[] key, byte[] bytes, int nameLength, byte[] value) throws CorruptionException {
        int part = part(key);
        int skip = part == 0 ? AT_NAME + nameLength : 0;
        int to = part * PART_BYTES + skip - AT_NAME - nameLength;
        int count = bytes.length - skip;
        int expected = Math.min(PART_BYTES - skip, value.length - to);
        if (count != expected) {
            throw CorruptionException.of("xattr item " + Keys.toString(key), expected + " bytes of value", count + " bytes");
        }
        System.arraycopy(bytes, skip, value, to, count);
    }

    private static int nameLength(byte[] key, byte[] firstPart) throws CorruptionException {
        int length = firstPart.length < AT_NAME ? 0 : firstPart[AT_NAME_LENGTH] & 0xff;
        if (length == 0 || firstPart[AT_RESERVED] != 0 || firstPart.length < AT_NAME + length) {
            throw CorruptionException.of(
                    "xattr item " + Keys.toString(key), "the first part of an xattr", firstPart.length + " other bytes");
        }
        return length;
    }
}
