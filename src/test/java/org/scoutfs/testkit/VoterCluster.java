package org.scoutfs.testkit;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.scoutfs.base.Clock;
import org.scoutfs.base.Counters;
import org.scoutfs.base.Rng;
import org.scoutfs.check.VolumeCheck;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.format.SuperSlot.QuorumSlot;
import org.scoutfs.net.NodeAddress;
import org.scoutfs.node.ClusterOptions;
import org.scoutfs.node.NodeStack;
import org.scoutfs.quorum.RaftTimes;
import org.scoutfs.volume.Host;
import org.scoutfs.volume.Mkfs;
import org.scoutfs.volume.QuorumChange;
import org.scoutfs.volume.Volume;
import org.scoutfs.volume.Waiter;

/**
 * A cluster in one process: whole mounts without a kernel, which vote with Raft and speak TCP over the loop-back address, on one device
 * in memory.
 */
public final class VoterCluster implements AutoCloseable {
    private static final long DEADLINE_SECONDS = 100;
    private static final String NAME = "some";
    private static final int START_TRIES = 5;
    private static final long CACHE_BYTES = 8 << 20;
    private static final long DIRTY_BYTES = 16 << 20;
    /** Only revokes, fsync and the like commit. */
    private static final long COMMIT_MILLIS = 60_000;

    private static final RaftTimes TIMES = new RaftTimes(600, 900, 2000);

    private final SparseDevice device;
    private final Path directory;
    private final long leaseMillis;
    private boolean isNamed;
    private final List<Node> nodes = new ArrayList<>();
    private final ExecutorService starters = Executors.newCachedThreadPool();

    /** One mount and its own way to the device. */
    public final class Node {
        private final int slot;
        private final int volunteerPort;
        private final GatedDevice way = new GatedDevice(device);
        private NodeStack stack;
        private FsClient client;

        Node(int slot, int volunteerPort) {
            this.slot = slot;
            this.volunteerPort = volunteerPort;
        }

        public NodeStack stack() {
            return stack;
        }

        /** A caller of this mount. */
        public FsClient client() {
            return client;
        }

        public GatedDevice way() {
            return way;
        }

        private void start() throws IOException, InterruptedException {
            ClusterOptions options = (slot < 0 ? ClusterOptions.client() : ClusterOptions.voter(slot))
                    .withQuorumDirectory(directory)
                    .withLeaseMillis(leaseMillis)
                    .withTimes(TIMES);
            if (volunteerPort != 0) {
                options = options.withClusterName(NAME).withListen(new NodeAddress("127.0.0.1", volunteerPort));
            }
            stack = NodeStack.start(way, new NodeStack.Options(false, false, CACHE_BYTES, DIRTY_BYTES, COMMIT_MILLIS, 2048, true, false), options,
                    "node" + slot, new Counters(), Clock.system());
            client = new FsClient(stack.fileSystem(), DEADLINE_SECONDS);
        }

        /** As if its process died. */
        public void kill() {
            NodeStack was = stack;
            stack = null;
            was.abandon();
        }

        /** Unmounts. */
        public void stop() throws IOException {
            NodeStack was = stack;
            stack = null;
            was.stop();
        }
    }

    private VoterCluster(SparseDevice device, Path directory, long leaseMillis) {
        this.device = device;
        this.directory = directory;
        this.leaseMillis = leaseMillis;
    }

    /**
     * Makes a volume with so many voters and mounts all of them.
     *
     * @param directory for their Raft logs
     */
    public static VoterCluster start(int voters, Path directory, long leaseMillis) throws IOException {
        for (int tries = 1; ; tries++) {
            SparseDevice device = new SparseDevice("shared", 1 << 19);
            List<QuorumSlot> slots = new ArrayList<>();
            for (int port : freePorts(voters)) {
                slots.add(new QuorumSlot(slots.size(), "127.0.0.1", port));
            }
            Mkfs.Options options = new Mkfs.Options(device.blockCount(), 0, 1024, slots);
            var slot = Mkfs.run(device, options, (to, volumeId, segmentId, space) -> null, Rng.seeded(tries), Clock.system());
            assert slot != null;
            VoterCluster cluster = new VoterCluster(device, directory.resolve("try" + tries), leaseMillis);
            try {
                List<Integer> all = new ArrayList<>();
                for (int i = 0; i < voters; i++) {
                    all.add(i);
                }
                cluster.mount(all);
                return cluster;
            } catch (IOException e) {
                cluster.killAll();
                if (tries >= START_TRIES || !isTakenPort(e)) {
                    throw e;
                }
            }
        }
    }

