package org.scoutfs.server;

import java.util.OptionalLong;
import org.scoutfs.net.Message;

/** Who says to have sent a message. */
final class Sender {
    private Sender() {}

    /** The incarnation that a message to the server names; empty for a message that only servers send. */
    static OptionalLong of(Message message) {
        return switch (message) {
            case Message.Join m -> OptionalLong.of(m.rid());
            case Message.Commit m -> OptionalLong.of(m.rid());
            case Message.Merged m -> OptionalLong.of(m.rid());
            case Message.MergeFailed m -> OptionalLong.of(m.rid());
            case Message.NeedSpace m -> OptionalLong.of(m.rid());
            case Message.NeedInodes m -> OptionalLong.of(m.rid());
            case Message.ReturnSpace m -> OptionalLong.of(m.rid());
            case Message.Resize m -> OptionalLong.of(m.rid());
            case Message.LockRequest m -> OptionalLong.of(m.rid());
            case Message.LockReleased m -> OptionalLong.of(m.rid());
            case Message.Renew m -> OptionalLong.of(m.rid());
            case Message.DeclareLocks m -> OptionalLong.of(m.rid());
            case Message.Declare m -> OptionalLong.of(m.rid());
            case Message.AskOpen m -> OptionalLong.of(m.rid());
            case Message.OpenHere m -> OptionalLong.of(m.rid());
            case Message.FileLockRequest m -> OptionalLong.of(m.rid());
            case Message.FileLockRelease m -> OptionalLong.of(m.rid());
            case Message.DeclareFileLocks m -> OptionalLong.of(m.rid());
            case Message.FileLockAnswer m -> OptionalLong.empty();
            case Message.FileLocksFreed m -> OptionalLong.empty();
            case Message.LocksRequest m -> OptionalLong.of(m.rid());
            case Message.ClusterRequest m -> OptionalLong.of(m.rid());
            case Message.StatusRequest m -> OptionalLong.of(m.rid());
            case Message.Goodbye m -> OptionalLong.of(m.rid());
            case Message.Joined m -> OptionalLong.empty();
            case Message.Committed m -> OptionalLong.empty();
            case Message.Refused m -> OptionalLong.empty();
            case Message.Done m -> OptionalLong.empty();
            case Message.SpaceGranted m -> OptionalLong.empty();
            case Message.InodesGranted m -> OptionalLong.empty();
            case Message.LockGranted m -> OptionalLong.empty();
            case Message.LockRevoke m -> OptionalLong.empty();
            case Message.Published m -> OptionalLong.empty();
            case Message.Renewed m -> OptionalLong.empty();
            case Message.Declared m -> OptionalLong.empty();
            case Message.Evicted m -> OptionalLong.empty();
            case Message.IsOpen m -> OptionalLong.empty();
            case Message.OpenElsewhere m -> OptionalLong.empty();
            case Message.LockList m -> OptionalLong.empty();
            case Message.ClusterState m -> OptionalLong.empty();
            case Message.MergeJob m -> OptionalLong.empty();
            case Message.RecallSpace m -> OptionalLong.empty();
            case Message.VolumeStatus m -> OptionalLong.empty();
        };
    }
}
