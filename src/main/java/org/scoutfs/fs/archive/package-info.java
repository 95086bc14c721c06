/**
 * What archives need beside POSIX, reached through private ioctls with the original's numbers and layouts
 * ({@code format.ioctl}).
 *
 * <p>{@link org.scoutfs.fs.archive.IoctlService} decodes a request, checks privileges, asks {@code fs} or the published version, and only
 * then, holding nothing, touches the caller's memory: that can make the kernel send requests to this very mount. Walks of the
 * indexes read a published version up to its stable bound and take no lock.
 */
@NullMarked
package org.scoutfs.fs.archive;

import org.jspecify.annotations.NullMarked;
