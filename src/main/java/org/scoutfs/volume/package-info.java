/**
 * The volume as its server knows it: mkfs, the claim, the super slots, the state and the state log.
 *
 * <p>{@link org.scoutfs.volume.VolumeState} is everything that the server owns: which segments are live, which blocks are free and
 * who was granted which, which numbers were handed out. It changes only by {@link org.scoutfs.volume.StateEdit}s, and the same
 * edits are what the {@link org.scoutfs.volume.StateLog} keeps: the state after a crash is the newest checkpoint, which is a list
 * of edits too, with the log's batches applied in order. There is one meaning of an edit, and it is {@code VolumeState.apply}.
 *
 * <p>One reign of one server is an <em>epoch</em>. It begins like this: {@link org.scoutfs.volume.Claim} writes the server's name
 * into the claim block; {@link org.scoutfs.volume.Volume} reads the state that the epoch before left; the server names, in its
 * take-over block, the extents that it is going to write to; writes there its own checkpoint, anchor and log; and then its
 * super slot, which makes all of it count. Nothing is overwritten but the claim and the heartbeat, so until the slot is there
 * the volume is as the last epoch left it. {@link org.scoutfs.volume.Epoch} is these steps.
 *
 * <p>What is promised:
 * <ol>
 *   <li>A batch that {@code StateLog.append} returned for is found by every later recovery, whole; one that was being written
 *       when power went is found whole or not at all.
 *   <li>A damaged batch with a later one behind it is reported as corruption, and never taken for the end of the log.
 *   <li>A block is free, or granted to one incarnation, or in use: an edit that would break this is refused.
 *   <li>Opening for reading writes nothing.
 * </ol>
 *
 * <p>{@link org.scoutfs.volume.VolumeReader} reads all of it without a claim, for dumps and checks. {@code docs/format.md} has the
 * bytes, {@code docs/decisions/0006-claim.md} the reasons.
 */
@NullMarked
package org.scoutfs.volume;

import org.jspecify.annotations.NullMarked;
