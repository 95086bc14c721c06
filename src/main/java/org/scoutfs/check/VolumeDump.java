package org.scoutfs.check;

import java.io.IOException;
import java.util.HexFormat;
import java.util.function.Consumer;
import org.scoutfs.base.Counters;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.device.BufferPool;
import org.scoutfs.format.SuperSlot;
import org.scoutfs.format.VoterBlock;
import org.scoutfs.item.Keys;
import org.scoutfs.lsm.Cursor;
import org.scoutfs.lsm.SegmentInfo;
import org.scoutfs.lsm.SegmentOptions;
import org.scoutfs.lsm.SegmentStore;
import org.scoutfs.lsm.Version;
import org.scoutfs.volume.Incarnation;
import org.scoutfs.volume.Volume;
import org.scoutfs.volume.VolumeReader;
import org.scoutfs.volume.VolumeState;
import org.scoutfs.volume.Voters;

/** Every structure of a volume in lines that people read. Only reads. */
public final class VolumeDump {
    private static final long POOL_BYTES = 64L << 20;
    private static final long CACHE_BYTES = 16L << 20;

    private VolumeDump() {}

    /** @param isAll also what grows with the volume: free extents, log records, items */
    public static void run(BlockDevice device, boolean isAll, Consumer<String> out) throws IOException {
        Volume volume = Volume.open(device);
        VolumeReader reader = new VolumeReader(volume);
        fixed(volume, reader, out);
        VolumeReader.Log log = reader.log();
        log(log, isAll, out);
        state(log.state(), isAll, out);
        segments(volume, log.state().version(), isAll, out);
    }

    private static void fixed(Volume volume, VolumeReader reader, Consumer<String> out) throws IOException {
        SuperSlot newest = volume.slot();
        out.accept("super epoch " + newest.epoch());
        out.accept("  fmt_vers " + newest.formatVersion() + " fsid " + hex(newest.volumeId()) + " rid "
                + hex(newest.rid()));
        out.accept("  blocks " + newest.metaBlocks() + " data blocks " + newest.dataBlocks());
        if (!newest.quorumSlots().isEmpty()) {
            out.accept("  quorum config version " + newest.quorumVersion()
                    + (newest.clusterName().isEmpty() ? "" : " cluster " + newest.clusterName()));
            for (SuperSlot.QuorumSlot slot : newest.quorumSlots()) {
                String host = slot.address().indexOf(':') < 0 ? slot.address() : "[" + slot.address() + "]";
                out.accept("    quorum slot " + (slot.number() < 10 ? " " : "") + slot.number() + ": " + host + ":" + slot.port());
            }
        }
        Voters voters = new Voters(volume);
        for (int slot = 0; slot < SuperSlot.QUORUM_SLOTS_MAX; slot++) {
            VoterBlock voter = voters.read(slot);
            if (voter != null) {
                out.accept("voter slot " + slot + " quorum config version " + voter.quorumVersion() + " generation "
                        + voter.generation() + " starts " + voter.starts());
            }
        }
        for (SuperSlot slot : reader.slots()) {
            out.accept("slot " + slot);
        }
        reader.takeovers().forEach(takeover -> out.accept("takeover " + takeover));
        out.accept("claim " + reader.claim());
        out.accept("heartbeat " + reader.heartbeat());
        if (volume.geometry().hasDataDevice()) {
            out.accept("data label " + reader.dataLabel());
        }
    }

    private static void log(VolumeReader.Log log, boolean isAll, Consumer<String> out) {
        log.anchors().forEach(anchor -> out.accept("anchor " + anchor));
        out.accept("checkpoint of " + log.checkpoint().size() + " edits, then " + log.batches().size() + " batches");
        if (isAll) {
            log.checkpoint().forEach(edit -> out.accept("  " + edit));
            for (VolumeReader.Batch batch : log.batches()) {
                out.accept("batch " + batch.number() + " blkno " + batch.blkno());
                batch.edits().forEach(edit -> out.accept("  " + edit));
            }
        }
    }

    private static void state(VolumeState state, boolean isAll, Consumer<String> out) {
        out.accept("next_seq " + state.nextSeq() + " stable_seq " + state.version().stableSeq() + " next_ino " + state.nextIno()
                + " next_segment " + state.nextSegmentId() + " inode_count " + state.inodeCount());
        out.accept("free " + state.freeMeta());
        if (isAll) {
            state.freeMeta().forEach(extent -> out.accept("  blkno " + extent.blkno() + " len " + extent.blockCount()));
        }
        if (state.geometry().hasDataDevice()) {
            out.accept("free data " + state.freeData());
            if (isAll) {
                state.freeData().forEach(extent -> out.accept("  blkno " + extent.blkno() + " len " + extent.blockCount()));
            }
        }
        for (Incarnation incarnation : state.incarnations()) {
            out.accept(incarnation + " epoch " + incarnation.epoch() + (incarnation.isEvicted() ? " evicted" : "")
                    + " granted " + incarnation.granted());
            incarnation.granted().forEach(extent -> out.accept("  blkno " + extent.blkno() + " len " + extent.blockCount()));
        }
    }

    private static void segments(Volume volume, Version version, boolean isAll, Consumer<String> out) throws IOException {
        out.accept(version.toString());
        try (BufferPool pool = new BufferPool(POOL_BYTES);
                SegmentStore store = new SegmentStore(
                        volume.device(), pool, SegmentOptions.of(volume.volumeId()), CACHE_BYTES, new Counters())) {
            for (int level = 0; level < Version.LEVEL_COUNT; level++) {
                for (SegmentInfo segment : version.level(level)) {
                    out.accept("level " + level + " " + segment + " items " + segment.itemCount() + " tombstones "
                            + segment.tombstoneCount());
                    if (isAll) {
                        items(store, segment, out);
                    }
                }
            }
        }
    }

    private static void items(SegmentStore store, SegmentInfo segment, Consumer<String> out) throws IOException {
        try (Cursor items = store.stream(segment)) {
            while (items.next()) {
                String flag = switch (items.kind()) {
                    case PUT -> "";
                    case TOMBSTONE -> " d";
                    case DELTA -> " +";
                };
                out.accept("  " + Keys.toString(items.key()) + flag + " " + HexFormat.of().formatHex(items.value()));
            }
        }
    }

    private static String hex(long value) {
        return HexFormat.of().toHexDigits(value);
    }
}
