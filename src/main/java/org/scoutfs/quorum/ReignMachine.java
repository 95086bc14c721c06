package org.scoutfs.quorum;

import java.util.Collection;
import java.util.concurrent.CompletableFuture;
import org.apache.ratis.proto.RaftProtos;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftGroupMemberId;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.statemachine.TransactionContext;
import org.apache.ratis.statemachine.impl.BaseStateMachine;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.CorruptionException;
import org.scoutfs.net.NodeAddress;

/**
 * What the voters agree on: the newest reign. An entry of the log names who wants to reign and the newest epoch that he has seen on the
 * device; his epoch is the next one above that and above all before. So every voter gives the same epoch to the same entry, and no
 * epoch twice. The log is never cut: it holds a few entries per election.
 */
final class ReignMachine extends BaseStateMachine {
    private static final System.Logger LOG = System.getLogger(ReignMachine.class.getName());

    /** The newest reign, and the term of the leader that made it. */
    record Committed(@Nullable Reign reign, long term) {}

    /** What changes, on threads of Ratis's. */
    interface Observer {
        void committed(Committed newest);

        /** Whether this peer leads, or who does, may have changed. */
        void roleChanged();

        void stopped();

        /** A mount without a vote that asked who reigns would vote at this address. */
        void volunteered(NodeAddress at);
    }

    private final Observer observer;
    private volatile Committed newest = new Committed(null, 0);

    ReignMachine(Observer observer) {
        this.observer = observer;
    }

    Committed newest() {
        return newest;
    }

    @Override
    public CompletableFuture<Message> applyTransaction(TransactionContext transaction) {
        RaftProtos.LogEntryProto entry = transaction.getLogEntry();
        Committed before = newest;
        Reign last = before.reign();
        try {
            Reign asked = ReignCodec.decode(
                    entry.getStateMachineLogEntry().getLogData().toByteArray());
            if (asked != null) {
                long epoch = Math.max(asked.epoch(), last == null ? 0 : last.epoch()) + 1;
                newest = new Committed(
                        new Reign(epoch, asked.slot(), asked.rid(), asked.address(), asked.nodeName(), asked.sinceWallNanos()),
                        entry.getTerm());
            }
        } catch (CorruptionException e) {
            LOG.log(System.Logger.Level.ERROR, "an entry of the quorum's log is ignored by all voters", e);
        }
        boolean unused = updateLastAppliedTermIndex(entry.getTerm(), entry.getIndex());
        if (!newest.equals(before)) {
            observer.committed(newest);
        }
        return CompletableFuture.completedFuture(answer());
    }

    @Override
    public CompletableFuture<Message> query(Message request) {
        byte[] content = request.getContent().toByteArray();
        if (content.length > 0) {
            try {
                observer.volunteered(ReignCodec.decodeVolunteer(content));
            } catch (CorruptionException e) {
                LOG.log(System.Logger.Level.DEBUG, "a question that is none is answered all the same", e);
            }
        }
        return CompletableFuture.completedFuture(answer());
    }

    private Message answer() {
        return Message.valueOf(ByteString.copyFrom(ReignCodec.encode(newest.reign())));
    }

    @Override
    public void notifyLeaderReady() {
        observer.roleChanged();
    }

    @Override
    public void notifyNotLeader(Collection<TransactionContext> pending) {
        observer.roleChanged();
    }

    @Override
    public void notifyLeaderChanged(RaftGroupMemberId member, RaftPeerId leader) {
        observer.roleChanged();
    }

    @Override
    public void notifyServerShutdown(RaftProtos.RoleInfoProto role, boolean isAll) {
        observer.stopped();
    }
}
