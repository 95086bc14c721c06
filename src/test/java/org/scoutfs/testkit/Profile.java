package org.scoutfs.testkit;

/** How much a test run may cost: the normal profile of each build, or the long one of the night ({@code -Plong}). */
public final class Profile {
    private static final long NIGHT_SEED = Long.getLong("scoutfs.nightSeed", System.currentTimeMillis());

    private static final int LONG_PERCENT = Integer.getInteger("scoutfs.longPercent", 100);

    private Profile() {}

    public static boolean isLong() {
        return "long".equals(System.getProperty("scoutfs.test.profile"));
    }

    /** The first count in the normal profile, the second in the long one. {@code -Dscoutfs.count=n} overrides both. */
    public static int count(int normal, int inLongProfile) {
        return Integer.getInteger("scoutfs.count", isLong() ? scaled(normal, inLongProfile) : normal);
    }

    /**
     * A number of the long profile, made smaller or larger by {@code -Dscoutfs.longPercent=n}, but not smaller than that of the normal
     * one: so that a night can be cut to an hour, or stretched to a weekend, with every part in it.
     */
    public static int scaled(int normal, int inLongProfile) {
        return (int) Math.max(normal, (long) inLongProfile * LONG_PERCENT / 100);
    }

    /** What the long profile draws its seeds from: new each night, fixed by {@code -Dscoutfs.nightSeed}. */
    static long nightSeed() {
        return NIGHT_SEED;
    }
}
