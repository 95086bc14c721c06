package org.scoutfs.testkit;

import java.util.Map;
import java.util.TreeMap;
import org.scoutfs.base.Rng;

/**
 * Legal but nasty choices, made by one seed: tiny buffers, early commits, slow paths. Each choice has a name, and the answers
 * are counted, so that a test can say afterwards that what is rare was in fact tried.
 *
 * <p>Not thread-safe.
 */
public final class Sometimes {
    private final Rng rng;
    private final Map<String, Integer> yes = new TreeMap<>();

    public Sometimes(long seed) {
        this.rng = Rng.seeded(seed);
    }

    /** True once in four times. */
    public boolean yes(String name) {
        return oneIn(4, name);
    }

    public boolean oneIn(int times, String name) {
        boolean answer = rng.nextInt(times) == 0;
        yes.merge(name, answer ? 1 : 0, Integer::sum);
        return answer;
    }

    /** How often {@code name} was answered with yes. */
    public int count(String name) {
        return yes.getOrDefault(name, 0);
    }

    @Override
    public String toString() {
        return yes.toString();
    }
}
