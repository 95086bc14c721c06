package org.scoutfs.base;

import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;

/**
 * The counters of one mount, shown by {@code scoutfs counters}. They only count up and are lost at unmount.
 *
 * <p>Thread-safe and cheap: a {@link LongAdder} each.
 */
public final class Counters {
    private final Map<Counter, LongAdder> values = new EnumMap<>(Counter.class);
    private final CopyOnWriteArrayList<Supplier<Map<String, Long>>> others = new CopyOnWriteArrayList<>();

    public Counters() {
        for (Counter counter : Counter.values()) {
            values.put(counter, new LongAdder());
        }
    }

    public void increment(Counter counter) {
        add(counter, 1);
    }

    public void add(Counter counter, long amount) {
        adder(counter).add(amount);
    }

    public long value(Counter counter) {
        return adder(counter).sum();
    }

    /** Adds counters that somebody counts for himself: he is asked for names and values whenever they are shown. */
    public void addSource(Supplier<Map<String, Long>> source) {
        others.add(source);
    }

    /** All counters with their values now: first these, in their order, then those of the sources. */
    public Map<String, Long> all() {
        Map<String, Long> all = new LinkedHashMap<>();
        for (Counter counter : Counter.values()) {
            all.put(counter.label(), value(counter));
        }
        for (Supplier<Map<String, Long>> source : others) {
            all.putAll(source.get());
        }
        return all;
    }

    private LongAdder adder(Counter counter) {
        LongAdder adder = values.get(counter);
        if (adder == null) {
            throw new InvariantViolation("no adder for " + counter);
        }
        return adder;
    }
}