    private static boolean isTakenPort(Throwable e) {
        for (Throwable one = e; one != null; one = one.getCause()) {
            if (String.valueOf(one.getMessage()).contains("bind")) {
                return true;
            }
        }
        return false;
    }

    /** Free now; somebody else may take one before it is used. */
    private static List<Integer> freePorts(int count) throws IOException {
        List<ServerSocket> held = new ArrayList<>();
        List<Integer> ports = new ArrayList<>();
        try {
            for (int i = 0; i < count; i++) {
                ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"));
                held.add(socket);
                ports.add(socket.getLocalPort());
            }
        } finally {
            for (ServerSocket socket : held) {
                socket.close();
            }
        }
        return ports;
    }

    /** Its volume is of a cluster with a name: mounts without a slot would vote, and are given one when there are enough. */
    public static VoterCluster startNamed(Path directory, long leaseMillis) throws IOException, InterruptedException {
        for (int tries = 1; ; tries++) {
            SparseDevice device = new SparseDevice("shared", 1 << 19);
            Mkfs.Options options = new Mkfs.Options(device.blockCount(), 0, 1024, List.of());
            var unused = Mkfs.run(device, options, (to, volumeId, segmentId, space) -> null, Rng.seeded(tries), Clock.system());
            var made = QuorumChange.run(Volume.open(device), List.of(new QuorumSlot(0, "127.0.0.1", freePorts(1).getFirst())), NAME, false,
                    Host.local(), Clock.system(), Waiter.real(Clock.system()));
            assert unused != null && made != null;
            VoterCluster cluster = new VoterCluster(device, directory.resolve("try" + tries), leaseMillis);
            cluster.isNamed = true;
            try {
                cluster.mount(List.of(0));
                return cluster;
            } catch (IOException e) {
                cluster.killAll();
                if (tries >= START_TRIES || !isTakenPort(e)) {
                    throw e;
                }
            }
        }
    }

    /** Mounts these slots at the same time, since one alone waits for a majority; -1 is a mount without a vote. */
    public void mount(List<Integer> slots) throws IOException {
        List<CompletableFuture<Void>> starts = new ArrayList<>();
        for (int slot : slots) {
            Node node = new Node(slot, slot < 0 && isNamed ? freePorts(1).getFirst() : 0);
            nodes.add(node);
            starts.add(CompletableFuture.runAsync(() -> {
                try {
                    node.start();
                } catch (IOException | InterruptedException e) {
                    throw new CompletionException(e);
                }
            }, starters));
        }
        IOException failed = null;
        for (CompletableFuture<Void> start : starts) {
            try {
                start.get(DEADLINE_SECONDS, TimeUnit.SECONDS);
            } catch (ExecutionException e) {
                failed = new IOException(e.getCause());
            } catch (InterruptedException | TimeoutException e) {
                throw new AssertionError("not mounted within " + DEADLINE_SECONDS + " s", e);
            }
        }
        if (failed != null) {
            throw failed;
        }
    }

    /** In the order in which they were mounted. */
    public Node node(int index) {
        return nodes.get(index);
    }

    /** Those that are mounted. */
    public List<Node> living() {
        return nodes.stream().filter(node -> node.stack != null).toList();
    }

    /** The one whose server is elected; waits for it. */
    public Node serving() {
        Await.that("somebody serves", Duration.ofSeconds(DEADLINE_SECONDS), () -> living().stream().anyMatch(node -> node.stack.isServing()));
        return living().stream().filter(node -> node.stack.isServing()).findFirst().orElseThrow();
    }

    public BlockDevice device() {
        return device;
    }

    private void killAll() {
        living().forEach(Node::kill);
        starters.shutdownNow();
    }

    /** Ends all that are left as if they died, since an orderly end needs a majority to the last, and checks the volume. */
    @Override
    public void close() throws IOException {
        killAll();
        var problems = VolumeCheck.run(device);
        if (!problems.isEmpty()) {
            throw new AssertionError("the volume is damaged: " + problems);
        }
    }
}
