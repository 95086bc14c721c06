package org.scoutfs.quorum;

import org.scoutfs.net.NodeAddress;

/**
 * That one mount was given the right to try to serve: a committed entry, so all who know of this epoch know the same of it.
 *
 * @param epoch only rises; larger than each epoch that was given before
 * @param slot the leader's quorum slot
 * @param rid the incarnation of its mount
 * @param address where it listens for nodes
 * @param nodeName for messages
 * @param sinceWallNanos by the leader's clock, for people
 */
public record Reign(long epoch, int slot, long rid, NodeAddress address, String nodeName, long sinceWallNanos) {}
