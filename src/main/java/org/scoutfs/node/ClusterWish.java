package org.scoutfs.node;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.scoutfs.format.SuperSlot;
import org.scoutfs.net.NodeAddress;
import org.scoutfs.net.Tls;
import org.scoutfs.node.MountOptions.Description;
import org.scoutfs.node.MountOptions.OptionException;
import org.scoutfs.quorum.RaftSettings;

/** The mount options of a cluster, as they come in one by one. What of them fits the volume is for {@link ClusterFit} to say. */
final class ClusterWish {
    private static final long LEASE_MILLIS_MIN = 2_000;
    private static final long LEASE_MILLIS_MAX = 60_000;

    private int slot = ClusterOptions.NO_SLOT;
    private @Nullable NodeAddress listen;
    private @Nullable String clusterName;
    private Path quorumDirectory = RaftSettings.DEFAULT_DIRECTORY;
    private long leaseMillis = ClusterOptions.LEASE_MILLIS_DEFAULT;
    private @Nullable Tls tls;
    private @Nullable String detail;

    static List<Description> descriptions() {
        return List.of(
                new Description("quorum_slot_nr=N", "Take part in the volume's cluster, with the vote of quorum slot N (0 to 14), which"
                        + " mkfs -Q or change-quorum-config gave the address of this host. A mount with a vote can become the"
                        + " server."),
                new Description("listen=ADDRESS[:PORT]", "Take part in the volume's cluster as the host with this address. Where a quorum"
                        + " slot has the address, with that slot's vote; else as a client without one. Nothing else than this"
                        + " address is listened on. Without PORT, other nodes' connections go to a port that the kernel chooses."),
                new Description("cluster=NAME", "The name of the cluster; a volume of another one is refused. On a volume without quorum"
                        + " slots, the first mount with cluster=NAME,listen=ADDRESS becomes its first voter, and is recorded"
                        + " on the device; later mounts join it, and become voters when that makes three, then five. PORT is then the"
                        + " voter's, by default 5500."),
                new Description("quorum_dir=PATH", "Where a mount with a vote keeps its log of elections, on a local disk that survives"
                        + " a restart. Default " + RaftSettings.DEFAULT_DIRECTORY + ". One that was lost makes a new voter,"
                        + " which the others have to admit."),
                new Description("lease_ms=N", "How long a node may go on without hearing from the server, and how long the others wait for"
                        + " one that is silent. Default 10000, from 2000 to 60000. The same on all nodes."),
                new Description("tls=DIR", "Nodes talk over mutual TLS, with the directory's key.pem, cert.pem and ca.pem. A peer without"
                        + " a certificate of that CA gets nothing. On all nodes or on none."));
    }

    /** @return false when it is no option of a cluster */
    boolean take(String name, String value) throws OptionException {
        switch (name) {
            case "quorum_slot_nr" -> slot = (int) number(name, value, 0, SuperSlot.QUORUM_SLOTS_MAX - 1);
            case "listen" -> listen = address(value);
            case "cluster" -> clusterName = clusterName(value);
            case "quorum_dir" -> {
                quorumDirectory = path(name, value);
                detail = name;
            }
            case "lease_ms" -> {
                leaseMillis = number(name, value, LEASE_MILLIS_MIN, LEASE_MILLIS_MAX);
                detail = name;
            }
            case "tls" -> {
                tls = tls(path(name, value));
                detail = name;
            }
            default -> {
                return false;
            }
        }
        return true;
    }

    /** @return null for a mount that is alone */
    @Nullable ClusterOptions result() throws OptionException {
        if (slot == ClusterOptions.NO_SLOT && listen == null && clusterName == null) {
            if (detail != null) {
                throw new OptionException("option " + detail + " is for a mount in a cluster: it needs one of quorum_slot_nr, listen,"
                        + " cluster");
            }
            return null;
        }
        return ClusterOptions.voter(slot)
                .withListen(listen)
                .withClusterName(clusterName)
                .withQuorumDirectory(quorumDirectory)
                .withLeaseMillis(leaseMillis)
                .withTls(tls);
    }

    /** Where metrics are served. */
    static NodeAddress metrics(String value) throws OptionException {
        try {
            NodeAddress parsed = NodeAddress.parse(value, 0);
            if (parsed.port() != 0) {
                return new NodeAddress(QuorumSlots.numericAddress(parsed.host()), parsed.port());
            }
        } catch (IllegalArgumentException wrong) {
            throw new OptionException("option metrics needs one numeric ADDRESS:PORT of this host: " + wrong.getMessage());
        }
        throw new OptionException("option metrics needs a port: ADDRESS:PORT, not '" + value + "'");
    }

    private static NodeAddress address(String value) throws OptionException {
        try {
            NodeAddress parsed = NodeAddress.parse(value, 0);
            return new NodeAddress(QuorumSlots.numericAddress(parsed.host()), parsed.port());
        } catch (IllegalArgumentException wrong) {
            throw new OptionException("option listen needs one numeric ADDRESS[:PORT] of this host: " + wrong.getMessage());
        }
    }

    private static String clusterName(String value) throws OptionException {
        boolean isName = !value.isEmpty() && value.length() <= SuperSlot.CLUSTER_NAME_BYTES_MAX
                && value.chars().allMatch(c -> c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || ".-_".indexOf(c) >= 0);
        if (!isName) {
            throw new OptionException("option cluster is a name of at most " + SuperSlot.CLUSTER_NAME_BYTES_MAX
                    + " letters, digits, dots, dashes and underscores, not '" + value + "'");
        }
        return value;
    }

    private static Path path(String name, String value) throws OptionException {
        if (!value.startsWith("/") || value.indexOf('\0') >= 0) {
            throw new OptionException("option " + name + " needs an absolute path, not '" + value + "'");
        }
        return Path.of(value);
    }

    private static Tls tls(Path directory) throws OptionException {
        try {
            return Tls.of(directory);
        } catch (IOException wrong) {
            throw new OptionException("option tls: " + wrong.getMessage());
        }
    }

    private static long number(String name, String value, long least, long most) throws OptionException {
        try {
            long number = Long.parseLong(value);
            if (number >= least && number <= most) {
                return number;
            }
        } catch (NumberFormatException notANumber) {
            // told below
        }
        throw new OptionException("option " + name + " is a number from " + least + " to " + most + ", not '" + value + "'");
    }
}
