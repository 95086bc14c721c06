package org.scoutfs.volume;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.scoutfs.base.CorruptionException;
import org.scoutfs.format.ByteReader;
import org.scoutfs.format.ByteWriter;
import org.scoutfs.format.ProcessIdentity;
import org.scoutfs.format.VolumeLayout;
import org.scoutfs.lsm.SegmentInfo;
import org.scoutfs.lsm.VersionEdit;
import org.scoutfs.volume.StateEdit.Consumed;
import org.scoutfs.volume.StateEdit.Counters;
import org.scoutfs.volume.StateEdit.DevicesGrew;
import org.scoutfs.volume.StateEdit.Ended;
import org.scoutfs.volume.StateEdit.EpochBegan;
import org.scoutfs.volume.StateEdit.Evicted;
import org.scoutfs.volume.StateEdit.FreeIs;
import org.scoutfs.volume.StateEdit.Freed;
import org.scoutfs.volume.StateEdit.GrantIs;
import org.scoutfs.volume.StateEdit.Granted;
import org.scoutfs.volume.StateEdit.IncarnationIs;
import org.scoutfs.volume.StateEdit.InodesCounted;
import org.scoutfs.volume.StateEdit.Joined;
import org.scoutfs.volume.StateEdit.LevelIs;
import org.scoutfs.volume.StateEdit.NumbersTaken;
import org.scoutfs.volume.StateEdit.Reclaimed;
import org.scoutfs.volume.StateEdit.RemovedIs;
import org.scoutfs.volume.StateEdit.RequestDone;
import org.scoutfs.volume.StateEdit.Returned;
import org.scoutfs.volume.StateEdit.SeqClosed;
import org.scoutfs.volume.StateEdit.SeqOpened;
import org.scoutfs.volume.StateEdit.SizesAre;
import org.scoutfs.volume.StateEdit.VersionMade;

/** The bytes of edits: a tag and the fields, one after another. docs/format.md, "Edits". */
public final class StateEditCodec {
    private static final int EPOCH_BEGAN = 1;
    private static final int JOINED = 2;
    private static final int ENDED = 3;
    private static final int EVICTED = 4;
    private static final int GRANTED = 5;
    private static final int CONSUMED = 6;
    private static final int RETURNED = 7;
    private static final int FREED = 8;
    private static final int SEQ_OPENED = 9;
    private static final int SEQ_CLOSED = 10;
    private static final int NUMBERS_TAKEN = 11;
    private static final int INODES_COUNTED = 12;
    private static final int REQUEST_DONE = 13;
    private static final int VERSION_MADE = 14;
    private static final int RECLAIMED = 15;
    private static final int DEVICES_GREW = 16;
    private static final int COUNTERS = 32;
    private static final int FREE_IS = 33;
    private static final int LEVEL_IS = 34;
    private static final int REMOVED_IS = 35;
    private static final int INCARNATION_IS = 36;
    private static final int GRANT_IS = 37;
    private static final int SIZES_ARE = 38;

    private static final int IS_SERVER = 1;
    private static final int IS_READ_ONLY = 2;
    private static final int IS_EVICTED = 4;

    private static final int LEVELS_MAX = 32;
    private static final int KEY_BYTES_MAX = 255;
    private static final int SEGMENT_BYTES_MIN = 44;

    private StateEditCodec() {}

    public static byte[] encode(List<StateEdit> edits) {
        ByteWriter out = new ByteWriter(64 * edits.size());
        for (StateEdit edit : edits) {
            encode(edit, out);
        }
        return out.toArray();
    }

    public static List<StateEdit> decode(byte[] bytes, String where) throws CorruptionException {
        ByteReader in = new ByteReader(bytes, where);
        List<StateEdit> edits = new ArrayList<>();
        while (in.remaining() > 0) {
            edits.add(decode(in));
        }
        return edits;
    }

