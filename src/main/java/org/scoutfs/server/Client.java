package org.scoutfs.server;

import org.jspecify.annotations.Nullable;
import org.scoutfs.net.Message;

/** What the server keeps in memory of one incarnation of a mount, beside its part of the volume's state. */
final class Client {
    final long rid;
    final boolean isReadOnly;
    /** No version below this one is read there. */
    long oldestVersion;
    /** The newest version whose edit was sent there. */
    long toldVersion;
    long lastRequestId;
    /** The answer to the last request, for when it is asked again. */
    @Nullable Message lastAnswer;
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
}
