package org.scoutfs.systemtest;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.scoutfs.testkit.Await;

/**
 * A volume that several hosts of one machine mount: each in a network namespace of its own, with a loop device of its own that its mount
 * makes, and with a quorum slot. Nothing of it stays, also after a failure; what a killed run left goes when the next one starts.
 */
final class ClusterMounts implements AutoCloseable {
    private static final int PORT = 5500;
    private static final Duration MOUNT = Duration.ofSeconds(180);
    private static final Duration UNMOUNT = Duration.ofSeconds(180);

    private final Path directory;
    private final Path image;
    private final String options;
    private final ClusterNetwork network;
    private final List<ClusterNode> nodes = new ArrayList<>();

    /**
     * Formats the volume; mounts nothing.
     *
     * @param voters nodes with a quorum slot
     * @param clients nodes without, after them
     * @param options of every mount, beside the slot and the directories
     */
    ClusterMounts(String name, int voters, int clients, String... options) {
        this(name, voters + clients, options);
        List<Object> mkfs = new ArrayList<>(List.of("mkfs", "--size", "8G"));
        for (int number = 0; number < voters + clients; number++) {
            boolean isVoter = number < voters;
            addNode(isVoter ? "quorum_slot_nr=" + number + "," + quorumDirectory(number) : "listen=" + network.address(number));
            if (isVoter) {
                mkfs.add("-Q");
                mkfs.add(number + "," + network.address(number) + "," + PORT);
            }
        }
        format(mkfs);
    }

    private ClusterMounts(String name, int hosts, String... options) {
        this.directory = SystemTests.directory(name);
        this.image = directory.resolve("volume.img");
        this.options = options.length == 0 ? "" : "," + String.join(",", options);
        Transport.enable();
        this.network = new ClusterNetwork(hosts);
    }

    /** A volume without quorum slots, whose mounts name a cluster: the first becomes its voter, the others would be. */
    static ClusterMounts ofName(String name, String cluster, int hosts, String... options) {
        ClusterMounts mounts = new ClusterMounts(name, hosts, options);
        for (int number = 0; number < hosts; number++) {
            mounts.addNode("cluster=" + cluster + ",listen=" + mounts.network.address(number) + "," + mounts.quorumDirectory(number));
        }
        mounts.format(new ArrayList<>(List.of("mkfs", "--size", "8G")));
        return mounts;
    }

    private String quorumDirectory(int number) {
        return "quorum_dir=" + directory.resolve("quorum." + number);
    }

    private void addNode(String place) {
        nodes.add(new ClusterNode(nodes.size(), directory, image, network, place + options));
    }

    private void format(List<Object> mkfs) {
        mkfs.add(image);
        try {
            Files.createDirectories(directory);
            for (ClusterNode node : nodes) {
                Files.createDirectories(node.root());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        ScoutfsTarget.cli(mkfs.toArray()).mustSucceed();
    }

    List<ClusterNode> nodes() {
        return nodes;
    }

    ClusterNode node(int number) {
        return nodes.get(number);
    }

    Path image() {
        return image;
    }

    Path directory() {
        return directory;
    }

    ClusterNetwork network() {
        return network;
    }

    /** Mounts all that are not mounted, at once: the first alone would wait for a majority. */
    void mountAll() {
        List<ClusterNode> absent = nodes.stream().filter(node -> !node.isRunning()).toList();
        List<Process> mounts = absent.stream().map(ClusterNode::startMount).toList();
        for (int i = 0; i < mounts.size(); i++) {
            awaitEnd(absent.get(i) + " is mounted", mounts.get(i), MOUNT, absent.get(i).log());
            assertThat(absent.get(i).isMounted()).as("mount came back, and %s is a mount point", absent.get(i)).isTrue();
        }
    }

    /** Unmounts all, at about the same time, as the last voters have to. */
    void unmountAll() {
        List<ClusterNode> mounted = nodes.stream().filter(ClusterNode::isMounted).toList();
        List<Process> running = mounted.stream()
                .map(node -> Command.of(ScoutfsTarget.launcher(), "umount", node.root())
                        .with("SCOUTFS_NO_BUILD", "1")
                        .startAppendingTo(node.log()))
                .toList();
        for (int i = 0; i < running.size(); i++) {
            awaitEnd(mounted.get(i) + " is unmounted", running.get(i), UNMOUNT, mounted.get(i).log());
        }
        for (ClusterNode node : mounted) {
            assertThat(node.isMounted()).as(node + " is mounted after umount").isFalse();
            assertThat(node.processes()).as("processes of %s after umount", node).isEmpty();
        }
    }

    static void awaitEnd(String what, Process process, Duration deadline, Path log) {
        try {
            if (!process.waitFor(deadline.toMillis(), TimeUnit.MILLISECONDS)) {
                process.descendants().forEach(ProcessHandle::destroyForcibly);
                process.destroyForcibly();
                throw new AssertionError("not after " + deadline.toSeconds() + " s: " + what + "\n" + Files.readString(log));
            }
            if (process.exitValue() != 0) {
                throw new AssertionError("failed: " + what + "\n" + Files.readString(log));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted: " + what, e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Reads the whole volume, which is mounted nowhere, and fails when anything is wrong with it. */
    void check() {
        ScoutfsTarget.cli("check", image).mustSucceed();
    }

    /** Who said last that it serves, with its epoch. */
    ClusterNode server() {
        ClusterNode server = nodes.getFirst();
        for (ClusterNode node : nodes) {
            if (node.lastEpoch() > server.lastEpoch()) {
                server = node;
            }
        }
        assertThat(server.lastEpoch()).as("an epoch in the logs").isPositive();
        return server;
    }

    /** Some node that does not serve. */
    ClusterNode client(int which) {
        ClusterNode server = server();
        return nodes.stream().filter(node -> node != server).toList().get(which);
    }

    /** Until another one serves than in this epoch. */
    void awaitEpochAfter(long epoch) {
        Await.that("somebody serves after epoch " + epoch, Duration.ofSeconds(180), () -> server().lastEpoch() > epoch);
    }

    /** What to look at when a test failed. */
    String story() {
        StringBuilder text = new StringBuilder();
        for (ClusterNode node : nodes) {
            List<String> lines = node.logLines();
            text.append("---- ").append(node).append(node.isMounted() ? ", mounted" : ", not mounted").append('\n');
            lines.subList(Math.max(0, lines.size() - 60), lines.size()).forEach(line -> text.append(line).append('\n'));
        }
        return text.toString();
    }

    @Override
    public void close() {
        try {
            // The processes first: one that is stopped or cut off would keep an unmount waiting.
            for (ClusterNode node : nodes) {
                node.processes().forEach(ProcessHandle::destroyForcibly);
            }
            Leftovers.cleanUp(directory);
        } finally {
            network.close();
            Transport.disable();
        }
    }
}
