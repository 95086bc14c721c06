package org.scoutfs.quorum;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.apache.ratis.client.RaftClient;
import org.apache.ratis.client.RaftClientConfigKeys;
import org.apache.ratis.conf.Parameters;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.grpc.GrpcConfigKeys;
import org.apache.ratis.grpc.GrpcTlsConfig;
import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.retry.RetryPolicies;
import org.apache.ratis.server.RaftServerConfigKeys;
import org.apache.ratis.util.ExitUtils;
import org.apache.ratis.util.SizeInBytes;
import org.apache.ratis.util.TimeDuration;
import org.jspecify.annotations.Nullable;
import org.scoutfs.format.SuperSlot.QuorumSlot;
import org.scoutfs.format.VoterBlock;
import org.scoutfs.net.Tls;

/**
 * How our quorum looks to Ratis: group, peers, and the settings that matter, each with its reason.
 *
 * <p>The group's id is the volume's and the configuration's version. So a voter of an older configuration, with an old directory, is in
 * another group and nobody hears it.
 */
final class RaftGroups {
    /** Held, so that the level stays: Ratis tells every failed call to a peer that is down, several times a second. */
    private static final Logger LIBRARY = Logger.getLogger("org.apache.ratis");

    private static final String LOG_BYTES = "1MB";
    private static final String BUFFER_BYTES = "256KB";

    private RaftGroups() {}

    static void prepareLibrary() {
        ExitUtils.disableSystemExit(); // a full disk under Raft's log must not take the mount with it
        LIBRARY.setLevel(Boolean.getBoolean("scoutfs.log.debug") ? Level.INFO : Level.OFF);
    }

    static RaftGroupId groupId(RaftSettings settings) {
        return RaftGroupId.valueOf(new UUID(settings.volumeId(), settings.quorumVersion()));
    }

    static RaftPeerId peerId(int slot, long generation) {
        return RaftPeerId.valueOf("slot" + slot + "." + generation);
    }

    static int slotOf(RaftPeerId id) {
        String text = id.toString();
        return Integer.parseInt(text.substring("slot".length(), text.indexOf('.')));
    }

    static RaftPeer peer(QuorumSlot slot, long generation) {
        String host = slot.address().indexOf(':') < 0 ? slot.address() : "[" + slot.address() + "]";
        return RaftPeer.newBuilder()
                .setId(peerId(slot.number(), generation))
                .setAddress(host + ":" + slot.port())
                .build();
    }

    /** The voters that a configuration begins with. */
    static List<RaftPeer> firstPeers(RaftSettings settings) {
        return settings.slots().stream().map(slot -> peer(slot, 0)).toList();
    }

    /** The voters as the register has them now. */
    static List<RaftPeer> peersNow(RaftSettings settings, VoterRegister register) throws IOException {
        List<RaftPeer> peers = new ArrayList<>();
        for (QuorumSlot slot : slotsNow(settings, register)) {
            VoterBlock voter = register.read(slot.number());
            boolean isKnown = voter != null && voter.quorumVersion() == settings.quorumVersion();
            peers.add(peer(slot, isKnown && voter != null ? voter.generation() : 0));
        }
        return peers;
    }

    /** More than the settings have, where voters joined since. */
    static List<QuorumSlot> slotsNow(RaftSettings settings, VoterRegister register) throws IOException {
        List<QuorumSlot> now = register.slots();
        return now == null || now.isEmpty() ? settings.slots() : now;
    }

    static RaftProperties properties(RaftSettings settings, @Nullable Path storage) {
        RaftTimes times = settings.times();
        RaftProperties properties = new RaftProperties();
        TimeDuration min = millis(times.electionMillisMin());
        TimeDuration max = millis(times.electionMillisMax());
        RaftServerConfigKeys.Rpc.setTimeoutMin(properties, min);
        RaftServerConfigKeys.Rpc.setTimeoutMax(properties, max);
        RaftServerConfigKeys.Rpc.setFirstElectionTimeoutMin(properties, min);
        RaftServerConfigKeys.Rpc.setFirstElectionTimeoutMax(properties, max);
        RaftServerConfigKeys.Rpc.setRequestTimeout(properties, millis(times.requestMillis()));
        RaftServerConfigKeys.LeaderElection.setLeaderStepDownWaitTime(properties, max);
        RaftServerConfigKeys.LeaderElection.setPreVote(properties, true);
        // One voter becomes three at once: two in between would stop when either fails.
        RaftServerConfigKeys.LeaderElection.setMemberMajorityAdd(properties, true);
        // A host that sleeps for longer would close Raft for good; we ask after each pause whether we still lead.
        RaftServerConfigKeys.setCloseThreshold(properties, TimeDuration.valueOf(1, TimeUnit.DAYS));
        // A read is a round with a majority, each time: no lease of the library's, whose clock we do not know.
        RaftServerConfigKeys.Read.setOption(properties, RaftServerConfigKeys.Read.Option.LINEARIZABLE);
        RaftServerConfigKeys.Read.setLeaderLeaseEnabled(properties, false);
        RaftServerConfigKeys.Read.setLeaderHeartbeatCheckEnabled(properties, true);
        RaftServerConfigKeys.Read.setTimeout(properties, millis(times.requestMillis()));
        // A few entries per election: all of it fits in one small file, and a mount has no memory to give away.
        RaftServerConfigKeys.Log.setSegmentSizeMax(properties, SizeInBytes.valueOf(LOG_BYTES));
        RaftServerConfigKeys.Log.setPreallocatedSize(properties, SizeInBytes.valueOf(BUFFER_BYTES));
        RaftServerConfigKeys.Log.setWriteBufferSize(properties, SizeInBytes.valueOf("512KB"));
        RaftServerConfigKeys.Log.Appender.setBufferByteLimit(properties, SizeInBytes.valueOf(BUFFER_BYTES));
        RaftServerConfigKeys.Log.Appender.setInstallSnapshotEnabled(properties, false);
        if (storage != null) {
            RaftServerConfigKeys.setStorageDir(properties, List.of(storage.toFile()));
            QuorumSlot own = settings.own();
            GrpcConfigKeys.Server.setHost(properties, own.address());
            GrpcConfigKeys.Server.setPort(properties, own.port());
        }
        RaftClientConfigKeys.Rpc.setRequestTimeout(properties, millis(times.requestMillis()));
        return properties;
    }

    static Parameters parameters(RaftSettings settings) {
        Parameters parameters = new Parameters();
        Tls tls = settings.tls();
        if (tls != null) {
            GrpcConfigKeys.TLS.setConf(parameters, new GrpcTlsConfig(tls.keyManager(), tls.trustManager(), true));
        }
        return parameters;
    }

    /** A client that asks each peer once and then gives up: who calls it has a loop of his own. */
    static RaftClient client(RaftSettings settings, List<RaftPeer> peers) {
        return RaftClient.newBuilder()
                .setProperties(properties(settings, null))
                .setParameters(parameters(settings))
                .setRaftGroup(RaftGroup.valueOf(groupId(settings), peers))
                .setRetryPolicy(RetryPolicies.retryUpToMaximumCountWithFixedSleep(2 * peers.size(), millis(100)))
                .build();
    }

    private static TimeDuration millis(long millis) {
        return TimeDuration.valueOf(millis, TimeUnit.MILLISECONDS);
    }
}
