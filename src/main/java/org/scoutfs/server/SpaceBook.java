package org.scoutfs.server;

import java.util.List;
import org.scoutfs.device.DeviceExtent;
import org.scoutfs.volume.FreeSpace;
import org.scoutfs.volume.StateEdit;
import org.scoutfs.volume.VolumeState;

/**
 * Decides how much space a node gets, and which.
 *
 * <p>Ahead of need, a node is filled up to a target that shrinks with what is free, so that one node does not take what is
 * left. When it asks because an operation waits, it gets what it asks for as long as there is any: all but the reserve, and
 * for who gives space back in the end, the reserve too. The last blocks are kept for the state log, without which nothing can
 * be freed.
 */
final class SpaceBook {
    /** Kept for the state log's next checkpoint, whoever asks. */
    private static final long LOG_BLOCKS = 64;

    private static final int EXTENTS_MAX = 256;
    private static final long EXTENT_BLOCKS_MIN = 16;

    private final VolumeState state;
    private final ServerOptions options;

    SpaceBook(VolumeState state, ServerOptions options) {
        this.state = state;
        this.options = options;
    }

    private boolean isOnePool() {
        return !state.geometry().hasDataDevice();
    }

    private long keptMeta(boolean mayUseReserve) {
        return mayUseReserve ? LOG_BLOCKS : LOG_BLOCKS + options.reserveBlocks();
    }

    /** Free blocks that may be granted for data. */
    long availableData(boolean mayUseReserve) {
        long kept = isOnePool() ? keptMeta(mayUseReserve) : 0;
        return Math.max(0, state.freeData().blockCount() - kept);
    }

    /** Free blocks that may be granted for segments. */
    long availableMeta(boolean mayUseReserve) {
        return Math.max(0, state.freeMeta().blockCount() - keptMeta(mayUseReserve));
    }

    /** What a node that holds so much is given ahead of need. */
    long dataTopUp(long inHand) {
        long available = availableData(false);
        long target = Math.min(options.dataTargetBlocks(), (available + inHand) / options.targetPart());
        return inHand > target / 2 ? 0 : Math.min(available, target - inHand);
    }

    long metaTopUp(long inHand) {
        long available = availableMeta(false);
        long target = Math.min(options.metaTargetBlocks(), (available + inHand) / options.targetPart());
        return inHand > target / 2 ? 0 : Math.min(available, target - inHand);
    }

    List<DeviceExtent> grantData(long rid, long blocks, List<StateEdit> edits) {
        return grant(state.freeData(), rid, blocks, edits);
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
