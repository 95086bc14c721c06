package org.scoutfs.simulation;

import java.util.List;
import java.util.TreeMap;
import org.scoutfs.lsm.SegmentInfo;
import org.scoutfs.lsm.Version;
import org.scoutfs.lsm.VersionEdit;

/** The newest version that a mount was told of, and those that it still reads. */
final class SimVersions {
    private final SimClient client;
    private final TreeMap<Long, Integer> pinned = new TreeMap<>();
    private Version newest = Version.empty();

    SimVersions(SimClient client) {
        this.client = client;
    }

    Version newest() {
        return newest;
    }

    void begin(long number, long stableSeq, List<List<SegmentInfo>> levels) {
        newest = Version.of(number, stableSeq, levels);
    }

    void publish(List<VersionEdit> edits) {
        for (VersionEdit edit : edits) {
            if (edit.number() > newest.number()) {
                if (edit.number() != newest.number() + 1) {
                    Oracle.fail(client + " was told version " + edit.number() + " after " + newest.number());
                }
                newest = newest.apply(edit);
            }
        }
    }

    long oldest() {
        return pinned.isEmpty() ? newest.number() : Math.min(pinned.firstKey(), newest.number());
    }

    boolean isIdle() {
        return pinned.isEmpty();
    }

    /** Somebody goes through the index without a lock, and takes his time: what he has not come to yet must stay. */
    void walkSlowly(World world, Disk disk) {
        List<SegmentInfo> all = newest.levels().stream().flatMap(List::stream).toList();
        if (all.isEmpty()) {
            return;
        }
        SegmentInfo segment = all.get(world.rng.nextInt(all.size()));
        long number = pin();
        client.node.own(world.between(0, 1500 * World.MILLI), () ->
                disk.read(client.node, () -> disk.block(segment.blkno()).current, stamp -> {
            if (client.believesLeased() && stamp != -segment.id()) {
                Oracle.fail(client + " walks in version " + number + " and finds " + stamp + " in " + segment);
            }
            unpin(number);
        }));
    }

    /** @return the version that is read until {@link #unpin} */
    long pin() {
        pinned.merge(newest.number(), 1, Integer::sum);
        return newest.number();
    }

    void unpin(long number) {
        if (pinned.merge(number, -1, Integer::sum) == 0) {
            pinned.remove(number);
        }
    }
}
