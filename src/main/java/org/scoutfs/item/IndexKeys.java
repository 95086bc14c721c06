package org.scoutfs.item;

/** The items of the two indexes of inodes by change; they have no value. docs/format.md, "Index items". */
public final class IndexKeys {
    private static final byte[] NO_VALUE = {};

    private IndexKeys() {}

    public static byte[] metaSeq(long seq, long ino) {
        return of(Keys.Type.META_SEQ, seq, ino);
    }

    public static byte[] dataSeq(long seq, long ino) {
        return of(Keys.Type.DATA_SEQ, seq, ino);
    }

    /** @param type {@link Keys.Type#META_SEQ} or {@link Keys.Type#DATA_SEQ} */
    public static byte[] of(int type, long seq, long ino) {
        return Keys.of(Keys.Zone.INODE_INDEX, 0, type, seq, ino, 0);
    }

    public static long seq(byte[] key) {
        return Keys.second(key);
    }

    public static long ino(byte[] key) {
        return Keys.third(key);
    }

    public static byte[] value() {
        return NO_VALUE;
    }
}
