/**
 * What is in files: extents, data that are written but not yet on the device, the places they get, checksums, holes,
 * preallocated and offline blocks.
 *
 * <p>{@link org.scoutfs.data.FileData} is the one door. It knows files by inode number and keeps no inode: sizes and times belong
 * to {@code fs}, which holds the inode's lock around each call. Blocks are never overwritten in place: new bytes go to
 * new blocks, and the transaction that makes the new extents visible frees the old ones.
 */
@NullMarked
package org.scoutfs.data;

import org.jspecify.annotations.NullMarked;
