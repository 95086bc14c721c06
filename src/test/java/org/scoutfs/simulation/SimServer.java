package org.scoutfs.simulation;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.scoutfs.base.CorruptionException;
import org.scoutfs.device.DeviceExtent;
import org.scoutfs.format.ProcessIdentity;
import org.scoutfs.net.Message;
import org.scoutfs.server.LeaseOptions;
import org.scoutfs.server.Output;
import org.scoutfs.server.ServerCore;
import org.scoutfs.volume.Incarnation;
import org.scoutfs.volume.StateEdit;
import org.scoutfs.volume.VolumeState;

/**
 * Drives a core as the real server does: claim, quorum round, the last log, a checkpoint of its own, the slot; then batch by batch:
 * apply, append, flush, look at the claim, answer.
 */
final class SimServer {
    private static final int LOG_BLOCKS = 4;

    final SimNode node;
    final long epoch;
    private final long rid;
    private final Cluster cluster;
    private final World world;
    private final Disk disk;
    private final Map<Long, Link> links = new HashMap<>();
    private List<Message> queue = new ArrayList<>();
    private ServerCore core;
    private Disk.Log log;
    private boolean isBusy;
    private boolean hasEnded;

    SimServer(Cluster cluster, SimNode node, long epoch) {
        this.cluster = cluster;
        this.world = cluster.world;
        this.disk = cluster.disk;
        this.node = node;
        this.epoch = epoch;
        this.rid = world.rng.nextLong() | 1;
    }

    boolean isServing() {
        return core != null && !hasEnded;
    }

    boolean hasEnded() {
        return hasEnded;
    }

    @Override
    public String toString() {
        return "server " + epoch + " on " + node;
    }

    // ---- take-over -----------------------------------------------------------------------------------------------------

    void start() {
        world.say(toString(), "was elected");
        if (cluster.mutation == Mutation.LOG_BEFORE_CLAIM) {
            disk.read(node, this::look, seen -> claim(() -> takeOver(seen)));
        } else {
            claim(() -> disk.read(node, this::look, this::takeOver));
        }
    }

    private void claim(Runnable then) {
        disk.write(node, disk.claim, new Disk.ClaimValue(epoch, rid), () ->
                disk.flush(node, () -> confirm(() -> quorumRound(then))));
    }

    private void quorumRound(Runnable then) {
        long began = node.clock();
        node.own(world.between(200 * World.MICRO, 2 * World.MILLI), () -> {
            if (!cluster.isLeader(this)) {
                end("is not the leader any more");
                return;
            }
            if (core != null) {
                core.confirmAuthority(began);
            }
            then.run();
        });
    }

    private void confirm(Runnable then) {
        if (cluster.mutation == Mutation.NO_CONFIRMATION && core != null) {
            then.run();
            return;
        }
        disk.read(node, () -> disk.claim.current, claim -> {
            if (claim.epoch() != epoch || claim.rid() != rid) {
                end("lost its claim to epoch " + claim.epoch());
            } else {
                then.run();
            }
        });
    }

    /** What the device says at one moment. */
    private record Seen(Disk.Log log, List<StateEdit> edits, List<Disk.Takeover> takeovers) {}

    private Seen look() {
        Disk.Log newest = disk.newestLog();
        List<Disk.Takeover> takeovers = new ArrayList<>();
        disk.takeovers.values().forEach(cell -> {
            if (cell.current != null) {
                takeovers.add(cell.current);
            }
        });
        return new Seen(newest, Disk.editsOf(newest), takeovers);
    }

    private void takeOver(Seen seen) {
        if (hasEnded) {
            return;
        }
        if (seen.log.epoch >= epoch) {
            end("found that epoch " + seen.log.epoch + " has begun");
            return;
        }
        VolumeState state = seen.log.base.copy();
        List<DeviceExtent> own;
        try {
            state.applyAll(seen.edits);
            succeed(state, seen);
            state.apply(new StateEdit.EpochBegan(epoch, rid, ProcessIdentity.NONE));
            own = state.freeMeta().choose(LOG_BLOCKS, 4, 1);
            state.apply(new StateEdit.Granted(rid, own));
        } catch (CorruptionException e) {
            throw new Oracle.Violation(this + " finds a log that does not fit: " + e.getMessage());
        }
        Disk.Takeover named = new Disk.Takeover(epoch, rid, own);
        Disk.Cell<Disk.Takeover> takeover = new Disk.Cell<>(null);
        disk.takeovers.put(epoch, takeover);
        Disk.Log begun = new Disk.Log(epoch, rid, state.copy());
        Disk.Cell<Disk.Log> slot = new Disk.Cell<>(null);
        disk.slots.put(epoch, slot);
        disk.write(node, takeover, named, () -> disk.flush(node, () -> confirm(() ->
                // The checkpoint's own blocks are its alone, so that their writes can wait for the slot's.
                disk.write(node, slot, begun, () -> disk.flush(node, () -> confirm(() -> serve(state, begun)))))));
    }

