package org.scoutfs.simulation;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.scoutfs.base.CorruptionException;
import org.scoutfs.base.InvariantViolation;
import org.scoutfs.format.ProcessIdentity;
import org.scoutfs.lsm.CompactionOptions;
import org.scoutfs.net.Message;
import org.scoutfs.server.LeaseOptions;
import org.scoutfs.server.ServerOptions;
import org.scoutfs.volume.Geometry;
import org.scoutfs.volume.StateEdit;
import org.scoutfs.volume.VolumeState;

/** Three nodes, what goes wrong with them, and one history of that under one seed. */
final class Cluster {
    static final LeaseOptions LEASES = LeaseOptions.of(1000 * World.MILLI);
    static final ServerOptions OPTIONS = new ServerOptions(40, 20, 8, 64, 16, 1, CompactionOptions.TINY);
    private static final Geometry GEOMETRY = new Geometry(20_000, 0);
    private static final int NODES = 3;
    private static final long EVENTS_MAX = 60_000;

    final World world;
    final Disk disk;
    final Oracle oracle;
    final Mutation mutation;
    final List<SimNode> nodes = new ArrayList<>();
    private static final Fault[] FAULTS = Fault.values();
    private final int[] faults = new int[FAULTS.length];
    private long leaderEpoch;
    private SimNode leader;

    private Cluster(long seed, Mutation mutation, boolean isTold) {
        this.world = new World(seed, isTold);
        this.mutation = mutation;
        this.disk = new Disk(world);
        this.oracle = new Oracle(this);
        VolumeState empty = VolumeState.empty(GEOMETRY);
        try {
            empty.apply(new StateEdit.EpochBegan(1, 1, ProcessIdentity.NONE));
        } catch (CorruptionException e) {
            throw new IllegalStateException(e);
        }
        leaderEpoch = 1;
        disk.slots.put(1L, new Disk.Cell<>(new Disk.Log(1, 1, empty)));
        for (int i = 1; i <= NODES; i++) {
            nodes.add(new SimNode(i, world));
        }
    }

    /** What a history did. */
    record Report(int operations, int commits, int merges, int evictions, int takeOvers, int unmounts, int[] faults, long events) {}

    /**
     * One history.
     *
     * @param operations how many at least
     * @throws Oracle.Violation when a promise was broken; with the history if it was told
     */
    static Report run(long seed, int operations, Mutation mutation, boolean isTold) {
        Cluster cluster = new Cluster(seed, mutation, isTold);
        try {
            cluster.run(operations);
        } catch (Oracle.Violation | InvariantViolation | IllegalStateException | NullPointerException e) {
            Oracle.Violation violation = new Oracle.Violation("seed " + seed + " at " + cluster.world.now() / 1e9 + " s: "
                    + e.getMessage() + "\n" + cluster.world.history());
            violation.initCause(e);
            throw violation;
        }
        Oracle oracle = cluster.oracle;
        return new Report(oracle.operations, oracle.commits, oracle.merges, oracle.evictions, oracle.takeOvers, oracle.unmounts,
                cluster.faults, cluster.world.eventCount());
    }

    private void run(int operations) {
        elect(nodes.getFirst());
        nodes.forEach(node -> mount(node, 0));
        nextFault();
        long end = 0;
        while (oracle.operations < operations || IntStream.of(faults).sum() == 0) {
            step("operations");
        }
        end = world.now() + 100 * World.MILLI;
        isCalm = true;
        calmSince = world.now();
        heal();
        while (world.now() < end) {
            if (!world.step(end)) {
                break;
            }
        }
        awaitProgress();
        finish();
    }

    private void step(String what) {
        if (!world.step(Long.MAX_VALUE / 2) || world.eventCount() > EVENTS_MAX) {
            Oracle.fail("no progress: " + oracle.operations + " " + what);
        }
    }

    private boolean isCalm;
    private long calmSince;

    /** Whether nothing has gone wrong for so long that all mounts are well. */
    boolean isWell() {
        return isCalm && world.now() > calmSince + 4 * LEASES.leaseNanos();
    }

    // ---- who leads -----------------------------------------------------------------------------------------------------

