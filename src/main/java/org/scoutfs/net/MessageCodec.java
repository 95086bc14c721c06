package org.scoutfs.net;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.CorruptionException;
import org.scoutfs.device.DeviceExtent;
import org.scoutfs.format.ByteReader;
import org.scoutfs.format.ByteWriter;
import org.scoutfs.lsm.MergeSpec;
import org.scoutfs.lsm.SegmentInfo;
import org.scoutfs.lsm.Version;
import org.scoutfs.lsm.VersionCodec;
import org.scoutfs.lsm.VersionEdit;

/**
 * Messages as bytes. docs/protocol.md lists them all. A message is its tag, one byte, and its fields in the order of the record.
 *
 * <p>The bytes carry neither length nor checksum: a {@link Frame} has both. The decoder believes nothing all the same: whatever
 * the bytes, it returns a message that keeps the rules of its type or throws {@link CorruptionException}, and needs no more
 * memory than a small multiple of the bytes.
 *
 * <p>A new message needs: a tag that was never used, its case in {@link #encode} and {@link #decode}, its row in the document,
 * and, where an older program could meet it, a new {@link Hello#PROTOCOL_VERSION}.
 */
public final class MessageCodec {
    /** Bytes in the longest reason; longer ones are cut. */
    static final int REASON_BYTES_MAX = 1024;

    private static final int JOIN = 1;
    private static final int COMMIT = 2;
    private static final int MERGED = 3;
    private static final int MERGE_FAILED = 4;
    private static final int NEED_SPACE = 5;
    private static final int NEED_INODES = 6;
    private static final int RETURN_SPACE = 7;
    private static final int LOCK_REQUEST = 8;
    private static final int LOCK_RELEASED = 9;
    private static final int RENEW = 10;
    private static final int STATUS_REQUEST = 11;
    private static final int GOODBYE = 12;
    private static final int DECLARE_LOCKS = 13;
    private static final int DECLARE = 14;
    private static final int ASK_OPEN = 15;
    private static final int OPEN_HERE = 16;
    private static final int LOCKS_REQUEST = 17;
    private static final int FILE_LOCK_REQUEST = 18;
    private static final int FILE_LOCK_RELEASE = 19;
    private static final int DECLARE_FILE_LOCKS = 20;
    private static final int CLUSTER_REQUEST = 21;
    private static final int RESIZE = 22;

    private static final int JOINED = 65;
    private static final int COMMITTED = 66;
    private static final int REFUSED = 67;
    private static final int DONE = 68;
    private static final int SPACE_GRANTED = 69;
    private static final int INODES_GRANTED = 70;
    private static final int LOCK_GRANTED = 71;
    private static final int LOCK_REVOKE = 72;
    private static final int PUBLISHED = 73;
    private static final int RENEWED = 74;
    private static final int MERGE_JOB = 75;
    private static final int RECALL_SPACE = 76;
    private static final int VOLUME_STATUS = 77;
    private static final int DECLARED = 78;
    private static final int EVICTED = 79;
    private static final int IS_OPEN = 80;
    private static final int OPEN_ELSEWHERE = 81;
    private static final int LOCK_LIST = 82;
    private static final int FILE_LOCK_ANSWER = 83;
    private static final int FILE_LOCKS_FREED = 84;
    private static final int CLUSTER_STATE = 85;

    /** Where a mode may be missing. The numbers of {@link LockMode} are its ordinals. */
    private static final int NO_MODE = 255;

    /** Bytes in the longest host name; longer ones are cut. */
    private static final int HOST_NAME_BYTES_MAX = 64;

    private static final int MOUNT_STATE_BYTES_MIN = 6 * Long.BYTES + Integer.BYTES + 2;
    private static final int NAME_BYTES = 1 + Long.BYTES;
    private static final int HELD_GRANT_BYTES = NAME_BYTES + 1 + Long.BYTES;
    private static final int LOCK_STATE_BYTES_MIN = NAME_BYTES + 2 * Integer.BYTES;
    private static final int LOCK_HOLDER_BYTES = Long.BYTES + 1 + 2 * Long.BYTES + 1;
    private static final int LOCK_WAITER_BYTES = Long.BYTES + 1 + Long.BYTES;
    private static final int FILE_LOCK_BYTES = 4 * Long.BYTES + 2 + Integer.BYTES;