    private void succeed(VolumeState state, Seen seen) throws CorruptionException {
        for (Incarnation one : List.copyOf(state.incarnations())) {
            if (one.isServer() && !one.isEvicted()) {
                state.apply(cluster.mutation == Mutation.NO_QUARANTINE
                        ? new StateEdit.Ended(one.rid())
                        : new StateEdit.Evicted(one.rid()));
            }
        }
        for (Disk.Takeover takeover : seen.takeovers) {
            boolean isUnfinished = takeover.epoch() > seen.log.epoch && takeover.epoch() < epoch;
            if (isUnfinished && state.incarnation(takeover.rid()) == null) {
                state.apply(new StateEdit.Joined(takeover.rid(), ProcessIdentity.NONE, false));
                List<DeviceExtent> free = takeover.extents().stream().filter(state.freeMeta()::contains).toList();
                state.apply(new StateEdit.Granted(takeover.rid(), free));
                state.apply(new StateEdit.Evicted(takeover.rid()));
            }
        }
    }

    private void serve(VolumeState state, Disk.Log begun) {
        log = begun;
        LeaseOptions leases = Cluster.LEASES;
        long waited = cluster.mutation == Mutation.NO_WAIT_FOR_DECLARATIONS ? 2 * leases.leaseNanos() : 0;
        core = new ServerCore(state, Cluster.OPTIONS, 1, false, leases, node.clock() - waited);
        cluster.oracle.takeOvers++;
        world.say(toString(), "serves; waits for " + core.awaited().size() + " to declare themselves");
        rounds();
        ticks();
    }

    private void rounds() {
        quorumRound(() -> node.own(Cluster.LEASES.authorityNanos() / 3, this::rounds));
    }

    private void ticks() {
        if (!hasEnded) {
            pump();
            node.own(Cluster.LEASES.leaseNanos() / 8, this::ticks);
        }
    }

    void end(String why) {
        if (!hasEnded) {
            hasEnded = true;
            world.say(toString(), "ends: " + why);
            List.copyOf(links.values()).forEach(Link::lose);
            cluster.serverEnded(this);
        }
    }

    // ---- serving -------------------------------------------------------------------------------------------------------

    void receive(Link link, Message message) {
        if (hasEnded) {
            link.lose();
            return;
        }
        switch (message) {
            case Message.Join m -> links.put(m.rid(), link);
            case Message.Declare m -> links.put(m.rid(), link);
            default -> {}
        }
        queue.add(message);
        pump();
    }

    private void pump() {
        if (!isBusy && isServing()) {
            isBusy = true;
            node.own(world.between(5 * World.MICRO, 60 * World.MICRO), this::batch);
        }
    }

    private void batch() {
        if (hasEnded) {
            return;
        }
        List<Message> messages = queue;
        queue = new ArrayList<>();
        for (Message message : messages) {
            core.receive(message, ProcessIdentity.NONE, node.clock());
        }
        core.plan(node.clock());
        Output out = core.takeOutput();
        List<StateEdit> edits = new ArrayList<>(out.edits());
        for (StateEdit edit : out.edits()) {
            if (edit instanceof StateEdit.Evicted evicted) {
                cluster.oracle.evictions++;
                world.say(toString(), "evicts " + Long.toHexString(evicted.rid()));
                if (cluster.isWell()) {
                    Oracle.fail(this + " evicts " + Long.toHexString(evicted.rid()) + " though nothing has been wrong for long");
                }
                if (cluster.mutation == Mutation.NO_QUARANTINE) {
                    edits.add(applied(new StateEdit.Ended(evicted.rid())));
                }
            }
            if (edit instanceof StateEdit.VersionMade made && cluster.mutation == Mutation.RECLAIM_AT_ONCE) {
                List<Long> gone = made.edit().removedIds().stream().filter(core.state()::wasRemoved).toList();
                edits.add(applied(new StateEdit.Reclaimed(gone)));
            }
        }
        if (cluster.mutation == Mutation.ANSWER_BEFORE_FLUSH) {
            send(out);
        }
        if (!edits.isEmpty()) {
            Disk.Cell<List<StateEdit>> batch = new Disk.Cell<>(null);
            log.batches.add(batch);
            disk.write(node, batch, edits, () -> disk.flush(node, () -> confirm(() -> told(out))));
        } else if (!out.messages().isEmpty()) {
            confirm(() -> told(out));
        } else {
            told(out);
        }
    }

    private StateEdit applied(StateEdit edit) {
        try {
            core.state().apply(edit);
        } catch (CorruptionException e) {
            throw new Oracle.Violation("a broken rule's edit does not fit: " + e.getMessage());
        }
        return edit;
    }

    private void told(Output out) {
        if (hasEnded) {
            return;
        }
        if (cluster.mutation != Mutation.ANSWER_BEFORE_FLUSH) {
            send(out);
        }
        isBusy = false;
        if (!queue.isEmpty()) {
            pump();
        }
    }

    private void send(Output out) {
        for (Output.Outgoing outgoing : out.messages()) {
            Link link = links.get(outgoing.rid());
            if (link != null && link.isOpen()) {
                if (world.isTold()) {
                    world.say(toString(), "to " + Long.toHexString(outgoing.rid() >>> 48) + ": " + Cluster.brief(outgoing.message()));
                }
                link.toClient(outgoing.message());
            }
        }
    }
}
