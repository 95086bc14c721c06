package org.scoutfs.node;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Clock;
import org.scoutfs.base.Errno;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.format.SuperSlot;
import org.scoutfs.format.SuperSlot.QuorumSlot;
import org.scoutfs.net.NodeAddress;
import org.scoutfs.volume.Host;
import org.scoutfs.volume.QuorumChange;
import org.scoutfs.volume.Volume;
import org.scoutfs.volume.Waiter;

/**
 * Whether a mount's options and the volume's quorum go together, and what the mount therefore is: alone, a voter of this slot, or a client.
 * Everything that an administrator may have confused is told here in one line, before anything is claimed or listened on.
 */
final class ClusterFit {
    private static final Logger LOG = System.getLogger("org.scoutfs.node");

    /** Where the first voter of a volume without slots votes unless {@code listen=} says otherwise. */
    static final int PORT_DEFAULT = 5500;

    /** Of two mounts that make a quorum at one moment, one finds that the other was faster. */
    private static final int CLAIM_TRIES = 3;

    private final String device;
    private final SuperSlot volume;

    ClusterFit(String device, SuperSlot volume) {
        this.device = device;
        this.volume = volume;
    }

    /**
     * Reads the volume's quorum; makes one where the options say so.
     *
     * @return null for a mount that is alone
     */
    static @Nullable ClusterOptions fit(BlockDevice device, MountOptions options, Clock clock) throws IOException, InterruptedException {
        return fit(device, options, clock, ClusterFit::tryListen);
    }

    /** Refuses what cannot be listened on. */
    interface Listening {
        /**
         * @param what says so, for messages
         * @param port 0 for any
         */
        void check(String what, String host, int port) throws MountFailedException;
    }

    static @Nullable ClusterOptions fit(BlockDevice device, MountOptions options, Clock clock, Listening listening)
            throws IOException, InterruptedException {
        ClusterOptions asked = options.cluster();
        for (int tries = 0; ; tries++) {
            Volume volume = Volume.open(device);
            ClusterFit fit = new ClusterFit(device.name(), volume.slot());
            if (asked == null) {
                fit.refuseAlone();
                return null;
            }
            if (!fit.mustMakeQuorum(asked, options.isReadOnly())) {
                ClusterOptions found = fit.fit(asked);
                if (found.hasVote() && !options.isReadOnly()) {
                    checkLocal(fit.slot(found.slot()), found.listen(), listening);
                }
                NodeAddress volunteersAt = options.isReadOnly() ? null : volunteersAt(found, volume.slot());
                if (volunteersAt != null) {
                    listening.check("option listen", volunteersAt.host(), volunteersAt.port());
                }
                return found;
            }
            QuorumSlot first = firstSlot(asked);
            checkLocal(first, null, listening);
            try {
                SuperSlot made = QuorumChange.run(volume, List.of(first), String.valueOf(asked.clusterName()), false, Host.local(),
                        clock, Waiter.real(clock));
                LOG.log(Level.INFO, device.name() + " is now a volume of cluster " + made.clusterName() + ", with this mount as its"
                        + " first voter at " + QuorumSlots.address(first));
            } catch (IOException overtaken) {
                if (tries + 1 >= CLAIM_TRIES || Volume.open(device).slot().quorumSlots().isEmpty()) {
                    throw overtaken;
                }
                LOG.log(Level.INFO, "another mount made the quorum of " + device.name() + " at the same time");
            }
        }
    }

    private static QuorumSlot firstSlot(ClusterOptions asked) throws MountFailedException {
        NodeAddress listen = asked.listen();
        if (listen == null) {
            throw refused(Errno.EINVAL, "a cluster begins with an address: option cluster needs listen=ADDRESS beside it");
        }
        if (asked.hasVote() && asked.slot() != 0) {
            throw refused(Errno.EINVAL, "the first voter has quorum slot 0, not " + asked.slot());
        }
        return new QuorumSlot(0, listen.host(), listen.port() == 0 ? PORT_DEFAULT : listen.port());
    }

    /** Where a mount of a named cluster would vote if it were given a slot; null when it has one already, or did not name the cluster. */
    static @Nullable NodeAddress volunteersAt(ClusterOptions found, SuperSlot volume) {
        NodeAddress listen = found.listen();
        boolean isOfCluster = found.clusterName() != null && found.clusterName().equals(volume.clusterName());
        return found.hasVote() || listen == null || !isOfCluster
                ? null
                : new NodeAddress(listen.host(), listen.port() == 0 ? PORT_DEFAULT : listen.port());
    }

