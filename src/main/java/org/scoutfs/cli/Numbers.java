package org.scoutfs.cli;

import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Errno;

/** Numbers and sizes as the original's command reads them. Each failure says what was wrong with which text. */
final class Numbers {
    private static final String UNITS = "KMGTP";

    private Numbers() {}

    /**
     * What {@code strtoull(text, .., 0)} makes of it: decimal, {@code 0x} hexadecimal, {@code 0} octal; a minus sign wraps, so -1 is
     * the largest; too large a number is the largest; the empty text is 0.
     *
     * @throws CommandFailure {@code EINVAL} when something else follows the number
     */
    static long u64(String text) throws CommandFailure {
        Parsed parsed = parse(text);
        if (parsed.end != text.length()) {
            throw CommandFailure.of(Errno.EINVAL, "invalid 64bit value: '" + text + "'");
        }
        return parsed.value;
    }

    /**
     * A number and at most one of the letters K, M, G, T, P, which multiply by 1024 and its powers. What follows the letter is
     * ignored, so {@code 10GB} and {@code 10GiB} are 10G.
     *
     * @throws CommandFailure {@code ERANGE} for another letter, or more than 64 bits
     */
    static long size(String text) throws CommandFailure {
        Parsed parsed = parse(text);
        if (parsed.end == text.length()) {
            return parsed.value;
        }
        int power = UNITS.indexOf(text.charAt(parsed.end));
        if (power < 0) {
            throw CommandFailure.of(Errno.ERANGE, "unknown suffix: '" + text.charAt(parsed.end) + "' in '" + text + "'");
        }
        int shift = 10 * (power + 1);
        if (parsed.value << shift >>> shift != parsed.value) {
            throw CommandFailure.of(Errno.ERANGE, "size too big: '" + text + "'");
        }
        return parsed.value << shift;
    }

    private record Parsed(long value, int end) {}

    private static Parsed parse(String text) {
        int at = 0;
        while (at < text.length() && isSpace(text.charAt(at))) {
            at++;
        }
        boolean isNegative = at < text.length() && text.charAt(at) == '-';
        if (at < text.length() && (isNegative || text.charAt(at) == '+')) {
            at++;
        }
        int radix = 10;
        if (text.startsWith("0x", at) || text.startsWith("0X", at)) {
            if (at + 2 < text.length() && Character.digit(text.charAt(at + 2), 16) >= 0) {
                radix = 16;
                at += 2;
            }
        } else if (text.startsWith("0", at)) {
            radix = 8;
        }
        int digits = at;
        long value = 0;
        boolean isTooLarge = false;
        for (; at < text.length(); at++) {
            int digit = text.charAt(at) < 128 ? Character.digit(text.charAt(at), radix) : -1;
            if (digit < 0) {
                break;
            }
            isTooLarge |= Long.compareUnsigned(value, Long.divideUnsigned(-1L - digit, radix)) > 0;
            value = value * radix + digit;
        }
        if (at == digits) {
            return new Parsed(0, 0); // no number at all: nothing was read
        }
        return new Parsed(isTooLarge ? -1 : isNegative ? -value : value, at);
    }

    private static boolean isSpace(char c) {
        return c == ' ' || c >= '\t' && c <= '\r';
    }

    /** As {@link #u64}, for an option that may be absent. */
    static long u64(@Nullable String text, long absent) throws CommandFailure {
        return text == null ? absent : u64(text);
    }

    /** As {@link #size}, for an option that may be absent. */
    static long size(@Nullable String text, long absent) throws CommandFailure {
        return text == null ? absent : size(text);
    }
}
