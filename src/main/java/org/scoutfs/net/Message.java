package org.scoutfs.net;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.scoutfs.device.DeviceExtent;
import org.scoutfs.lsm.MergeSpec;
import org.scoutfs.lsm.SegmentInfo;
import org.scoutfs.lsm.VersionEdit;

/**
 * Everything that a node and the server say to each other.
 *
 * <p>Every request that changes something carries the sender's incarnation ({@code rid}) and a {@code requestId} that rises by
 * one with each such request of that incarnation. The server stores the outcome with the effect, so a request that is sent
 * again after a lost reply happens once and is answered the same.
 */
public sealed interface Message {
    /** Blocks in the unit in which the sizes of metadata are shown and given. */
    int META_UNIT_BLOCKS = 16;


    // ---- node to server -------------------------------------------------------------------------------------------

    /** The first message of an incarnation. Answered by {@link Joined} or {@link Refused}. */
    record Join(long requestId, long rid, boolean isReadOnly) implements Message {}

    /**
     * Publishes one transaction. Answered by {@link Committed} or {@link Refused}.
     *
     * @param seq the transaction's sequence number
     * @param segments new runs of level 0, the newer one later
     * @param consumed blocks of this node's grants that are in use from now on: the segments' and the file data's
     * @param freed blocks that were in use and are not any more
     * @param returned granted blocks that this node will not use
     * @param changedUnder grant numbers of the WRITE locks under which the transaction changed anything
     * @param inodeCountDelta inodes created less inodes destroyed
     * @param oldestVersion the oldest version that this node still reads
     */
    record Commit(
            long requestId,
            long rid,
            long seq,
            List<SegmentInfo> segments,
            List<DeviceExtent> consumed,
            List<DeviceExtent> freed,
            List<DeviceExtent> returned,
            List<Long> changedUnder,
            long inodeCountDelta,
            long oldestVersion)
            implements Message {}

    /** A merge job is done. Answered by {@link Committed} (without a new sequence number) or {@link Refused}. */
    record Merged(
            long requestId,
            long rid,
            long jobId,
            List<VersionEdit.Added> added,
            List<Long> removedIds,
            List<DeviceExtent> consumed,
            List<DeviceExtent> returned,
            long oldestVersion)
            implements Message {}

    /** A merge job came to nothing (no space, a damaged input); its grants come back. */
    record MergeFailed(long requestId, long rid, long jobId, List<DeviceExtent> returned, String reason)
            implements Message {}

    /** Asks for space now. Answered by {@link SpaceGranted}, with less or nothing where the volume has no more. */
    record NeedSpace(long requestId, long rid, long dataBlocks, long metaBlocks, boolean mayUseReserve)
            implements Message {}

    /** Asks for inode numbers, one whole run of lock groups. Answered by {@link InodesGranted}. */
    record NeedInodes(long requestId, long rid) implements Message {}

    /** Gives granted blocks back unused, because the server recalled them or the node shrinks. Answered by {@link Done}. */
    record ReturnSpace(long requestId, long rid, List<DeviceExtent> returned) implements Message {}

    /**
     * The devices are larger, and the volume shall be. Answered by {@link Done} when it is, or {@link Refused}: then neither part has grown.
     *
     * @param metaBlocks of the metadata device; 0 for no change, and so is what is less than {@link #META_UNIT_BLOCKS} from the present size
     * @param dataBlocks of the data device, or of the only device; 0 for no change
     */
    record Resize(long requestId, long rid, long metaBlocks, long dataBlocks) implements Message {}

    /** Asks for a lock. Answered, whenever it is its turn, by {@link LockGranted}. */
    record LockRequest(long rid, LockName name, LockMode mode) implements Message {}

    /** Gives a lock back, or keeps it as READ. Ignored by the server unless {@code grantNumber} is that of the grant it knows. */
    record LockReleased(long rid, LockName name, @Nullable LockMode kept, long grantNumber) implements Message {}

    /**
     * The lease is renewed, and old versions are let go. Answered by {@link Renewed}.
     *
     * @param sentNanos by the sender's clock, which the answer repeats: the lease is counted from then
     */
    record Renew(long rid, long sentNanos, long oldestVersion) implements Message {}

    /**
     * Some of the locks that the sender holds, before its {@link Declare}: in pieces, since there may be very many. Not
     * answered.
     *
     * @param attempt of its {@link Declare}
     */
    record DeclareLocks(long rid, long attempt, List<HeldGrant> locks) implements Message {}

