/**
 * Tests of the program as a user has it: the built launcher, real processes, real mounts, the kernel in between.
 *
 * <p>{@link org.scoutfs.systemtest.Target} is a file system to test: {@link org.scoutfs.systemtest.ScoutfsTarget} starts the
 * launcher's {@code mkfs}, {@code mount}, {@code umount} and {@code check}; {@link org.scoutfs.systemtest.Ext4Target} is there to try
 * the tests themselves on a file system that is known to work ({@code -Dscoutfs.target=ext4}). A target cleans up mounts,
 * processes and loop devices when it is closed, and those of an earlier run that was killed before it begins.
 *
 * <p>All waits have deadlines. Each test that changes a scoutfs volume ends with {@code scoutfs check} on it.
 */
@NullMarked
package org.scoutfs.systemtest;

import org.jspecify.annotations.NullMarked;
