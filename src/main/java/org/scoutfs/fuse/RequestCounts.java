package org.scoutfs.fuse;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLongArray;
import org.scoutfs.fuse.wire.Opcode;

/** How many requests of each kind came. Each serving thread counts for itself; the sums are made by who asks. */
final class RequestCounts {
    private final List<AtomicLongArray> perThread = new CopyOnWriteArrayList<>();

    /** What one thread counts in, with {@link #count}. */
    AtomicLongArray newThread() {
        AtomicLongArray counts = new AtomicLongArray(Opcode.COUNT);
        perThread.add(counts);
        return counts;
    }

    /** Only by the thread that owns {@code counts}. */
    static void count(AtomicLongArray counts, int opcode) {
        int slot = Opcode.isKnown(opcode) ? opcode : 0;
        counts.setPlain(slot, counts.getPlain(slot) + 1);
    }

    /** Names of requests and their numbers so far, without those that never came. */
    Map<String, Long> sums() {
        Map<String, Long> sums = new TreeMap<>();
        for (int opcode = 0; opcode < Opcode.COUNT; opcode++) {
            long sum = 0;
            for (AtomicLongArray counts : perThread) {
                sum += counts.getOpaque(opcode);
            }
            if (sum > 0) {
                sums.put(opcode == 0 ? "unknown" : Opcode.name(opcode), sum);
            }
        }
        return sums;
    }
}
