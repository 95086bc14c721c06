package org.scoutfs.quorum;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.ratis.client.RaftClient;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.jspecify.annotations.Nullable;
import org.scoutfs.format.SuperSlot.QuorumSlot;
import org.scoutfs.net.NodeAddress;

/**
 * A mount without a vote: it never leads, and asks the voters who does. Once in half a second, since nobody calls it; a mount that finds
 * its server gone meanwhile waits that long.
 */
public final class RaftFollower implements Quorum {
    private static final System.Logger LOG = System.getLogger(RaftFollower.class.getName());
    private static final long ASK_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

    private final RaftSettings settings;
    private final VoterRegister register;
    private final Message question;
    private volatile List<QuorumSlot> slots;
    private final ReentrantLock mutex = new ReentrantLock();
    private final Condition changed = mutex.newCondition();

    // Guarded by mutex.
    private final List<Listener> listeners = new ArrayList<>();
    private @Nullable Reign newest;
    private boolean isClosed;

    private RaftFollower(RaftSettings settings, VoterRegister register, @Nullable NodeAddress volunteersAt) {
        this.settings = settings;
        this.register = register;
        this.question = volunteersAt == null
                ? Message.EMPTY
                : Message.valueOf(ByteString.copyFrom(ReignCodec.encodeVolunteer(volunteersAt)));
        this.slots = settings.slots();
    }

    /** @param volunteersAt where this mount would vote if it were given a slot; null where it would not */
    public static RaftFollower start(RaftSettings settings, VoterRegister register, @Nullable NodeAddress volunteersAt) {
        RaftGroups.prepareLibrary();
        RaftFollower follower = new RaftFollower(settings, register, volunteersAt);
        Thread.ofPlatform().name("scoutfs-quorum-follow").daemon(true).start(follower::follow);
        return follower;
    }

    /** A client for as long as the voters stay the same and answer. */
    private void follow() {
        while (isOpen()) {
            try {
                slots = RaftGroups.slotsNow(settings, register);
                List<RaftPeer> peers = RaftGroups.peersNow(settings, register);
                try (RaftClient client = RaftGroups.client(settings, peers)) {
                    while (ask(client) && awaitNextTurn()) {
                        LOG.log(System.Logger.Level.TRACE, "asked who is server");
                    }
                }
            } catch (IOException | RuntimeException e) {
                LOG.log(System.Logger.Level.DEBUG, "no voter says who is server", e);
            }
            boolean unused = awaitNextTurn();
        }
    }

    private boolean isOpen() {
        mutex.lock();
        try {
            return !isClosed;
        } finally {
            mutex.unlock();
        }
    }

    private boolean awaitNextTurn() {
        mutex.lock();
        try {
            long left = ASK_NANOS;
            while (left > 0 && !isClosed) {
                left = changed.awaitNanos(left);
            }
            return !isClosed;
        } catch (InterruptedException e) {
            return false;
        } finally {
            mutex.unlock();
        }
    }

    private boolean ask(RaftClient client) throws IOException {
        RaftClientReply reply = client.io().sendReadOnly(question);
        if (!reply.isSuccess()) {
            return false;
        }
        Reign found = ReignCodec.decode(reply.getMessage().getContent().toByteArray());
        if (found != null) {
            learned(found);
        }
        return true;
    }

    private void learned(Reign found) {
        List<Listener> to;
        mutex.lock();
        try {
            if (newest != null && newest.epoch() >= found.epoch()) {
                return;
            }
            newest = found;
            to = List.copyOf(listeners);
        } finally {
            mutex.unlock();
        }
        to.forEach(one -> one.began(found));
    }

    @Override
    public long awaitLeadership(long newestEpoch) throws IOException, InterruptedException {
        mutex.lock();
        try {
            while (!isClosed) {
                changed.await();
            }
            throw new IOException("the quorum was closed, and this mount has no vote");
        } finally {
            mutex.unlock();
        }
    }

    @Override
    public boolean isLeader(long epoch) {
        return false;
    }

    @Override
    public @Nullable Reign reign() {
        mutex.lock();
        try {
            return newest;
        } finally {
            mutex.unlock();
        }
    }

    /** As the volume's configuration has them. */
    @Override
    public List<Member> members() {
        Reign known = reign();
        return slots.stream()
                .map(slot -> new Member(slot.number(), new NodeAddress(slot.address(), slot.port()),
                        known == null
                                ? Member.Role.UNKNOWN
                                : known.slot() == slot.number() ? Member.Role.LEADER : Member.Role.FOLLOWER,
                        -1))
                .toList();
    }

    @Override
    public void listen(Listener listener) {
        Reign known;
        mutex.lock();
        try {
            listeners.add(listener);
            known = newest;
        } finally {
            mutex.unlock();
        }
        if (known != null) {
            listener.began(known);
        }
    }

    @Override
    public boolean isAlone() {
        return false;
    }

    @Override
    public void close() {
        mutex.lock();
        try {
            isClosed = true;
            changed.signalAll();
        } finally {
            mutex.unlock();
        }
    }
}
