/**
 * Puts one mount together and takes it apart: the only place that knows every layer.
 *
 * <p>{@link org.scoutfs.node.MountedNode} is one mount from its device to its mount point. Starting goes from the bottom up: device,
 * volume and server, the node's link to the server, transactions, locks, file data, file system, and last the kernel's connection,
 * so that no request arrives before everything that it needs is there. Stopping goes from the top down: the kernel sends its last
 * request, the last commit becomes durable, the node says goodbye, the server lets go of the volume. Each step that started is
 * stopped exactly once, also when a later one failed to start.
 *
 * <p>{@link org.scoutfs.node.NodeStack} is that without the kernel's side. In a cluster a mount outlives its incarnations:
 * {@link org.scoutfs.node.ClusterMember} votes and serves, {@link org.scoutfs.node.ServerLink} keeps a session with whoever serves,
 * {@link org.scoutfs.node.NodeIncarnation} is everything above that session, and {@link org.scoutfs.node.Incarnations} the
 * sequence of them as one file system. {@link org.scoutfs.node.ClusterWish} reads what {@code -o} says of a cluster,
 * {@link org.scoutfs.node.ClusterFit} compares that with the volume, and {@link org.scoutfs.node.QuorumSlots} and
 * {@link org.scoutfs.node.ChangeQuorum} are the quorum's configuration.
 *
 * <p>Around it: {@link org.scoutfs.node.MountOptions} reads {@code -o} strictly, {@link org.scoutfs.node.MountRegistry} tells which
 * process serves which mount point (for {@code scoutfs umount}, and to clean up after a process that was killed),
 * {@link org.scoutfs.node.Signatures} says what is on a device before mkfs overwrites it, and {@link org.scoutfs.node.MountLog} gives
 * log lines one form.
 */
@NullMarked
package org.scoutfs.node;

import org.jspecify.annotations.NullMarked;
