package org.scoutfs.simulation;

import java.util.function.Consumer;
import org.scoutfs.base.FsException;
import org.scoutfs.base.MustWait;
import org.scoutfs.lock.LockClient;
import org.scoutfs.lsm.SegmentInfo;
import org.scoutfs.net.LockMode;
import org.scoutfs.net.LockName;
import org.scoutfs.simulation.Oracle.Write;

/** Programs on a mount: they read, change, open and ask about groups of inodes, each under its lock. */
final class SimOperations {
    private static final int GROUPS = 5;
    private static final int WORKERS = 2;
    private static final long WAKE_MIN = 2 * World.MICRO;

    private final SimClient client;
    private final Cluster cluster;
    private final SimNode node;
    private final World world;
    /** The lock that each inode has on its own node: who changes it waits for those who read it. */
    private final int[] readers = new int[GROUPS];
    int underWay;
    int done;

    SimOperations(SimClient client, Cluster cluster) {
        this.client = client;
        this.cluster = cluster;
        this.node = client.node;
        this.world = cluster.world;
    }

    void start() {
        for (int i = 0; i < WORKERS; i++) {
            next();
        }
    }

    private void next() {
        node.own(world.between(50 * World.MICRO, 4 * World.MILLI), () -> {
            if (client.isLeaving() || client.isOver()) {
                return;
            }
            underWay++;
            int group = world.rng.nextInt(world.chance(2) ? 2 : GROUPS);
            switch (world.rng.nextInt(8)) {
                case 0, 1, 2 -> under(LockMode.READ, group, use -> read(use, group));
                case 3, 4, 5 -> under(LockMode.WRITE, group, use -> write(use, group));
                case 6 -> under(LockMode.READ, group, use -> {
                    client.opens.open(group);
                    end(use);
                });
                default -> under(LockMode.WRITE, group, use -> client.opens.ask(group, () -> end(use)));
            }
        });
    }

    private void end(LockClient.Use use) {
        use.close();
        ended();
    }

    private void ended() {
        underWay--;
        done++;
        cluster.oracle.operations++;
        next();
    }

    private void under(LockMode mode, int group, Consumer<LockClient.Use> action) {
        if (client.isOver()) {
            return;
        }
        LockName name = new LockName(LockName.Kind.INODES, group);
        LockClient.Use use;
        try {
            use = client.locks.acquire(name, mode);
        } catch (MustWait wait) {
            wait.on().whenComplete((ok, failure) ->
                    node.own(world.between(WAKE_MIN, 20 * World.MICRO), () -> under(mode, group, action)));
            return;
        } catch (FsException refused) {
            return;
        }
        node.own(world.between(5 * World.MICRO, 300 * World.MICRO), () -> {
            if (client.isOver()) {
                return;
            }
            if (!client.believesLeased()) { // it waits with its answer; here it is as if it had not begun
                use.close();
                under(mode, group, action);
                return;
            }
            cluster.oracle.working(client, name, mode);
            action.accept(use);
        });
    }

    private void write(LockClient.Use use, int group) {
        if (readers[group] > 0 || !client.transactions.write(group)) {
            use.close();
            node.own(2 * World.MILLI, () -> under(LockMode.WRITE, group, again -> write(again, group)));
        } else if (world.chance(4)) {
            use.close();
            client.transactions.commit().whenComplete((ok, failure) -> ended());
        } else {
            end(use);
        }
    }

    private void read(LockClient.Use use, int group) {
        Write value = client.transactions.current(group);
        cluster.oracle.observed(client, group, value);
        if (value == null || client.transactions.pending(group) != null) {
            end(use);
            return;
        }
        SegmentInfo segment = cluster.oracle.segmentOf(client.versions.newest(), group);
        long number = client.versions.pin();
        readers[group]++;
        Disk disk = cluster.disk;
        // The index, perhaps after a while, and then the data.
        node.own(world.chance(12) ? 150 * World.MILLI : 0, () ->
                disk.read(node, () -> disk.block(segment.blkno()).current, segmentStamp ->
                        disk.read(node, () -> disk.block(value.blkno).current, stamp -> {
            boolean isValid = !client.isOver() && client.believesLeased();
            if (isValid && segmentStamp != -segment.id()) {
                Oracle.fail(client + " reads " + segmentStamp + " in " + segment);
            }
            if (isValid && stamp != value.id) {
                Oracle.fail(client + " reads " + stamp + " in block " + value.blkno + " of " + value);
            }
            client.versions.unpin(number);
            readers[group]--;
            end(use);
        })));
    }
}
