package org.scoutfs.fuse;

/**
 * The pages that a waiting READ or WRITE is about, in bytes: whole pages, {@code [start, end)}.
 *
 * @param isRead whether it is a READ
 * @param isOwner whether the kernel surely keeps them locked and without bytes until the request is answered: a READ into the page
 *     cache. Of others (a WRITE's last page, a direct READ) only some may be locked
 */
record ParkedPages(long ino, long start, long end, boolean isRead, boolean isOwner) {
    static final int PAGE = 4096;

    /** The pages of a read. */
    static ParkedPages ofRead(long ino, long offset, long size, boolean mayBeDirect) {
        return new ParkedPages(ino, floor(offset), ceiling(offset + size), true, !mayBeDirect);
    }

    /** The last page of a write through the page cache, the only one that can be locked. */
    static ParkedPages ofWrite(long ino, long offset, long size) {
        long last = floor(offset + Math.max(1, size) - 1);
        return new ParkedPages(ino, last, last + PAGE, false, false);
    }

    private static long floor(long offset) {
        return offset & -PAGE;
    }

    private static long ceiling(long offset) {
        return offset > Long.MAX_VALUE - PAGE ? Long.MAX_VALUE : offset + PAGE - 1 & -PAGE;
    }
}
