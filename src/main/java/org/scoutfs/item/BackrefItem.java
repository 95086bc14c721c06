package org.scoutfs.item;

/**
 * Says of an inode that the entry of a directory at a position names it; without a value. Found by the inode: for paths. docs/format.md,
 * "Directory entry items".
 */
public final class BackrefItem {
    private static final byte[] NO_VALUE = {};

    private BackrefItem() {}

    public static byte[] key(long ino, long dirIno, long position) {
        return Keys.of(Keys.Zone.FS, ino, Keys.Type.BACKREF, dirIno, position, 0);
    }

    public static long dirIno(byte[] key) {
        return Keys.second(key);
    }

    public static long position(byte[] key) {
        return Keys.third(key);
    }

    public static byte[] value() {
        return NO_VALUE;
    }
}