    private static void encode(StateEdit edit, ByteWriter out) {
        switch (edit) {
            case EpochBegan e -> e.process().encode(out.u8(EPOCH_BEGAN).u64(e.epoch()).u64(e.rid()));
            case Joined e -> e.process().encode(out.u8(JOINED).u64(e.rid()).u8(e.isReadOnly() ? 1 : 0));
            case Ended e -> out.u8(ENDED).u64(e.rid());
            case Evicted e -> out.u8(EVICTED).u64(e.rid());
            case Granted e -> out.u8(GRANTED).u64(e.rid()).extents(e.extents());
            case Consumed e -> out.u8(CONSUMED).u64(e.rid()).extents(e.extents());
            case Returned e -> out.u8(RETURNED).u64(e.rid()).extents(e.extents());
            case Freed e -> out.u8(FREED).extents(e.extents());
            case SeqOpened e -> out.u8(SEQ_OPENED).u64(e.rid()).u64(e.seq());
            case SeqClosed e -> out.u8(SEQ_CLOSED).u64(e.rid()).u64(e.seq());
            case NumbersTaken e -> out.u8(NUMBERS_TAKEN).u64(e.nextIno()).u64(e.nextSegmentId());
            case InodesCounted e -> out.u8(INODES_COUNTED).u64(e.delta());
            case RequestDone e -> out.u8(REQUEST_DONE).u64(e.rid()).u64(e.requestId());
            case VersionMade e -> encodeVersionEdit(e.edit(), out.u8(VERSION_MADE));
            case Reclaimed e -> encodeIds(e.segmentIds(), out.u8(RECLAIMED));
            case DevicesGrew e -> encodeGeometry(e.to(), encodeGeometry(e.from(), out.u8(DEVICES_GREW)));
            case Counters e -> out.u8(COUNTERS).u64(e.epoch()).u64(e.serverRid()).u64(e.nextSeq()).u64(e.nextIno())
                    .u64(e.nextSegmentId()).u64(e.inodeCount()).u64(e.versionNumber()).u64(e.stableSeq());
            case SizesAre e -> encodeGeometry(e.geometry(), out.u8(SIZES_ARE));
            case FreeIs e -> out.u8(FREE_IS).extents(e.extents());
            case LevelIs e -> {
                out.u8(LEVEL_IS).u8(e.level()).u32(e.segments().size());
                e.segments().forEach(segment -> encodeSegment(segment, out));
            }
            case RemovedIs e -> encodeSegment(e.segment(), out.u8(REMOVED_IS).u64(e.removedInVersion()));
            case IncarnationIs e -> {
                out.u8(INCARNATION_IS).u64(e.rid()).u64(e.epoch()).u64(e.lastRequestId());
                out.u8((e.isServer() ? IS_SERVER : 0) | (e.isReadOnly() ? IS_READ_ONLY : 0)
                        | (e.isEvicted() ? IS_EVICTED : 0));
                e.process().encode(out);
                encodeIds(e.openSeqs(), out);
            }
            case GrantIs e -> out.u8(GRANT_IS).u64(e.rid()).extents(e.extents());
        }
    }

    private static StateEdit decode(ByteReader in) throws CorruptionException {
        int tag = in.u8();
        return switch (tag) {
            case EPOCH_BEGAN -> new EpochBegan(epoch(in), in.u64(), ProcessIdentity.decode(in));
            case JOINED -> {
                long rid = in.u64();
                boolean isReadOnly = flag(in);
                yield new Joined(rid, ProcessIdentity.decode(in), isReadOnly);
            }
            case ENDED -> new Ended(in.u64());
            case EVICTED -> new Evicted(in.u64());
            case GRANTED -> new Granted(in.u64(), in.extents());
            case CONSUMED -> new Consumed(in.u64(), in.extents());
            case RETURNED -> new Returned(in.u64(), in.extents());
            case FREED -> new Freed(in.extents());
            case SEQ_OPENED -> new SeqOpened(in.u64(), in.u64());
            case SEQ_CLOSED -> new SeqClosed(in.u64(), in.u64());
            case NUMBERS_TAKEN -> new NumbersTaken(in.u64(), in.u64());
            case INODES_COUNTED -> new InodesCounted(in.u64());
            case REQUEST_DONE -> new RequestDone(in.u64(), in.u64());
            case VERSION_MADE -> new VersionMade(decodeVersionEdit(in));
            case RECLAIMED -> new Reclaimed(decodeIds(in));
            case DEVICES_GREW -> new DevicesGrew(decodeGeometry(in), decodeGeometry(in));
            case COUNTERS -> new Counters(
                    epoch(in), in.u64(), in.u64(), in.u64(), in.u64(), in.u64(), in.u64(), in.u64());
            case SIZES_ARE -> new SizesAre(decodeGeometry(in));
            case FREE_IS -> new FreeIs(in.extents());
            case LEVEL_IS -> {
                int level = level(in);
                int count = in.count(SEGMENT_BYTES_MIN);
                List<SegmentInfo> segments = new ArrayList<>(count);
                for (int i = 0; i < count; i++) {
                    segments.add(decodeSegment(in));
                }
                yield new LevelIs(level, segments);
            }
            case REMOVED_IS -> new RemovedIs(in.u64(), decodeSegment(in));
            case INCARNATION_IS -> {
                long rid = in.u64();
                long epoch = epoch(in);
                long lastRequestId = in.u64();
                int flags = in.u8();
                in.check(flags < 2 * IS_EVICTED, "known flags", flags);
                ProcessIdentity process = ProcessIdentity.decode(in);
                yield new IncarnationIs(rid, process, epoch, (flags & IS_SERVER) != 0, (flags & IS_READ_ONLY) != 0,
                        (flags & IS_EVICTED) != 0, lastRequestId, decodeIds(in));
            }
            case GRANT_IS -> new GrantIs(in.u64(), in.extents());
            default -> throw in.corrupt("a known edit at byte " + (in.offset() - 1), "tag " + tag);
        };
    }

