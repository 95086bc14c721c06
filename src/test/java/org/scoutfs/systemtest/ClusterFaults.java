package org.scoutfs.systemtest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.scoutfs.systemtest.NodeCalls.O_CREAT;
import static org.scoutfs.systemtest.NodeCalls.O_DIRECT;
import static org.scoutfs.systemtest.NodeCalls.O_RDONLY;
import static org.scoutfs.systemtest.NodeCalls.O_RDWR;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.AfterTestExecutionCallback;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.scoutfs.base.Errno;
import org.scoutfs.base.Rng;
import org.scoutfs.testkit.Await;
import org.scoutfs.testkit.Profile;

/**
 * Nodes of a cluster are killed, stopped, and cut off from the network or from the device, with programs at work on all of them. The others
 * go on after a pause, without an error; what was acknowledged is there afterwards; and the volume is clean.
 *
 * <p>Three voters, and one node without a vote, which comes to the device by a way that can be made to fail. How long the others waited is
 * printed, and not judged: a busy machine is no finding.
 *
 * <p>Not in {@code verify} yet, which its name says: it is run by hand, until all of it has been seen to pass many times.
 */
@Timeout(900)
class ClusterFaults {
    private static final int VOTERS = 3;
    private static final int LEASE_MILLIS = 4000;
    private static final int PAGE = 4096;
    private static final Duration PATIENCE = Duration.ofSeconds(180);

    private static ClusterMounts cluster;
    private static ClusterNode voteless;
    private static Path failing;

    @RegisterExtension
    static final AfterTestExecutionCallback STORY = context -> {
        if (context.getExecutionException().isPresent()) {
            System.out.println("[cluster] " + context.getDisplayName() + " failed: " + context.getExecutionException().get());
            System.out.println(cluster.story());
        }
    };

    private String name;

    @BeforeAll
    static void create() throws IOException {
        cluster = new ClusterMounts("faults", VOTERS, 1, "lease_ms=" + LEASE_MILLIS);
        try {
            voteless = cluster.node(VOTERS);
            failing = cluster.directory().resolve("fail");
            Path way = Files.createDirectory(cluster.directory().resolve("way"));
            new ProcessBuilder(SystemTests.program("faultydevice").toString(), cluster.image().toString(), way.toString(), failing.toString())
                    .redirectErrorStream(true)
                    .redirectOutput(cluster.directory().resolve("way.log").toFile())
                    .start();
            Await.that("the other way to the device is there", PATIENCE, () -> Files.exists(way.resolve("device")));
            voteless.use(way.resolve("device"));
            cluster.mountAll();
        } catch (Throwable failure) {
            cluster.close();
            throw failure;
        }
    }

    @AfterAll
    static void unmountAndCheck() {
        try (ClusterMounts closed = cluster) {
            closed.unmountAll();
            closed.check();
        }
    }

    @BeforeEach
    void allAreThere(TestInfo info) {
        name = info.getTestMethod().orElseThrow().getName();
        for (ClusterNode node : cluster.nodes()) {
            if (!node.isRunning()) {
                node.sweep();
            }
        }
        cluster.mountAll();
    }

    private static long seed() {
        return Long.getLong("scoutfs.seed", 1);
    }

    private static List<ClusterNode> without(ClusterNode... gone) {
        List<ClusterNode> rest = new ArrayList<>(cluster.nodes());
        rest.removeAll(List.of(gone));
        return rest;
    }

    private void say(String what, long millis) {
        System.out.println("[cluster] " + name + ": " + what + " " + millis + " ms");
    }

    /** A node that was evicted says once at syncfs that something is lost; the next test's programs need not hear of it. */
    private static void hearOfLoss(ClusterNode evicted) {
        try (NodeCalls calls = in(evicted)) {
            calls.mustFail(Errno.EIO, "syncfs");
            calls.call("syncfs");
        }
    }

    private static NodeCalls in(ClusterNode node) {
        return new NodeCalls(node.root());
    }

    // ---- killed