    private MessageCodec() {}

    public static void encode(Message message, ByteWriter out) {
        switch (message) {
            case Message.Join m -> flag(out.u8(JOIN).u64(m.requestId()).u64(m.rid()), m.isReadOnly());
            case Message.Commit m -> {
                out.u8(COMMIT).u64(m.requestId()).u64(m.rid()).u64(m.seq());
                segments(out, m.segments());
                out.extents(m.consumed()).extents(m.freed()).extents(m.returned());
                numbers(out, m.changedUnder());
                out.u64(m.inodeCountDelta()).u64(m.oldestVersion());
            }
            case Message.Merged m -> {
                out.u8(MERGED).u64(m.requestId()).u64(m.rid()).u64(m.jobId());
                added(out, m.added());
                numbers(out, m.removedIds());
                out.extents(m.consumed()).extents(m.returned()).u64(m.oldestVersion());
            }
            case Message.MergeFailed m -> {
                out.u8(MERGE_FAILED).u64(m.requestId()).u64(m.rid()).u64(m.jobId()).extents(m.returned());
                out.text(m.reason(), REASON_BYTES_MAX);
            }
            case Message.NeedSpace m -> {
                out.u8(NEED_SPACE).u64(m.requestId()).u64(m.rid()).u64(m.dataBlocks()).u64(m.metaBlocks());
                flag(out, m.mayUseReserve());
            }
            case Message.NeedInodes m -> out.u8(NEED_INODES).u64(m.requestId()).u64(m.rid());
            case Message.ReturnSpace m ->
                out.u8(RETURN_SPACE).u64(m.requestId()).u64(m.rid()).extents(m.returned());
            case Message.Resize m ->
                out.u8(RESIZE).u64(m.requestId()).u64(m.rid()).u64(m.metaBlocks()).u64(m.dataBlocks());
            case Message.LockRequest m -> {
                name(out.u8(LOCK_REQUEST).u64(m.rid()), m.name());
                mode(out, m.mode());
            }
            case Message.LockReleased m -> {
                name(out.u8(LOCK_RELEASED).u64(m.rid()), m.name());
                mode(out, m.kept());
                out.u64(m.grantNumber());
            }
            case Message.Renew m -> out.u8(RENEW).u64(m.rid()).u64(m.sentNanos()).u64(m.oldestVersion());
            case Message.DeclareLocks m -> heldGrants(out.u8(DECLARE_LOCKS).u64(m.rid()).u64(m.attempt()), m.locks());
            case Message.Declare m ->
                out.u8(DECLARE).u64(m.rid()).u64(m.attempt()).u64(m.epoch()).u64(m.oldestVersion())
                        .u64(m.answeredRequestId()).extents(m.granted());
            case Message.AskOpen m -> out.u8(ASK_OPEN).u64(m.requestId()).u64(m.rid()).u64(m.ino());
            case Message.OpenHere m -> flag(out.u8(OPEN_HERE).u64(m.rid()).u64(m.askId()), m.isOpen());
            case Message.FileLockRequest m -> {
                fileLock(out.u8(FILE_LOCK_REQUEST).u64(m.requestId()).u64(m.rid()), m.lock());
                flag(out, m.isTest());
            }
            case Message.FileLockRelease m -> fileLock(out.u8(FILE_LOCK_RELEASE).u64(m.rid()), m.lock());
            case Message.DeclareFileLocks m -> {
                out.u8(DECLARE_FILE_LOCKS).u64(m.rid()).u64(m.attempt()).u32(m.locks().size());
                m.locks().forEach(lock -> fileLock(out, lock));
            }
            case Message.FileLockAnswer m -> {
                flag(out.u8(FILE_LOCK_ANSWER).u64(m.requestId()), m.inTheWay() != null);
                if (m.inTheWay() != null) {
                    fileLock(out, m.inTheWay());
                }
            }
            case Message.FileLocksFreed m -> out.u8(FILE_LOCKS_FREED).u64(m.ino());
            case Message.LocksRequest m -> out.u8(LOCKS_REQUEST).u64(m.requestId()).u64(m.rid());
            case Message.ClusterRequest m -> out.u8(CLUSTER_REQUEST).u64(m.requestId()).u64(m.rid());
            case Message.StatusRequest m -> out.u8(STATUS_REQUEST).u64(m.requestId()).u64(m.rid());
            case Message.Goodbye m -> out.u8(GOODBYE).u64(m.requestId()).u64(m.rid()).u64(m.ended());
            case Message.Joined m -> {
                out.u8(JOINED).u64(m.requestId()).u64(m.epoch()).u64(m.versionNumber()).u64(m.stableSeq());
                levels(out, m.levels());
                numbers(out, m.seqs());
                grants(out, m.grants());
            }
            case Message.Committed m -> {
                edits(out.u8(COMMITTED).u64(m.requestId()), m.edits());
                grants(out.u64(m.nextSeq()), m.grants());
            }
            case Message.Refused m -> out.u8(REFUSED).u64(m.requestId()).text(m.reason(), REASON_BYTES_MAX);
            case Message.Done m -> out.u8(DONE).u64(m.requestId());
            case Message.SpaceGranted m -> grants(out.u8(SPACE_GRANTED).u64(m.requestId()), m.grants());
            case Message.InodesGranted m ->
                out.u8(INODES_GRANTED).u64(m.requestId()).u64(m.first()).u64(m.count());
            case Message.LockGranted m -> {
                name(out.u8(LOCK_GRANTED), m.name());
                mode(out, m.mode());
                edits(out.u64(m.grantNumber()), m.edits());
                out.u64(m.highestSeq());
            }
            case Message.LockRevoke m -> {
                name(out.u8(LOCK_REVOKE), m.name());
                mode(out, m.kept());
                out.u64(m.grantNumber());
            }
            case Message.Published m -> edits(out.u8(PUBLISHED), m.edits());
            case Message.Renewed m ->
                edits(out.u8(RENEWED).u64(m.sentNanos()).u64(m.leaseNanos()), m.edits());
            case Message.Declared m -> {
                out.u8(DECLARED).u64(m.attempt()).u64(m.epoch()).u64(m.versionNumber()).u64(m.stableSeq());
                levels(out, m.levels());
                numbers(out, m.openSeqs());
            }
            case Message.Evicted m -> out.u8(EVICTED).u64(m.rid()).text(m.reason(), REASON_BYTES_MAX);
            case Message.IsOpen m -> out.u8(IS_OPEN).u64(m.askId()).u64(m.ino());
            case Message.OpenElsewhere m -> flag(out.u8(OPEN_ELSEWHERE).u64(m.requestId()), m.isOpen());
            case Message.LockList m -> {
                out.u8(LOCK_LIST).u64(m.requestId()).u32(m.locks().size());
                m.locks().forEach(lock -> lockState(out, lock));
                flag(out, m.isCut());
            }
            case Message.ClusterState m -> {
                out.u8(CLUSTER_STATE).u64(m.requestId()).u64(m.epoch()).u64(m.servesNanos()).u64(m.authorityNanos());
                out.u64(m.versionNumber()).u64(m.stableSeq()).u64(m.commitNanos()).u64(m.lockCount());
                out.u32(m.mounts().size());
                m.mounts().forEach(mount -> mountState(out, mount));
            }
            case Message.MergeJob m -> {
                MergeSpec spec = m.spec();
                out.u8(MERGE_JOB).u64(m.jobId()).u64(spec.planVersion()).u8(spec.upperLevel()).u8(spec.targetLevel());
                segments(out, spec.upper());
                segments(out, spec.lower());
                flag(out, spec.dropTombstones());
                grants(out, m.grants());
            }
            case Message.RecallSpace _ -> out.u8(RECALL_SPACE);
            case Message.VolumeStatus m ->
                out.u8(VOLUME_STATUS).u64(m.requestId()).u64(m.totalMetaBlocks()).u64(m.totalDataBlocks())
                        .u64(m.freeMetaBlocks()).u64(m.freeDataBlocks()).u64(m.reservedBlocks()).u64(m.inodeCount())
                        .u64(m.stableSeq());
        }
    }

