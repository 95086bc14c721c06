package org.scoutfs.check;

/**
 * One thing that is wrong.
 *
 * @param where the structure, inode or block
 * @param what what was found, and what should be there
 */
public record Problem(Kind kind, String where, String what) {
    /** What can be wrong. The names are what {@code scoutfs check} prints. */
    public enum Kind {
        /** A structure of the volume cannot be read, or contradicts another. */
        STRUCTURE,
        /** A segment cannot be read, or is not what the version says of it. */
        SEGMENT,
        /** An item of a kind that there is not, or whose value is none. */
        ITEM,
        /** There are items of an inode and no inode. */
        INODE_MISSING,
        /** A field of an inode cannot be. */
        INODE,
        /** The link count is not the number of names. */
        LINK_COUNT,
        /** An entry of a directory is found by name and not by position, or the other way round. */
        ENTRY,
        /** A name is under the directory and not under the inode, or the other way round, or they differ in the type. */
        LINK,
        /** The size of a directory or symbolic link is not that of what is in it. */
        SIZE,
        /** An extended attribute is incomplete, or their number is wrong. */
        XATTR,
        /** An inode is not in an index at its sequence number. */
        INDEX_MISSING,
        /** A total of xattrs is not the sum of their values, or does not count them all. */
        TOTAL,
        /** An index has what is not, or not any more. */
        INDEX_EXTRA,
        /** An inode without a name, or with an unfinished truncate, is not noted; or one is noted that is none. */
        ORPHAN,
        /** Extents of one file overlap. */
        EXTENT_OVERLAP,
        /** An extent lies where the device has no space for it. */
        EXTENT_OUTSIDE,
        /** An inode's counts of blocks are not those of its extents. */
        BLOCK_COUNT,
        /** A block has two owners. */
        BLOCK_TWICE,
        /** A block is free, and somebody's. */
        BLOCK_FREE_AND_USED,
        /** A block has no owner. */
        BLOCK_LEAKED,
        /** A written block has no checksum. */
        CHECKSUM_MISSING,
        /** There are checksums of blocks that are not there. */
        CHECKSUM_EXTRA,
        /** The bytes of a block do not fit their checksum. */
        DATA,
        /** A number of the volume's (inodes, sequence numbers) does not fit what is there. */
        NUMBERS
    }

    @Override
    public String toString() {
        return kind + ": " + where + ": " + what;
    }
}
