package org.scoutfs.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.scoutfs.base.Rng;
import org.scoutfs.device.DeviceExtent;
import org.scoutfs.format.ProcessIdentity;
import org.scoutfs.lsm.CompactionOptions;
import org.scoutfs.lsm.SegmentInfo;
import org.scoutfs.lsm.VersionEdit;
import org.scoutfs.net.Message;
import org.scoutfs.testkit.SeededTest;
import org.scoutfs.volume.Geometry;
import org.scoutfs.volume.Incarnation;
import org.scoutfs.volume.StateEdit;
import org.scoutfs.volume.StateEditCodec;
import org.scoutfs.volume.VolumeState;

/**
 * Random nodes against the core, and a model that knows the owner of each block by number. What the edits make of an empty
 * state, read back from their bytes, is compared with the core's own state.
 */
class ServerCoreModelTest {
    private static final Geometry ONE = new Geometry(4096, 0);
    private static final Geometry TWO = new Geometry(3000, 4000);
    private static final String FREE = "free";
    private static final String DATA = "data";
    private static final String SEGMENT = "segment";

    private final Map<Long, String> ownerOf = new HashMap<>();
    private final Map<Long, ModelNode> nodes = new TreeMap<>();
    private final Map<Long, SegmentInfo> segments = new HashMap<>();
    private int refused;
    private int merged;

    private static final class ModelNode {
        final long rid;
        long requestId;
        final List<Long> seqs = new ArrayList<>();
        final List<DeviceExtent> data = new ArrayList<>();
        final List<DeviceExtent> meta = new ArrayList<>();
        final List<Message.MergeJob> jobs = new ArrayList<>();
        long nextSegmentId;
        long segmentIdsEnd;
        long version;

        ModelNode(long rid) {
            this.rid = rid;
        }
    }

    @SeededTest(runs = 15)
    void blocksHaveOneOwnerAndTheLogTellsTheSameStory(long seed) throws Exception {
        Rng rng = Rng.seeded(seed);
        Geometry geometry = rng.nextInt(2) == 0 ? ONE : TWO;
        VolumeState state = VolumeState.empty(geometry);
        state.apply(new StateEdit.EpochBegan(1, 1, ProcessIdentity.NONE));
        VolumeState replayed = state.copy();
        own(List.of(geometry.metaSpace()), null, FREE);
        if (geometry.hasDataDevice()) {
            own(List.of(geometry.dataSpace()), null, FREE);
        }
        ServerOptions options = new ServerOptions(200, 100, 8, 64, 32, 1, CompactionOptions.TINY);
        ServerCore core = new ServerCore(state, options, 1024, false);
        for (int step = 0; step < 400; step++) {
            Message message = next(rng, state);
            core.receive(message, ProcessIdentity.NONE);
            core.plan(step * 1_000_000_000L);
            Output out = core.takeOutput();
            track(out, message);
            byte[] bytes = StateEditCodec.encode(out.edits());
            replayed.applyAll(StateEditCodec.decode(bytes, "test"));
            if (step % 20 == 0) {
                compare(state, replayed);
            }
        }
        compare(state, replayed);
        assertThat(refused).as("refusals").isPositive();
        assertThat(merged).as("merges").isPositive();
        assertThat(state.version().number()).isGreaterThan(20);
    }

    private void compare(VolumeState state, VolumeState replayed) throws Exception {
        assertThat(replayed.snapshot()).isEqualTo(state.snapshot());
        assertThat(state.copy().snapshot()).isEqualTo(state.snapshot());
        Map<Long, String> actual = new HashMap<>();
        ownerOf.forEach((blkno, owner) -> actual.put(blkno, DATA));
        state.freeMeta().forEach(extent -> put(actual, extent, FREE));
        state.freeData().forEach(extent -> put(actual, extent, FREE));
        state.segmentSpace().forEach(extent -> put(actual, extent, SEGMENT));
        for (Incarnation one : state.incarnations()) {
            one.granted().forEach(extent -> put(actual, extent, "rid " + one.rid()));
        }
        assertThat(actual).isEqualTo(ownerOf);
    }

    private static void put(Map<Long, String> owners, DeviceExtent extent, String owner) {
        for (long blkno = extent.blkno(); blkno < extent.end(); blkno++) {
            owners.put(blkno, owner);
        }
    }

