package org.scoutfs.simulation;

import java.util.ArrayList;
import java.util.List;
import org.scoutfs.net.Message;
import org.scoutfs.net.Message.FileLockRange;

/**
 * Programs on a mount that take file locks and give them back: as {@code fs.ClusterFileLocks}, what is held is known here, a new
 * server is told of it, and who was refused waits until something is freed.
 */
final class SimFileLocks {
    private static final int FILES = 2;
    private static final int END = 7;

    private final SimClient client;
    private final Cluster cluster;
    private final World world;
    private final List<FileLockRange> held = new ArrayList<>();
    private FileLockRange refused;
    private int freedCount;
    int done;

    SimFileLocks(SimClient client, Cluster cluster) {
        this.client = client;
        this.cluster = cluster;
        this.world = cluster.world;
    }

    List<FileLockRange> held() {
        return held;
    }

    boolean isIdle() {
        return held.isEmpty();
    }

    void next() {
        client.node.own(world.between(World.MILLI, 30 * World.MILLI), () -> {
            if (!client.isLeaving() && !client.isOver()) {
                boolean isFlock = world.chance(3);
                long start = isFlock ? 0 : world.rng.nextInt(END);
                long end = isFlock ? Long.MAX_VALUE : world.between(start, END);
                ask(new FileLockRange(world.rng.nextInt(FILES), isFlock, 1 + world.rng.nextInt(2), start, end, world.chance(2), 1));
            }
        });
    }

    private void ask(FileLockRange wanted) {
        int freedBefore = freedCount;
        client.ask(requestId -> new Message.FileLockRequest(requestId, client.rid, wanted, false), answer -> {
            if (((Message.FileLockAnswer) answer).inTheWay() == null) {
                take(wanted);
            } else if (freedCount != freedBefore) {
                ask(wanted); // what went meanwhile, the refusal may not have known
            } else {
                refused = wanted;
            }
        });
    }

    private void take(FileLockRange wanted) {
        cut(wanted);
        held.add(wanted);
        cluster.oracle.locked(client, wanted);
        done++;
        cluster.oracle.operations++;
        client.node.own(world.between(World.MILLI, (world.chance(8) ? 1500 : 60) * World.MILLI), () -> {
            if (!client.isOver()) {
                cut(wanted);
                client.send(new Message.FileLockRelease(client.rid, wanted));
                next();
            }
        });
    }

    /** Something may have gone: whoever was refused asks again. */
    void wake() {
        freedCount++;
        if (refused != null && !client.isOver()) {
            FileLockRange again = refused;
            refused = null;
            ask(again);
        }
    }

    /** A range of an owner goes out of what is held. */
    private void cut(FileLockRange range) {
        for (FileLockRange was : List.copyOf(held)) {
            if (was.ino() == range.ino() && was.isFlock() == range.isFlock() && was.owner() == range.owner()
                    && was.start() <= range.end() && range.start() <= was.end()) {
                held.remove(was);
                if (was.start() < range.start()) {
                    held.add(part(was, was.start(), range.start() - 1));
                }
                if (was.end() > range.end()) {
                    held.add(part(was, range.end() + 1, was.end()));
                }
            }
        }
    }

    private static FileLockRange part(FileLockRange of, long start, long end) {
        return new FileLockRange(of.ino(), of.isFlock(), of.owner(), start, end, of.isWrite(), of.pid());
    }
}