    /** Decodes one message, which has to end where the bytes end. */
    public static Message decode(ByteReader in) throws CorruptionException {
        Message message = decodeTagged(in.u8(), in);
        in.end();
        return message;
    }

    private static Message decodeTagged(int tag, ByteReader in) throws CorruptionException {
        return switch (tag) {
            case JOIN -> new Message.Join(in.u64(), in.u64(), flag(in));
            case COMMIT -> new Message.Commit(in.u64(), in.u64(), in.u64(), segments(in), in.extents(), in.extents(),
                    in.extents(), numbers(in), in.u64(), in.u64());
            case MERGED -> new Message.Merged(in.u64(), in.u64(), in.u64(), added(in), numbers(in), in.extents(),
                    in.extents(), in.u64());
            case MERGE_FAILED -> new Message.MergeFailed(
                    in.u64(), in.u64(), in.u64(), in.extents(), in.text(REASON_BYTES_MAX));
            case NEED_SPACE -> new Message.NeedSpace(
                    in.u64(), in.u64(), blocks(in), blocks(in), flag(in));
            case NEED_INODES -> new Message.NeedInodes(in.u64(), in.u64());
            case RETURN_SPACE -> new Message.ReturnSpace(in.u64(), in.u64(), in.extents());
            case RESIZE -> new Message.Resize(in.u64(), in.u64(), blocks(in), blocks(in));
            case LOCK_REQUEST -> new Message.LockRequest(in.u64(), name(in), mode(in));
            case LOCK_RELEASED -> new Message.LockReleased(in.u64(), name(in), modeOrNone(in), in.u64());
            case RENEW -> new Message.Renew(in.u64(), in.u64(), in.u64());
            case DECLARE_LOCKS -> new Message.DeclareLocks(in.u64(), in.u64(), heldGrants(in));
            case DECLARE -> new Message.Declare(in.u64(), in.u64(), in.u64(), in.u64(), in.u64(), in.extents());
            case ASK_OPEN -> new Message.AskOpen(in.u64(), in.u64(), in.u64());
            case OPEN_HERE -> new Message.OpenHere(in.u64(), in.u64(), flag(in));
            case FILE_LOCK_REQUEST -> new Message.FileLockRequest(in.u64(), in.u64(), fileLock(in), flag(in));
            case FILE_LOCK_RELEASE -> new Message.FileLockRelease(in.u64(), fileLock(in));
            case DECLARE_FILE_LOCKS -> new Message.DeclareFileLocks(in.u64(), in.u64(), fileLocks(in));
            case FILE_LOCK_ANSWER -> new Message.FileLockAnswer(in.u64(), flag(in) ? fileLock(in) : null);
            case FILE_LOCKS_FREED -> new Message.FileLocksFreed(in.u64());
            case LOCKS_REQUEST -> new Message.LocksRequest(in.u64(), in.u64());
            case CLUSTER_REQUEST -> new Message.ClusterRequest(in.u64(), in.u64());
            case STATUS_REQUEST -> new Message.StatusRequest(in.u64(), in.u64());
            case GOODBYE -> new Message.Goodbye(in.u64(), in.u64(), in.u64());
            case JOINED -> new Message.Joined(
                    in.u64(), in.u64(), in.u64(), in.u64(), levels(in), numbers(in), grants(in));
            case COMMITTED -> new Message.Committed(in.u64(), edits(in), in.u64(), grants(in));
            case REFUSED -> new Message.Refused(in.u64(), in.text(REASON_BYTES_MAX));
            case DONE -> new Message.Done(in.u64());
            case SPACE_GRANTED -> new Message.SpaceGranted(in.u64(), grants(in));
            case INODES_GRANTED -> new Message.InodesGranted(in.u64(), in.u64(), in.u64());
            case LOCK_GRANTED -> new Message.LockGranted(name(in), mode(in), in.u64(), edits(in), in.u64());
            case LOCK_REVOKE -> new Message.LockRevoke(name(in), modeOrNone(in), in.u64());
            case PUBLISHED -> new Message.Published(edits(in));
            case RENEWED -> new Message.Renewed(in.u64(), in.u64(), edits(in));
            case DECLARED -> new Message.Declared(in.u64(), in.u64(), in.u64(), in.u64(), levels(in), numbers(in));
            case EVICTED -> new Message.Evicted(in.u64(), in.text(REASON_BYTES_MAX));
            case IS_OPEN -> new Message.IsOpen(in.u64(), in.u64());
            case OPEN_ELSEWHERE -> new Message.OpenElsewhere(in.u64(), flag(in));
            case LOCK_LIST -> new Message.LockList(in.u64(), lockStates(in), flag(in));
            case CLUSTER_STATE -> new Message.ClusterState(in.u64(), in.u64(), in.u64(), in.u64(), in.u64(), in.u64(), in.u64(),
                    in.u64(), mountStates(in));
            case MERGE_JOB -> new Message.MergeJob(in.u64(), mergeSpec(in), grants(in));
            case RECALL_SPACE -> new Message.RecallSpace();
            case VOLUME_STATUS -> new Message.VolumeStatus(
                    in.u64(), blocks(in), blocks(in), blocks(in), blocks(in), blocks(in), in.u64(), in.u64());
            default -> throw in.corrupt("a known message", "tag " + tag);
        };
    }

