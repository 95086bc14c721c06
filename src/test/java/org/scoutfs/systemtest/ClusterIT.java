package org.scoutfs.systemtest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.scoutfs.systemtest.NodeCalls.O_CREAT;
import static org.scoutfs.systemtest.NodeCalls.O_DIRECT;
import static org.scoutfs.systemtest.NodeCalls.O_DIRECTORY;
import static org.scoutfs.systemtest.NodeCalls.O_RDONLY;
import static org.scoutfs.systemtest.NodeCalls.O_RDWR;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.AfterTestExecutionCallback;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.scoutfs.base.Errno;
import org.scoutfs.testkit.Await;
import org.scoutfs.testkit.Profile;

/**
 * What programs on one node of a cluster do, programs on the others see at once, as if they all ran on one kernel: by real system calls on
 * three mounts in three network namespaces. Each test works in a directory of its own; the volume is checked at the end.
 */
@Timeout(600)
class ClusterIT {
    private static final int NODES = 3;
    private static final int NOBODY = 65534;
    private static final int PAGE = 4096;

    private static ClusterMounts cluster;

    @RegisterExtension
    static final AfterTestExecutionCallback STORY = context -> {
        if (context.getExecutionException().isPresent()) {
            System.out.println(cluster.story());
        }
    };

    private final List<NodeCalls> on = new ArrayList<>();
    private String directory;