    /** Changes owners, each from the one that is expected. */
    private void own(List<DeviceExtent> extents, String from, String to) {
        for (DeviceExtent extent : extents) {
            for (long blkno = extent.blkno(); blkno < extent.end(); blkno++) {
                assertThat(ownerOf.put(blkno, to)).as("owner of " + blkno + " before " + to).isEqualTo(from);
            }
        }
    }

    private Message next(Rng rng, VolumeState state) {
        if (nodes.isEmpty() || nodes.size() < 3 && rng.nextInt(20) == 0) {
            ModelNode node = new ModelNode(1000 + rng.nextInt(1 << 20));
            nodes.put(node.rid, node);
            return new Message.Join(++node.requestId, node.rid, false);
        }
        ModelNode node = new ArrayList<>(nodes.values()).get(rng.nextInt(nodes.size()));
        if (!node.jobs.isEmpty() && rng.nextInt(2) == 0) {
            return finish(node, node.jobs.removeFirst(), rng.nextInt(4) == 0);
        }
        return switch (rng.nextInt(12)) {
            case 0 -> new Message.NeedSpace(
                    ++node.requestId, node.rid, rng.nextInt(300), rng.nextInt(300), rng.nextInt(2) == 0);
            case 1 -> new Message.ReturnSpace(++node.requestId, node.rid, cut(node.data, 1 + rng.nextInt(40)));
            case 2 -> new Message.Renew(node.rid, 0, node.version);
            case 3 -> wrongCommit(node, rng);
            case 4 -> rng.nextInt(6) == 0 && node.jobs.isEmpty()
                    ? new Message.Goodbye(++node.requestId, node.rid, node.rid)
                    : commit(node, rng);
            default -> commit(node, rng);
        };
    }

    private Message commit(ModelNode node, Rng rng) {
        List<SegmentInfo> added = new ArrayList<>();
        List<DeviceExtent> consumed = new ArrayList<>(cut(node.data, rng.nextInt(30)));
        List<DeviceExtent> space = cut(node.meta, 1 + rng.nextInt(3));
        for (DeviceExtent extent : space) {
            if (node.nextSegmentId < node.segmentIdsEnd) {
                added.add(segment(node.nextSegmentId++, extent, rng.nextInt(200)));
                consumed.add(extent);
            } else {
                node.meta.add(extent);
            }
        }
        List<DeviceExtent> freed = new ArrayList<>();
        List<Long> used = ownerOf.entrySet().stream().filter(one -> one.getValue().equals(DATA)).map(Map.Entry::getKey)
                .sorted().limit(40).toList();
        for (long blkno : used) {
            if (rng.nextInt(2) == 0) {
                freed.add(new DeviceExtent(blkno, 1));
            }
        }
        return new Message.Commit(++node.requestId, node.rid, node.seqs.getFirst(), added, consumed, freed,
                cut(node.data, rng.nextInt(4)), List.of(), 1, node.version);
    }

    /** Frees what is free, or consumes what belongs to nobody here, or names a seq that is not open. */
    private Message wrongCommit(ModelNode node, Rng rng) {
        String wanted = rng.nextInt(2) == 0 ? FREE : SEGMENT;
        List<DeviceExtent> wrong = ownerOf.entrySet().stream().filter(one -> one.getValue().equals(wanted))
                .map(one -> new DeviceExtent(one.getKey(), 1)).limit(1).toList();
        boolean frees = rng.nextInt(2) == 0;
        boolean isLate = wrong.isEmpty() || rng.nextInt(3) == 0;
        return new Message.Commit(++node.requestId, node.rid, isLate ? 1_000_000 : node.seqs.getFirst(), List.of(),
                frees ? List.of() : wrong, frees ? wrong : List.of(), List.of(), List.of(), 0, node.version);
    }

    private Message finish(ModelNode node, Message.MergeJob job, boolean fails) {
        List<DeviceExtent> space = new ArrayList<>(job.grants().meta());
        if (fails) {
            return new Message.MergeFailed(++node.requestId, node.rid, job.jobId(), space, "the test says so");
        }
        DeviceExtent whole = space.removeFirst();
        DeviceExtent used = new DeviceExtent(whole.blkno(), 1);
        if (whole.blockCount() > 1) {
            space.add(new DeviceExtent(whole.blkno() + 1, whole.blockCount() - 1));
        }
        SegmentInfo result = new SegmentInfo(job.grants().firstSegmentId(), used.blkno(), 1, 9, 0,
                job.spec().firstKey(), job.spec().lastKey());
        segments.put(result.id(), result);
        merged++;
        return new Message.Merged(++node.requestId, node.rid, job.jobId(),
                List.of(new VersionEdit.Added(job.spec().targetLevel(), result)), job.spec().inputIds(), List.of(used),
                space, node.version);
    }

