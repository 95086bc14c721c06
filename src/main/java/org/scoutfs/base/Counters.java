package org.scoutfs.base;

import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/**
 * The counters of one mount, shown by {@code scoutfs counters}. They only count up and are lost at unmount.
 *
 * <p>Thread-safe and cheap: a {@link LongAdder} each.
 */
public final class Counters {
    private final Map<Counter, LongAdder> values = new EnumMap<>(Counter.class);

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

    private LongAdder adder(Counter counter) {
        LongAdder adder = values.get(counter);
        if (adder == null) {
            throw new InvariantViolation("no adder for " + counter);
        }
        return adder;
    }
}