    // ---- parts, each with its two directions side by side -----------------------------------------------------------

    private static void flag(ByteWriter out, boolean value) {
        out.u8(value ? 1 : 0);
    }

    private static boolean flag(ByteReader in) throws CorruptionException {
        int value = in.u8();
        in.check(value <= 1, "a flag of 0 or 1", value);
        return value == 1;
    }

    private static long blocks(ByteReader in) throws CorruptionException {
        return in.u64("a count of blocks", 0, Long.MAX_VALUE / 2);
    }

    private static void mode(ByteWriter out, @Nullable LockMode mode) {
        out.u8(mode == null ? NO_MODE : mode.ordinal());
    }

    private static LockMode mode(ByteReader in) throws CorruptionException {
        LockMode mode = modeOrNone(in);
        if (mode == null) {
            throw in.corrupt("a lock mode", "none");
        }
        return mode;
    }

    private static @Nullable LockMode modeOrNone(ByteReader in) throws CorruptionException {
        int number = in.u8();
        if (number == NO_MODE) {
            return null;
        }
        LockMode[] modes = LockMode.values();
        in.check(number < modes.length, "a lock mode", number);
        return modes[number];
    }

    /** The numbers of {@link LockName.Kind} are its ordinals. */
    private static void name(ByteWriter out, LockName name) {
        out.u8(name.kind().ordinal()).u64(name.number());
    }

