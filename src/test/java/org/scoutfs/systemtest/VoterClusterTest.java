package org.scoutfs.systemtest;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;
import org.scoutfs.fs.FileSystem.FileLock;
import org.scoutfs.fs.FileSystem.FileLock.Kind;
import org.scoutfs.testkit.Await;
import org.scoutfs.testkit.FsClient;
import org.scoutfs.testkit.VoterCluster;
import org.scoutfs.testkit.VoterCluster.Node;
import org.scoutfs.volume.Volume;

/** Mounts that elect their server and speak TCP, without a kernel: what one does, the others see, whoever ends in between. */
@Timeout(value = 240, unit = TimeUnit.SECONDS)
class VoterClusterTest {
    private static final long LEASE_MILLIS = 2000;

    private final ExecutorService callers = Executors.newCachedThreadPool();

    @TempDir
    private Path directory;

    @AfterEach
    void endCallers() {
        callers.shutdownNow();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private static void everybodySees(VoterCluster cluster, String name, String contents) throws Exception {
        for (Node node : cluster.living()) {
            assertThat(text(node.client().read(name))).isEqualTo(contents);
        }
    }

    @Test
    void oneVoterServesItself() throws Exception {
        try (VoterCluster cluster = VoterCluster.start(1, directory, LEASE_MILLIS)) {
            FsClient client = cluster.node(0).client();
            client.create("f", bytes("one"));
            client.syncFileSystem();
            everybodySees(cluster, "f", "one");
        }
    }

    @Test
    void whatOneDoesTheOthersSee() throws Exception {
        try (VoterCluster cluster = VoterCluster.start(3, directory, LEASE_MILLIS)) {
            cluster.mount(List.of(-1));
            for (int i = 0; i < 4; i++) {
                cluster.node(i).client().create("f" + i, bytes("from " + i));
                everybodySees(cluster, "f" + i, "from " + i);
            }
            cluster.node(1).client().unlink("f0");
            for (Node node : cluster.living()) {
                FsClient client = node.client();
                assertThat(client.errno(() -> client.stat("f0"))).isEqualTo(Errno.ENOENT);
            }
        }
    }

    private static long voters(Node node) {
        return node.stack().counters().all().getOrDefault("cluster_voters", -1L);
    }

    @Test
    void mountsOfANamedClusterBecomeVotersWhenThereAreThree() throws Exception {
        try (VoterCluster cluster = VoterCluster.startNamed(directory, LEASE_MILLIS)) {
            Node first = cluster.node(0);
            first.client().create("f", bytes("one"));
            cluster.mount(List.of(-1));
            everybodySees(cluster, "f", "one");
            assertThat(voters(first)).as("voters while two are mounted").isEqualTo(1);
            cluster.mount(List.of(-1));
            for (Node node : cluster.living()) {
                Await.that("three voters", Duration.ofSeconds(100), () -> voters(node) == 3);
            }
            everybodySees(cluster, "f", "one");
            cluster.node(1).client().create("g", bytes("two"));
            cluster.node(1).client().fsync("g");
            first.kill();
            // Now one of those that joined serves.
            everybodySees(cluster, "g", "two");
            cluster.node(2).client().create("h", bytes("three"));
            everybodySees(cluster, "h", "three");
            assertThat(Volume.open(cluster.device()).slot().quorumSlots()).hasSize(3);
        }
    }

    @Test
    void theServerUnmountsAndAnotherOneGoesOn() throws Exception {
        try (VoterCluster cluster = VoterCluster.start(3, directory, LEASE_MILLIS)) {
            Node first = cluster.serving();
            first.client().create("f", bytes("one"));
            first.stop();
            everybodySees(cluster, "f", "one");
            cluster.living().getFirst().client().create("g", bytes("two"));
            everybodySees(cluster, "g", "two");
        }
    }

    @Test
    void theServerDiesAndTheOthersGoOn() throws Exception {
        try (VoterCluster cluster = VoterCluster.start(3, directory, LEASE_MILLIS)) {
            Node server = cluster.serving();
            Node other = cluster.living().stream().filter(node -> node != server).findFirst().orElseThrow();
            other.client().create("f", bytes("one"));
            server.client().create("g", bytes("two"));
            server.client().fsync("g");
            server.kill();
            everybodySees(cluster, "f", "one");
            everybodySees(cluster, "g", "two");
            other.client().create("h", bytes("three"));
            everybodySees(cluster, "h", "three");
        }
    }

    @Test
    void fileLocksExcludeAcrossNodesAndSurviveTheServer() throws Exception {
        try (VoterCluster cluster = VoterCluster.start(3, directory, LEASE_MILLIS)) {
            Node server = cluster.serving();
            cluster.mount(List.of(-1));
            Node voteless = cluster.node(3);
            FsClient a = cluster.living().stream().filter(node -> node != server).findFirst().orElseThrow().client();
            FsClient b = voteless.client();
            a.create("f", bytes("x"));
            long ino = a.ino("f");
            lock(a, ino, 1, Kind.WRITE);
            assertThat(b.errno(() -> lock(b, ino, 2, Kind.READ))).isEqualTo(Errno.EAGAIN);
            server.kill();
            assertThat(b.errno(() -> lock(b, ino, 2, Kind.READ))).isEqualTo(Errno.EAGAIN);
            FileLock inTheWay = b.call(request ->
                    b.fileSystem().testLock(request, ino, 0, 2, new FileLock(0, 9, Kind.READ, 1)));
            assertThat(inTheWay).isEqualTo(new FileLock(0, 9, Kind.WRITE, 1));
            Future<?> waits = callers.submit(() -> {
                b.run(request -> b.fileSystem().setLock(request, ino, 0, 2, new FileLock(0, 9, Kind.WRITE, 1), false, true));
                return null;
            });
            lock(a, ino, 1, Kind.UNLOCK);
            waits.get(100, TimeUnit.SECONDS);
            assertThat(a.errno(() -> lock(a, ino, 1, Kind.READ))).isEqualTo(Errno.EAGAIN);
            voteless.kill();
            Future<?> inherits = callers.submit(() -> {
                a.run(request -> a.fileSystem().setLock(request, ino, 0, 1, new FileLock(0, 9, Kind.WRITE, 1), false, true));
                return null;
            });
            inherits.get(100, TimeUnit.SECONDS);
        }
    }

    private static void lock(FsClient client, long ino, long owner, Kind kind) throws FsException, IOException {
        client.run(request -> client.fileSystem().setLock(request, ino, 0, owner, new FileLock(0, 9, kind, 1), false, false));
    }

    @Test
    void aNodeThatWasStoppedForLongerThanItsLeaseComesBack() throws Exception {
        try (VoterCluster cluster = VoterCluster.start(3, directory, LEASE_MILLIS)) {
            Node server = cluster.serving();
            Node stopped = cluster.living().stream().filter(node -> node != server).findFirst().orElseThrow();
            stopped.client().create("f", bytes("first"));
            everybodySees(cluster, "f", "first");
            stopped.client().create("lost", bytes("never committed"));
            long rid = stopped.stack().rid();
            stopped.way().shut();
            // The directory's lock is taken from it, since it cannot commit what it did under it.
            server.client().create("g", bytes("meanwhile"));
            server.client().write("f", 0, bytes("later"));
            server.client().syncFileSystem();
            stopped.way().open();
            Await.that("joined again", Duration.ofSeconds(100), () -> stopped.stack().rid() != rid);
            everybodySees(cluster, "f", "later");
            everybodySees(cluster, "g", "meanwhile");
            assertThat(stopped.client().errno(() -> stopped.client().stat("lost"))).isEqualTo(Errno.ENOENT);
            stopped.client().create("h", bytes("back"));
            everybodySees(cluster, "h", "back");
        }
    }

    @Test
    void aServerThatIsCutOffFromTheDeviceIsReplacedAndComesBack() throws Exception {
        try (VoterCluster cluster = VoterCluster.start(3, directory, LEASE_MILLIS)) {
            Node server = cluster.serving();
            Node other = cluster.living().stream().filter(node -> node != server).findFirst().orElseThrow();
            server.client().create("f", bytes("first"));
            everybodySees(cluster, "f", "first");
            server.client().syncFileSystem();
            server.way().cut();
            other.client().write("f", 0, bytes("later"));
            other.client().create("g", bytes("meanwhile"));
            other.client().syncFileSystem();
            server.way().open();
            everybodySees(cluster, "f", "later");
            everybodySees(cluster, "g", "meanwhile");
        }
    }

    @Test
    void everyMountTellsOfTheClusterAndItsLocks() throws Exception {
        try (VoterCluster cluster = VoterCluster.start(3, directory, LEASE_MILLIS)) {
            Node server = cluster.serving();
            Node other = cluster.living().stream().filter(node -> node != server).findFirst().orElseThrow();
            other.client().create("f", bytes("one"));
            other.client().fsync("f");
            String holder = String.format("%016x", other.stack().rid());
            for (Node node : cluster.living()) {
                String text = node.stack().clusterText().get(100, TimeUnit.SECONDS);
                assertThat(text).contains("serving for").contains("this mount: " + String.format("%016x", node.stack().rid()))
                        .contains("last commit").contains("nothing is in quarantine");
                assertThat(text.lines().filter(line -> line.contains("joined"))).hasSize(3);
                assertThat(text.lines().filter(line -> line.contains("leader"))).hasSize(1);
                assertThat(node.stack().locksText().get(100, TimeUnit.SECONDS)).contains(holder).contains("held");
                assertThat(node.stack().metrics().get(100, TimeUnit.SECONDS)).contains("scoutfs_server_answers{");
                assertThat(node.stack().counters().all()).containsKeys("cluster_epoch", "cluster_rejoins");
            }
        }
    }

    @Test
    void aServerWhoseDeviceHangsIsReplaced() throws Exception {
        try (VoterCluster cluster = VoterCluster.start(3, directory, LEASE_MILLIS)) {
            Node server = cluster.serving();
            Node other = cluster.living().stream().filter(node -> node != server).findFirst().orElseThrow();
            other.client().create("f", bytes("first"));
            other.client().syncFileSystem();
            server.way().shut();
            other.client().create("g", bytes("meanwhile"));
            other.client().syncFileSystem();
            server.way().open();
            everybodySees(cluster, "f", "first");
            everybodySees(cluster, "g", "meanwhile");
        }
    }

    @Test
    void theLastVoterUnmountsWithoutAMajority() throws Exception {
        try (VoterCluster cluster = VoterCluster.start(3, directory, LEASE_MILLIS)) {
            Node server = cluster.serving();
            List<Node> others = cluster.living().stream().filter(node -> node != server).toList();
            others.getFirst().client().create("f", bytes("one"));
            for (Node node : cluster.living()) {
                node.client().syncFileSystem();
            }
            server.kill();
            others.getFirst().kill();
            // Nobody can be elected. It has nothing of its own to commit, so its end is no error, and needs no answer.
            others.getLast().stop();
            assertThat(cluster.living()).isEmpty();
        }
    }

    @Test
    void whatADeadNodeHadOpenWithoutANameIsDestroyedByTheLiving() throws Exception {
        try (VoterCluster cluster = VoterCluster.start(3, directory, LEASE_MILLIS)) {
            Node server = cluster.serving();
            Node dies = cluster.living().stream().filter(node -> node != server).findFirst().orElseThrow();
            FsClient client = dies.client();
            client.create("f", bytes("one"));
            long ino = client.ino("f");
            client.call(request -> client.fileSystem().open(request, ino, 0, false));
            client.unlink("f");
            client.syncFileSystem();
            FsClient living = server.client();
            assertThat(exists(server, ino)).isTrue();
            dies.kill();
            living.create("g", bytes("two"));
            Await.that("destroyed", Duration.ofSeconds(100), () -> !exists(server, ino));
        }
    }

    private static boolean exists(Node node, long ino) {
        try {
            return node.client().call(_ -> node.stack().nodeFileSystem().existingInodes(ino, ino)).length > 0;
        } catch (FsException | IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void anyOtherDiesAndItsLocksAreGivenAway() throws Exception {
        try (VoterCluster cluster = VoterCluster.start(3, directory, LEASE_MILLIS)) {
            Node server = cluster.serving();
            Node other = cluster.living().stream().filter(node -> node != server).findFirst().orElseThrow();
            other.client().create("f", bytes("one"));
            other.client().fsync("f");
            other.kill();
            everybodySees(cluster, "f", "one");
            server.client().create("g", bytes("two"));
            everybodySees(cluster, "g", "two");
        }
    }
}
