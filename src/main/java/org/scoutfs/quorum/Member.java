package org.scoutfs.quorum;

import org.scoutfs.net.NodeAddress;

/**
 * A voter of the quorum, as {@code scoutfs cluster} lists it.
 *
 * @param slot its number in the volume's quorum configuration
 * @param address where it votes; not where it serves nodes
 * @param role what this mount knows of it
 * @param silentNanos since this mount, if it leads, last heard from it; -1 where this mount cannot know
 */
public record Member(int slot, NodeAddress address, Role role, long silentNanos) {
    /** What a voter does. */
    public enum Role {
        /** It was elected, and may be server. */
        LEADER,
        /** It follows the leader that we know, as far as we know. */
        FOLLOWER,
        /** We do not know a leader, or not this member. */
        UNKNOWN
    }
}
