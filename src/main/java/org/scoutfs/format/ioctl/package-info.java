/**
 * The private ioctls as bytes: request codes, and one record per request or result with its layout.
 *
 * <p>Numbers and layouts are those of the original scoutfs, so that its tools and its Go library work on our mounts. They are
 * natural C layouts of x86-64: little-endian, every field at a multiple of its size, padding written as zeroes and ignored when
 * read. {@link org.scoutfs.format.ioctl.IoctlCommand} lists the requests; those from 0x80 on
 * are ours, with numbers far outside of the original's.
 *
 * <p>Each record encodes what it decodes. The mount decodes requests and encodes results, the command does the opposite, so one
 * class serves both sides and the two cannot disagree. Nothing here follows a pointer: {@code fs} reads and writes the caller's
 * memory, {@code cli} its own.
 */
@NullMarked
package org.scoutfs.format.ioctl;

import org.jspecify.annotations.NullMarked;