    @Test
    void theServerIsKilled() {
        for (int round = 0; round < Profile.count(1, 20); round++) {
            ClusterNode server = cluster.server();
            ClusterNode holder = cluster.client(0);
            ClusterNode waiter = cluster.client(1);
            try (ClusterLoad load = new ClusterLoad(cluster, name + round, seed() + round);
                    NodeCalls holding = in(holder);
                    NodeCalls waiting = in(waiter)) {
                holding.open(0, "locked" + round, O_CREAT | O_RDWR);
                waiting.open(0, "locked" + round, O_RDWR);
                List<String> families = List.of("flock", "fcntl", "ofd");
                // One family at a time would do for each; all three must come over.
                families.subList(0, 2).forEach(how -> holding.call("lock", 0, how, "w", 0));
                load.mayLose(server);
                server.kill();
                say("the others go on after the death of the server:", load.awaitPromises(without(server), 2));
                for (String how : families.subList(0, 2)) {
                    waiting.mustFail(Errno.EAGAIN, "lock", 0, how, "w", 0);
                    waiting.begin("lock", 0, how, "w", 1);
                    holding.call("lock", 0, how, "u", 0);
                    waiting.finish().mustSucceed();
                    waiting.call("lock", 0, how, "u", 0);
                }
                load.verify();
            }
            server.sweep();
            cluster.mountAll();
        }
    }

    @Test
    void aClientIsKilled() {
        ClusterNode client = cluster.client(0);
        ClusterNode other = cluster.client(1);
        try (ClusterLoad load = new ClusterLoad(cluster, name, seed());
                NodeCalls dying = in(client);
                NodeCalls living = in(other)) {
            living.create("orphan", "");
            Command.shell("fallocate -l 3G orphan && sync -f .").in(other.root()).run().mustSucceed();
            dying.open(0, "orphan", O_RDONLY);
            dying.open(1, "held", O_CREAT | O_RDWR);
            dying.call("lock", 1, "flock", "w", 0);
            dying.call("lock", 1, "fcntl", "w", 0);
            living.call("unlink", "orphan");
            living.open(1, "held", O_RDWR);
            living.mustFail(Errno.EAGAIN, "lock", 1, "flock", "w", 0);
            long free = freeBlocks(living);
            load.mayLose(client);
            client.kill();
            say("the others go on after the death of a client:", load.awaitPromises(without(client), 2));
            long start = System.nanoTime();
            living.call("lock", 1, "flock", "w", 1);
            living.call("lock", 1, "fcntl", "w", 1);
            say("its file locks are free after", (System.nanoTime() - start) / 1_000_000);
            load.verify();
            Await.that("what only the dead node had open is gone", PATIENCE, () -> {
                living.call("syncfs");
                return freeBlocks(living) > free + (1500 << 20) / PAGE; // the dead node's grants stay out of use
            });
        }
    }

    private static long freeBlocks(NodeCalls node) {
        return Long.parseLong(node.call("statfs").words().get(1));
    }

    @Test
    void theServerAndAClientAreKilled() {
        ClusterNode server = cluster.server();
        try (ClusterLoad load = new ClusterLoad(cluster, name, seed())) {
            load.mayLose(server);
            load.mayLose(voteless);
            server.startKill();
            voteless.startKill();
            say("the others go on after both deaths:", load.awaitPromises(without(server, voteless), 2));
            load.verify();
        }
    }

    @Test
    void allAreKilledAtOnce() {
        for (int round = 0; round < Profile.count(1, 20); round++) {
            try (ClusterLoad load = new ClusterLoad(cluster, name + round, seed() + round)) {
                cluster.nodes().forEach(load::mayLose);
                cluster.nodes().forEach(ClusterNode::startKill);
                cluster.nodes().forEach(ClusterNode::awaitKilled);
                cluster.nodes().forEach(load::end);
                cluster.nodes().forEach(ClusterNode::sweep);
                cluster.check();
                cluster.mountAll();
                load.verify();
            }
        }
    }

    // ---- stopped

    /** What a program that asks a stopped node is told; each asks in a process of its own, since it may never come back before. */
    private static final class Questions implements AutoCloseable {
        final Map<String, NodeCalls> asked = new LinkedHashMap<>();

        void ask(ClusterNode node, String what, Object... words) {
            NodeCalls calls = asked.computeIfAbsent(what, key -> in(node));
            calls.begin(words);
        }

        @Override
        public void close() {
            asked.values().forEach(NodeCalls::close);
        }
    }

    @Test
    void aNodeIsStoppedForLongerThanItsLease() {
        stopped(cluster.client(0));
    }

    @Test
    void theServerIsStoppedForLongerThanItsLease() {
        ClusterNode server = cluster.server();
        long epoch = server.lastEpoch();
        stopped(server);
        assertThat(cluster.server().lastEpoch()).isGreaterThan(epoch);
    }

