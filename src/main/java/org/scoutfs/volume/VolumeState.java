package org.scoutfs.volume;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.CorruptionException;
import org.scoutfs.device.DeviceExtent;
import org.scoutfs.device.ExtentSet;
import org.scoutfs.format.VolumeLayout;
import org.scoutfs.lsm.SegmentInfo;
import org.scoutfs.lsm.Version;
import org.scoutfs.lsm.VersionEdit;

/**
 * Everything that the server owns: the version, the space, the numbers, the incarnations. It is what the state log says; it
 * changes only by {@link #apply}.
 *
 * <ol>
 *   <li>Each block of the allocator's is free, or granted to one incarnation, or in use. In use is what is neither of the
 *       others; a live or removed segment's blocks always are.
 *   <li>An edit that does not fit is refused and nothing has changed: {@link CorruptionException} says why. In recovery that is
 *       damage; at run time the server asks {@link #refusalOf} first, so there it would be our bug.
 *   <li>Numbers only rise: sequence numbers, inode numbers, segment ids, versions, epochs.
 * </ol>
 * <p>Not thread-safe: the server's thread owns it.
 */
public final class VolumeState {
    private static final int EXTENTS_PER_EDIT = 1024;
    private static final int SEGMENTS_PER_EDIT = 256;

    /** A segment that no new version has, whose blocks somebody may still read. */
    public record Removed(long removedInVersion, SegmentInfo segment) {}

    private Geometry geometry;
    private final FreeSpace freeMeta = new FreeSpace();
    private final FreeSpace freeData;
    private final ExtentSet segmentSpace = new ExtentSet();
    private final Map<Long, SegmentInfo> live = new HashMap<>();
    private final TreeMap<Long, Removed> removed = new TreeMap<>();
    private final TreeMap<Long, Incarnation> incarnations = new TreeMap<>();
    private long epoch;
    private long serverRid;
    private long nextSeq = 1;
    private long nextIno = 1024;
    private long nextSegmentId = 1;
    private long inodeCount;
    private Version version = Version.empty();

    private VolumeState(Geometry geometry) {
        this.geometry = geometry;
        this.freeData = geometry.hasDataDevice() ? new FreeSpace() : freeMeta;
    }

    /** A new volume: everything is free. */
    public static VolumeState empty(Geometry geometry) {
        VolumeState state = new VolumeState(geometry);
        state.freeMeta.add(geometry.metaSpace());
        if (geometry.hasDataDevice()) {
            state.freeData.add(geometry.dataSpace());
        }
        return state;
    }

    /** Nothing is known yet: a checkpoint's edits follow. */
    static VolumeState blank(Geometry geometry) {
        return new VolumeState(geometry);
    }

    /** The devices' sizes. Grows with the state. */
    public Geometry geometry() {
        return geometry;
    }

    public long epoch() {
        return epoch;
    }

    /** The server that wrote the newest epoch. */
    public long serverRid() {
        return serverRid;
    }

    public long nextSeq() {
        return nextSeq;
    }

    public long nextIno() {
        return nextIno;
    }

    public long nextSegmentId() {
        return nextSegmentId;
    }

    public long inodeCount() {
        return inodeCount;
    }

    /** The newest version. */
    public Version version() {
        return version;
    }

    /** A live segment, or null. */
    public @Nullable SegmentInfo liveSegment(long id) {
        return live.get(id);
    }

    /** Removed segments whose blocks are still in use. */
    public Collection<Removed> removed() {
        return Collections.unmodifiableCollection(removed.values());
    }

    /** Whether a segment with this id was removed, and its blocks are still in use. */
    public boolean wasRemoved(long segmentId) {
        return removed.containsKey(segmentId);
    }

    /** Free blocks for segments and logs; on one device all free blocks. Changes with the state. */
    public FreeSpace freeMeta() {
        return freeMeta;
    }

    /** Free blocks for file data; the same object as {@link #freeMeta} on one device. */
    public FreeSpace freeData() {
        return freeData;
    }

