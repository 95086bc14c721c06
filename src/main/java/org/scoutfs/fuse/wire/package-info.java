/**
 * The bytes between the kernel and us: the FUSE protocol up to 7.45, in the layouts of {@code <linux/fuse.h>}.
 *
 * <p>Only here are offsets of it. {@link org.scoutfs.fuse.wire.Opcode} names the requests and says how long the fixed part of
 * each is; {@link org.scoutfs.fuse.wire.Requests} has the fields of those parts; {@link org.scoutfs.fuse.wire.Arguments} reads
 * the names and bytes behind them, and is where a malformed request is caught; {@link org.scoutfs.fuse.wire.Replies} writes the answers.
 * Integers are in the host's order. No I/O, no threads, no state.
 *
 * <p>{@code docs/decisions/0001-fuse-by-hand.md} says why we speak it ourselves.
 */
@NullMarked
package org.scoutfs.fuse.wire;

import org.jspecify.annotations.NullMarked;