    private static LockName name(ByteReader in) throws CorruptionException {
        int number = in.u8();
        LockName.Kind[] kinds = LockName.Kind.values();
        in.check(number < kinds.length, "a kind of lock", number);
        return new LockName(kinds[number], in.u64());
    }

    private static void numbers(ByteWriter out, List<Long> numbers) {
        out.u32(numbers.size());
        numbers.forEach(out::u64);
    }

    private static List<Long> numbers(ByteReader in) throws CorruptionException {
        int count = in.count(Long.BYTES);
        List<Long> numbers = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            numbers.add(in.u64());
        }
        return List.copyOf(numbers);
    }

    private static void heldGrants(ByteWriter out, List<Message.HeldGrant> locks) {
        out.u32(locks.size());
        for (Message.HeldGrant lock : locks) {
            name(out, lock.name());
            mode(out, lock.mode());
            out.u64(lock.grantNumber());
        }
    }

    private static List<Message.HeldGrant> heldGrants(ByteReader in) throws CorruptionException {
        int count = in.count(HELD_GRANT_BYTES);
        List<Message.HeldGrant> locks = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            locks.add(new Message.HeldGrant(name(in), mode(in), in.u64()));
        }
        return List.copyOf(locks);
    }

    private static void fileLock(ByteWriter out, Message.FileLockRange lock) {
        flag(out.u64(lock.ino()), lock.isFlock());
        flag(out.u64(lock.owner()).u64(lock.start()).u64(lock.end()), lock.isWrite());
        out.u32(lock.pid());
    }

    private static Message.FileLockRange fileLock(ByteReader in) throws CorruptionException {
        long ino = in.u64();
        boolean isFlock = flag(in);
        long owner = in.u64();
        long start = in.u64("the first byte of a lock", 0, Long.MAX_VALUE);
        long end = in.u64("the last byte of a lock", start, Long.MAX_VALUE);
        return new Message.FileLockRange(ino, isFlock, owner, start, end, flag(in), in.u32());
    }

    private static List<Message.FileLockRange> fileLocks(ByteReader in) throws CorruptionException {
        int count = in.count(FILE_LOCK_BYTES);
        List<Message.FileLockRange> locks = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            locks.add(fileLock(in));
        }
        return List.copyOf(locks);
    }

    private static void lockState(ByteWriter out, Message.LockState lock) {
        name(out, lock.name());
        out.u32(lock.holders().size());
        for (Message.LockHolder holder : lock.holders()) {
            mode(out.u64(holder.rid()), holder.mode());
            flag(out.u64(holder.grantNumber()).u64(holder.heldNanos()), holder.isRevoked());
        }
        out.u32(lock.waiters().size());
        for (Message.LockWaiter waiter : lock.waiters()) {
            mode(out.u64(waiter.rid()), waiter.mode());
            out.u64(waiter.waitedNanos());
        }
    }

    private static List<Message.LockState> lockStates(ByteReader in) throws CorruptionException {
        int count = in.count(LOCK_STATE_BYTES_MIN);
        List<Message.LockState> locks = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            locks.add(new Message.LockState(name(in), lockHolders(in), lockWaiters(in)));
        }
        return List.copyOf(locks);
    }

    private static List<Message.LockHolder> lockHolders(ByteReader in) throws CorruptionException {
        int count = in.count(LOCK_HOLDER_BYTES);
        List<Message.LockHolder> holders = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            holders.add(new Message.LockHolder(in.u64(), mode(in), in.u64(), in.u64(), flag(in)));
        }
        return List.copyOf(holders);
    }

    private static List<Message.LockWaiter> lockWaiters(ByteReader in) throws CorruptionException {
        int count = in.count(LOCK_WAITER_BYTES);
        List<Message.LockWaiter> waiters = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            waiters.add(new Message.LockWaiter(in.u64(), mode(in), in.u64()));
        }
        return List.copyOf(waiters);
    }

    /** The numbers of {@link Message.Standing} are its ordinals. */
    private static void mountState(ByteWriter out, Message.MountState mount) {
        out.u64(mount.rid()).text(mount.hostName(), HOST_NAME_BYTES_MAX);
        out.u64(mount.pid()).u64(mount.epoch()).u8(mount.standing().ordinal());
        flag(out, mount.isReadOnly());
        out.u64(mount.leaseNanos()).u64(mount.versionsBehind()).u64(mount.grantedBlocks());
    }

    private static List<Message.MountState> mountStates(ByteReader in) throws CorruptionException {
        int count = in.count(MOUNT_STATE_BYTES_MIN);
        List<Message.MountState> mounts = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            mounts.add(new Message.MountState(in.u64(), in.text(HOST_NAME_BYTES_MAX), in.u64(), in.u64(), standing(in), flag(in),
                    in.u64(), in.u64(), in.u64()));
        }
        return List.copyOf(mounts);
    }

    private static Message.Standing standing(ByteReader in) throws CorruptionException {
        int number = in.u8();
        Message.Standing[] standings = Message.Standing.values();
        in.check(number < standings.length, "what a mount is", number);
        return standings[number];
    }

    private static void grants(ByteWriter out, Message.Grants grants) {
        out.extents(grants.data()).extents(grants.meta()).u64(grants.firstSegmentId()).u64(grants.segmentIdCount());
    }

    private static Message.Grants grants(ByteReader in) throws CorruptionException {
        List<DeviceExtent> data = in.extents();
        return new Message.Grants(data, in.extents(), in.u64(), in.u64("a count of segment ids", 0, Long.MAX_VALUE));
    }

    private static void segment(ByteWriter out, SegmentInfo segment) {
        byte[] bytes = new byte[VersionCodec.sizeOf(segment)];
        VersionCodec.encode(segment, ByteBuffer.wrap(bytes));
        out.counted(bytes);
    }

    private static SegmentInfo segment(ByteReader in) throws CorruptionException {
        ByteBuffer bytes = ByteBuffer.wrap(in.counted(in.remaining()));
        SegmentInfo segment = VersionCodec.decodeSegment(bytes);
        in.check(!bytes.hasRemaining(), "the end of a segment info", bytes.remaining() + " more bytes");
        return segment;
    }

    private static void segments(ByteWriter out, List<SegmentInfo> segments) {
        out.u32(segments.size());
        segments.forEach(segment -> segment(out, segment));
    }

    private static List<SegmentInfo> segments(ByteReader in) throws CorruptionException {
        int count = in.count(Integer.BYTES);
        List<SegmentInfo> segments = new ArrayList<>(Math.min(count, in.remaining() / 40));
        for (int i = 0; i < count; i++) {
            segments.add(segment(in));
        }
        return List.copyOf(segments);
    }

    private static void levels(ByteWriter out, List<List<SegmentInfo>> levels) {
        out.u8(levels.size());
        levels.forEach(level -> segments(out, level));
    }

    private static List<List<SegmentInfo>> levels(ByteReader in) throws CorruptionException {
        int count = in.u8();
        in.check(count <= Version.LEVEL_COUNT, "at most " + Version.LEVEL_COUNT + " levels", count);
        List<List<SegmentInfo>> levels = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            levels.add(segments(in));
        }
        return List.copyOf(levels);
    }

    private static int level(ByteReader in) throws CorruptionException {
        int level = in.u8();
        in.check(level < Version.LEVEL_COUNT, "a level below " + Version.LEVEL_COUNT, level);
        return level;
    }

    private static void added(ByteWriter out, List<VersionEdit.Added> added) {
        out.u32(added.size());
        added.forEach(one -> segment(out.u8(one.level()), one.segment()));
    }

    private static List<VersionEdit.Added> added(ByteReader in) throws CorruptionException {
        int count = in.count(1 + Integer.BYTES);
        List<VersionEdit.Added> added = new ArrayList<>(Math.min(count, in.remaining() / 40));
        for (int i = 0; i < count; i++) {
            added.add(new VersionEdit.Added(level(in), segment(in)));
        }
        return List.copyOf(added);
    }

    private static void edits(ByteWriter out, List<VersionEdit> edits) {
        out.u32(edits.size());
        for (VersionEdit edit : edits) {
            byte[] bytes = new byte[VersionCodec.sizeOf(edit)];
            VersionCodec.encode(edit, ByteBuffer.wrap(bytes));
            out.counted(bytes);
        }
    }

    private static List<VersionEdit> edits(ByteReader in) throws CorruptionException {
        int count = in.count(Integer.BYTES);
        List<VersionEdit> edits = new ArrayList<>(Math.min(count, in.remaining() / 28));
        for (int i = 0; i < count; i++) {
            ByteBuffer bytes = ByteBuffer.wrap(in.counted(in.remaining()));
            edits.add(VersionCodec.decodeEdit(bytes));
            in.check(!bytes.hasRemaining(), "the end of a version edit", bytes.remaining() + " more bytes");
        }
        return List.copyOf(edits);
    }

    private static MergeSpec mergeSpec(ByteReader in) throws CorruptionException {
        long planVersion = in.u64();
        int upperLevel = level(in);
        int targetLevel = level(in);
        in.check(targetLevel == upperLevel + 1 || targetLevel == upperLevel,
                "the same level or the next one", upperLevel + " to " + targetLevel);
        List<SegmentInfo> upper = segments(in);
        in.check(!upper.isEmpty(), "inputs of a merge", "none");
        return new MergeSpec(planVersion, upperLevel, targetLevel, upper, segments(in), flag(in));
    }
}
