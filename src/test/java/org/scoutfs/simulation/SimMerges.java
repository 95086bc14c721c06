package org.scoutfs.simulation;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.scoutfs.device.DeviceExtent;
import org.scoutfs.lsm.MergeSpec;
import org.scoutfs.lsm.SegmentInfo;
import org.scoutfs.lsm.VersionEdit;
import org.scoutfs.net.Message;
import org.scoutfs.simulation.Oracle.Content;
import org.scoutfs.simulation.Oracle.Write;
import org.scoutfs.volume.FreeSpace;

/** Merges of segments that the server gave to a mount. */
final class SimMerges {
    private final SimClient client;
    private final Cluster cluster;
    /** The version that each result under way was made from, by its request: the numbers of jobs begin anew with each server. */
    private final Map<Long, Long> pins = new HashMap<>();
    private int underWay;

    SimMerges(SimClient client, Cluster cluster) {
        this.client = client;
        this.cluster = cluster;
    }

    boolean isIdle() {
        return underWay == 0;
    }

    void refused(Message.Merged merged) {
        ended(merged.requestId());
        List<DeviceExtent> all = new ArrayList<>(merged.consumed());
        all.addAll(merged.returned());
        client.request(requestId -> new Message.MergeFailed(requestId, client.rid, merged.jobId(), all, "refused"));
    }

    static SegmentInfo segment(long id, DeviceExtent extent, Set<Integer> groups) {
        int first = Integer.MAX_VALUE;
        int last = 0;
        for (int group : groups) {
            first = Math.min(first, group);
            last = Math.max(last, group);
        }
        return new SegmentInfo(id, extent.blkno(), 1, groups.size(), 0, new byte[] {(byte) first}, new byte[] {(byte) last});
    }

    /** An answer came. */
    void ended(long requestId) {
        Long number = pins.remove(requestId);
        if (number != null) {
            client.versions.unpin(number);
            underWay--;
        }
    }

    void start(Message.MergeJob job) {
        MergeSpec spec = job.spec();
        long number = client.versions.pin();
        underWay++;
        cluster.disk.read(client.node, () -> {
            for (SegmentInfo input : spec.inputs()) {
                if (!client.isOver() && client.believesLeased() && cluster.disk.block(input.blkno()).current != -input.id()) {
                    Oracle.fail(client + " merges " + input + " and finds " + cluster.disk.block(input.blkno()).current);
                }
            }
            return 0;
        }, unused -> {
            Map<Integer, Write> values = new HashMap<>();
            Set<Write> entries = new HashSet<>();
            for (SegmentInfo input : spec.inputs()) {
                Content content = cluster.oracle.contents.get(input.id());
                content.values().forEach(values::putIfAbsent); // newest first
                entries.addAll(content.entries());
            }
            FreeSpace space = new FreeSpace();
            job.grants().meta().forEach(space::add);
            DeviceExtent extent = SimTransactions.one(space);
            long id = job.grants().firstSegmentId();
            cluster.oracle.contents.put(id, new Content(values, List.copyOf(entries)));
            SegmentInfo result = segment(id, extent, values.keySet());
            cluster.disk.write(client.node, cluster.disk.block(extent.blkno()), -id, () -> cluster.disk.flush(client.node, () -> {
                if (!client.isOver()) {
                    pins.put(client.nextRequestId(), number);
                    client.request(requestId -> new Message.Merged(requestId, client.rid, job.jobId(),
                            List.of(new VersionEdit.Added(spec.targetLevel(), result)), spec.inputIds(), List.of(extent),
                            space.toList(), client.versions.oldest()));
                }
            }));
        });
    }
}
