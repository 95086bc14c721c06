/**
 * The mount as the kernel sees it: speaks its FUSE protocol, and turns each request into one call of
 * {@link org.scoutfs.fs.FileSystem}. Unpack, call, pack; no decisions but for how long the kernel may cache what it was told.
 *
 * <p>The central type is {@link org.scoutfs.fuse.FuseMount}: it mounts, shakes hands, starts a transport, and ends with the
 * last commit. A <em>transport</em> brings requests in and answers out. There are two: {@code /dev/fuse} with one blocked
 * reader per CPU, which every kernel has, and FUSE over io_uring with one ring and one pinned thread per CPU, which answers each
 * request on the CPU that it came from, so that it needs no other one. (The kernel's scheduler may still place the woken thread
 * elsewhere: {@code docs/decisions/0016-awake.md}.) Behind both is the same {@code Dispatcher}.
 *
 * <p>The life of a request: a transport's thread receives it into an {@code Exchange}, which is the request and the room for its
 * answer in one piece of memory. The dispatcher runs it on that very thread: it reads the arguments, calls {@code fs}, writes the
 * reply, and the thread sends it. Nothing is handed over. Where {@code fs} throws {@link org.scoutfs.base.MustWait}, the
 * exchange is put aside whole ({@code WaitingRequests}) and run again from its start when what it waits for is there, or when its
 * caller is interrupted. Only private ioctls run on threads of their own, because they follow pointers into the
 * caller's memory, and that may be a mapping of this very mount.
 *
 * <p>What goes wrong if this fails: a request that is never answered leaves its caller in an uninterruptible sleep; a reply for the
 * wrong request or of the wrong length is refused by the kernel; a malformed request would be the kernel's bug, and is answered with
 * {@code EIO}.
 *
 * <p>{@link org.scoutfs.fuse.wire} has the bytes; {@code docs/decisions/0001-fuse-by-hand.md} the reasons.
 */
@NullMarked
package org.scoutfs.fuse;

import org.jspecify.annotations.NullMarked;
