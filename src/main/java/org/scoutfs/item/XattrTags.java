package org.scoutfs.item;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;

/**
 * What the name of an xattr of the {@code scoutfs.} family says: after the prefix come tags, each at most once and at least one, then a
 * rest which for two of the tags ends in numbers.
 *
 * @param bits of {@link #HIDE} and so on
 * @param first the first of the numbers: of a total's name the first of three, of a place in the index the major one; else 0
 * @param second the second number, of a place in the index the minor one
 * @param third of a total's name
 */
public record XattrTags(int bits, long first, long second, long third) {
    /** Not shown by listxattr(2). */
    public static final int HIDE = 1;
    /** The inode has a place in the sorted index. */
    public static final int INDX = 1 << 1;
    /** The inode is found by the xattr's name. */
    public static final int SRCH = 1 << 2;
    /** The value counts in a total. */
    public static final int TOTL = 1 << 3;

    private static final byte[] FAMILY = ascii("scoutfs.");
    /** In the order of their bits. */
    private static final byte[][] TAGS = {ascii("hide."), ascii("indx."), ascii("srch."), ascii("totl.")};

    private static final XattrTags NONE = new XattrTags(0, 0, 0, 0);
    private static final int NAME_BYTES_MIN = 14;
    private static final int DIGITS_MAX = 23;
    private static final int MAJOR_MAX = 255;

    /** Whether a name belongs to the family, well made or not. */
    public static boolean isFamily(byte[] name) {
        return startsWith(name, 0, FAMILY);
    }

    /**
     * The tags alone.
     *
     * @throws FsException {@code EINVAL} where there is none, one comes twice, or two do not go together
     */
    public static int bits(byte[] name) throws FsException {
        return scan(name).bits;
    }

    /**
     * Tags and numbers.
     *
     * @return no tags for a name that is not of the family
     * @throws FsException {@code EINVAL} for what is no well-made name of the family
     */
    public static XattrTags of(byte[] name) throws FsException {
        if (!isFamily(name)) {
            return NONE;
        }
        Scan scan = scan(name);
        int numbers = (scan.bits & TOTL) != 0 ? 3 : (scan.bits & INDX) != 0 ? 2 : 0;
        long[] found = numbers(name, scan.end, numbers);
        if ((scan.bits & INDX) != 0 && Long.compareUnsigned(found[0], MAJOR_MAX) > 0) {
            throw FsException.of(Errno.EINVAL);
        }
        return new XattrTags(scan.bits, found[0], found[1], found[2]);
    }

    /** As {@link #of}, for a name that is stored: null where it is not well made, which it then has nothing of. */
    public static @Nullable XattrTags ofStored(byte[] name) {
        try {
            return of(name);
        } catch (FsException malformed) {
            return null;
        }
    }

    public boolean has(int tag) {
        return (bits & tag) != 0;
    }

    /** Whether items outside of the inode's say something of such an xattr. */
    public boolean isIndexed() {
        return (bits & ~HIDE) != 0;
    }

    /** Whether a value is one that such an xattr may have. */
    public void checkValue(byte[] value) throws FsException {
        if (has(TOTL)) {
            long ignored = number(value, 0, value.length);
        }
        if (has(INDX) && value.length > 0) {
            throw FsException.of(Errno.EINVAL);
        }
    }

    /** What a value of a total adds; a value that is no number adds nothing. */
    public static XattrTotal summand(byte[] value) {
        try {
            return new XattrTotal(number(value, 0, value.length), 1);
        } catch (FsException malformed) {
            return XattrTotal.NOTHING;
        }
    }

    private record Scan(int bits, int end) {}

    private static Scan scan(byte[] name) throws FsException {
        int bits = 0;
        int at = FAMILY.length;
        for (int i = 0; i < TAGS.length; ) {
            if (startsWith(name, at, TAGS[i])) {
                if ((bits & 1 << i) != 0) {
                    throw FsException.of(Errno.EINVAL);
                }
                bits |= 1 << i;
                at += TAGS[i].length;
                i = 0;
            } else {
                i++;
            }
        }
        boolean isBoth = (bits & (TOTL | INDX)) == (TOTL | INDX);
        if (bits == 0 || isBoth || name.length < NAME_BYTES_MIN) {
            throw FsException.of(Errno.EINVAL);
        }
        return new Scan(bits, at);
    }

    /** The last numbers of a name, with dots between; the dot before the first one may be the one that ends the tags. */
    private static long[] numbers(byte[] name, int from, int count) throws FsException {
        long[] found = new long[3];
        int end = name.length;
        for (int i = count - 1; i >= 0; i--) {
            int at = end;
            while (at > from && name[at - 1] != '.') {
                at--;
            }
            if (name[at - 1] != '.') {
                throw FsException.of(Errno.EINVAL);
            }
            found[i] = number(name, at, end);
            end = at - 1;
            if (end < from && i > 0) {
                throw FsException.of(Errno.EINVAL);
            }
        }
        return found;
    }

    /** As C writes unsigned numbers: decimal, {@code 0x} hexadecimal, {@code 0} octal, and nothing around it. */
    private static long number(byte[] text, int from, int end) throws FsException {
        if (end <= from || end - from > DIGITS_MAX) {
            throw FsException.of(Errno.EINVAL);
        }
        int at = from;
        int radix = 10;
        if (text[at] == '0' && end - at > 1) {
            boolean isHex = (text[at + 1] | 0x20) == 'x';
            radix = isHex ? 16 : 8;
            at += isHex ? 2 : 1;
        }
        if (at == end) {
            throw FsException.of(Errno.EINVAL);
        }
        long value = 0;
        for (; at < end; at++) {
            int digit = text[at] < 0 ? -1 : Character.digit(text[at], radix);
            if (digit < 0 || Long.compareUnsigned(value, Long.divideUnsigned(-1L - digit, radix)) > 0) {
                throw FsException.of(Errno.EINVAL);
            }
            value = value * radix + digit;
        }
        return value;
    }

    private static boolean startsWith(byte[] name, int at, byte[] prefix) {
        return name.length - at >= prefix.length
                && Arrays.equals(name, at, at + prefix.length, prefix, 0, prefix.length);
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
