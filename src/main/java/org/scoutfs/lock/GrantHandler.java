package org.scoutfs.lock;

import org.scoutfs.net.Message;

/** What has to happen before a lock that was granted counts as held. Declared here and implemented by the transactions. */
public interface GrantHandler {
    /**
     * Brings the node's view to the version that comes with the grant, and sees to it that no operation enters a transaction
     * whose sequence number is not larger than {@link Message.LockGranted#highestSeq}. Must not wait.
     */
    void beforeHeld(Message.LockGranted granted);
}
