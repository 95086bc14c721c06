package org.scoutfs.data;

/**
 * @param dirtyBytesLimit memory for gathered data, whole MiB; writers wait past it
 * @param earlyBlocks so many dirty blocks in a row are worth writing before the commit
 * @param writerThreads device writes in flight at a time, beside the commit's own
 */
public record DataOptions(long dirtyBytesLimit, int earlyBlocks, int writerThreads) {
    /** 256 MiB gathered at most, 4 MiB written early, 3 writes at a time. */
    public static final DataOptions DEFAULT = new DataOptions(256L << 20, 1024, 3);
}
