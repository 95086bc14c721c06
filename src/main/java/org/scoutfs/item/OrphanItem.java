package org.scoutfs.item;

/**
 * Work that must survive a crash, by inode number and without a value: inodes that have no name any more, and files of which a truncate
 * has still to remove the rest. docs/format.md, "Orphan items".
 */
public final class OrphanItem {
    private static final byte[] NO_VALUE = {};

    private OrphanItem() {}

    public static byte[] key(long ino) {
        return Keys.of(Keys.Zone.ORPHAN, 0, Keys.Type.ORPHAN, ino, 0, 0);
    }

    public static byte[] truncateKey(long ino) {
        return Keys.of(Keys.Zone.ORPHAN, 0, Keys.Type.TRUNCATE, ino, 0, 0);
    }

    /** The first and last key of the zone. */
    public static byte[] firstKey() {
        return Keys.of(Keys.Zone.ORPHAN, 0, 0, 0, 0, 0);
    }

    public static byte[] lastKey() {
        return Keys.of(Keys.Zone.ORPHAN, -1, 255, -1, -1, 255);
    }

    public static long ino(byte[] key) {
        return Keys.second(key);
    }

    public static boolean isTruncate(byte[] key) {
        return Keys.type(key) == Keys.Type.TRUNCATE;
    }

    public static byte[] value() {
        return NO_VALUE;
    }
}
