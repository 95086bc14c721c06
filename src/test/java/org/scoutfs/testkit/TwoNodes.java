package org.scoutfs.testkit;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Clock;
import org.scoutfs.base.Counters;
import org.scoutfs.check.VolumeCheck;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.node.NodeStack;
import org.scoutfs.quorum.SoloQuorum;
import org.scoutfs.server.LocalServer;
import org.scoutfs.volume.Volume;

/**
 * A cluster of two nodes in one process: two whole mounts without a kernel, each with its own locks, transactions and caches, on one
 * device and one server, which both reach by messages only.
 */
public final class TwoNodes implements AutoCloseable {
    private static final long CACHE_BYTES = 8 << 20;
    private static final long DIRTY_BYTES = 16 << 20;

    private final BlockDevice device;
    private final LocalServer server;
    private final List<NodeStack> nodes = new ArrayList<>();
    private boolean isClosed;

    /** @param commitMillis after which a node commits without being asked; long ones leave it to the revokes */
    private TwoNodes(BlockDevice device, long commitMillis) throws IOException {
        this.device = device;
        try {
            Volume volume = Volume.open(device);
            server = LocalServer.start(
                    volume, new SoloQuorum(), LocalServer.Settings.of(volume), LocalServer.Surroundings.real());
            for (int i = 0; i < 2; i++) {
                nodes.add(NodeStack.join(
                        device,
                        server,
                        new NodeStack.Options(false, false, CACHE_BYTES, DIRTY_BYTES, commitMillis, 2048, true, false),
                        "node" + i,
                        new Counters(),
                        Clock.system()));
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** On a volume in memory. */
    public static TwoNodes inMemory(long commitMillis) throws IOException {
        SparseDevice device = new SparseDevice("shared", 1 << 19);
        HeadlessStack.format(device, device.blockCount(), 0, 1);
        return new TwoNodes(device, commitMillis);
    }

    /** On a device that holds a volume; the caller closes it. */
    public static TwoNodes on(BlockDevice device, long commitMillis) throws IOException {
        return new TwoNodes(device, commitMillis);
    }

    public NodeStack node(int index) {
        return nodes.get(index);
    }

    /** A caller of one node. */
    public FsClient client(int index) {
        return new FsClient(nodes.get(index).fileSystem(), 60);
    }

    public BlockDevice device() {
        return device;
    }

    /** Stops both nodes and then the server, and checks the volume. */
    @Override
    public void close() throws IOException {
        if (isClosed) {
            return;
        }
        isClosed = true;
        @Nullable IOException failed = null;
        for (NodeStack node : nodes) {
            try {
                node.stop();
            } catch (IOException e) {
                failed = e;
            }
        }
        try {
            server.close();
        } catch (IOException e) {
            failed = failed == null ? e : failed;
        }
        if (failed != null) {
            throw failed;
        }
        var problems = VolumeCheck.run(device);
        if (!problems.isEmpty()) {
            throw new AssertionError("the volume is damaged: " + problems);
        }
    }
}
