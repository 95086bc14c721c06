package org.scoutfs.check;

import static org.scoutfs.check.Pairing.number;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.scoutfs.check.Problem.Kind;
import org.scoutfs.device.DeviceExtent;
import org.scoutfs.item.ExtentItem;
import org.scoutfs.lsm.SegmentInfo;
import org.scoutfs.volume.Geometry;
import org.scoutfs.volume.Incarnation;
import org.scoutfs.volume.VolumeState;

/**
 * Whether each block of the allocator's has exactly one owner: free, granted to an incarnation, of a segment, or of a file.
 *
 * <p>Blocks are looked at in windows, several at a time as memory allows. What the server knows is added here; the extents of the
 * files come from a pass over the items, one for each group of windows. Where a block turns out to have two owners, one more pass
 * names them.
 */
final class SpaceCheck {
    private static final int OWNERS_MAX = 1000;

    private final Geometry geometry;
    private final VolumeState state;
    private final Findings findings;
    private final long windowBlocks;
    private final List<DeviceExtent> windows = new ArrayList<>();
    private int nextWindow;
    private List<BlockMap> maps = List.of();
    private final TreeMap<Long, DeviceExtent> conflicts = new TreeMap<>();
    private final Map<DeviceExtent, List<String>> owners = new TreeMap<>();
    private boolean isNaming;

    /** @param windowBlocks blocks in bit maps at a time, an eighth of a byte each */
    SpaceCheck(Geometry geometry, VolumeState state, Findings findings, long windowBlocks) {
        this.geometry = geometry;
        this.state = state;
        this.findings = findings;
        this.windowBlocks = windowBlocks;
        cut(geometry.metaSpace());
        if (geometry.hasDataDevice()) {
            cut(geometry.dataSpace());
        }
    }

    private void cut(DeviceExtent space) {
        for (long from = space.blkno(); from < space.end(); from += windowBlocks) {
            windows.add(new DeviceExtent(from, Math.min(windowBlocks, space.end() - from)));
        }
    }

    /** Begins the next group of windows; a pass over all extents of files follows. False when there is none left. */
    boolean nextWindows() {
        long room = windowBlocks;
        List<BlockMap> group = new ArrayList<>();
        while (nextWindow < windows.size() && windows.get(nextWindow).blockCount() <= room) {
            room -= windows.get(nextWindow).blockCount();
            group.add(new BlockMap(windows.get(nextWindow++)));
        }
        maps = group;
        if (!group.isEmpty()) {
            addServersExtents();
        }
        return !group.isEmpty();
    }

    /** Ends a group: what has no owner is reported, what has two is kept for {@link #beginNaming}. */
    void endWindows() {
        for (BlockMap map : maps) {
            for (DeviceExtent run : map.never()) {
                findings.add(Kind.BLOCK_LEAKED, blocks(run), "neither free, nor granted, nor a segment's, nor a file's");
            }
            for (DeviceExtent run : map.twice()) {
                conflicts.put(run.blkno(), run);
            }
        }
        maps = List.of();
    }

    /** Whether another pass over all extents is needed to name the owners of blocks that have two. */
    boolean beginNaming() {
        if (conflicts.isEmpty()) {
            return false;
        }
        isNaming = true;
        addServersExtents();
        return true;
    }

    void endNaming() {
        owners.forEach((run, names) -> {
            boolean isFree = names.stream().anyMatch(name -> name.startsWith("free"));
            findings.add(
                    isFree ? Kind.BLOCK_FREE_AND_USED : Kind.BLOCK_TWICE, blocks(run), "belongs to " + String.join(", and to ", names));
        });
    }

    private void addServersExtents() {
        for (DeviceExtent extent : state.freeMeta()) {
            add(extent, "free space", 0);
        }
        if (geometry.hasDataDevice()) {
            for (DeviceExtent extent : state.freeData()) {
                add(extent, "free space", 0);
            }
        }
        for (Incarnation incarnation : state.incarnations()) {
            for (DeviceExtent extent : incarnation.granted()) {
                add(extent, "grants of incarnation", incarnation.rid());
            }
        }
        for (DeviceExtent extent : state.segmentSpace()) {
            add(extent, "segments", 0);
        }
    }

    /** The storage of a file. */
    void file(long ino, ExtentItem extent) {
        if (!extent.hasStorage()) {
            return;
        }
        DeviceExtent storage = new DeviceExtent(extent.blkno(), extent.blockCount());
        if (!geometry.owns(storage)) {
            if (!isNaming && nextWindow <= 1) {
                findings.add(
                        Kind.EXTENT_OUTSIDE,
                        "inode " + number(ino),
                        "blocks from " + extent.block() + " on are said to be at " + blocks(storage) + ", outside of the device's space");
            }
            return;
        }
        add(storage, "inode", ino);
    }

    private void add(DeviceExtent extent, String owner, long id) {
        if (!isNaming) {
            for (BlockMap map : maps) {
                map.add(extent);
            }
            return;
        }
        Map.Entry<Long, DeviceExtent> before = conflicts.floorEntry(extent.blkno());
        long from = before == null ? extent.blkno() : before.getKey();
        for (DeviceExtent run : conflicts.subMap(from, extent.end()).values()) {
            if (run.overlaps(extent) && (owners.containsKey(run) || owners.size() < OWNERS_MAX)) {
                List<String> names = owners.computeIfAbsent(run, unused -> new ArrayList<>());
                names.add(id == 0 ? owner : owner + " " + number(id));
            }
        }
    }

    /** Each segment's blocks lie where the allocator knows segments; two never share any, or the state would not be one. */
    void segment(SegmentInfo segment) {
        if (!geometry.owns(segment.extent())) {
            findings.add(Kind.SEGMENT, segment.toString(), "lies outside of the device's space");
        }
    }

    static String blocks(DeviceExtent run) {
        return run.blockCount() == 1 ? "block " + run.blkno() : "blocks " + run.blkno() + " to " + (run.end() - 1);
    }
}
