package org.scoutfs.server;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.scoutfs.device.DeviceExtent;
import org.scoutfs.device.ExtentSet;
import org.scoutfs.volume.Claim;
import org.scoutfs.volume.StateEdit;
import org.scoutfs.volume.StateEditCodec;
import org.scoutfs.volume.StateLog;
import org.scoutfs.volume.VolumeState;

/**
 * Keeps the state log in space, and its checkpoints recent. The log's blocks are grants to the server like all others: a grant
 * is durable before the log writes there.
 */
final class LogKeeper {
    private static final int EXTENTS_MAX = 200;

    private final VolumeState state;
    private final StateLog log;
    private final long serverRid;
    private final Claim claim;

    LogKeeper(VolumeState state, StateLog log, long serverRid, Claim claim) {
        this.state = state;
        this.log = log;
        this.serverRid = serverRid;
        this.claim = claim;
    }

    /**
     * Makes edits durable that the state already has, and confirms the claim. That is done also when nobody waits for an
     * answer: a checkpoint sets blocks free that the next batch may be written to, and a server that took over before the
     * checkpoint's anchor was there still reads them.
     */
    void append(List<StateEdit> edits) throws IOException {
        byte[] bytes = StateEditCodec.encode(edits);
        long missing = log.missingBlocksForBatch(bytes.length);
        if (missing > 0) {
            grantBefore(edits, missing);
        }
        log.append(bytes);
        if (log.isCheckpointDue()) {
            checkpoint();
        }
        claim.confirm();
    }

    void checkpoint() throws IOException {
        byte[] snapshot = StateEditCodec.encode(state.snapshot());
        long missing = log.missingBlocksForCheckpoint(snapshot.length);
        if (missing > 0) {
            grantBefore(List.of(), missing);
            snapshot = StateEditCodec.encode(state.snapshot());
        }
        log.checkpoint(snapshot);
    }

    /**
     * Grants more blocks to the log, in a batch of its own that comes before edits that the state already has. So none of the
     * blocks may be among those that the edits make free.
     */
    private void grantBefore(List<StateEdit> edits, long missing) throws IOException {
        ExtentSet freedByThem = freedBy(edits);
        List<DeviceExtent> chosen = new ArrayList<>();
        long found = 0;
        // As much again, so that this is rare.
        for (DeviceExtent extent : state.freeMeta().choose(2 * missing, EXTENTS_MAX, 2)) {
            ExtentSet free = new ExtentSet();
            free.add(extent);
            freedByThem.forEach(free::removeOverlap);
            for (DeviceExtent piece : free) {
                if (piece.blockCount() > 1 && found < 2 * missing) {
                    chosen.add(piece);
                    found += piece.blockCount();
                }
            }
        }
        if (chosen.isEmpty()) {
            return;
        }
        StateEdit granted = new StateEdit.Granted(serverRid, chosen);
        state.apply(granted);
        log.append(List.of(granted));
        claim.confirm();
        log.addSpace(chosen);
    }

    private static ExtentSet freedBy(List<StateEdit> edits) {
        ExtentSet freed = new ExtentSet();
        for (StateEdit edit : edits) {
            List<DeviceExtent> extents = switch (edit) {
                case StateEdit.Freed e -> e.extents();
                case StateEdit.Returned e -> e.extents();
                case StateEdit.DevicesGrew e -> e.to().addedTo(e.from());
                default -> List.of();
            };
            extents.stream().filter(extent -> !freed.overlaps(extent)).forEach(freed::add);
        }
        return freed;
    }
}
