package org.scoutfs.fuse;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLongArray;
import org.jspecify.annotations.Nullable;
import org.scoutfs.fuse.wire.Opcode;

/** How many requests of each kind came. Each serving thread counts for itself; the sums are made by who asks. */
final class RequestCounts {
    private final List<AtomicLongArray> perThread = new CopyOnWriteArrayList<>();
    /** Set before the serving threads start. */
    private @Nullable Alertness alertness;

    /** From now on each request that is counted is told there. Before any thread counts. */
    void tell(Alertness listener) {
        alertness = listener;
    }

    /** What one thread counts in, with {@link #count}. */
    AtomicLongArray newThread() {
        AtomicLongArray counts = new AtomicLongArray(Opcode.COUNT);
        perThread.add(counts);
        return counts;
    }

    /** Only by the thread that owns {@code counts}. */
    void count(AtomicLongArray counts, int opcode) {
        int slot = Opcode.isKnown(opcode) ? opcode : 0;
        counts.setOpaque(slot, counts.getPlain(slot) + 1);
        if (alertness != null) {
            alertness.request();
        }
    }

    /** Requests of all kinds so far. */
    long total() {
        long total = 0;
        for (AtomicLongArray counts : perThread) {
            for (int opcode = 0; opcode < Opcode.COUNT; opcode++) {
                total += counts.getOpaque(opcode);
            }
        }
        return total;
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

    /** Every kind, also those that never came: who reads counters by pages must find each at the same place. */
    Map<String, Long> asCounters() {
        Map<String, Long> sums = sums();
        Map<String, Long> counters = new LinkedHashMap<>();
        counters.put("fuse_requests", sums.values().stream().mapToLong(Long::longValue).sum());
        for (int opcode = 1; opcode < Opcode.COUNT; opcode++) {
            if (Opcode.isKnown(opcode)) {
                counters.put("fuse_" + Opcode.name(opcode), sums.getOrDefault(Opcode.name(opcode), 0L));
            }
        }
        return counters;
    }
}