    private static void encodeVersionEdit(VersionEdit edit, ByteWriter out) {
        out.u64(edit.number()).u64(edit.stableSeq()).u32(edit.added().size());
        for (VersionEdit.Added added : edit.added()) {
            encodeSegment(added.segment(), out.u8(added.level()));
        }
        encodeIds(edit.removedIds(), out);
    }

    private static VersionEdit decodeVersionEdit(ByteReader in) throws CorruptionException {
        long number = in.u64();
        long stableSeq = in.u64();
        int count = in.count(SEGMENT_BYTES_MIN + 1);
        List<VersionEdit.Added> added = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            added.add(new VersionEdit.Added(level(in), decodeSegment(in)));
        }
        return new VersionEdit(number, stableSeq, added, decodeIds(in));
    }

    private static void encodeSegment(SegmentInfo segment, ByteWriter out) {
        out.u64(segment.id()).u64(segment.blkno()).u32(segment.blockCount());
        out.u64(segment.itemCount()).u64(segment.tombstoneCount());
        out.counted(segment.firstKey()).counted(segment.lastKey());
    }

    private static SegmentInfo decodeSegment(ByteReader in) throws CorruptionException {
        long id = in.u64();
        long blkno = in.u64("a block number", 0, Long.MAX_VALUE / 2);
        int blockCount = in.u32("a block count", 1, Integer.MAX_VALUE);
        long itemCount = in.u64("an item count", 1, Long.MAX_VALUE);
        long tombstoneCount = in.u64("a tombstone count", 0, itemCount);
        byte[] firstKey = in.counted(KEY_BYTES_MAX);
        byte[] lastKey = in.counted(KEY_BYTES_MAX);
        in.check(Arrays.compareUnsigned(firstKey, lastKey) <= 0, "a last key not before the first", "segment " + id);
        return new SegmentInfo(id, blkno, blockCount, itemCount, tombstoneCount, firstKey, lastKey);
    }

    private static void encodeIds(List<Long> ids, ByteWriter out) {
        out.u32(ids.size());
        for (long id : ids) {
            out.u64(id);
        }
    }

    private static List<Long> decodeIds(ByteReader in) throws CorruptionException {
        int count = in.count(Long.BYTES);
        List<Long> ids = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            ids.add(in.u64());
        }
        return ids;
    }

    private static long epoch(ByteReader in) throws CorruptionException {
        return in.u64("an epoch", 1, Long.MAX_VALUE);
    }

    private static ByteWriter encodeGeometry(Geometry geometry, ByteWriter out) {
        return out.u64(geometry.metaBlocks()).u64(geometry.dataBlocks());
    }

    private static Geometry decodeGeometry(ByteReader in) throws CorruptionException {
        long metaBlocks =
                in.u64("blocks of the device", VolumeLayout.FIRST_EXTENT_BLKNO, VolumeLayout.DATA_DEVICE_BLKNO);
        return new Geometry(metaBlocks, in.u64("blocks of the data device", 0, VolumeLayout.DATA_DEVICE_BLKNO));
    }

    private static int level(ByteReader in) throws CorruptionException {
        int level = in.u8();
        in.check(level < LEVELS_MAX, "a level below " + LEVELS_MAX, level);
        return level;
    }

    private static boolean flag(ByteReader in) throws CorruptionException {
        int value = in.u8();
        in.check(value <= 1, "0 or 1", value);
        return value == 1;
    }
}
