package org.scoutfs.item;

/** The target of a symbolic link: the value's bytes, in one item. docs/format.md, "Symlink item". */
public final class SymlinkItem {
    public static final int TARGET_BYTES_MAX = 4095;

    private SymlinkItem() {}

    public static byte[] key(long ino) {
        return Keys.of(Keys.Zone.FS, ino, Keys.Type.SYMLINK, 0, 0, 0);
    }
}
