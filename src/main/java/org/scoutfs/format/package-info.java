/**
 * The layouts on the device: one class per structure, with its record, encode and decode. No I/O, no threads, no state.
 *
 * <p>A block of the volume's own structures ends in a {@link org.scoutfs.format.BlockTrailer}: which volume, which block
 * number, which epoch, which kind, and a CRC32C over all of it. So a stale, torn, misplaced or foreign block is refused before
 * any field is looked at. What comes before the trailer is written by {@link org.scoutfs.format.ByteWriter} and read by
 * {@link org.scoutfs.format.ByteReader}, which checks every length against the bytes that are there; each decoder then checks
 * each field. A decoder answers with a value or with {@link org.scoutfs.base.CorruptionException}, never with anything else.
 *
 * <p>{@code docs/format.md} is the contract: tables with offsets, and the rules. {@link org.scoutfs.format.VolumeLayout} is the
 * map of the volume.
 */
@NullMarked
package org.scoutfs.format;

import org.jspecify.annotations.NullMarked;
