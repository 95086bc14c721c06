package org.scoutfs.fs;

import org.jspecify.annotations.Nullable;
import org.scoutfs.fs.Attributes.Timestamp;

/**
 * What {@code chmod}, {@code chown}, {@code truncate} and {@code utimensat} change; null leaves alone.
 *
 * @param killPrivileges set-id bits go as for a write by someone without the privilege
 */
public record AttributeChange(
        @Nullable Integer mode,
        @Nullable Integer uid,
        @Nullable Integer gid,
        @Nullable Long size,
        @Nullable Timestamp atime,
        @Nullable Timestamp mtime,
        @Nullable Timestamp ctime,
        boolean atimeNow,
        boolean mtimeNow,
        boolean killPrivileges) {}