    private void elect(SimNode node) {
        leaderEpoch++;
        leader = node;
        if (node.isAlive()) {
            SimServer server = new SimServer(this, node, leaderEpoch);
            // A server of an older epoch may still run beside it, on another node; on its own it would know.
            if (node.server != null && !node.server.hasEnded()) {
                node.server.end("was elected again");
            }
            leader = node;
            node.server = server;
            node.own(0, server::start);
        }
    }

    boolean isLeader(SimServer server) {
        return server.epoch == leaderEpoch && !server.node.isCutOff();
    }

    void serverEnded(SimServer server) {
        if (server.epoch == leaderEpoch) {
            electLater();
        }
    }

    private boolean isElectionDue;

    private void electLater() {
        if (isElectionDue) {
            return;
        }
        isElectionDue = true;
        world.after(world.between(50 * World.MILLI, 300 * World.MILLI), () -> {
            isElectionDue = false;
            List<SimNode> able = nodes.stream().filter(node -> node.isRunning() && !node.isCutOff()).toList();
            if (able.isEmpty()) {
                electLater();
            } else {
                elect(able.get(world.rng.nextInt(able.size())));
            }
        });
    }

    /** A server that somebody may believe to be the one: mostly the newest. */
    SimServer someServer() {
        List<SimServer> all = new ArrayList<>();
        for (SimNode node : nodes) {
            if (node.isAlive() && node.server != null && node.server.isServing()) {
                all.add(node.server);
            }
        }
        all.sort((one, other) -> Long.compare(other.epoch, one.epoch));
        return all.isEmpty() ? null : all.size() > 1 && world.chance(4) ? all.get(1) : all.getFirst();
    }

    void mount(SimNode node, long oldRid) {
        SimClient client = new SimClient(this, node, oldRid);
        node.client = client;
        world.say(client.toString(), "mounts");
        node.own(0, client::start);
    }

    // ---- what goes wrong -----------------------------------------------------------------------------------------------

    /** After some more operations; and now and then a second one right after it, while the nodes are busy with the first. */
    private void nextFault() {
        world.after(20 * World.MILLI, () -> {
            if (isCalm) {
                return;
            }
            if (oracle.operations >= nextFaultAt) {
                nextFaultAt = oracle.operations + (int) world.between(3, 100);
                fault();
                if (world.chance(3)) {
                    world.after(world.between(0, 2500 * World.MILLI), () -> {
                        if (!isCalm) {
                            fault();
                        }
                    });
                }
            }
            nextFault();
        });
    }

    private int nextFaultAt = 15;

    private void fault() {
        SimNode node = world.chance(2) && leader != null ? leader : nodes.get(world.rng.nextInt(nodes.size()));
        long length = world.chance(2) ? world.between(0, 200 * World.MILLI) : world.between(0, 4000 * World.MILLI);
        Fault fault = FAULTS[world.rng.nextInt(FAULTS.length)];
        if (fault == Fault.POWER && !world.chance(2)) {
            fault = Fault.CUT_OFF_AND_STOP;
        }
        if ((fault == Fault.CONNECTION || fault == Fault.UNMOUNT) && node.client == null) {
            fault = Fault.CUT_OFF;
        }
        faults[fault.ordinal()]++;
        switch (fault) {
            case KILL -> killFor(node, length);
            case STOP -> stopFor(node, length);
            case CUT_OFF -> cutOffFor(node, length);
            case SLOW_WRITES -> {
                world.say(node.toString(), "writes slowly for a while");
                node.slowWrites(world.now() + length);
            }
            case ELECTION -> electAnother();
            case CUT_OFF_AND_ELECTION -> {
                cutOffFor(node, length);
                electAnother();
            }
            case KILL_WITH_LATE_WRITES -> {
                node.slowWrites(world.now() + length);
                killFor(node, length);
            }
            case STOP_WITH_LATE_WRITES -> {
                node.slowWrites(world.now() + length);
                stopFor(node, length);
            }
            case CUT_OFF_AND_STOP -> {
                cutOffFor(node, length);
                stopFor(nodes.get(world.rng.nextInt(nodes.size())), length);
            }
            case POWER -> {
                world.say("power", "goes everywhere");
                nodes.forEach(one -> killFor(one, world.between(0, 500 * World.MILLI)));
                disk.losePower();
            }
            case CONNECTION -> node.client.loseConnection();
            case UNMOUNT -> node.own(0, () -> {
                if (node.client != null) {
                    node.client.leave();
                }
            });
        }
    }