    private void stopped(ClusterNode victim) {
        ClusterNode other = without(victim).getFirst();
        String old = "o".repeat(16 * PAGE);
        String fresh = "n".repeat(16 * PAGE);
        String file = name + "-cached";
        String absent = name + "-absent";
        try (ClusterLoad load = new ClusterLoad(cluster, name, seed());
                NodeCalls living = in(other);
                Questions questions = new Questions()) {
            living.create(file, old);
            living.call("syncfs");
            // Each opens, reads and asks for what it will ask for again, so that the victim's kernel has what it may have.
            for (String what : List.of("look-up", "open", "stat", "read", "mapping", "direct read", "write")) {
                NodeCalls calls = in(victim);
                questions.asked.put(what, calls);
                calls.mustFail(Errno.ENOENT, "stat", absent);
                if (what.equals("direct read")) {
                    calls.open(0, file, O_RDONLY | O_DIRECT);
                } else if (what.equals("write")) {
                    calls.open(0, name + "-written", O_CREAT | O_RDWR);
                } else {
                    calls.open(0, file, O_RDONLY);
                }
                if (what.equals("mapping")) {
                    calls.call("map", 0, 16 * PAGE, "r");
                    assertThat(calls.load(0, 0, 16 * PAGE)).isEqualTo(old);
                } else if (!what.equals("write")) {
                    assertThat(calls.read(0, 0, 16 * PAGE)).isEqualTo(old);
                }
            }
            load.pause(victim);
            victim.stop();
            long start = System.nanoTime();
            say("the others go on beside a stopped node:", load.awaitPromises(without(victim), 2));
            living.open(0, file, O_RDWR);
            living.write(0, 0, fresh);
            living.create(absent, "there");
            living.call("syncfs");
            say("what the stopped node had is somebody else's after", (System.nanoTime() - start) / 1_000_000);
            // From here on the victim's lease is over, since its locks are with another node.
            questions.ask(victim, "look-up", "stat", absent);
            questions.ask(victim, "open", "open", 1, file, O_RDONLY, 0);
            questions.ask(victim, "stat", "stat", file);
            questions.ask(victim, "read", "pread", 0, 0, 16 * PAGE);
            questions.ask(victim, "mapping", "load", 0, 0, 16 * PAGE);
            questions.ask(victim, "direct read", "pread", 0, 0, 16 * PAGE);
            questions.ask(victim, "write", "pwrite", 0, 0, ".6c617465");
            // Some time in which a wrong answer could come: others work.
            long unused = load.awaitPromises(without(victim), 3);
            Map<String, String> told = new LinkedHashMap<>();
            questions.asked.forEach((what, calls) -> told.put(what, calls.isFinished() ? "answers" : "waits"));
            for (String cached : List.of("read", "mapping")) {
                if (told.get(cached).equals("answers")) {
                    NodeCalls.Answer answer = questions.asked.get(cached).finish();
                    told.put(cached, answer.errno() != 0 ? "errno " + answer.errno() : answer.bytes().equals(old) ? "old bytes" : "new bytes");
                }
            }
            System.out.println("[cluster] " + name + ": a stopped node after its lease: " + told);
            for (String what : List.of("look-up", "open", "stat", "direct read", "write")) {
                assertThat(told.get(what)).as(what + " on a stopped node").isEqualTo("waits");
            }
            victim.cont();
            start = System.nanoTime();
            try (NodeCalls after = in(victim)) {
                assertThat(after.stat(absent).size()).isEqualTo(5);
                say("the node answers again after", (System.nanoTime() - start) / 1_000_000);
                assertThat(after.contents(file)).isEqualTo(fresh);
            }
            assertThat(questions.asked.get("look-up").finish().errno()).isZero();
            assertThat(NodeCalls.Attributes.of(questions.asked.get("stat").finish().mustSucceed()).mtime())
                    .isEqualTo(living.stat(file).mtime());
            for (String what : List.of("open", "direct read", "write")) {
                NodeCalls.Answer answer = questions.asked.get(what).finish();
                System.out.println("[cluster] " + name + ": " + what + " that waited: errno " + answer.errno());
                if (what.equals("direct read") && answer.errno() == 0) {
                    assertThat(answer.bytes()).isEqualTo(fresh);
                }
            }
            for (String cached : List.of("read", "mapping")) {
                if (told.get(cached).equals("waits") && questions.asked.get(cached).finish() instanceof NodeCalls.Answer answer
                        && answer.errno() == 0) {
                    assertThat(answer.bytes()).as(cached + " that waited").isEqualTo(fresh);
                }
            }
            hearOfLoss(victim);
            load.verify();
        }
    }

    // ---- cut off

    @Test
    void aNodeIsCutOffFromTheNetwork() {
        cutOff(cluster.client(0));
    }

