package org.scoutfs.fs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.scoutfs.base.InvariantViolation;
import org.scoutfs.base.Rng;
import org.scoutfs.testkit.SeededTest;

class CountMapTest {
    @SeededTest(runs = 5)
    void countsLikeAMap(long seed) {
        Rng rng = Rng.seeded(seed);
        CountMap counts = new CountMap();
        Map<Long, Long> model = new HashMap<>();
        for (int i = 0; i < 60_000; i++) {
            long ino = rng.nextInt(i < 40_000 ? 5000 : 50);
            long have = model.getOrDefault(ino, 0L);
            boolean adds = have == 0 || rng.nextInt(i < 30_000 ? 3 : 2) != 0;
            long change = adds ? 1 + rng.nextInt(rng.nextInt(20) == 0 ? 400 : 3) : -(1 + (long) rng.nextInt((int) have));
            long now = adds ? counts.add(ino, change) : counts.subtract(ino, -change);
            model.merge(ino, change, Long::sum);
            long expected = have + change;
            if (now != expected) {
                throw new AssertionError("count of " + ino + ": expected " + expected + ", found " + now);
            }
            if (expected == 0) {
                model.remove(ino);
            }
        }
        for (long ino = 0; ino < 5000; ino++) {
            assertThat(counts.get(ino)).as("count of %d", ino).isEqualTo(model.getOrDefault(ino, 0L));
        }
        assertThat(counts.size()).isEqualTo(model.size());
    }

    @Test
    void fiveMillionNumbersCostLessThanAHundredMegabytes() {
        CountMap counts = new CountMap();
        for (long ino = 0; ino < 5_000_000; ino++) {
            counts.add(ino * 3 + 7, 1);
        }
        assertThat(counts.bytes()).isLessThan(100_000_000);
        for (long ino = 0; ino < 5_000_000; ino++) {
            counts.subtract(ino * 3 + 7, 1);
        }
        assertThat(counts.size()).isZero();
        assertThat(counts.bytes()).as("gives its memory back").isLessThan(100_000);
    }

    @Test
    void refusesToGoBelowZero() {
        CountMap counts = new CountMap();
        counts.add(5, 1);
        assertThatThrownBy(() -> counts.subtract(5, 2)).isInstanceOf(InvariantViolation.class);
    }
}
