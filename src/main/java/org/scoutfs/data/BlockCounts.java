package org.scoutfs.data;

/** How an operation changed a file's counts of 4 KiB blocks; negative for fewer. {@code fs} adds it to the inode. */
public record BlockCounts(long online, long offline) {
    public static final BlockCounts NONE = new BlockCounts(0, 0);

    public BlockCounts plus(BlockCounts other) {
        return new BlockCounts(online + other.online, offline + other.offline);
    }
}
