package org.scoutfs.systemtest;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.scoutfs.testkit.Await;

/** One host of {@link ClusterMounts}, and what can happen to it. */
final class ClusterNode {
    private static final Pattern SERVES = Pattern.compile("this mount serves in epoch (\\d+)");
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final int number;
    private final Path directory;
    private final ClusterNetwork network;
    private final String options;
    private Path device;
    private String ownOptions = "";

    ClusterNode(int number, Path directory, Path device, ClusterNetwork network, String options) {
        this.number = number;
        this.directory = directory;
        this.device = device;
        this.network = network;
        this.options = options;
    }

    int number() {
        return number;
    }

    Path root() {
        return directory.resolve("mnt." + number);
    }

    Path log() {
        return directory.resolve("log." + number);
    }

    String address() {
        return network.address(number);
    }

    /** Another way to the same volume. */
    void use(Path another) {
        device = another;
    }

    /** More options of this mount alone. */
    void withOptions(String more) {
        ownOptions = more;
    }

    /** The mount of this node, on its way. */
    Process startMount() {
        String all = "log=" + log() + "," + Transport.best().option() + "," + options
                + (ownOptions.isEmpty() ? "" : "," + ownOptions);
        return Command.of(network.on(number, ScoutfsTarget.launcher(), "mount", "-o", all, device, root()).toArray())
                .with("SCOUTFS_NO_BUILD", "1")
                .startAppendingTo(log());
    }

    /** Mounts it beside others that are there. */
    void mount() {
        ClusterMounts.awaitEnd(this + " is mounted", startMount(), Duration.ofSeconds(180), log());
        assertThat(isMounted()).isTrue();
    }

    void unmount() {
        Command.of(ScoutfsTarget.launcher(), "umount", root())
                .with("SCOUTFS_NO_BUILD", "1")
                .within(Duration.ofSeconds(180))
                .run()
                .mustSucceed();
    }

    boolean isMounted() {
        return Leftovers.mountsBelow(root()).contains(root());
    }

    boolean isRunning() {
        return !processes().isEmpty();
    }

    /** The processes of the mount: those that name its directory as their last word, not programs that work below it. */
    List<ProcessHandle> processes() {
        return Leftovers.processesNaming(root()).stream()
                .filter(one -> Leftovers.commandLine(one.pid()).strip().endsWith(" " + root()))
                .toList();
    }

    /** Ends it as a crash would. The dead mount point stays. */
    void kill() {
        startKill();
        awaitKilled();
    }

    /** The signal of {@link #kill} only, so that several die at once. */
    void startKill() {
        List<ProcessHandle> processes = processes();
        assertThat(processes).as("the process of %s", this).isNotEmpty();
        processes.forEach(ProcessHandle::destroyForcibly);
    }

    void awaitKilled() {
        Await.that(this + " is gone", PATIENCE, () -> processes().isEmpty());
    }

    /** Takes what a killed mount left out of the tree. */
    void sweep() {
        if (isMounted()) {
            Command.of("umount", "-l", root()).run().mustSucceed();
        }
    }

    void stop() {
        signal("STOP");
    }

    void cont() {
        signal("CONT");
    }

    private void signal(String name) {
        List<ProcessHandle> processes = processes();
        assertThat(processes).as("the process of %s", this).isNotEmpty();
        for (ProcessHandle process : processes) {
            Command.of("kill", "-" + name, process.pid()).run().mustSucceed();
        }
    }

    void cut() {
        network.cut(number);
    }

    void heal() {
        network.heal(number);
    }

    /** Resets its connections. */
    void reset() {
        network.reset(number);
    }

    /** The last epoch that it said to serve in; 0 where it never did. */
    long lastEpoch() {
        if (!Files.exists(log())) {
            return 0;
        }
        List<MatchResult> all = SERVES.matcher(String.join("\n", logLines())).results().toList();
        return all.isEmpty() ? 0 : Long.parseLong(all.getLast().group(1));
    }

    List<String> logLines() {
        try {
            // A line that is being written may end within a character.
            return Files.exists(log())
                    ? new String(Files.readAllBytes(log()), StandardCharsets.ISO_8859_1).lines().toList()
                    : List.of();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** One of the counters of its mount. */
    long counter(String name) {
        String all = ScoutfsTarget.cli("counters", root()).mustSucceed().output();
        return all.lines()
                .map(line -> line.strip().split("\\s+"))
                .filter(words -> words[0].equals(name))
                .mapToLong(words -> Long.parseLong(words[1]))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no counter " + name + " in " + all));
    }

    /** A shell line in its mount. */
    String shell(String line) {
        return Command.shell(line).in(root()).run().mustSucceed().output();
    }

    @Override
    public String toString() {
        return "node " + number;
    }
}
