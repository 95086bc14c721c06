package org.scoutfs.base;

/** See {@link Rng#seeded}. Not thread-safe: each thread splits its own. */
final class SplitMix64 implements Rng {
    private long state;

    SplitMix64(long seed) {
        this.state = seed;
    }

    @Override
    public long nextLong() {
        state += 0x9E3779B97F4A7C15L;
        long z = state;
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }
}
