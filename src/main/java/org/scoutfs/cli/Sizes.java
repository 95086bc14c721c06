package org.scoutfs.cli;

/** Sizes as the original's command prints them: steps of 1024, two decimals, single precision, "GB" for 2^30 bytes. */
final class Sizes {
    private static final String[] UNITS = {"B", "KB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"};

    private Sizes() {}

    /** {@code 163840 (10.00 GB)}. */
    static String countWithSize(long count, long unitBytes) {
        float size = (float) count * unitBytes;
        return Long.toUnsignedString(count) + " (" + scaled(size) + " " + UNITS[unit(size)] + ")";
    }

    /** {@code 10.00GB}. */
    static String sizeOnly(long count, long unitBytes) {
        float size = (float) count * unitBytes;
        return scaled(size) + UNITS[unit(size)];
    }

    private static int unit(float size) {
        int unit = 0;
        for (float rest = size; rest >= 1024 && unit < UNITS.length - 1; rest /= 1024) {
            unit++;
        }
        return unit;
    }

    /** Two decimals. Not String.format, which costs a short command 20 ms. */
    private static String scaled(float size) {
        long hundredths = Math.round(size / Math.pow(1024, unit(size)) * 100);
        long fraction = hundredths % 100;
        return hundredths / 100 + (fraction < 10 ? ".0" : ".") + fraction;
    }
}