    public Collection<Incarnation> incarnations() {
        return Collections.unmodifiableCollection(incarnations.values());
    }

    public @Nullable Incarnation incarnation(long rid) {
        return incarnations.get(rid);
    }

    /** What the stable bound would be if a version were made now: every sequence number up to it is in or never will be. */
    public long currentStableSeq() {
        long bound = nextSeq - 1;
        for (Incarnation incarnation : incarnations.values()) {
            if (!incarnation.openSeqs.isEmpty()) {
                bound = Math.min(bound, incarnation.openSeqs.first() - 1);
            }
        }
        return Math.max(bound, version.stableSeq());
    }

    /** Whether a block of this extent is free or granted, or a segment's: then it is not anybody's data. */
    public boolean isFreeOrGranted(DeviceExtent extent) {
        if (freeMeta.overlaps(extent) || freeData.overlaps(extent)) {
            return true;
        }
        for (Incarnation incarnation : incarnations.values()) {
            if (incarnation.granted.overlaps(extent)) {
                return true;
            }
        }
        return false;
    }

    /** The blocks of live and removed segments. Not to be changed. */
    public ExtentSet segmentSpace() {
        return segmentSpace;
    }

    public void applyAll(List<StateEdit> edits) throws CorruptionException {
        for (StateEdit edit : edits) {
            apply(edit);
        }
    }

    public void apply(StateEdit edit) throws CorruptionException {
        String refusal = refusalOf(edit);
        if (refusal != null) {
            throw CorruptionException.of("state edit " + edit.getClass().getSimpleName(), "an edit that fits", refusal);
        }
        switch (edit) {
            case StateEdit.EpochBegan e -> {
                epoch = e.epoch();
                serverRid = e.rid();
                incarnations.put(e.rid(), new Incarnation(e.rid(), e.process(), epoch, true, false));
            }
            case StateEdit.Joined e ->
                incarnations.put(e.rid(), new Incarnation(e.rid(), e.process(), epoch, false, e.isReadOnly()));
            case StateEdit.Ended e -> {
                Incarnation gone = required(incarnations.remove(e.rid()));
                gone.granted.forEach(this::free);
            }
            case StateEdit.Evicted e -> {
                Incarnation incarnation = required(e.rid());
                incarnation.isEvicted = true;
                incarnation.openSeqs.clear();
            }
            case StateEdit.Granted e -> {
                Incarnation incarnation = required(e.rid());
                for (DeviceExtent extent : e.extents()) {
                    pool(extent).remove(extent);
                    incarnation.granted.add(extent);
                }
            }
            case StateEdit.Consumed e -> e.extents().forEach(required(e.rid()).granted::remove);
            case StateEdit.Returned e -> {
                Incarnation incarnation = required(e.rid());
                for (DeviceExtent extent : e.extents()) {
                    incarnation.granted.remove(extent);
                    free(extent);
                }
            }
            case StateEdit.Freed e -> e.extents().forEach(this::free);
            case StateEdit.SeqOpened e -> {
                required(e.rid()).openSeqs.add(e.seq());
                nextSeq = e.seq() + 1;
            }
            case StateEdit.SeqClosed e -> required(e.rid()).openSeqs.remove(e.seq());
            case StateEdit.NumbersTaken e -> {
                nextIno = e.nextIno();
                nextSegmentId = e.nextSegmentId();
            }
            case StateEdit.InodesCounted e -> inodeCount += e.delta();
            case StateEdit.RequestDone e -> required(e.rid()).lastRequestId = e.requestId();
            case StateEdit.VersionMade e -> makeVersion(e.edit());
            case StateEdit.Reclaimed e -> {
                for (long id : e.segmentIds()) {
                    Removed gone = removed.remove(id);
                    if (gone != null) {
                        segmentSpace.remove(gone.segment.extent());
                        free(gone.segment.extent());
                    }
                }
            }
            case StateEdit.DevicesGrew e -> {
                geometry = e.to();
                e.to().addedTo(e.from()).forEach(this::free);
            }
            case StateEdit.SizesAre e -> geometry = e.geometry();
            case StateEdit.Counters e -> {
                epoch = e.epoch();
                serverRid = e.serverRid();
                nextSeq = e.nextSeq();
                nextIno = e.nextIno();
                nextSegmentId = e.nextSegmentId();
                inodeCount = e.inodeCount();
                version = Version.of(e.versionNumber(), e.stableSeq(), List.of());
            }
            case StateEdit.FreeIs e -> e.extents().forEach(this::free);
            case StateEdit.LevelIs e -> {
                version = Version.of(version.number(), version.stableSeq(), levelsWith(e));
                for (SegmentInfo segment : e.segments()) {
                    live.put(segment.id(), segment);
                    segmentSpace.add(segment.extent());
                }
            }
            case StateEdit.RemovedIs e -> {
                removed.put(e.segment().id(), new Removed(e.removedInVersion(), e.segment()));
                segmentSpace.add(e.segment().extent());
            }
            case StateEdit.IncarnationIs e -> {
                Incarnation incarnation = new Incarnation(e.rid(), e.process(), e.epoch(), e.isServer(), e.isReadOnly());
                incarnation.isEvicted = e.isEvicted();
                incarnation.lastRequestId = e.lastRequestId();
                incarnation.openSeqs.addAll(e.openSeqs());
                incarnations.put(e.rid(), incarnation);
            }
            case StateEdit.GrantIs e -> e.extents().forEach(required(e.rid()).granted::add);
        }
    }