    /**
     * The first message of an incarnation that had joined before, on a new connection: to the same server or to its successor.
     * The {@link DeclareLocks} before it say all that it holds; the requests that it has no answer to follow it, with their old
     * numbers and in their old order. Answered by {@link Declared} or {@link Evicted}.
     *
     * @param attempt rises with each declaration of an incarnation, and the answer repeats it: what was said on an earlier
     *     connection may be read after this one was made, and does not count then
     * @param epoch the newest that the sender has heard of: a server of a lower one is told so by this
     * @param oldestVersion the oldest version that it still reads
     * @param answeredRequestId all its requests up to this one were answered
     * @param granted blocks that it was told are its own and that no answered request has used up or given back
     */
    record Declare(
            long rid, long attempt, long epoch, long oldestVersion, long answeredRequestId, List<DeviceExtent> granted)
            implements Message {}

    /**
     * Asks whether any other node has an inode open, before it is destroyed. Answered by {@link OpenElsewhere}, when every
     * other node has answered or was evicted.
     */
    record AskOpen(long requestId, long rid, long ino) implements Message {}

    /** Answers {@link IsOpen}. */
    record OpenHere(long rid, long askId, boolean isOpen) implements Message {}

    /**
     * Asks for a file lock, in the place of what its owner has of that range; or with {@code isTest}, only what is in the way. Answered by
     * {@link FileLockAnswer}: never late, so that who waits asks again after {@link FileLocksFreed}.
     */
    record FileLockRequest(long requestId, long rid, FileLockRange lock, boolean isTest) implements Message {}

    /** What the owner has of a range goes. Not answered; where it is lost, the next declaration makes up for it. */
    record FileLockRelease(long rid, FileLockRange lock) implements Message {}

    /** Some of the file locks that the sender holds, before its {@link Declare}, as {@link DeclareLocks}. Not answered. */
    record DeclareFileLocks(long rid, long attempt, List<FileLockRange> locks) implements Message {}

    /** Asks for the server's view of the cluster, to be shown. */
    record ClusterRequest(long requestId, long rid) implements Message {}

    /** Asks for the lock table. Answered by {@link LockList}. */
    record LocksRequest(long requestId, long rid) implements Message {}

    /** Asks what {@code statfs} shows. Answered by {@link VolumeStatus}. */
    record StatusRequest(long requestId, long rid) implements Message {}

    /**
     * An incarnation ends: it has no I/O under way and will write nothing more. Answered by {@link Done}.
     *
     * @param ended the sender itself, or one that was on its host before and is gone for certain
     */
    record Goodbye(long requestId, long rid, long ended) implements Message {}

    // ---- server to node -------------------------------------------------------------------------------------------

    /**
     * @param versionNumber the version that {@code levels} is
     * @param levels its segments: level 0 newest first, deeper ones in key order
     * @param seqs for the first two transactions
     */
    record Joined(
            long requestId,
            long epoch,
            long versionNumber,
            long stableSeq,
            List<List<SegmentInfo>> levels,
            List<Long> seqs,
            Grants grants)
            implements Message {}

    /** @param nextSeq for the transaction after the one now open; 0 when no sequence number was used up */
    record Committed(long requestId, List<VersionEdit> edits, long nextSeq, Grants grants) implements Message {}

    /** The request had no effect and never will. The node stops its writes. */
    record Refused(long requestId, String reason) implements Message {}

    record Done(long requestId) implements Message {}

    record SpaceGranted(long requestId, Grants grants) implements Message {}

    /** Inode numbers {@code [first, first + count)}. */
    record InodesGranted(long requestId, long first, long count) implements Message {}

    /**
     * @param grantNumber names this grant in revokes, releases and commits
     * @param edits what brings the node to the newest version
     * @param highestSeq the highest sequence number that was ever used under this lock
     */
    record LockGranted(LockName name, LockMode mode, long grantNumber, List<VersionEdit> edits, long highestSeq)
            implements Message {}

    /** @param kept the mode that the holder may keep, or null for none */
    record LockRevoke(LockName name, @Nullable LockMode kept, long grantNumber) implements Message {}

    /** Versions that others made, or a merge did. */
    record Published(List<VersionEdit> edits) implements Message {}

    /**
     * @param sentNanos of the {@link Renew}
     * @param leaseNanos how long, from then on, the node may use what it holds; 0 when it is not renewed
     */
    record Renewed(long sentNanos, long leaseNanos, List<VersionEdit> edits) implements Message {}

    /**
     * The incarnation goes on with this server, on the connection of that attempt. What it was granted and did not declare (the answer was lost) is taken back.
     *
     * @param levels of the version {@code versionNumber}, which replaces what the node knows
     * @param openSeqs the sequence numbers that it may still commit under: one that it has in a commit under way and that is
     *     not among them was committed, and is in the version; one that it does not know came with an answer that was lost
     */
    record Declared(
            long attempt,
            long epoch,
            long versionNumber,
            long stableSeq,
            List<List<SegmentInfo>> levels,
            List<Long> openSeqs)
            implements Message {}

