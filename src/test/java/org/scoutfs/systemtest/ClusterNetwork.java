package org.scoutfs.systemtest;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Hosts that meet in a switch, as network namespaces: one of each host with one address, and one that holds the bridge and the other ends
 * of the cables. Nothing of it is in the network of the machine itself, so deleting the namespaces removes all of it.
 */
final class ClusterNetwork implements AutoCloseable {
    private static final Path NAMED = Path.of("/run/netns");
    private static final String SWITCH = "switch";

    private final String prefix;
    private final int hosts;

    ClusterNetwork(int hosts) {
        this.prefix = prefix();
        this.hosts = hosts;
        cleanUp();
        ip("netns", "add", prefix + SWITCH);
        inSwitch("link", "add", "bridge", "type", "bridge");
        inSwitch("link", "set", "bridge", "up");
        for (int host = 0; host < hosts; host++) {
            ip("netns", "add", namespace(host));
            inSwitch("link", "add", port(host), "type", "veth", "peer", "name", "eth0", "netns", namespace(host));
            inSwitch("link", "set", port(host), "master", "bridge", "up");
            ip("-n", namespace(host), "addr", "add", address(host) + "/24", "dev", "eth0");
            ip("-n", namespace(host), "link", "set", "eth0", "up");
            ip("-n", namespace(host), "link", "set", "lo", "up");
        }
    }

    /** Of this checkout, as its directory. */
    private static String prefix() {
        return SystemTests.base().getFileName() + "-";
    }

    String namespace(int host) {
        return prefix + host;
    }

    String address(int host) {
        return "10.83.77." + (host + 1);
    }

    private static String port(int host) {
        return "port" + host;
    }

    /** The words of a command that runs on a host. */
    List<Object> on(int host, Object... words) {
        List<Object> all = new ArrayList<>(List.of("nsenter", "--net=" + NAMED.resolve(namespace(host))));
        all.addAll(List.of(words));
        return all;
    }

    /** Pulls the host's cable out of the switch: what it sends is lost, and nobody is told. */
    void cut(int host) {
        inSwitch("link", "set", port(host), "nomaster");
    }

    void heal(int host) {
        inSwitch("link", "set", port(host), "master", "bridge");
    }

    /** Ends all TCP connections of a host with resets. */
    void reset(int host) {
        Command.of(on(host, "ss", "-K", "-t", "state", "established").toArray()).run().mustSucceed();
    }

    private void inSwitch(Object... words) {
        List<Object> all = new ArrayList<>(List.of("-n", prefix + SWITCH));
        all.addAll(List.of(words));
        ip(all.toArray());
    }

    private static void ip(Object... words) {
        List<Object> all = new ArrayList<>(List.of("ip"));
        all.addAll(List.of(words));
        Command.of(all.toArray()).run().mustSucceed();
    }

    /** Those of this checkout, whoever made them. */
    static void cleanUp() {
        if (!Files.isDirectory(NAMED)) {
            return;
        }
        try (DirectoryStream<Path> found = Files.newDirectoryStream(NAMED, prefix() + "*")) {
            for (Path one : found) {
                ip("netns", "del", one.getFileName());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        cleanUp();
    }

    @Override
    public String toString() {
        return hosts + " hosts in " + prefix;
    }
}
