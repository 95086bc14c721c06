/**
 * The file system: POSIX, and what archives need beside it, on items, under locks, inside transactions.
 *
 * <p>{@link org.scoutfs.fs.FileSystem} is what {@code fuse} calls, one method per kind of request, and nothing else calls in.
 * An operation is one run of one method on one thread: it takes the inodes' locks in ascending order and the cluster
 * locks, checks everything that can fail, begins a transaction, puts its items, and answers. Where it has to wait it throws
 * {@link org.scoutfs.base.MustWait} before its first change and is run again from its start.
 *
 * <p>Permissions by mode and ACL are the kernel's work ({@code default_permissions}); what the kernel cannot know
 * (privileges of private ioctls, retention) is checked here.
 */
@NullMarked
package org.scoutfs.fs;

import org.jspecify.annotations.NullMarked;