    /**
     * This incarnation is over, or the server does not know it: nothing of it is taken any more, and what it held may be others'.
     * The mount waits for its own I/O, says {@link Goodbye} for it, and joins as a new one.
     */
    record Evicted(long rid, String reason) implements Message {}

    /** Asks whether a node has an inode open. Answered by {@link OpenHere}. */
    record IsOpen(long askId, long ino) implements Message {}

    record OpenElsewhere(long requestId, boolean isOpen) implements Message {}

    /** @param inTheWay null when the lock is granted, or would be */
    record FileLockAnswer(long requestId, @Nullable FileLockRange inTheWay) implements Message {}

    /** File locks of an inode went, and this node was refused one of them before: it may try again. */
    record FileLocksFreed(long ino) implements Message {}

    /** @param isCut whether there are more locks than are listed */
    record LockList(long requestId, List<LockState> locks, boolean isCut) implements Message {}

    /**
     * @param servesNanos for how long this server has served
     * @param authorityNanos how long it may still renew leases and grant locks, without looking again that nobody else serves
     * @param commitNanos since the last commit of any mount under this server; -1 for none yet
     * @param lockCount locks that somebody holds or waits for
     * @param mounts in the order of their rids; also those that are gone and whose space is in quarantine
     */
    record ClusterState(
            long requestId,
            long epoch,
            long servesNanos,
            long authorityNanos,
            long versionNumber,
            long stableSeq,
            long commitNanos,
            long lockCount,
            List<MountState> mounts)
            implements Message {}

    /** A merge for this node to do, into the space of {@code grants}. Answered by {@link Merged} or {@link MergeFailed}. */
    record MergeJob(long jobId, MergeSpec spec, Grants grants) implements Message {}

    /** Please give back what you do not need: somebody found the volume full. */
    record RecallSpace() implements Message {}

    /** All in blocks but the counts. On one device all space counts as data. */
    record VolumeStatus(
            long requestId,
            long totalMetaBlocks,
            long totalDataBlocks,
            long freeMetaBlocks,
            long freeDataBlocks,
            long reservedBlocks,
            long inodeCount,
            long stableSeq)
            implements Message {}

    // ---- parts ----------------------------------------------------------------------------------------------------

    /**
     * Space and names that belong to the receiving incarnation from now on.
     *
     * @param data blocks for file data
     * @param meta blocks for segments; from the same pool on a volume with one device
     * @param firstSegmentId first of {@code segmentIdCount} segment ids; 0 with a count of 0 for none
     */
    record Grants(List<DeviceExtent> data, List<DeviceExtent> meta, long firstSegmentId, long segmentIdCount) {
        public static final Grants NONE = new Grants(List.of(), List.of(), 0, 0);
    }

    /**
     * A file lock, {@code flock} or a range; the two kinds do not see each other.
     *
     * @param owner as the kernel of the holder's host numbers it
     * @param end the last byte
     * @param pid of the holder on its host
     */
    record FileLockRange(long ino, boolean isFlock, long owner, long start, long end, boolean isWrite, int pid) {}

    /** A grant that an incarnation holds. */
    record HeldGrant(LockName name, LockMode mode, long grantNumber) {}

    /** One lock, as {@code scoutfs locks} shows it. Waiters in the order in which they are served. */
    record LockState(LockName name, List<LockHolder> holders, List<LockWaiter> waiters) {}

    /** What the server knows of an incarnation, as {@code scoutfs cluster} shows it. */
    enum Standing {
        /** The server's own log. */
        SERVER,
        /** A mount, which renews its lease. */
        JOINED,
        /** A mount of an earlier server's, which this one waits for. */
        AWAITED,
        /** It is over, and not known to be gone: what it was granted stays out of use. */
        QUARANTINED
    }

    /**
     * @param hostName of its host, and {@code pid} its process there
     * @param epoch in which it came
     * @param leaseNanos how long others wait for it at most, when it is silent from now on
     * @param versionsBehind how many versions older than the newest is the oldest that it reads
     * @param grantedBlocks that it may write to, or that are in quarantine on its account
     */
    record MountState(
            long rid,
            String hostName,
            long pid,
            long epoch,
            Standing standing,
            boolean isReadOnly,
            long leaseNanos,
            long versionsBehind,
            long grantedBlocks) {}

    /** @param isRevoked whether the server asked to have it back */
    record LockHolder(long rid, LockMode mode, long grantNumber, long heldNanos, boolean isRevoked) {}

    record LockWaiter(long rid, LockMode mode, long waitedNanos) {}
}