    private void makeVersion(VersionEdit edit) {
        version = version.apply(edit);
        Map<Long, SegmentInfo> gone = new HashMap<>();
        for (long id : edit.removedIds()) {
            SegmentInfo segment = live.remove(id);
            if (segment != null) {
                gone.put(id, segment);
            }
        }
        for (VersionEdit.Added added : edit.added()) {
            SegmentInfo segment = added.segment();
            live.put(segment.id(), segment);
            if (gone.remove(segment.id()) == null) {
                segmentSpace.add(segment.extent());
            }
        }
        gone.values().forEach(segment -> removed.put(segment.id(), new Removed(edit.number(), segment)));
    }

    /** The levels, with more segments at the end of one. */
    private List<List<SegmentInfo>> levelsWith(StateEdit.LevelIs more) {
        List<List<SegmentInfo>> levels = new ArrayList<>(version.levels());
        while (levels.size() <= more.level()) {
            levels.add(List.of());
        }
        List<SegmentInfo> level = new ArrayList<>(levels.get(more.level()));
        level.addAll(more.segments());
        levels.set(more.level(), level);
        return levels;
    }

    /** Why an edit does not fit this state, or null when it does. */
    public @Nullable String refusalOf(StateEdit edit) {
        return switch (edit) {
            case StateEdit.EpochBegan e -> e.epoch() <= epoch
                    ? "epoch " + e.epoch() + " does not follow epoch " + epoch
                    : absence(e.rid());
            case StateEdit.Joined e -> absence(e.rid());
            case StateEdit.Ended e -> presence(e.rid());
            case StateEdit.Evicted e -> presence(e.rid());
            case StateEdit.Granted e -> first(presence(e.rid()), grantRefusal(e.extents()));
            case StateEdit.Consumed e -> notGranted(e.rid(), e.extents());
            case StateEdit.Returned e -> notGranted(e.rid(), e.extents());
            case StateEdit.Freed e -> freeRefusal(e.extents());
            case StateEdit.SeqOpened e -> first(
                    presence(e.rid()),
                    e.seq() < nextSeq || e.seq() == Long.MAX_VALUE ? "seq " + e.seq() + " was handed out" : null);
            case StateEdit.SeqClosed e -> notOpen(e.rid(), e.seq());
            case StateEdit.NumbersTaken e -> e.nextIno() < nextIno || e.nextSegmentId() < nextSegmentId
                    ? "inode number " + e.nextIno() + " or segment id " + e.nextSegmentId() + " was handed out"
                    : null;
            case StateEdit.InodesCounted e -> inodeCount + e.delta() < 0 ? "fewer than no inodes" : null;
            case StateEdit.RequestDone e -> presence(e.rid());
            case StateEdit.VersionMade e -> versionRefusal(e.edit());
            case StateEdit.Reclaimed e -> reclaimRefusal(e.segmentIds());
            case StateEdit.DevicesGrew e -> e.from().equals(geometry)
                    ? geometry.refusalToBecome(e.to())
                    : "the devices are not " + e.from() + " but " + geometry;
            case StateEdit.SizesAre e -> geometry.refusalToBecome(e.geometry());
            case StateEdit.Counters e -> epoch != 0 ? "counters are known already" : null;
            case StateEdit.FreeIs e -> freeRefusal(e.extents());
            case StateEdit.LevelIs e -> first(Version.problemWith(levelsWith(e)), segmentsRefusal(e.segments()));
            case StateEdit.RemovedIs e -> segmentsRefusal(List.of(e.segment()));
            case StateEdit.IncarnationIs e -> absence(e.rid());
            case StateEdit.GrantIs e -> first(presence(e.rid()), freeRefusal(e.extents()));
        };
    }

