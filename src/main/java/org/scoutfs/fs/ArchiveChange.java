package org.scoutfs.fs;

import org.jspecify.annotations.Nullable;
import org.scoutfs.fs.Attributes.Timestamp;

/**
 * Attributes of an inode that only an archive manager sets; null leaves alone.
 *
 * @param size with {@code dataVersion}, of a file that has never been written
 * @param isSizeOffline whether the bytes of that size are in an archive
 */
public record ArchiveChange(
        @Nullable Long dataVersion,
        @Nullable Timestamp ctime,
        @Nullable Timestamp crtime,
        @Nullable Long size,
        boolean isSizeOffline,
        @Nullable Boolean retention,
        @Nullable Long projectId) {
    public static final ArchiveChange NONE = new ArchiveChange(null, null, null, null, false, null, null);

    public ArchiveChange withProjectId(long id) {
        return new ArchiveChange(dataVersion, ctime, crtime, size, isSizeOffline, retention, id);
    }
}
