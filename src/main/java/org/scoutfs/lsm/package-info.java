/**
 * The shared index: immutable sorted segments, versions of which segments are live, reads that merge them, and the
 * compaction that keeps their number small. Keys and values are bytes here; no inode is known.
 *
 * <p>The central type is {@link org.scoutfs.lsm.Version}: a list of live segments by level. It never changes; a commit makes
 * the next one from it with a {@link org.scoutfs.lsm.VersionEdit}. Level 0 holds runs that may overlap, newest first; in each
 * deeper level the segments are disjoint and in key order.
 *
 * <p>What is promised:
 * <ol>
 *   <li>A segment is written once, into space that its writer was granted, and never changed. Its id is never used again.
 *   <li>A read at a version sees, for each key, the newest value of any segment of that version; deltas above a value are
 *       added to it. A tombstone hides everything below it.
 *   <li>A block that is not what the version says (another segment, another place, a wrong checksum) is never believed: the
 *       read fails with {@link org.scoutfs.base.CorruptionException}.
 *   <li>A merge keeps what readers see: a tombstone is dropped only when nothing older can hold its key.
 * </ol>
 *
 * <p>{@code docs/format.md} has the layouts, {@code docs/decisions/} why the index has this shape.
 */
@NullMarked
package org.scoutfs.lsm;

import org.jspecify.annotations.NullMarked;