    private @Nullable String grantRefusal(List<DeviceExtent> extents) {
        String overlap = overlapAmong(extents);
        for (DeviceExtent extent : extents) {
            if (!geometry.owns(extent) || !pool(extent).contains(extent)) {
                return extent + " is to be granted and is not all free";
            }
        }
        return overlap;
    }

    private @Nullable String notGranted(long rid, List<DeviceExtent> extents) {
        Incarnation incarnation = incarnations.get(rid);
        if (incarnation == null) {
            return presence(rid);
        }
        for (DeviceExtent extent : extents) {
            if (!incarnation.granted.contains(extent)) {
                return extent + " is not granted to " + incarnation;
            }
        }
        return overlapAmong(extents);
    }

    private @Nullable String freeRefusal(List<DeviceExtent> extents) {
        for (DeviceExtent extent : extents) {
            if (!geometry.owns(extent)) {
                return extent + " is not space of the volume";
            }
            if (isFreeOrGranted(extent)) {
                return extent + " is free or granted already";
            }
            if (segmentSpace.overlaps(extent)) {
                return extent + " belongs to a segment";
            }
        }
        return overlapAmong(extents);
    }

    private @Nullable String versionRefusal(VersionEdit edit) {
        String problem = version.problemWith(edit);
        if (problem != null) {
            return problem;
        }
        if (edit.stableSeq() < version.stableSeq()) {
            return "stable bound " + edit.stableSeq() + " is below " + version.stableSeq();
        }
        List<SegmentInfo> fresh = new ArrayList<>();
        for (VersionEdit.Added added : edit.added()) {
            if (!live.containsKey(added.segment().id())) {
                fresh.add(added.segment());
            }
        }
        return segmentsRefusal(fresh);
    }

    /** Segments that become known: of space that nothing else has. */
    private @Nullable String segmentsRefusal(List<SegmentInfo> segments) {
        List<DeviceExtent> extents = new ArrayList<>();
        for (SegmentInfo segment : segments) {
            if (removed.containsKey(segment.id()) || live.containsKey(segment.id())) {
                return segment + " was there before";
            }
            if (segment.id() >= nextSegmentId) {
                return segment + " has an id that was not handed out";
            }
            extents.add(segment.extent());
        }
        return freeRefusal(extents);
    }

    private @Nullable String reclaimRefusal(List<Long> ids) {
        for (long id : ids) {
            if (!removed.containsKey(id)) {
                return "segment " + id + " is not a removed one";
            }
        }
        return null;
    }

