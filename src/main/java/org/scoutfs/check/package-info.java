/**
 * Reads a whole volume and proves that it is consistent, or names what is not. Writes nothing.
 *
 * <p>{@link org.scoutfs.check.VolumeCheck} is the door. It proves, on the state as of the last commit:
 * <ol>
 *   <li>every structure of the volume and every segment can be read, fits its checksum, and is what its parent says;
 *   <li>every item belongs to an inode that exists, and its value is one;
 *   <li>each name is there three times, under its directory by name, under its directory by position, and under the inode; link
 *       counts, directory sizes and counts of blocks are the sums of what is there;
 *   <li>each inode is in each index exactly once, at its own sequence number, and nothing else is;
 *   <li>inodes without a name, and those that a truncate is not done with, are noted as such, and no others;
 *   <li>each block of the device belongs to exactly one owner: free, granted to somebody, a segment, or a file;
 *   <li>each written block has a checksum; with {@code data}, its bytes fit it.
 * </ol>
 *
 * <p>It shares decoders with the layers that write ({@code item}, {@code lsm}, {@code volume}), and none of their logic: what is
 * said twice is compared, nothing is repaired or skipped.
 *
 * <p><b>Memory is bounded</b> however large the volume is. Items stream by in key order, so all items of an inode are together. What
 * has to agree across inodes (names with links, inodes with indexes) is not collected: both sides are added up in buckets of
 * fingerprints ({@link org.scoutfs.check.Pairing}), and only when a bucket does not come out even is the volume read again, for the
 * facts of that bucket alone. Blocks are bits, in windows; a volume that is too large for one window is read once more per window.
 */
@NullMarked
package org.scoutfs.check;

import org.jspecify.annotations.NullMarked;
