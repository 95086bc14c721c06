/**
 * What is in files: extents, data that are written but not yet on the device, the places they get, checksums, holes,
 * preallocated and offline blocks.
 *
 * <p>{@link org.scoutfs.data.FileData} is the one door. It knows files by inode number and keeps no inode: sizes and times belong
 * to {@code fs}, which holds the inode's lock around each call. Blocks are never overwritten in place: new bytes go to
 * new blocks, and the transaction that makes the new extents visible frees the old ones.
 *
 * <p>The life of a write. <em>Admission</em> sets memory and device blocks aside, reads the extent and checksum items that
 * the write will touch into a {@link org.scoutfs.data.FileState}, and reads partial blocks at its ends: all that can fail or wait.
 * Inside the transaction the old extents are cut out of the items, and the bytes are copied into
 * {@link org.scoutfs.data.Run}s, one buffer each, which {@link org.scoutfs.data.Piece}s map to file blocks; their checksums are
 * computed while they are warm. Where a file streams, full runs are sealed, get their places and go to the device at once. At
 * the <em>barrier</em> all others are sealed, get places side by side, and the extent and checksum items are put; nothing waits
 * for the device there. The commit thread then writes what is left, with the help of the writer threads, and after the
 * commit the state is dropped.
 *
 * <p>The life of a read. Dirty pieces come from memory; the rest is one scan over extent items, one device read per extent
 * straight into the caller's memory, and a look-up of checksums, which are verified before the bytes are believed.
 * Where reads follow each other on the device, {@link org.scoutfs.data.ReadAhead} reads what comes next; the checksums tell when
 * that is old.
 *
 * <p>What goes wrong: a damaged block is {@link org.scoutfs.base.CorruptionException}, which names inode, offset and block; a
 * failed write fails the commit that waits for it, and the transactions stop all writes.
 */
@NullMarked
package org.scoutfs.data;

import org.jspecify.annotations.NullMarked;
