package org.scoutfs.check;

import java.io.IOException;
import java.util.Arrays;
import org.scoutfs.check.Problem.Kind;
import org.scoutfs.item.Keys;
import org.scoutfs.lsm.Cursor;
import org.scoutfs.lsm.SegmentInfo;
import org.scoutfs.lsm.SegmentStore;
import org.scoutfs.lsm.ValueKind;
import org.scoutfs.lsm.Version;

/**
 * Reads every segment from front to back: all bytes fit their checksums, the segment is what the version says of it, and its filter and
 * index lead to every item that is in it.
 */
final class SegmentCheck {
    private final SegmentStore store;
    private final Findings findings;

    SegmentCheck(SegmentStore store, Findings findings) {
        this.store = store;
        this.findings = findings;
    }

    void run(Version version) {
        String problem = Version.problemWith(version.levels());
        if (problem != null) {
            findings.add(Kind.SEGMENT, version.toString(), problem);
        }
        for (int level = 0; level < Version.LEVEL_COUNT; level++) {
            version.level(level).forEach(this::check);
        }
    }

    private void check(SegmentInfo segment) {
        long itemCount = 0;
        long tombstones = 0;
        byte[] last = null;
        try (Cursor items = store.stream(segment)) {
            while (items.next()) {
                byte[] key = items.key();
                if (last == null ? !Arrays.equals(key, segment.firstKey()) : Arrays.compareUnsigned(last, key) >= 0) {
                    findings.add(
                            Kind.SEGMENT,
                            segment.toString(),
                            last == null ? "begins with another key than the version says" : "keys are not in order");
                    return;
                }
                if (!store.leadsTo(segment, key)) {
                    findings.add(Kind.SEGMENT, segment.toString(), "filter or index do not lead to key " + Keys.toString(key));
                    return;
                }
                last = key;
                itemCount++;
                tombstones += items.kind() == ValueKind.TOMBSTONE ? 1 : 0;
            }
        } catch (IOException damaged) {
            findings.add(Kind.SEGMENT, segment.toString(), String.valueOf(damaged.getMessage()));
            return;
        }
        if (itemCount != segment.itemCount() || tombstones != segment.tombstoneCount()) {
            findings.add(
                    Kind.SEGMENT,
                    segment.toString(),
                    itemCount + " items and " + tombstones + " tombstones, and the version says " + segment.itemCount() + " and "
                            + segment.tombstoneCount());
        } else if (last == null || !Arrays.equals(last, segment.lastKey())) {
            findings.add(Kind.SEGMENT, segment.toString(), "ends with another key than the version says");
        }
    }
}
