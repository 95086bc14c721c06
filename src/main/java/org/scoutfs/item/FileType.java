package org.scoutfs.item;

/** The type bits of a mode, and their short form that directory entries carry ({@code d_type}, the mode's bits 12 to 15). */
public final class FileType {
    public static final int FIFO = 1;
    public static final int CHARACTER_DEVICE = 2;
    public static final int DIRECTORY = 4;
    public static final int BLOCK_DEVICE = 6;
    public static final int REGULAR = 8;
    public static final int SYMLINK = 10;
    public static final int SOCKET = 12;

    private FileType() {}

    /** The type in a mode, or 0 where the mode has none of the seven. */
    public static int ofMode(int mode) {
        int type = mode >>> 12 & 0xf;
        return switch (type) {
            case FIFO, CHARACTER_DEVICE, DIRECTORY, BLOCK_DEVICE, REGULAR, SYMLINK, SOCKET -> type;
            default -> 0;
        };
    }

    public static boolean isDirectory(int mode) {
        return ofMode(mode) == DIRECTORY;
    }

    public static boolean isRegular(int mode) {
        return ofMode(mode) == REGULAR;
    }

    public static boolean isSymlink(int mode) {
        return ofMode(mode) == SYMLINK;
    }
}
