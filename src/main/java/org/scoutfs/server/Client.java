package org.scoutfs.server;

import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.scoutfs.net.Message;

/** What the server keeps in memory of one incarnation of a mount, beside its part of the volume's state. */
final class Client {
    /** More than a node may have requests without an answer. */
    static final int ANSWERS_MAX = 64;

    final long rid;
    final boolean isReadOnly;
    /** No version below this one is read there. */
    long oldestVersion;
    /** The newest version whose edit was sent there. */
    long toldVersion;
    long lastRequestId;
    /** Requests up to this one were answered by an earlier server, whose answers this one does not have. */
    long recoveredRequestId;
    /** The newest answers by request id, for when one is asked again; none of those that an earlier server gave. */
    final TreeMap<Long, Message> answers = new TreeMap<>();
    /** What it was told when it joined this server; null when an earlier one took it in. */
    Message.@Nullable Joined joined;
    /** Of its newest declaration. */
    long attempt;
    /** When its lease ends at the latest, with the margin; it counts from earlier itself. */
    long silentUntilNanos;
    /** Segment ids that were handed out and not yet seen in a commit; an estimate. */
    long segmentIdsLeft;
    /** Blocks in hand for data and for segments; an estimate, since a node may use one for the other. */
    long dataInHand;
    long metaInHand;

    Client(long rid, boolean isReadOnly, long version) {
        this.rid = rid;
        this.isReadOnly = isReadOnly;
        this.oldestVersion = version;
        this.toldVersion = version;
    }

    /** Keeps an answer until newer ones show that it arrived: a node has fewer requests under way. */
    void answered(long requestId, Message answer) {
        lastRequestId = requestId;
        answers.put(requestId, answer);
        if (answers.size() > ANSWERS_MAX) {
            answers.pollFirstEntry();
        }
    }
}