    /** A lone mount of a cluster's volume would fight with its voters for the claim. */
    void refuseAlone() throws MountFailedException {
        if (!volume.quorumSlots().isEmpty()) {
            throw refused(Errno.EINVAL, device + " is a cluster's volume, with quorum slots " + QuorumSlots.numbers(volume.quorumSlots())
                    + ": mount it with quorum_slot_nr=N where this host has one of them, or with listen=ADDRESS");
        }
    }

    private boolean mustMakeQuorum(ClusterOptions asked, boolean isReadOnly) throws MountFailedException {
        if (!volume.quorumSlots().isEmpty()) {
            return false;
        }
        if (asked.clusterName() == null || isReadOnly) {
            throw refused(Errno.EINVAL, device + " has no quorum: mkfs -Q or change-quorum-config gives it one, or a first mount that can"
                    + " write, with cluster=NAME,listen=ADDRESS");
        }
        return true;
    }

    /** @throws MountFailedException says what does not fit */
    ClusterOptions fit(ClusterOptions asked) throws MountFailedException {
        String name = asked.clusterName();
        if (name != null && !volume.clusterName().isEmpty() && !name.equals(volume.clusterName())) {
            throw refused(Errno.EINVAL, device + " is a volume of cluster '" + volume.clusterName() + "', not of '" + name + "'");
        }
        ClusterOptions found = asked.hasVote() ? asked : withSlotOf(asked);
        if (!found.hasVote()) {
            return found;
        }
        QuorumSlot own = slot(found.slot());
        NodeAddress listen = found.listen();
        boolean isVotersPort = listen != null && listen.host().equals(own.address()) && listen.port() == own.port();
        // That port is for elections; nodes are told the other one through them.
        return isVotersPort ? found.withListen(null) : found;
    }

    private ClusterOptions withSlotOf(ClusterOptions asked) throws MountFailedException {
        NodeAddress listen = asked.listen();
        if (listen == null) {
            return asked;
        }
        List<QuorumSlot> here = volume.quorumSlots().stream()
                .filter(slot -> slot.address().equals(listen.host()))
                .toList();
        List<QuorumSlot> exactly = here.stream().filter(slot -> slot.port() == listen.port()).toList();
        List<QuorumSlot> meant = exactly.isEmpty() ? here : exactly;
        if (meant.size() > 1) {
            throw refused(Errno.EINVAL, "quorum slots " + QuorumSlots.numbers(meant) + " of " + device + " have the address "
                    + listen.host() + ": say which one with quorum_slot_nr");
        }
        return meant.isEmpty() ? asked : asked.withSlot(meant.getFirst().number());
    }

    QuorumSlot slot(int number) throws MountFailedException {
        for (QuorumSlot slot : volume.quorumSlots()) {
            if (slot.number() == number) {
                return slot;
            }
        }
        throw refused(Errno.EINVAL, "quorum slot " + number + " is not configured on " + device + ", only "
                + QuorumSlots.numbers(volume.quorumSlots()));
    }

    /** That this host has the addresses, and that their ports are free. */
    private static void checkLocal(QuorumSlot slot, @Nullable NodeAddress listen, Listening listening)
            throws MountFailedException {
        listening.check("quorum slot " + slot.number(), slot.address(), slot.port());
        if (listen != null) {
            listening.check("option listen", listen.host(), listen.port());
        }
    }

    static void tryListen(String what, String host, int port) throws MountFailedException {
        tryBind(Errno.EADDRNOTAVAIL, what + ": " + host + " is no address of this host", host, 0);
        if (port != 0) {
            tryBind(Errno.EADDRINUSE, what + ": port " + port + " of " + host + " is taken by another program", host, port);
        }
    }

    private static void tryBind(Errno errno, String problem, String host, int port) throws MountFailedException {
        try (ServerSocket socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(InetAddress.ofLiteral(host), port));
        } catch (IOException failure) {
            LOG.log(Level.DEBUG, problem, failure);
            throw refused(errno, problem);
        }
    }

    private static MountFailedException refused(Errno errno, String message) {
        return new MountFailedException(errno, message);
    }
}
