package org.scoutfs.fuzz;

import java.util.Arrays;
import java.util.List;
import org.scoutfs.base.CorruptionException;
import org.scoutfs.device.DeviceExtent;
import org.scoutfs.item.Keys;
import org.scoutfs.lsm.SegmentInfo;
import org.scoutfs.lsm.VersionEdit;
import org.scoutfs.volume.StateEdit;
import org.scoutfs.volume.StateEditCodec;

/** Records of the state log: what was decoded can be encoded, and means the same again. */
public final class StateEditFuzz implements FuzzTarget {
    @Override
    public List<byte[]> seeds() {
        List<DeviceExtent> extents = List.of(new DeviceExtent(600, 8), new DeviceExtent(700, 1));
        SegmentInfo segment =
                new SegmentInfo(7, 600, 8, 345, 6, Keys.of(1, 0, 1, 5, 6, 0), Keys.of(6, 1024, 7, 0, 0, 0));
        return List.of(
                StateEditCodec.encode(List.of(
                        new StateEdit.Granted(5, extents),
                        new StateEdit.Consumed(5, extents),
                        new StateEdit.Freed(extents),
                        new StateEdit.SeqOpened(5, 9),
                        new StateEdit.SeqClosed(5, 9),
                        new StateEdit.RequestDone(5, 3))),
                StateEditCodec.encode(List.of(
                        new StateEdit.NumbersTaken(2048, 64),
                        new StateEdit.InodesCounted(-1),
                        new StateEdit.Ended(5),
                        new StateEdit.VersionMade(
                                new VersionEdit(2, 8, List.of(new VersionEdit.Added(0, segment)), List.of(3L))),
                        new StateEdit.Reclaimed(List.of(3L)))),
                StateEditCodec.encode(List.of(
                        new StateEdit.FreeIs(extents), new StateEdit.RemovedIs(2, segment), new StateEdit.GrantIs(5, extents))));
    }

    @Override
    public void decode(byte[] bytes) {
        try {
            byte[] once = StateEditCodec.encode(StateEditCodec.decode(bytes, "fuzz"));
            byte[] twice = StateEditCodec.encode(StateEditCodec.decode(once, "fuzz"));
            if (!Arrays.equals(once, twice)) {
                throw new AssertionError("what was decoded encodes to something else");
            }
        } catch (CorruptionException refused) {
            // what it promises for bad bytes
        }
    }
}
