package org.scoutfs.server;

import java.util.List;
import org.scoutfs.device.DeviceExtent;
import org.scoutfs.lsm.CompactionPicker;
import org.scoutfs.lsm.MergeSpec;
import org.scoutfs.volume.FreeSpace;
import org.scoutfs.volume.StateEdit;
import org.scoutfs.volume.VolumeState;

/**
 * Decides how much space a node gets, and which.
 *
 * <p>Ahead of need, a node is filled up to a target that shrinks with what is free, so that one node does not take what is
 * left. When it asks because an operation waits, it gets what it asks for as long as there is any: all but the reserve, and
 * for who gives space back in the end, half of the reserve too. The other half is for merges, without which what was deleted gives
 * nothing back. The last blocks are kept for the state log, without which nothing can be freed.
 */
final class SpaceBook {
    /** Kept for the state log's next checkpoint, whoever asks. */
    private static final long LOG_BLOCKS = 64;

    /** Less than this part of the metadata device free: merges are made for their space. */
    private static final int SHORT_PART = 64;

    private static final int EXTENTS_MAX = 256;
    /** For a merge, which needs all that it asks for, from the pieces of a full volume. */
    private static final int MERGE_EXTENTS_MAX = 4096;
    private static final long EXTENT_BLOCKS_MIN = 16;

    private static final long MERGE_EXTENT_BLOCKS_MIN = 2;

    private final VolumeState state;
    private final ServerOptions options;

    SpaceBook(VolumeState state, ServerOptions options) {
        this.state = state;
        this.options = options;
    }

    private boolean isOnePool() {
        return !state.geometry().hasDataDevice();
    }

    /** @param inMerges what running merges were given, which is theirs of the reserve */
    private long keptMeta(boolean mayUseReserve, long inMerges) {
        long kept = mayUseReserve ? options.reserveBlocks() / 2 : options.reserveBlocks();
        return LOG_BLOCKS + Math.max(0, kept - inMerges);
    }

    /**
     * What another merge may use: all but the half of the reserve that deletes have not used yet.
     *
     * @param inMerges what running merges were given
     */
    CompactionPicker.Room roomForMerges(long inMerges) {
        long reserve = options.reserveBlocks();
        long all = state.freeMeta().blockCount() + inMerges;
        long ours = all >= reserve ? all - reserve / 2 : Math.min(all, reserve / 2);
        boolean isShort = availableMeta(false, inMerges) < state.geometry().metaBlocks() / SHORT_PART;
        return new CompactionPicker.Room(Math.max(0, ours - inMerges - LOG_BLOCKS), isShort, true);
    }

    /** Free blocks that may be granted for data. */
    long availableData(boolean mayUseReserve, long inMerges) {
        long kept = isOnePool() ? keptMeta(mayUseReserve, inMerges) : 0;
        return Math.max(0, state.freeData().blockCount() - kept);
    }

    /** Free blocks that may be granted for segments. */
    long availableMeta(boolean mayUseReserve, long inMerges) {
        return Math.max(0, state.freeMeta().blockCount() - keptMeta(mayUseReserve, inMerges));
    }

    /** What a node that holds so much is given ahead of need. */
    long dataTopUp(long inHand) {
        long available = availableData(false, 0);
        long target = Math.min(options.dataTargetBlocks(), (available + inHand) / options.targetPart());
        return inHand > target / 2 ? 0 : Math.min(available, target - inHand);
    }

    long metaTopUp(long inHand) {
        long available = availableMeta(false, 0);
        long target = Math.min(options.metaTargetBlocks(), (available + inHand) / options.targetPart());
        return inHand > target / 2 ? 0 : Math.min(available, target - inHand);
    }

    List<DeviceExtent> grantData(long rid, long blocks, List<StateEdit> edits) {
        return grant(state.freeData(), rid, blocks, edits);
    }

    /** What a merge needs at most, or, where that is not there, what it likely needs and a bit more; or nothing. */
    List<DeviceExtent> grantMerge(long rid, MergeSpec spec, CompactionPicker.Room room, List<StateEdit> edits) {
        long blocks = Math.min(spec.blocksMax(), room.blocks());
        List<DeviceExtent> chosen = state.freeMeta().choose(blocks, EXTENTS_MAX, EXTENT_BLOCKS_MIN);
        if (sum(chosen) < blocks) {
            chosen = state.freeMeta().choose(blocks, MERGE_EXTENTS_MAX, MERGE_EXTENT_BLOCKS_MIN);
        }
        if (sum(chosen) < spec.blocksLikely()) {
            return List.of();
        }
        edits.add(new StateEdit.Granted(rid, chosen));
        return chosen;
    }

    List<DeviceExtent> grantMeta(long rid, long blocks, List<StateEdit> edits) {
        return grant(state.freeMeta(), rid, blocks, edits);
    }

    private List<DeviceExtent> grant(FreeSpace free, long rid, long blocks, List<StateEdit> edits) {
        List<DeviceExtent> chosen = free.choose(blocks, EXTENTS_MAX, EXTENT_BLOCKS_MIN);
        if (chosen.isEmpty()) {
            chosen = free.choose(blocks, EXTENTS_MAX, 1);
        }
        if (!chosen.isEmpty()) {
            edits.add(new StateEdit.Granted(rid, chosen));
        }
        return chosen;
    }

    static long sum(List<DeviceExtent> extents) {
        long blocks = 0;
        for (DeviceExtent extent : extents) {
            blocks += extent.blockCount();
        }
        return blocks;
    }
}
