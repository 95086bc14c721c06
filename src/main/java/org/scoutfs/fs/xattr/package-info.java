/**
 * Extended attributes: which names there may be, how they lie in items, and what POSIX ACLs in them mean.
 *
 * <p>{@link org.scoutfs.fs.xattr.XattrStore} reads and writes an inode's xattrs as items, {@link org.scoutfs.fs.xattr.XattrName} decides
 * over names, {@link org.scoutfs.fs.xattr.PosixAcl} is the arithmetic of ACLs and modes. None of them knows inodes in memory,
 * locks or requests: {@code fs} holds the inode's lock around each call, keeps the inode's count and flags in step, and
 * changes both in one transaction.
 */
@NullMarked
package org.scoutfs.fs.xattr;

import org.jspecify.annotations.NullMarked;