    @Test
    void theServerIsCutOffFromTheNetwork() {
        ClusterNode server = cluster.server();
        long epoch = server.lastEpoch();
        cutOff(server);
        assertThat(cluster.server().lastEpoch()).isGreaterThan(epoch);
    }

    private void cutOff(ClusterNode victim) {
        ClusterNode other = without(victim).getFirst();
        String file = name + "-file";
        try (ClusterLoad load = new ClusterLoad(cluster, name, seed());
                NodeCalls living = in(other);
                NodeCalls alone = in(victim)) {
            alone.create(file, "before");
            alone.call("syncfs");
            load.pause(victim);
            victim.cut();
            say("the others go on beside a node that is cut off:", load.awaitPromises(without(victim), 2));
            long start = System.nanoTime();
            living.open(0, file, O_RDWR);
            living.write(0, 0, "after!");
            say("what the node had is somebody else's after", (System.nanoTime() - start) / 1_000_000);
            living.call("fsync", 0);
            alone.begin("stat", file);
            long unused = load.awaitPromises(without(victim), 2);
            assertThat(alone.isFinished()).as("a node without a lease answers").isFalse();
            victim.heal();
            start = System.nanoTime();
            alone.finish().mustSucceed();
            say("the node answers again after", (System.nanoTime() - start) / 1_000_000);
            assertThat(alone.contents(file)).isEqualTo("after!");
            alone.create(file + "-new", "back");
            assertThat(living.contents(file + "-new")).isEqualTo("back");
            hearOfLoss(victim);
            load.verify();
        } finally {
            victim.heal();
        }
    }

    @Test
    void connectionsAreResetAgainAndAgain() {
        try (ClusterLoad load = new ClusterLoad(cluster, name, seed())) {
            for (int round = 0; round < Profile.count(3, 200); round++) {
                for (ClusterNode node : cluster.nodes()) {
                    node.reset();
                }
                long unused = load.awaitPromises(cluster.nodes(), 1);
                // Shorter than any lease: what is lost is sent again.
                cluster.node(round % VOTERS).cut();
                cluster.node(round % VOTERS).heal();
            }
            say("all go on:", load.awaitPromises(cluster.nodes(), 2));
            load.verify();
        }
    }

    @Test
    void aNodeLosesItsWayToTheDevice() throws IOException {
        String file = name + "-file";
        try (ClusterLoad load = new ClusterLoad(cluster, name, seed());
                NodeCalls living = in(cluster.node(0));
                NodeCalls alone = in(voteless)) {
            alone.create(file, "before");
            alone.call("syncfs");
            load.pause(voteless);
            alone.open(0, file, O_RDWR);
            alone.write(0, 0, "late");
            Files.createFile(failing);
            NodeCalls.Answer synced = alone.attempt("fsync", 0);
            System.out.println("[cluster] " + name + ": fsync without a device: errno " + synced.errno());
            assertThat(synced.errno()).as("fsync without a device").isNotZero();
            say("the others go on beside a node without a device:", load.awaitPromises(without(voteless), 2));
            long start = System.nanoTime();
            assertThat(living.contents(file)).isEqualTo("before");
            say("what the node had is somebody else's after", (System.nanoTime() - start) / 1_000_000);
            living.open(0, file, O_RDWR);
            living.write(0, 0, "after!");
            long unused = load.awaitPromises(without(voteless), 2);
            Files.delete(failing);
            start = System.nanoTime();
            // Who wrote is told once that it is lost.
            alone.mustFail(Errno.EIO, "fsync", 0);
            alone.call("fsync", 0);
            try (NodeCalls again = in(voteless)) {
                assertThat(again.contents(file)).isEqualTo("after!");
                say("the node works again after", (System.nanoTime() - start) / 1_000_000);
            }
            hearOfLoss(voteless);
            load.verify();
        } finally {
            Files.deleteIfExists(failing);
        }
    }

    // ---- coming and going

    @Test
    void mountsComeAndGoUnderLoad() {
        Rng rng = Rng.seeded(seed());
        for (int round = 0; round < Profile.count(2, 100); round++) {
            try (ClusterLoad load = new ClusterLoad(cluster, name + round, seed() + round)) {
                ClusterNode leaving = round == 0 ? cluster.server() : cluster.node(rng.nextInt(cluster.nodes().size()));
                load.end(leaving);
                leaving.unmount();
                say(leaving + " left; the others go on:", load.awaitPromises(without(leaving), 2));
                leaving.mount();
                say(leaving + " is back; the others go on:", load.awaitPromises(without(leaving), 2));
                load.verify();
            }
        }
    }
}
