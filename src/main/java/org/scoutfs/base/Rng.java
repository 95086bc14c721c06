package org.scoutfs.base;

/** Chance comes in through constructors: one seed decides everything in a test. Splittable: each part gets its own. */
public interface Rng {
    long nextLong();

    /** Uniform in [0, bound). */
    default int nextInt(int bound) {
        return (int) Long.remainderUnsigned(nextLong() >>> 1, bound);
    }

    /** A generator that is decided by this one's state and independent of what this one draws afterwards. */
    default Rng split() {
        return seeded(nextLong());
    }

    /** SplitMix64, by Steele, Lea and Flood (OOPSLA 2014). The same seed gives the same numbers for ever. */
    static Rng seeded(long seed) {
        return new SplitMix64(seed);
    }

    /** From the kernel's entropy: for identities that must not repeat on any host. */
    static Rng secure() {
        return new java.security.SecureRandom()::nextLong;
    }
}