    @BeforeAll
    static void mount() {
        cluster = new ClusterMounts("cluster", NODES, 0);
        try {
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
    void begin(TestInfo info) throws IOException {
        directory = info.getTestMethod().orElseThrow().getName() + info.getDisplayName().replaceAll("\\W", "");
        Files.createDirectory(cluster.node(0).root().resolve(directory));
        for (ClusterNode node : cluster.nodes()) {
            on.add(new NodeCalls(node.root().resolve(directory)));
        }
    }

    @AfterEach
    void end() {
        on.forEach(NodeCalls::close);
    }

    private Path path(int node, String name) {
        return cluster.node(node).root().resolve(directory).resolve(name);
    }

    private String shell(int node, String line) {
        return Command.shell(line).in(cluster.node(node).root().resolve(directory)).run().mustSucceed().output();
    }

    // ---- names

    @Test
    void namesAreSeenAtOnce() {
        on.getFirst().call("mkdir", "other");
        for (int round = 0; round < Profile.count(1, 30) * NODES; round++) {
            NodeCalls actor = on.get(round % NODES);
            // Asked for before they are there, so that a kernel that keeps what it was told would be wrong.
            seenByAll(List.of("other"));
            actor.create("a", "text");
            seenByAll(List.of("a", "other"));
            actor.call("rename", "a", "b");
            seenByAll(List.of("b", "other"));
            actor.call("link", "b", "c");
            seenByAll(List.of("b", "c", "other"));
            on.forEach(node -> assertThat(node.stat("b").nlink()).isEqualTo(2));
            actor.call("unlink", "b");
            seenByAll(List.of("c", "other"));
            on.forEach(node -> assertThat(node.stat("c").nlink()).isEqualTo(1));
            actor.call("rename", "c", "other/a");
            seenByAll(List.of("other"));
            on.forEach(node -> assertThat(node.list("other")).containsExactly("a"));
            actor.call("unlink", "other/a");
            actor.call("mkdir", "b");
            seenByAll(List.of("b", "other"));
            actor.call("rmdir", "b");
        }
    }

    /** By stat, open and readdir: these are there, of all that a test makes, and others are not. */
    private void seenByAll(List<String> names) {
        for (NodeCalls node : on) {
            for (String name : List.of("a", "b", "c", "other")) {
                assertThat(node.exists(name)).as(name).isEqualTo(names.contains(name));
                int errno = node.attempt("open", 0, name, O_RDONLY, 0).errno();
                assertThat(errno).as("open of " + name).isEqualTo(names.contains(name) ? 0 : Errno.ENOENT.number());
                if (errno == 0) {
                    node.call("close", 0);
                }
            }
            assertThat(node.list(".")).containsExactlyElementsOf(names);
        }
    }

    @Test
    void anExclusiveCreateHasOneWinner() {
        int names = Profile.count(300, 10_000);
        on.forEach(node -> node.begin("race", "name", names));
        List<Integer> wins = new ArrayList<>();
        Set<String> won = new HashSet<>();
        int sum = 0;
        for (NodeCalls node : on) {
            List<String> own = node.finish().mustSucceed().words();
            won.addAll(own);
            wins.add(own.size());
            sum += own.size();
        }
        System.out.println("[cluster] exclusive creates won by each node: " + wins);
        assertThat(sum).as("wins of all").isEqualTo(names);
        assertThat(won).as("names that somebody won").hasSize(names);
        on.forEach(node -> assertThat(node.list(".")).hasSize(names));
    }

    @Test
    void renameOverAnOpenFile() {
        on.get(0).create("target", "the old one");
        on.get(1).open(0, "target", O_RDONLY);
        assertThat(on.get(1).read(0, 0, 100)).isEqualTo("the old one");
        on.get(2).create("new", "the new one");
        on.get(2).call("rename", "new", "target");
        assertThat(on.get(1).read(0, 0, 100)).isEqualTo("the old one");
        assertThat(on.get(1).fstat(0).nlink()).isZero();
        for (NodeCalls node : on) {
            assertThat(node.contents("target")).isEqualTo("the new one");
            assertThat(node.exists("new")).isFalse();
        }
        on.get(1).call("close", 0);
        on.forEach(node -> assertThat(node.list(".")).containsExactly("target"));
    }

    @Test
    void aDirectoryIsMovedWhileItIsUsed() {
        int rounds = Profile.count(30, 2000);
        on.getFirst().call("mkdir", "x");
        on.getFirst().call("mkdir", "y");
        on.getFirst().call("mkdir", "x/moved");
        on.get(1).open(0, "x/moved", O_DIRECTORY);
        on.get(2).open(0, "x/moved", O_DIRECTORY);
        on.get(0).begin("move", "x/moved", "y/moved", rounds);
        on.get(1).begin("use", 0, "x/moved", "one", rounds);
        on.get(2).begin("use", 0, "y/moved", "two", rounds);
        on.forEach(node -> node.finish().mustSucceed());
        for (NodeCalls node : on) {
            assertThat(node.list("x")).containsExactly("moved");
            assertThat(node.list("x/moved")).isEmpty();
            assertThat(node.list("y")).isEmpty();
            assertThat(node.stat("x").nlink()).isEqualTo(3);
            assertThat(node.stat("y").nlink()).isEqualTo(2);
        }
        // Below itself it may not go, whoever asks.
        on.get(1).mustFail(Errno.EINVAL, "rename", "x", "x/moved/x");
    }

    @Test
    void aListingIsWholeWhileOthersChangeTheDirectory() {
        on.getFirst().call("mkdir", "d");
        shell(0, "cd d && touch $(seq -f stays%g 1 400)");
        on.get(0).begin("churn", "d", "zero", Profile.count(150, 5000));
        on.get(1).begin("churn", "d", "one", Profile.count(150, 5000));
        on.get(2).begin("listOften", "d", "stays", Profile.count(30, 1000), 400);
        on.forEach(node -> node.finish().mustSucceed());
        on.forEach(node -> assertThat(node.list("d")).hasSize(400));
    }

    // ---- contents

    /** How a file is written or read. */
    private enum Way {
        BUFFERED(0),
        DIRECT(O_DIRECT),
        MAPPED(0);

        final int flags;

        Way(int flags) {
            this.flags = flags;
        }

        String read(NodeCalls node, int slot) {
            return this == MAPPED ? node.load(slot, 0, PAGE) : node.read(slot, 0, PAGE);
        }

        void write(NodeCalls node, int slot, String page) {
            if (this == MAPPED) {
                node.store(slot, 0, page);
            } else {
                node.write(slot, 0, page);
            }
        }
    }

    @Test
    void whatOneNodeWritesAnotherReads() {
        for (Way writing : Way.values()) {
            for (Way reading : Way.values()) {
                writtenAndRead(writing, reading);
            }
        }
    }

    private void writtenAndRead(Way writing, Way reading) {
        String name = writing + "-" + reading;
        on.get(0).create(name, "-".repeat(4 * PAGE));
        for (int round = 0; round < Profile.count(1, 20) * NODES; round++) {
            NodeCalls writer = on.get(round % NODES);
            writer.open(0, name, O_RDWR | writing.flags);
            if (writing == Way.MAPPED) {
                writer.call("map", 0, 4 * PAGE, "w");
            }
            for (NodeCalls reader : on) {
                reader.open(1, name, O_RDONLY | reading.flags);
                if (reading == Way.MAPPED) {
                    reader.call("map", 1, 4 * PAGE, "r");
                }
                String before = reading.read(reader, 1);
                assertThat(before).hasSize(PAGE);
            }
            for (int change = 0; change < 3; change++) {
                String page = Character.toString('a' + (round * 3 + change) % 26).repeat(PAGE);
                writing.write(writer, 0, page);
                for (NodeCalls reader : on) {
                    assertThat(reading.read(reader, 1)).as("%s, round %d, change %d", name, round, change).isEqualTo(page);
                }
            }
            for (NodeCalls reader : on) {
                if (reading == Way.MAPPED) {
                    reader.call("unmap", 1, 4 * PAGE);
                }
                reader.call("close", 1);
            }
            if (writing == Way.MAPPED) {
                writer.call("unmap", 0, 4 * PAGE);
            }
            writer.call("close", 0);
        }
    }

    @Test
    void sizesAndTimesAreRightAtOnce() {
        on.get(0).create("file", "x");
        on.forEach(node -> node.open(0, "file", O_RDWR));
        long mtime = on.get(0).fstat(0).mtime();
        for (int round = 1; round <= 10 * NODES; round++) {
            NodeCalls writer = on.get(round % NODES);
            writer.write(0, 1000L * round, "y");
            NodeCalls.Attributes own = writer.fstat(0);
            assertThat(own.size()).isEqualTo(1000L * round + 1);
            assertThat(own.mtime()).as("mtime goes on").isGreaterThan(mtime);
            mtime = own.mtime();
            for (NodeCalls node : on) {
                assertThat(node.fstat(0)).isEqualTo(own);
                assertThat(node.stat("file")).isEqualTo(own);
            }
        }
    }

    @Test
    void appendsOfAllNodesAreWhole() throws IOException {
        int lines = Profile.count(60, 5000);
        on.getFirst().create("log", "");
        for (int node = 0; node < NODES; node++) {
            on.get(node).begin("append", "log", "abc".charAt(node), lines, 300 + 2500 * node);
        }
        on.forEach(node -> node.finish().mustSucceed());
        for (int node = 0; node < NODES; node++) {
            Map<String, Integer> next = new HashMap<>();
            for (String line : Files.readAllLines(path(node, "log"), StandardCharsets.ISO_8859_1)) {
                String[] words = line.split(" ");
                int who = "abc".indexOf(words[0]);
                assertThat(line).hasSize(300 + 2500 * who - 1);
                assertThat(Integer.parseInt(words[1])).as("order of " + words[0]).isEqualTo(next.getOrDefault(words[0], 0));
                assertThat(words[2]).matches(words[0] + "+");
                next.merge(words[0], 1, Integer::sum);
            }
            assertThat(next).isEqualTo(Map.of("a", lines, "b", lines, "c", lines));
        }
    }

    @Test
    void truncateIsSeenByAReaderThatHasPages() {
        on.get(0).create("file", "z".repeat(16 * PAGE));
        on.forEach(node -> node.open(0, "file", O_RDWR));
        for (int round = 0; round < 2 * NODES; round++) {
            on.forEach(node -> assertThat(node.read(0, 0, 16 * PAGE)).isEqualTo("z".repeat(16 * PAGE)));
            NodeCalls actor = on.get(round % NODES);
            actor.call("ftruncate", 0, 100);
            for (NodeCalls node : on) {
                assertThat(node.fstat(0).size()).isEqualTo(100);
                assertThat(node.read(0, 0, 16 * PAGE)).isEqualTo("z".repeat(100));
            }
            on.get((round + 1) % NODES).call("ftruncate", 0, 3 * PAGE);
            for (NodeCalls node : on) {
                assertThat(node.read(0, 0, 16 * PAGE)).isEqualTo("z".repeat(100) + "\0".repeat(3 * PAGE - 100));
            }
            actor.write(0, 0, "z".repeat(16 * PAGE));
        }
    }

    @Test
    void anUnlinkedFileStaysWhereItIsOpen() {
        on.get(0).call("syncfs");
        long free = freeBlocks(0);
        shell(0, "head -c 40M /dev/zero | tr '\\0' q > big && sync -f .");
        on.get(1).open(0, "big", O_RDONLY);
        on.get(2).open(0, "big", O_RDONLY);
        on.get(0).call("unlink", "big");
        on.forEach(node -> assertThat(node.exists("big")).isFalse());
        on.get(1).call("close", 0);
        assertThat(on.get(2).read(0, 39 << 20, 10)).isEqualTo("q".repeat(10));
        assertThat(on.get(2).fstat(0).nlink()).isZero();
        Await.that("it takes space while it is open", Duration.ofSeconds(60), () -> freeBlocks(2) < free - 9000);
        on.get(2).call("close", 0);
        Await.that("the space comes back with the last close", Duration.ofSeconds(120), () -> {
            on.forEach(node -> node.call("syncfs"));
            return freeBlocks(0) > free - 5000;
        });
    }

    private long freeBlocks(int node) {
        return Long.parseLong(on.get(node).call("statfs").words().get(1));
    }

    // ---- rights

    @Test
    void permissionsCountAtOnce() {
        on.get(0).create("file", "secret");
        try (NodeCalls nobody = new NodeCalls(path(1, "."))) {
            nobody.call("become", NOBODY);
            for (int round = 0; round < 5; round++) {
                NodeCalls owner = on.get(round % 2 * 2);
                owner.call("chmod", "file", "0600");
                nobody.mustFail(Errno.EACCES, "open", 0, "file", O_RDONLY, 0);
                owner.call("chmod", "file", "0644");
                assertThat(nobody.contents("file")).isEqualTo("secret");
                owner.call("chmod", ".", "0700");
                nobody.mustFail(Errno.EACCES, "stat", "file");
                owner.call("chmod", ".", "0755");
                assertThat(nobody.exists("file")).isTrue();
                owner.call("chmod", "file", "0600");
                owner.call("chown", "file", NOBODY, 0);
                assertThat(nobody.contents("file")).isEqualTo("secret");
                owner.call("chown", "file", 0, 0);
                nobody.mustFail(Errno.EACCES, "open", 0, "file", O_RDONLY, 0);
            }
            shell(2, "setfacl -m u:" + NOBODY + ":r file");
            assertThat(nobody.contents("file")).isEqualTo("secret");
            shell(0, "setfacl -m u:" + NOBODY + ":- file");
            nobody.mustFail(Errno.EACCES, "open", 0, "file", O_RDONLY, 0);
            shell(2, "setfacl -m u:" + NOBODY + ":r file");
            assertThat(nobody.contents("file")).isEqualTo("secret");
            shell(0, "setfacl -b file");
            nobody.mustFail(Errno.EACCES, "open", 0, "file", O_RDONLY, 0);
        }
    }

    // ---- file locks

    @ParameterizedTest
    @ValueSource(strings = {"flock", "fcntl", "ofd"})
    void fileLocksExcludeAcrossNodes(String how) {
        on.get(0).create("file", "0");
        on.forEach(node -> node.open(0, "file", O_RDWR));
        for (int round = 0; round < 2 * NODES; round++) {
            NodeCalls holder = on.get(round % NODES);
            NodeCalls second = on.get((round + 1) % NODES);
            NodeCalls third = on.get((round + 2) % NODES);
            holder.call("lock", 0, how, "w", 0);
            second.mustFail(Errno.EAGAIN, "lock", 0, how, "r", 0);
            third.mustFail(Errno.EAGAIN, "lock", 0, how, "w", 0);
            second.begin("lock", 0, how, "r", 1);
            third.begin("lock", 0, how, "r", 1);
            assertThat(second.isFinished() || third.isFinished()).as("somebody has a lock beside an exclusive one").isFalse();
            holder.call("lock", 0, how, "u", 0);
            second.finish().mustSucceed();
            third.finish().mustSucceed();
            holder.mustFail(Errno.EAGAIN, "lock", 0, how, "w", 0);
            second.call("lock", 0, how, "u", 0);
            third.call("lock", 0, how, "u", 0);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"flock", "fcntl", "ofd"})
    void underFileLocksNothingIsLost(String how) {
        int times = Profile.count(40, 2000);
        on.get(0).create("number", "0");
        on.forEach(node -> node.begin("count", "number", times, how));
        on.forEach(node -> node.finish().mustSucceed());
        on.forEach(node -> assertThat(node.contents("number").strip()).isEqualTo(Integer.toString(times * NODES)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"flock", "fcntl", "ofd"})
    void fileLocksGoWithTheirHolder(String how) {
        on.get(0).create("file", "0");
        on.get(1).open(0, "file", O_RDWR);
        try (NodeCalls dies = new NodeCalls(path(0, "."))) {
            dies.open(0, "file", O_RDWR);
            dies.call("lock", 0, how, "w", 0);
            on.get(1).mustFail(Errno.EAGAIN, "lock", 0, how, "w", 0);
            on.get(1).begin("lock", 0, how, "w", 1);
            dies.kill();
            on.get(1).finish().mustSucceed();
        }
    }

    // ---- the volume

    @Test
    void statfsIsTheSameOnAllNodes() {
        List<List<String>> before = on.stream().map(node -> node.call("statfs").words()).toList();
        for (List<String> one : before) {
            assertThat(List.of(one.get(0), one.get(3), one.get(4)))
                    .isEqualTo(List.of(before.getFirst().get(0), before.getFirst().get(3), before.getFirst().get(4)));
        }
        long free = freeBlocks(1);
        shell(0, "head -c 60M /dev/urandom > big && sync -f .");
        // A node keeps some space for its next commits, which is free for all: that moves by itself.
        Await.that("some of 60 MiB fewer on node 1", Duration.ofSeconds(60), () -> freeBlocks(1) < free - 4000);
    }

    @Test
    void theIndexWalkIsTheSameOnAllNodesAndMissesNothing() {
        int rounds = Profile.count(12, 300);
        Map<Integer, Set<String>> seen = new HashMap<>();
        long[] next = new long[NODES];
        Set<String> made = new TreeSet<>();
        for (int round = 0; round < rounds; round++) {
            for (int node = 0; node < NODES; node++) {
                on.get(node).create("file" + round + "-" + node, "text");
                made.add(Long.toString(on.get(node).stat("file" + round + "-" + node).ino()));
            }
            if (round % 3 == 0) {
                on.get(round % NODES).call("syncfs");
            }
            for (int node = 0; node < NODES; node++) {
                next[node] = walkOn(node, next[node], seen.computeIfAbsent(node, key -> new HashSet<>()));
            }
        }
        for (int node = 0; node < NODES; node++) {
            int walker = node;
            Await.that("all changes come to the walker on node " + node, Duration.ofSeconds(90), () -> {
                next[walker] = walkOn(walker, next[walker], seen.get(walker));
                return seen.get(walker).containsAll(made);
            });
        }
        Await.that("the whole index is the same on all nodes", Duration.ofSeconds(90), () -> {
            Set<List<String>> different = new HashSet<>();
            on.forEach(node -> different.add(node.call("walk", 0, 0).words()));
            return different.size() == 1;
        });
    }

    /** Goes on where a walker stopped. @return where it stops this time */
    private long walkOn(int node, long from, Set<String> seen) {
        long last = from - 1;
        for (String entry : on.get(node).call("walk", 0, from).words()) {
            String[] parts = entry.split(":");
            last = Long.parseLong(parts[0]);
            seen.add(parts[1]);
        }
        return last + 1;
    }

    @Test
    void directWritesOfAllNodesToOneFile() {
        // Each node has every third page, so that neighbours in a block group are always somebody else's.
        int pages = 30;
        on.get(0).create("file", "-".repeat(pages * PAGE));
        on.forEach(node -> node.open(0, "file", O_RDWR | O_DIRECT | O_CREAT));
        for (int page = 0; page < pages; page++) {
            on.get(page % NODES).begin("pwrite", 0, page * PAGE, hexOf('a' + page % 26));
            if (page % NODES == NODES - 1) {
                on.forEach(node -> node.finish().mustSucceed());
            }
        }
        for (NodeCalls node : on) {
            for (int page = 0; page < pages; page++) {
                assertThat(node.read(0, (long) page * PAGE, PAGE)).isEqualTo(Character.toString('a' + page % 26).repeat(PAGE));
            }
        }
    }

    private static String hexOf(int letter) {
        return "." + Integer.toHexString(letter).repeat(PAGE);
    }
}