    private @Nullable String absence(long rid) {
        return incarnations.containsKey(rid) ? "incarnation " + Long.toHexString(rid) + " is known already" : null;
    }

    private @Nullable String presence(long rid) {
        return incarnations.containsKey(rid) ? null : "incarnation " + Long.toHexString(rid) + " is not known";
    }

    private @Nullable String notOpen(long rid, long seq) {
        Incarnation incarnation = incarnations.get(rid);
        if (incarnation == null) {
            return presence(rid);
        }
        return incarnation.openSeqs.contains(seq) ? null : "seq " + seq + " is not open";
    }

    private static @Nullable String overlapAmong(List<DeviceExtent> extents) {
        if (extents.size() < 2) {
            return null;
        }
        ExtentSet seen = new ExtentSet();
        for (DeviceExtent extent : extents) {
            if (seen.overlaps(extent)) {
                return extent + " is named twice";
            }
            seen.add(extent);
        }
        return null;
    }

    private static @Nullable String first(@Nullable String one, @Nullable String other) {
        return one != null ? one : other;
    }

    private void free(DeviceExtent extent) {
        pool(extent).add(extent);
    }

    private FreeSpace pool(DeviceExtent extent) {
        return VolumeLayout.isDataDevice(extent.blkno()) ? freeData : freeMeta;
    }

    private Incarnation required(long rid) {
        return required(incarnations.get(rid));
    }

    private static Incarnation required(@Nullable Incarnation incarnation) {
        if (incarnation == null) {
            throw new IllegalStateException("the edit was checked before");
        }
        return incarnation;
    }

    /** The edits that make this state from a blank one: a checkpoint. */
    public List<StateEdit> snapshot() {
        List<StateEdit> edits = new ArrayList<>();
        edits.add(new StateEdit.Counters(
                epoch, serverRid, nextSeq, nextIno, nextSegmentId, inodeCount, version.number(), version.stableSeq()));
        edits.add(new StateEdit.SizesAre(geometry));
        for (List<DeviceExtent> part : parts(freeMeta.toList(), EXTENTS_PER_EDIT)) {
            edits.add(new StateEdit.FreeIs(part));
        }
        if (geometry.hasDataDevice()) {
            for (List<DeviceExtent> part : parts(freeData.toList(), EXTENTS_PER_EDIT)) {
                edits.add(new StateEdit.FreeIs(part));
            }
        }
        List<List<SegmentInfo>> levels = version.levels();
        for (int level = 0; level < levels.size(); level++) {
            for (List<SegmentInfo> part : parts(levels.get(level), SEGMENTS_PER_EDIT)) {
                edits.add(new StateEdit.LevelIs(level, part));
            }
        }
        for (Removed gone : removed.values()) {
            edits.add(new StateEdit.RemovedIs(gone.removedInVersion, gone.segment));
        }
        for (Incarnation one : incarnations.values()) {
            edits.add(new StateEdit.IncarnationIs(one.rid(), one.process(), one.epoch(), one.isServer(), one.isReadOnly(),
                    one.isEvicted, one.lastRequestId, List.copyOf(one.openSeqs)));
            for (List<DeviceExtent> part : parts(one.granted.toList(), EXTENTS_PER_EDIT)) {
                edits.add(new StateEdit.GrantIs(one.rid(), part));
            }
        }
        return edits;
    }

    /** A state of its own that equals this one. */
    public VolumeState copy() {
        VolumeState copy = new VolumeState(geometry);
        try {
            copy.applyAll(snapshot());
        } catch (CorruptionException e) {
            throw new IllegalStateException("a state that does not fit itself", e);
        }
        return copy;
    }

    private static <T> List<List<T>> parts(List<T> all, int sizeMax) {
        List<List<T>> parts = new ArrayList<>();
        for (int from = 0; from < all.size(); from += sizeMax) {
            parts.add(all.subList(from, Math.min(all.size(), from + sizeMax)));
        }
        return parts;
    }
}
