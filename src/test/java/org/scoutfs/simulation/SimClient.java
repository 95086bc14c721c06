package org.scoutfs.simulation;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.LongFunction;
import org.scoutfs.lock.NodeLocks;
import org.scoutfs.lock.RevokeHandler;
import org.scoutfs.net.LockMode;
import org.scoutfs.net.LockName;
import org.scoutfs.net.Message;
import org.scoutfs.txn.ClientCore;

/** A mount in small: its connection with a server, its lease, how it comes and how it goes. */
final class SimClient {
    final SimNode node;
    final long rid;
    final NodeLocks locks;
    final SimVersions versions;
    final SimTransactions transactions;
    final SimOperations operations;
    final SimOpens opens;
    final SimFileLocks fileLocks;
    private final SimMerges merges;
    private final Cluster cluster;
    private final World world;
    private final Oracle oracle;
    private final ClientCore core;
    private final long oldRid;
    private final Oracle.Walker walker;
    private final Map<Long, Consumer<Message>> asked = new HashMap<>();
    private Link link;
    private boolean isConnecting;
    private boolean isLeaving;
    private boolean isGoodbyeSaid;
    private boolean isOver;
    private long heardNanos;

    /** @param oldRid the incarnation on this node before, which writes nothing any more; 0 for none */
    SimClient(Cluster cluster, SimNode node, long oldRid) {
        this.cluster = cluster;
        this.world = cluster.world;
        this.oracle = cluster.oracle;
        this.node = node;
        this.oldRid = oldRid;
        this.rid = world.rng.nextLong() | 1;
        this.core = new ClientCore(rid, Cluster.LEASES.leaseNanos());
        this.walker = oracle.newWalker();
        this.versions = new SimVersions(this);
        this.transactions = new SimTransactions(this, cluster);
        this.operations = new SimOperations(this, cluster);
        this.opens = new SimOpens(this, cluster);
        this.fileLocks = new SimFileLocks(this, cluster);
        this.merges = new SimMerges(this, cluster);
        this.locks = new NodeLocks(rid, this::send, this::beforeHeld, new RevokeHandler() {
            @Override
            public CompletableFuture<LockMode> revoke(LockName name, LockMode kept) {
                return revoked(kept);
            }
        });
        locks.setLease(this::believesLeased);
    }

    @Override
    public String toString() {
        return "mount " + Long.toHexString(rid >>> 48) + " on " + node;
    }

    boolean isOver() {
        return isOver;
    }

    /** It is being unmounted: nothing new begins. */
    boolean isLeaving() {
        return isLeaving;
    }

    /** It uses nothing any more, whatever it still holds. */
    boolean isGoodbyeSaid() {
        return isGoodbyeSaid;
    }

    boolean isServed() {
        return core.state() == ClientCore.State.SERVED;
    }

    boolean believesLeased() {
        return !isOver && (cluster.mutation == Mutation.NO_LEASE
                ? core.state() != ClientCore.State.NEW
                : core.isLeased(node.clock()));
    }

    // ---- the connection ------------------------------------------------------------------------------------------------

    void start() {
        request(requestId -> new Message.Join(requestId, rid, false));
        connect();
        ticks();
    }

    private void connect() {
        if (isConnecting || isOver) {
            return;
        }
        isConnecting = true;
        node.own(world.between(World.MILLI, 60 * World.MILLI), () -> {
            isConnecting = false;
            SimServer server = cluster.someServer();
            boolean isReachable = server != null
                    && (server.node == node || !server.node.isCutOff() && !node.isCutOff());
            if (isOver || !isReachable) {
                connect();
                return;
            }
            link = new Link(world, this, server);
            heardNanos = node.clock();
            world.say(toString(), "connects to " + server);
            locks.declare(held -> core.connected(held, fileLocks.held(), versions.oldest()).forEach(this::send));
        });
    }

    void lost(Link lost) {
        if (lost == link) {
            link = null;
            core.disconnected();
            connect();
        }
    }

    void send(Message message) {
        if (link != null && core.isOnline()) {
            if (world.isTold()) {
                world.say(toString(), "says " + Cluster.brief(message));
            }
            link.toServer(message);
        }
    }

    long nextRequestId() {
        return core.lastRequestId() + 1;
    }

    void request(LongFunction<Message> make) {
        send(core.request(make));
    }

    /** A request, and what to do with its answer. */
    void ask(LongFunction<Message> make, Consumer<Message> then) {
        Message message = core.request(make);
        asked.put(core.lastRequestId(), then);
        send(message);
    }

    /** The connection breaks, with what is on its way. */
    void loseConnection() {
        if (link != null) {
            link.lose();
        }
    }

    private void ticks() {
        if (isOver) {
            return;
        }
        long now = node.clock();
        Message renewal = core.renewal(now, versions.oldest());
        if (renewal != null) {
            send(renewal);
        }
        if (link != null && now - heardNanos > Cluster.LEASES.leaseNanos()) {
            world.say(toString(), "gives up its connection");
            Link old = link;
            old.close();
            lost(old);
        }
        oracle.walk(walker, versions.newest());
        if (!isLeaving && world.chance(6)) {
            versions.walkSlowly(world, cluster.disk);
        }
        if (!isGoodbyeSaid && world.chance(3)) {
            transactions.giveUpNumber();
        }
        node.own(Cluster.LEASES.leaseNanos() / 8, this::ticks);
    }

