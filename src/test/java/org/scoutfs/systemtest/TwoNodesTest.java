package org.scoutfs.systemtest;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;
import org.scoutfs.fs.FileSystem;
import org.scoutfs.testkit.FsClient;
import org.scoutfs.testkit.TwoNodes;

/** Two nodes on one volume, without a kernel: what one does, the other sees at once. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class TwoNodesTest {
    private static final int O_EXCL = 0200;
    private static final int O_CREAT = 0100;
    private static final long DEADLINE_SECONDS = 100;

    private TwoNodes nodes;
    private FsClient a;
    private FsClient b;

    @BeforeEach
    void start() throws IOException {
        nodes = TwoNodes.inMemory(60_000); // only revokes commit
        a = nodes.client(0);
        b = nodes.client(1);
    }

    @AfterEach
    void stop() throws IOException {
        nodes.close();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    @Test
    void namesAppearAndGo() throws Exception {
        assertThat(b.errno(() -> b.stat("f"))).isEqualTo(Errno.ENOENT);
        a.create("f", bytes("one"));
        assertThat(text(b.read("f"))).isEqualTo("one");
        assertThat(b.list("")).extracting(FsClient.Entry::name).containsExactly("f");
        b.link("f", "g");
        assertThat(a.stat("f").nlink()).isEqualTo(2);
        assertThat(a.stat("g").ino()).isEqualTo(a.stat("f").ino());
        a.rename("g", "h", 0);
        assertThat(b.errno(() -> b.stat("g"))).isEqualTo(Errno.ENOENT);
        assertThat(b.stat("h").ino()).isEqualTo(a.stat("f").ino());
        b.unlink("f");
        assertThat(a.errno(() -> a.stat("f"))).isEqualTo(Errno.ENOENT);
        assertThat(a.stat("h").nlink()).isEqualTo(1);
        a.mkdir("d");
        assertThat(b.errno(() -> b.mkdir("d"))).isEqualTo(Errno.EEXIST);
        b.create("d/x", bytes("deep"));
        assertThat(a.errno(() -> a.rmdir("d"))).isEqualTo(Errno.ENOTEMPTY);
        a.rename("d", "e", 0);
        assertThat(text(b.read("e/x"))).isEqualTo("deep");
        a.unlink("e/x");
        b.rmdir("e");
        assertThat(a.list("")).extracting(FsClient.Entry::name).containsExactly("h");
    }

    @Test
    void contentsSizesAndTimesAreRightAtOnce() throws Exception {
        a.create("f", bytes("0123456789"));
        for (int i = 0; i < 20; i++) {
            FsClient writer = i % 2 == 0 ? b : a;
            FsClient reader = i % 2 == 0 ? a : b;
            byte[] more = bytes("round" + i);
            long size = reader.stat("f").size();
            writer.append("f", more);
            assertThat(reader.stat("f").size()).isEqualTo(size + more.length);
            assertThat(reader.stat("f").mtime()).isEqualTo(writer.stat("f").mtime());
            assertThat(text(reader.read("f"))).endsWith("round" + i).startsWith("0123456789");
        }
        b.truncate("f", 3);
        assertThat(text(a.read("f"))).isEqualTo("012");
        a.write("f", 6000, bytes("end"));
        byte[] expected = Arrays.copyOf(bytes("012"), 6003);
        System.arraycopy(bytes("end"), 0, expected, 6000, 3);
        assertThat(b.read("f")).isEqualTo(expected);
        a.chmod("f", 0604);
        assertThat(b.stat("f").mode() & 07777).isEqualTo(0604);
        b.setXattr("f", "user.x", bytes("value"));
        assertThat(text(a.xattr(a.ino("f"), "user.x"))).isEqualTo("value");
    }

    private interface Work {
        void run(FsClient client, int node) throws Exception;
    }

    /** Runs on both nodes, with several threads on each. */
    private void together(int threadsPerNode, Work work) throws Exception {
        try (ExecutorService pool = Executors.newFixedThreadPool(2 * threadsPerNode)) {
            List<Future<?>> running = new ArrayList<>();
            for (int i = 0; i < 2 * threadsPerNode; i++) {
                int node = i % 2;
                FsClient client = nodes.client(node);
                running.add(pool.submit((Callable<Integer>) () -> {
                    work.run(client, node);
                    return node;
                }));
            }
            for (Future<?> one : running) {
                Object unused = one.get(DEADLINE_SECONDS, TimeUnit.SECONDS);
            }
        }
    }

    @Test
    void appendsFromBothAreAllThereAndWhole() throws Exception {
        a.create("log", new byte[0]);
        int perThread = 60;
        together(2, (client, node) -> {
            for (int i = 0; i < perThread; i++) {
                client.append("log", bytes("node%d:%05d\n".formatted(node, i)));
            }
        });
        String all = text(a.read("log"));
        assertThat(all).isEqualTo(text(b.read("log")));
        String[] lines = all.split("\n");
        assertThat(lines).hasSize(4 * perThread).allMatch(line -> line.matches("node[01]:\\d{5}"));
    }

    @Test
    void exclusiveCreateHasOneWinner() throws Exception {
        int rounds = 40;
        int[] won = new int[2];
        together(1, (client, node) -> {
            FileSystem fs = nodes.node(node).fileSystem();
            for (int i = 0; i < rounds; i++) {
                String name = "x" + i;
                try {
                    FileSystem.Created made = client.call(
                            request -> fs.create(request, FsClient.ROOT, bytes(name), O_CREAT | O_EXCL | 1, 0644, 0));
                    fs.release(made.attributes().ino(), made.file().handle(), 0, false);
                    fs.forget(made.attributes().ino(), 1);
                    won[node]++;
                } catch (FsException e) {
                    assertThat(e.errno()).isEqualTo(Errno.EEXIST);
                }
            }
        });
        assertThat(won[0] + won[1]).isEqualTo(rounds);
        assertThat(a.list("")).hasSize(rounds);
    }

    @Test
    void eachWriterOfAFileKeepsItsBytes() throws Exception {
        a.create("f", new byte[40_000]);
        int rounds = 40;
        together(1, (client, node) -> {
            for (int i = 1; i <= rounds; i++) {
                byte[] mine = new byte[100];
                Arrays.fill(mine, (byte) i);
                client.write("f", 4000 + node * 100L, mine); // the same block
                byte[] read = client.read("f");
                assertThat(Arrays.copyOfRange(read, 4000 + node * 100, 4100 + node * 100)).isEqualTo(mine);
            }
        });
        byte[] all = b.read("f");
        for (int i = 4000; i < 4200; i++) {
            assertThat(all[i]).isEqualTo((byte) rounds);
        }
    }

    @Test
    void directoriesMovedUnderEachOtherMakeNoLoop() throws Exception {
        a.mkdir("p");
        a.mkdir("q");
        int rounds = 25;
        together(1, (client, node) -> {
            for (int i = 0; i < rounds; i++) {
                String from = node == 0 ? "p" : "q";
                String to = node == 0 ? "q/p" : "p/q";
                Errno there = client.errno(() -> client.rename(from, to, 0));
                if (there == null) {
                    Errno back = client.errno(() -> client.rename(to, from, 0));
                    assertThat(back).isNull();
                } else {
                    assertThat(there).isIn(Errno.EINVAL, Errno.ENOENT);
                }
            }
        });
        assertThat(a.list("")).extracting(FsClient.Entry::name).containsExactlyInAnyOrder("p", "q");
    }

    @Test
    void aFileThatIsOpenElsewhereOutlivesItsName() throws Exception {
        a.create("f", bytes("kept"));
        FileSystem fs = nodes.node(1).fileSystem();
        long ino = b.ino("f");
        FileSystem.OpenFile file = b.call(request -> fs.open(request, ino, 0, false));
        a.unlink("f");
        assertThat(nodes.node(0).nodeFileSystem().awaitOrphans(30_000)).isTrue();
        assertThat(text(b.read(ino, file.handle(), 0, 4))).isEqualTo("kept");
        // Nobody may open it any more who does not have it open.
        assertThat(a.errno(() -> a.call(request -> nodes.node(0).fileSystem().open(request, ino, 0, false))))
                .isEqualTo(Errno.ESTALE);

        fs.release(ino, file.handle(), 0, false);
        assertThat(nodes.node(1).nodeFileSystem().awaitOrphans(30_000)).isTrue();
        assertThat(b.errno(() -> b.call(request -> fs.getAttributes(request, ino)))).isEqualTo(Errno.ESTALE);
        assertThat(a.errno(() -> a.call(request -> nodes.node(0).fileSystem().getAttributes(request, ino))))
                .isEqualTo(Errno.ESTALE);
    }

    @Test
    void listingsWhileTheOtherNodeChangesTheDirectory() throws Exception {
        a.mkdir("d");
        for (int i = 0; i < 30; i++) {
            a.create("d/stays" + i, new byte[0]);
        }
        together(1, (client, node) -> {
            for (int i = 0; i < 30; i++) {
                if (node == 0) {
                    client.create("d/t" + i, new byte[0]);
                    client.unlink("d/t" + i);
                } else {
                    List<String> names = client.list("d").stream().map(FsClient.Entry::name).toList();
                    assertThat(names).doesNotHaveDuplicates();
                    assertThat(names.stream().filter(name -> name.startsWith("stays"))).hasSize(30);
                }
            }
        });
    }
}
