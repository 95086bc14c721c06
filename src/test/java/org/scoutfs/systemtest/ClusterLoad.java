package org.scoutfs.systemtest;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.scoutfs.testkit.Await;

/**
 * Work on all nodes of a cluster while something happens to some of them: one {@code killwriter} on each, in a directory of its own, that
 * says what it was promised. At the end everybody's files are looked at on every node: what was promised is there, and what was only
 * done, too, where nothing happened to the node.
 */
final class ClusterLoad implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(180);

    /** Enough work to have much under way, and few enough inodes without a name left behind for what comes after. */
    private static final String PAUSE_MICROS = "10000";

    private final ClusterMounts cluster;
    private final String name;
    private final Map<Integer, Writer> writers = new TreeMap<>();

    ClusterLoad(ClusterMounts cluster, String name, long seed) {
        this.cluster = cluster;
        this.name = name;
        try {
            Files.createDirectory(cluster.node(0).root().resolve(name));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        for (ClusterNode node : cluster.nodes()) {
            writers.put(node.number(), new Writer(node, seed));
        }
        try {
            awaitPromises(cluster.nodes(), 5);
        } catch (AssertionError failure) {
            close();
            throw failure;
        }
    }

    /** Until each has been promised more, this many times. What it waits for fails when a writer fails. @return milliseconds */
    long awaitPromises(List<ClusterNode> nodes, int more) {
        long start = System.nanoTime();
        Map<ClusterNode, Long> wanted = new HashMap<>();
        nodes.forEach(node -> wanted.put(node, writers.get(node.number()).count("S ") + more));
        wanted.forEach((node, count) -> {
            Writer writer = writers.get(node.number());
            Await.that(more + " more promises on " + node, PATIENCE, () -> {
                if (!writer.process.isAlive()) {
                    throw new AssertionError("the writer on " + node + " failed: " + writer.errors());
                }
                return writer.count("S ") >= count;
            });
        });
        return (System.nanoTime() - start) / 1_000_000;
    }

    /** The writer of a node that something will happen to: it stops between two operations, so that none is done after what was lost. */
    void pause(ClusterNode node) {
        writers.get(node.number()).pause();
    }

    /** Something happens to this node that takes what was not synced. */
    void mayLose(ClusterNode node) {
        writers.get(node.number()).mayLose = true;
    }

    /** No more work on this node, and nothing lost of what there was. */
    void end(ClusterNode node) {
        writers.get(node.number()).stop();
    }

    /** Ends the work and looks at all of it, on each node that is mounted; none of those may be stopped or cut off any more. */
    void verify() {
        List<ClusterNode> readers = cluster.nodes().stream().filter(ClusterNode::isRunning).toList();
        writers.values().forEach(Writer::stop);
        long promises = 0;
        for (Writer writer : writers.values()) {
            KillHistory history = new KillHistory(writer.lines());
            assertThat(history.promised()).as("promises on " + writer.node).isPositive();
            promises += history.promised();
            for (ClusterNode reader : readers) {
                try {
                    long unused = history.findIn(
                            reader.root().resolve(name).resolve("client" + writer.node.number()),
                            writer.mayLose ? history.promised() : history.done());
                } catch (AssertionError failure) {
                    throw new AssertionError("the work of " + writer.node + " as " + reader + " shows it, "
                            + (writer.mayLose ? "with what was promised" : "with all that was done"), failure);
                }
            }
        }
        System.out.println("[cluster] " + name + ": " + promises + " promised operations are there");
    }

    @Override
    public void close() {
        writers.values().forEach(Writer::stop);
    }

    /** One killwriter; what it prints goes to files outside of the mount. */
    private final class Writer {
        final ClusterNode node;
        final Path log;
        final Path errors;
        final Process process;
        boolean mayLose;

        Writer(ClusterNode node, long seed) {
            this.node = node;
            this.log = cluster.directory().resolve("writer." + name + "." + node.number());
            this.errors = cluster.directory().resolve("errors." + name + "." + node.number());
            try {
                this.process = new ProcessBuilder(
                                SystemTests.program("killwriter").toString(),
                                node.root().resolve(name).toString(),
                                "" + node.number(),
                                "" + seed,
                                PAUSE_MICROS)
                        .redirectOutput(log.toFile())
                        .redirectError(errors.toFile())
                        .start();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        long count(String prefix) {
            return lines().stream().filter(line -> line.startsWith(prefix)).count();
        }

        List<String> lines() {
            String text = read(log);
            return text.substring(0, text.lastIndexOf('\n') + 1).lines().toList();
        }

        String errors() {
            return read(errors);
        }

        private static String read(Path file) {
            try {
                return Files.readString(file, StandardCharsets.US_ASCII);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        void pause() {
            mayLose = true;
            Command.of("kill", "-STOP", process.pid()).run().mustSucceed();
            Await.that("the writer on " + node + " is stopped", PATIENCE, () -> {
                String stat = read(Path.of("/proc/" + process.pid() + "/stat"));
                return stat.charAt(stat.lastIndexOf(')') + 2) == 'T';
            });
        }

        void stop() {
            process.destroyForcibly();
            try {
                assertThat(process.waitFor(PATIENCE.toMillis(), TimeUnit.MILLISECONDS))
                        .as("the writer on " + node + " ends")
                        .isTrue();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new AssertionError(e);
            }
        }
    }
}
