package org.scoutfs.node;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.scoutfs.net.Message;
import org.scoutfs.quorum.Member;
import org.scoutfs.quorum.Reign;

/**
 * What there is to say of a mount's cluster at one moment: what the mount knows by itself, and what its server answered.
 *
 * @param clusterName empty for none
 * @param quorumVersion of the configuration; 0 for a volume without one
 * @param rid of the mount that is asked
 * @param isAlone whether it is the volume's only mount by its options
 * @param isServing whether the server is in this process
 * @param leaseNanos how long its lease still lasts; 0 when it has ended, and for a mount that is alone
 * @param reign the newest that is known; null for none, and for a mount that is alone
 * @param members the voters; none for a mount that is alone
 * @param rejoins how often this mount was evicted and joined again
 * @param state null when no server answered
 */
record ClusterView(
        long volumeId,
        String clusterName,
        long quorumVersion,
        long lockGroupSize,
        long rid,
        boolean isAlone,
        boolean isServing,
        long leaseNanos,
        long rejoins,
        @Nullable Reign reign,
        List<Member> members,
        Message.@Nullable ClusterState state) {}