    private SegmentInfo segment(long id, DeviceExtent extent, int key) {
        SegmentInfo segment = new SegmentInfo(id, extent.blkno(), (int) extent.blockCount(), 9, 0,
                new byte[] {(byte) key}, new byte[] {(byte) (key + 20)});
        segments.put(id, segment);
        return segment;
    }

    /** Takes up to so many blocks out of a node's list. */
    private static List<DeviceExtent> cut(List<DeviceExtent> from, int blocks) {
        if (from.isEmpty() || blocks == 0) {
            return List.of();
        }
        DeviceExtent first = from.removeFirst();
        if (first.blockCount() <= blocks) {
            return List.of(first);
        }
        from.add(new DeviceExtent(first.blkno() + blocks, first.blockCount() - blocks));
        return List.of(new DeviceExtent(first.blkno(), blocks));
    }

    private void track(Output out, Message asked) {
        // Frees come from edits; what a node was told must agree with them.
        for (StateEdit edit : out.edits()) {
            switch (edit) {
                case StateEdit.Granted e -> own(e.extents(), FREE, "rid " + e.rid());
                case StateEdit.Consumed e -> own(e.extents(), "rid " + e.rid(), DATA);
                case StateEdit.Returned e -> own(e.extents(), "rid " + e.rid(), FREE);
                case StateEdit.Freed e -> own(e.extents(), DATA, FREE);
                case StateEdit.VersionMade e -> e.edit().added().forEach(added -> {
                    if (!e.edit().removedIds().contains(added.segment().id())) {
                        own(List.of(added.segment().extent()), DATA, SEGMENT);
                    }
                });
                case StateEdit.Reclaimed e ->
                    e.segmentIds().forEach(id -> own(List.of(segments.get(id).extent()), SEGMENT, FREE));
                case StateEdit.Ended e -> {
                    ownerOf.replaceAll((blkno, owner) -> owner.equals("rid " + e.rid()) ? FREE : owner);
                    nodes.remove(e.rid());
                }
                default -> {}
            }
        }
        boolean isAnswered = false;
        for (Output.Outgoing outgoing : out.messages()) {
            ModelNode node = nodes.get(outgoing.rid());
            isAnswered |= !(outgoing.message() instanceof Message.Published);
            if (node != null) {
                tell(node, outgoing.message(), asked);
            }
        }
        assertThat(isAnswered).as("%s is answered", asked).isTrue();
    }

    private void tell(ModelNode node, Message message, Message asked) {
        switch (message) {
            case Message.Joined m -> {
                node.seqs.addAll(m.seqs());
                node.version = m.versionNumber();
                take(node, m.grants());
            }
            case Message.Committed m -> {
                if (m.nextSeq() != 0) {
                    node.seqs.removeFirst();
                    node.seqs.add(m.nextSeq());
                }
                advance(node, m.edits());
                take(node, m.grants());
            }
            case Message.SpaceGranted m -> take(node, m.grants());
            case Message.Published m -> advance(node, m.edits());
            case Message.Renewed m -> advance(node, m.edits());
            case Message.MergeJob m -> node.jobs.add(m);
            case Message.Refused m -> {
                refused++;
                assertThat(asked).as(m.reason()).isInstanceOf(Message.Commit.class);
                Message.Commit commit = (Message.Commit) asked;
                assertThat(commit.segments()).as(m.reason()).isEmpty();
                assertThat(commit.inodeCountDelta()).as(m.reason()).isZero();
            }
            default -> {}
        }
    }

    private static void advance(ModelNode node, List<VersionEdit> edits) {
        for (VersionEdit edit : edits) {
            assertThat(edit.number()).as("each edit once, in order").isEqualTo(node.version + 1);
            node.version = edit.number();
        }
    }

    private static void take(ModelNode node, Message.Grants grants) {
        node.data.addAll(grants.data());
        node.meta.addAll(grants.meta());
        if (grants.segmentIdCount() > 0) {
            node.nextSegmentId = grants.firstSegmentId();
            node.segmentIdsEnd = grants.firstSegmentId() + grants.segmentIdCount();
        }
    }
}
