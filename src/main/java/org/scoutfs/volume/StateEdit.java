package org.scoutfs.volume;

import java.util.List;
import org.scoutfs.device.DeviceExtent;
import org.scoutfs.format.ProcessIdentity;
import org.scoutfs.lsm.SegmentInfo;
import org.scoutfs.lsm.VersionEdit;

/**
 * One change of {@link VolumeState}. The edits of one log batch take effect together. docs/format.md, "Edits".
 *
 * <p>The records of the second part are found in checkpoints only: they say what is, not what changes.
 */
public sealed interface StateEdit {

    /** A server took over: what it was granted follows as {@link Granted}. */
    record EpochBegan(long epoch, long rid, ProcessIdentity process) implements StateEdit {}

    /** An incarnation of a mount may ask for things. */
    record Joined(long rid, ProcessIdentity process, boolean isReadOnly) implements StateEdit {}

    /** An incarnation is gone and writes nothing more: what it was granted and did not use is free. */
    record Ended(long rid) implements StateEdit {}

    /** Nothing more is accepted from an incarnation, which may still write: what it was granted stays out of use. */
    record Evicted(long rid) implements StateEdit {}

    /** Free blocks belong to an incarnation, to write to. */
    record Granted(long rid, List<DeviceExtent> extents) implements StateEdit {
        public Granted {
            extents = List.copyOf(extents);
        }
    }

    /** Granted blocks are in use: something live names them. */
    record Consumed(long rid, List<DeviceExtent> extents) implements StateEdit {
        public Consumed {
            extents = List.copyOf(extents);
        }
    }

    /** Granted blocks are free again, unused. */
    record Returned(long rid, List<DeviceExtent> extents) implements StateEdit {
        public Returned {
            extents = List.copyOf(extents);
        }
    }

    /** Used blocks are free. */
    record Freed(List<DeviceExtent> extents) implements StateEdit {
        public Freed {
            extents = List.copyOf(extents);
        }
    }

    /** The next sequence number was handed out. */
    record SeqOpened(long rid, long seq) implements StateEdit {}

    /** A sequence number was committed, or given back unused. */
    record SeqClosed(long rid, long seq) implements StateEdit {}

    /** Inode numbers and segment ids below these were handed out. */
    record NumbersTaken(long nextIno, long nextSegmentId) implements StateEdit {}

    record InodesCounted(long delta) implements StateEdit {}

    /** The last request of an incarnation that took effect. */
    record RequestDone(long rid, long requestId) implements StateEdit {}

    /** A new version; the blocks of removed segments stay in use until {@link Reclaimed}. */
    record VersionMade(VersionEdit edit) implements StateEdit {}

    /** The devices are larger now; what was added is free. */
    record DevicesGrew(Geometry from, Geometry to) implements StateEdit {}

    /** Nobody reads these removed segments any more: their blocks are free. */
    record Reclaimed(List<Long> segmentIds) implements StateEdit {
        public Reclaimed {
            segmentIds = List.copyOf(segmentIds);
        }
    }

    // ---- in checkpoints ---------------------------------------------------------------------------------------------

    /** The numbers. The first edit of a checkpoint. */
    record Counters(
            long epoch,
            long serverRid,
            long nextSeq,
            long nextIno,
            long nextSegmentId,
            long inodeCount,
            long versionNumber,
            long stableSeq)
            implements StateEdit {}

    /** How many blocks the devices have: more than the super slot says, where they grew in this epoch. */
    record SizesAre(Geometry geometry) implements StateEdit {}

    /** Some of the free blocks. */
    record FreeIs(List<DeviceExtent> extents) implements StateEdit {
        public FreeIs {
            extents = List.copyOf(extents);
        }
    }

    /** Some of the live segments of a level, in the level's order, after those of earlier edits. */
    record LevelIs(int level, List<SegmentInfo> segments) implements StateEdit {
        public LevelIs {
            segments = List.copyOf(segments);
        }
    }

    /** A removed segment whose blocks are still in use. */
    record RemovedIs(long removedInVersion, SegmentInfo segment) implements StateEdit {}

    /** An incarnation. */
    record IncarnationIs(
            long rid,
            ProcessIdentity process,
            long epoch,
            boolean isServer,
            boolean isReadOnly,
            boolean isEvicted,
            long lastRequestId,
            List<Long> openSeqs)
            implements StateEdit {
        public IncarnationIs {
            openSeqs = List.copyOf(openSeqs);
        }
    }

    /** Some of what an incarnation was granted. */
    record GrantIs(long rid, List<DeviceExtent> extents) implements StateEdit {
        public GrantIs {
            extents = List.copyOf(extents);
        }
    }
}
