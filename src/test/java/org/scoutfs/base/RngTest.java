package org.scoutfs.base;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RngTest {
    @Test
    void theSameSeedGivesTheSameNumbers() {
        Rng one = Rng.seeded(7);
        Rng other = Rng.seeded(7);
        for (int i = 0; i < 100; i++) {
            assertThat(one.nextLong()).isEqualTo(other.nextLong());
        }
    }

    @Test
    void splitPartsDiffer() {
        Rng parent = Rng.seeded(7);
        assertThat(parent.split().nextLong()).isNotEqualTo(parent.split().nextLong());
    }

    @Test
    void nextIntStaysInsideItsBound() {
        Rng rng = Rng.seeded(7);
        for (int i = 0; i < 10_000; i++) {
            assertThat(rng.nextInt(7)).isBetween(0, 6);
        }
    }
}