    private void electAnother() {
        world.say("quorum", "elects another one");
        List<SimNode> able = nodes.stream().filter(one -> one.isRunning() && !one.isCutOff()).toList();
        if (!able.isEmpty()) {
            elect(able.get(world.rng.nextInt(able.size())));
        }
    }

    private void killFor(SimNode node, long length) {
        if (!node.isAlive()) {
            return;
        }
        world.say(node.toString(), "is killed");
        long oldRid = node.client == null ? 0 : node.client.rid;
        boolean wasLeader = node == leader;
        node.kill();
        if (wasLeader) {
            electLater();
        }
        world.after(length, () -> restart(node, oldRid));
    }

    private void restart(SimNode node, long oldRid) {
        node.restart();
        world.say(node.toString(), "starts again");
        // Whoever saw the process end, its I/O with it, may say goodbye for it.
        mount(node, node.writesUnderWay == 0 && world.chance(2) ? oldRid : 0);
    }

    private void stopFor(SimNode node, long length) {
        if (node.isRunning()) {
            world.say(node.toString(), "is stopped");
            node.stop();
            if (node == leader && world.chance(2)) {
                electLater();
            }
            world.after(length, () -> {
                if (node.isStopped()) {
                    world.say(node.toString(), "goes on");
                    node.goOn();
                }
            });
        }
    }

    private void cutOffFor(SimNode node, long length) {
        world.say(node.toString(), "is cut off");
        node.cutOff(true);
        if (node == leader) {
            electLater();
        }
        world.after(length, () -> {
            world.say(node.toString(), "is reachable again");
            node.cutOff(false);
        });
    }

    private void heal() {
        nodes.forEach(node -> {
            node.cutOff(false);
            node.slowWrites(0);
            if (node.isStopped()) {
                node.goOn();
            }
        });
    }

    // ---- the end -------------------------------------------------------------------------------------------------------

    /** Nothing goes wrong any more: each mount must come to do something, within the time of two changes of server. */
    private void awaitProgress() {
        long deadline = world.now() + 30_000 * World.MILLI;
        List<SimClient> waiting = new ArrayList<>();
        List<int[]> before = new ArrayList<>();
        while (world.now() < deadline) {
            if (nodes.stream().allMatch(node -> node.isRunning() && node.client != null && !node.client.isOver())) {
                break;
            }
            step("operations before all nodes are up");
            heal();
        }
        nodes.forEach(node -> {
            waiting.add(node.client);
            before.add(progressOf(node.client));
        });
        while (true) {
            boolean isDone = true;
            for (int i = 0; i < waiting.size(); i++) {
                SimClient now = nodes.get(i).client;
                isDone &= now != null && hasDoneMore(now, now == waiting.get(i) ? before.get(i) : new int[2]);
            }
            if (isDone) {
                return;
            }
            if (world.now() > deadline) {
                Oracle.fail("no progress after the last fault: " + nodes.stream().map(node -> String.valueOf(node.client)).toList());
            }
            step("operations when nothing goes wrong");
            heal();
        }
    }

    /** What each kind of its programs has done. */
    private static int[] progressOf(SimClient client) {
        return client == null ? new int[2] : new int[] {client.operations.done, client.fileLocks.done};
    }

    private static boolean hasDoneMore(SimClient client, int[] before) {
        return client.operations.done > before[0] && client.fileLocks.done > before[1];
    }

    private void finish() {
        Disk.Log last = disk.newestLog();
        VolumeState state = last.base.copy();
        try {
            state.applyAll(Disk.editsOf(last));
        } catch (CorruptionException e) {
            Oracle.fail("the log in the end does not fit: " + e.getMessage());
        }
        oracle.checkAll(state.version(), disk);
    }

    /** For histories. */
    static String brief(Message message) {
        String text = message.toString();
        return text.length() > 300 ? text.substring(0, 300) + "..." : text;
    }
}
