package org.scoutfs.node;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.scoutfs.net.NodeAddress;
import org.scoutfs.net.Tls;
import org.scoutfs.quorum.RaftSettings;
import org.scoutfs.quorum.RaftTimes;

/**
 * How a mount takes part in a cluster. That it does at all is decided by these options being there, never by how many nodes there
 * happen to be.
 *
 * @param slot the quorum slot that this mount votes with; {@link #NO_SLOT} for a client without a vote
 * @param listen where other nodes reach this mount's server, with port 0 for one that the kernel chooses (the others learn it from the
 *     quorum); null for the slot's address with a chosen port. Mounts without a vote listen nowhere
 * @param clusterName as an administrator calls it; null for none
 * @param quorumDirectory of all voters on this host
 * @param leaseMillis how long a node may go on without hearing from the server
 * @param tls null for none
 * @param times of elections
 */
public record ClusterOptions(
        int slot,
        @Nullable NodeAddress listen,
        @Nullable String clusterName,
        Path quorumDirectory,
        long leaseMillis,
        @Nullable Tls tls,
        RaftTimes times) {
    public static final int NO_SLOT = -1;
    public static final long LEASE_MILLIS_DEFAULT = 10_000;

    /** A voter, with everything else as it is by default. */
    public static ClusterOptions voter(int slot) {
        return new ClusterOptions(
                slot, null, null, RaftSettings.DEFAULT_DIRECTORY, LEASE_MILLIS_DEFAULT, null, RaftTimes.DEFAULTS);
    }

    /** A mount without a vote. */
    public static ClusterOptions client() {
        return voter(NO_SLOT);
    }

    public ClusterOptions withSlot(int newSlot) {
        return new ClusterOptions(newSlot, listen, clusterName, quorumDirectory, leaseMillis, tls, times);
    }

    public ClusterOptions withListen(@Nullable NodeAddress newListen) {
        return new ClusterOptions(slot, newListen, clusterName, quorumDirectory, leaseMillis, tls, times);
    }

    public ClusterOptions withClusterName(@Nullable String newName) {
        return new ClusterOptions(slot, listen, newName, quorumDirectory, leaseMillis, tls, times);
    }

    public ClusterOptions withQuorumDirectory(Path newDirectory) {
        return new ClusterOptions(slot, listen, clusterName, newDirectory, leaseMillis, tls, times);
    }

    public ClusterOptions withLeaseMillis(long newLeaseMillis) {
        return new ClusterOptions(slot, listen, clusterName, quorumDirectory, newLeaseMillis, tls, times);
    }

    public ClusterOptions withTls(@Nullable Tls newTls) {
        return new ClusterOptions(slot, listen, clusterName, quorumDirectory, leaseMillis, newTls, times);
    }

    public ClusterOptions withTimes(RaftTimes newTimes) {
        return new ClusterOptions(slot, listen, clusterName, quorumDirectory, leaseMillis, tls, newTimes);
    }

    public boolean hasVote() {
        return slot != NO_SLOT;
    }

    /** How long the kernel may use attributes without asking: a stopped node's kernel must not show old ones after its lease. */
    public long attributeNanos() {
        return Math.min(1_000_000_000L, leaseMillis * 1_000_000L / 4);
    }
}
