package org.scoutfs.node;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Clock;
import org.scoutfs.base.Rng;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.format.ClaimBlock;
import org.scoutfs.lock.NodeLocks;
import org.scoutfs.net.Connection;
import org.scoutfs.net.Hello;
import org.scoutfs.net.Message;
import org.scoutfs.net.PeerConnection;
import org.scoutfs.net.TcpTransport;
import org.scoutfs.net.TransportOptions;
import org.scoutfs.quorum.Reign;
import org.scoutfs.txn.NodeTransactions;
import org.scoutfs.txn.ServerSession;
import org.scoutfs.volume.Host;
import org.scoutfs.volume.Volume;

/**
 * Keeps one incarnation's session connected to whoever serves, in this process or in another one, and its lease renewed.
 *
 * <p>The lease is asked for only while the device answers: each time a block of it is read first. So a node that is cut off from the
 * device stops the others for a lease and no longer.
 *
 * <p>All of it on one thread of its own.
 */
final class ServerLink implements AutoCloseable {
    private static final Logger LOG = System.getLogger("org.scoutfs.cluster");
    private static final long UNLEASED_TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
    private static final long TICK_NANOS_MAX = TimeUnit.MILLISECONDS.toNanos(250);
    private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(150);

    private final ClusterMember member;
    private final ServerSession session;
    private final BlockDevice device;
    private final TcpTransport transport;
    private final Clock clock;
    private final long tickNanos;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment block = arena.allocate(BlockDevice.BLOCK_SIZE, BlockDevice.BLOCK_SIZE);
    private final Thread thread;
    private volatile @Nullable NodeLocks locks;
    private volatile @Nullable NodeTransactions transactions;
    private volatile boolean isStopped;
    private boolean isDeviceSilent;

    private ServerLink(
            ClusterMember member, ServerSession session, BlockDevice device, TcpTransport transport, long leaseNanos, Clock clock) {
        this.member = member;
        this.session = session;
        this.device = device;
        this.transport = transport;
        this.clock = clock;
        this.tickNanos = Math.min(leaseNanos / 16, TICK_NANOS_MAX);
        this.thread = Thread.ofPlatform()
                .name("scoutfs-link-" + Long.toHexString(session.rid()))
                .daemon(true)
                .unstarted(this::run);
    }

    /** @param clock counts suspended time */
    static ServerLink start(ClusterMember member, ServerSession session, Volume volume, ClusterOptions options, Clock clock)
            throws IOException {
        Host host = Host.local();
        TcpTransport transport = TcpTransport.open(
                new TcpTransport.Settings(
                        Hello.of(volume.volumeId(), session.rid(), options.slot(), host.self().hostName(), host.self()),
                        null,
                        options.tls(),
                        TransportOptions.forLease(options.leaseMillis())),
                Clock.system(),
                Rng.secure());
        ServerLink link = new ServerLink(member, session, volume.device(), transport,
                TimeUnit.MILLISECONDS.toNanos(options.leaseMillis()), clock);
        link.thread.start();
        return link;
    }

    /** What new connections declare, once there is something to. */
    void use(NodeTransactions incarnationsTransactions, NodeLocks incarnationsLocks) {
        transactions = incarnationsTransactions;
        locks = incarnationsLocks;
    }

    private void run() {
        try {
            while (!isStopped) {
                long seen = member.changes();
                ClusterMember.Target target = member.target();
                if (target == null || !serveBy(target)) {
                    member.awaitChange(seen, RETRY_NANOS);
                }
            }
        } catch (InterruptedException stopped) {
            LOG.log(Level.DEBUG, "the link to the server ends");
        } catch (RuntimeException bug) {
            LOG.log(Level.ERROR, "a bug in the link to the server", bug);
            session.closed(new IOException("a bug in the link to the server", bug));
        }
    }

    /** @return false when there was no connection: not to be tried again at once */
    private boolean serveBy(ClusterMember.Target target) throws InterruptedException {
        AtomicBoolean isLost = new AtomicBoolean();
        Connection connection;
        String who = target instanceof ClusterMember.Target.There there
                ? there.reign().nodeName() + " at " + there.reign().address()
                : "this mount itself";
        try {
            connection = session.attach(
                    receiver -> open(target, receiver),
                    this::declareTo,
                    cause -> {
                        LOG.log(Level.DEBUG, "the connection to " + who + " is lost: " + cause.getMessage());
                        isLost.set(true);
                        member.wake();
                    },
                    this::oldestVersion);
        } catch (IOException unreachable) {
            LOG.log(Level.DEBUG, "no connection to " + who + ": " + unreachable.getMessage());
            return false;
        }
        LOG.log(Level.DEBUG, "connected to " + who);
        boolean wasServed = false;
        while (!isStopped && !isLost.get() && target.equals(member.target())) {
            long seen = member.changes();
            tick();
            if (!wasServed && session.isServed()) {
                wasServed = true;
                LOG.log(Level.INFO, "served by " + who + ", epoch " + session.epoch());
            }
            member.awaitChange(seen, session.isLeased(clock.monotonicNanos()) ? tickNanos : UNLEASED_TICK_NANOS);
        }
        if (!isStopped) {
            if (wasServed) {
                LOG.log(Level.INFO, who + (isLost.get() ? " is not heard any more" : " is followed by another server")
                        + ": operations that need a server wait");
            }
            session.detach();
            if (connection instanceof PeerConnection peer) {
                peer.close();
            }
        }
        return !isLost.get();
    }

    private Connection open(ClusterMember.Target target, Connection.Receiver receiver) throws IOException {
        return switch (target) {
            case ClusterMember.Target.Here here -> here.server().connect(receiver);
            case ClusterMember.Target.There(Reign reign) -> transport.connect(reign.address(), receiver);
        };
    }

    private void declareTo(Consumer<List<Message.HeldGrant>> declare) {
        NodeLocks now = locks;
        if (now == null) {
            ServerSession.Declaration.NO_LOCKS.declare(declare);
        } else {
            now.declare(declare);
        }
    }

    private long oldestVersion() {
        NodeTransactions now = transactions;
        return now == null ? 0 : now.oldestVersion();
    }

    private void tick() {
        long now = clock.monotonicNanos();
        if (session.isRenewalDue(now) && deviceAnswers()) {
            session.renew(now, oldestVersion());
        }
        NodeTransactions present = transactions;
        if (present != null) {
            present.tradeSeq();
        }
    }

    private boolean deviceAnswers() {
        try {
            device.read(ClaimBlock.BLKNO, block);
            isDeviceSilent = false;
            return true;
        } catch (IOException failure) {
            if (!isDeviceSilent) {
                LOG.log(Level.ERROR, "the device fails: this mount's lease is not renewed while it does", failure);
            }
            isDeviceSilent = true;
            return false;
        }
    }

    /** The session has said goodbye, or nobody wants it to. */
    @Override
    public void close() {
        isStopped = true;
        member.wake();
        thread.interrupt();
        transport.close();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return; // the thread may still use the memory
        }
        arena.close();
    }
}