    void receive(Link from, Message message) {
        if (from != link || isOver) {
            return;
        }
        heardNanos = node.clock();
        Message request = requestOf(message);
        boolean wasLeased = core.isLeased(node.clock());
        switch (core.receive(message)) {
            case ANSWER -> answered(request, message);
            case DECLARED -> declared((Message.Declared) message);
            case EVICTED -> evicted();
            case UNASKED -> unasked(message);
            case IGNORED -> {}
        }
        if (!wasLeased && core.isLeased(node.clock())) {
            locks.leaseRenewed();
        }
    }

    private Message requestOf(Message answer) {
        return switch (answer) {
            case Message.Committed m -> core.pending(m.requestId());
            case Message.Refused m -> core.pending(m.requestId());
            default -> null;
        };
    }

    private void answered(Message request, Message answer) {
        switch (answer) {
            case Message.Joined m -> joined(m);
            case Message.Committed m -> {
                versions.publish(m.edits());
                if (request instanceof Message.Merged merged) {
                    merges.ended(merged.requestId());
                    oracle.merges++;
                } else {
                    transactions.committed(m);
                }
            }
            case Message.SpaceGranted m -> transactions.spaceGranted(m.grants());
            case Message.Refused m -> {
                if (!(request instanceof Message.Merged merged)) {
                    throw new Oracle.Violation(this + " was refused " + request + ": " + m.reason());
                }
                merges.refused(merged);
            }
            case Message.OpenElsewhere m -> asked.remove(m.requestId()).accept(m);
            case Message.FileLockAnswer m -> asked.remove(m.requestId()).accept(m);
            case Message.Done m -> {
                Consumer<Message> then = asked.remove(m.requestId());
                if (then != null) {
                    then.accept(m);
                }
            }
            default -> {}
        }
    }

    private void joined(Message.Joined m) {
        versions.begin(m.versionNumber(), m.stableSeq(), m.levels());
        transactions.joined(m);
        if (oldRid != 0) {
            request(requestId -> new Message.Goodbye(requestId, rid, oldRid));
        }
        send(core.renewal(node.clock(), versions.oldest()));
        operations.start();
        fileLocks.next();
    }

    private void declared(Message.Declared m) {
        versions.begin(m.versionNumber(), m.stableSeq(), m.levels());
        transactions.declared(m.openSeqs());
        fileLocks.wake();
        send(core.renewal(node.clock(), versions.oldest()));
    }

    private void unasked(Message message) {
        switch (message) {
            case Message.LockGranted m -> locks.receive(m);
            case Message.LockRevoke m -> locks.receive(m);
            case Message.Published m -> versions.publish(m.edits());
            case Message.Renewed m -> versions.publish(m.edits());
            case Message.MergeJob m -> {
                if (!isGoodbyeSaid) {
                    merges.start(m);
                }
            }
            case Message.IsOpen m -> opens.asked(m);
            case Message.FileLocksFreed m -> fileLocks.wake();
            default -> {}
        }
    }

    // ---- the end -------------------------------------------------------------------------------------------------------

    private void evicted() {
        world.say(toString(), "was evicted");
        over();
        rejoin();
    }

    private void over() {
        isOver = true;
        locks.stop();
        if (link != null) {
            link.close();
            link = null;
        }
    }

    private void rejoin() {
        if (node.writesUnderWay > 0) {
            node.own(20 * World.MILLI, this::rejoin);
        } else {
            cluster.mount(node, rid);
        }
    }

    /** An unmount: what was begun ends, everything is committed, and only then the server is told. */
    void leave() {
        if (!isOver && !isLeaving && isServed()) {
            world.say(toString(), "unmounts");
            isLeaving = true;
            awaitQuiet();
        }
    }

    private void awaitQuiet() {
        if (isOver) {
            return;
        }
        boolean isQuiet = operations.underWay == 0 && opens.isIdle() && fileLocks.isIdle() && merges.isIdle()
                && versions.isIdle();
        if (!isQuiet || !transactions.isCommitted()) {
            transactions.commit();
            node.own(5 * World.MILLI, this::awaitQuiet);
            return;
        }
        isGoodbyeSaid = true;
        ask(requestId -> new Message.Goodbye(requestId, rid, rid), done -> {
            over();
            oracle.unmounts++;
            node.own(world.between(0, 200 * World.MILLI), () -> cluster.mount(node, 0));
        });
    }

    // ---- locks ---------------------------------------------------------------------------------------------------------

    private void beforeHeld(Message.LockGranted granted) {
        versions.publish(granted.edits());
        transactions.requires(granted.highestSeq());
    }

    private CompletableFuture<LockMode> revoked(LockMode kept) {
        CompletableFuture<LockMode> result = new CompletableFuture<>();
        LockMode keeps = kept != null && world.chance(4) ? null : kept;
        if (cluster.mutation == Mutation.RELEASE_BEFORE_COMMIT) {
            locks.changedGrants();
            locks.changesCommitted();
            node.own(10 * World.MICRO, () -> result.complete(keeps));
        } else {
            transactions.commit().whenComplete((ok, failure) ->
                    node.own(world.between(10 * World.MICRO, 2 * World.MILLI), () -> result.complete(keeps)));
        }
        return result;
    }
}
