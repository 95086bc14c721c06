/**
 * Blocks on a device: {@link org.scoutfs.device.BlockDevice} and its kinds.
 *
 * <p>{@code FileBlockDevice} does direct I/O on a block device or a plain file; {@code MemoryBlockDevice} holds a small
 * volume for tests; {@code SplitDevice} joins a metadata device and a data device under one range of block numbers, so that
 * no layer above has to know how many devices there are; {@code FilterBlockDevice} is what recording, counting and failing
 * devices extend. {@code BufferPool} owns the aligned memory that all of them read into and write from.
 *
 * <p>Nothing here retries: a failed call is an {@code IOException} that names the device, the block and the errno, and the
 * layer that knows what was at stake decides.
 */
@NullMarked
package org.scoutfs.device;

import org.jspecify.annotations.NullMarked;
