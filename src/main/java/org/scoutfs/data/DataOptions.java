package org.scoutfs.data;

/**
 * @param dirtyBytesLimit memory for gathered data, whole MiB; writers wait past it
 * @param earlyBlocks so many dirty blocks in a row are worth writing before the commit
 * @param writerThreads device writes in flight at a time, beside the commit's own
 * @param preallocBlocks most blocks of storage that a growing file gets ahead of its data, and the size of the regions that are
 *     filled where {@code isPreallocContigOnly} is not set
 * @param readAheadChunks how many pieces of 1 MiB may be held that were read before they were asked for; 0 for none, which makes what the
 *     device is asked a function of what the caller asks
 * @param isPreallocContigOnly only files without holes that are appended to get storage ahead
 */
public record DataOptions(
        long dirtyBytesLimit, int earlyBlocks, int writerThreads, long preallocBlocks, boolean isPreallocContigOnly,
        int readAheadChunks) {
    /** 8 MiB. */
    public static final long PREALLOC_BLOCKS = 2048;

    /** 256 MiB gathered at most, 4 MiB written early, 3 writes at a time. */
    public static final DataOptions DEFAULT = new DataOptions(256L << 20, 1024, 3);

    public DataOptions(long dirtyBytesLimit, int earlyBlocks, int writerThreads) {
        this(dirtyBytesLimit, earlyBlocks, writerThreads, PREALLOC_BLOCKS, true, 0);
    }

    public DataOptions withReadAhead(int chunks) {
        return new DataOptions(
                dirtyBytesLimit, earlyBlocks, writerThreads, preallocBlocks, isPreallocContigOnly, chunks);
    }

    public DataOptions withPrealloc(long blocks, boolean isContigOnly) {
        return new DataOptions(dirtyBytesLimit, earlyBlocks, writerThreads, blocks, isContigOnly, readAheadChunks);
    }
}
