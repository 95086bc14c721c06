package org.scoutfs.item;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.scoutfs.base.CorruptionException;

/**
 * The items that tagged xattrs have outside of their inodes: by name, in totals, at places. Each kind has its zone, so that a walk over one
 * passes nothing else. docs/format.md, "Items of tagged attributes".
 */
public final class XattrIndexKeys {
    /** What the items of one xattr take at most: an xattr is in a total or at a place, not both. */
    public static final int BYTES_MAX = 2 * Keys.SIZE + 16;

    private static final byte[] NO_VALUE = {};

    private XattrIndexKeys() {}

    public static byte[] search(long nameHash, long ino, long id) {
        return Keys.of(Keys.Zone.XATTR_SEARCH, nameHash, Keys.Type.XATTR_SEARCH, ino, id, 0);
    }

    /** The last key of an inode's items by this name. */
    public static byte[] searchEnd(long nameHash, long ino) {
        return Keys.of(Keys.Zone.XATTR_SEARCH, nameHash, Keys.Type.XATTR_SEARCH, ino, -1, 255);
    }

    public static byte[] searchValue() {
        return NO_VALUE;
    }

    /** Of a search item or of one at a place. */
    public static long ino(byte[] key) {
        return Keys.zone(key) == Keys.Zone.XATTR_SEARCH ? Keys.second(key) : Keys.third(key);
    }

    public static byte[] total(long first, long second, long third) {
        return Keys.of(Keys.Zone.XATTR_TOTAL, first, Keys.Type.XATTR_TOTAL, second, third, 0);
    }

    public static byte[] sorted(long major, long minor, long ino) {
        return Keys.of(Keys.Zone.XATTR_INDEX, major, Keys.Type.XATTR_SORTED, minor, ino, 0);
    }

    /** How many xattrs more, or fewer, of an inode say a place. */
    public static byte[] sortedValue(long count) {
        return ByteBuffer.allocate(Long.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(count)
                .array();
    }

    public static long sortedCount(byte[] key, byte[] value) throws CorruptionException {
        if (value.length != Long.BYTES) {
            throw CorruptionException.of("index item " + Keys.toString(key), Long.BYTES + " bytes", value.length + " bytes");
        }
        return ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN).getLong();
    }
}
