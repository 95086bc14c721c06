package org.scoutfs.fs.xattr;

import java.nio.charset.StandardCharsets;
import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;
import org.scoutfs.item.XattrItem;

/**
 * What a name says of its xattr. Names of the {@code scoutfs.} family carry tags after the prefix, each at most once and at least one:
 * {@code hide.}, {@code indx.}, {@code srch.}, {@code totl.}.
 */
public final class XattrName {
    public static final byte[] ACCESS_ACL = ascii("system.posix_acl_access");
    public static final byte[] DEFAULT_ACL = ascii("system.posix_acl_default");
    public static final byte[] CAPABILITY = ascii("security.capability");

    private static final byte[] SCOUTFS = ascii("scoutfs.");
    private static final byte[][] FREE_PREFIXES = {ascii("user."), ascii("trusted."), ascii("security.")};
    private static final byte[][] TAGS = {ascii("hide."), ascii("indx."), ascii("srch."), ascii("totl.")};
    private static final int HIDE = 1;
    private static final int INDX = 1 << 1;
    private static final int TOTL = 1 << 3;

    private XattrName() {}

    /**
     * Whether a name can be stored at all.
     *
     * @return the tags as bits; 0 for a name without
     */
    public static int check(byte[] name) throws FsException {
        if (name.length > XattrItem.NAME_BYTES_MAX || name.length == 0) {
            throw FsException.of(Errno.ERANGE);
        }
        for (byte[] prefix : FREE_PREFIXES) {
            if (startsWith(name, 0, prefix)) {
                if (name.length == prefix.length) {
                    throw FsException.of(Errno.EINVAL);
                }
                return 0;
            }
        }
        if (startsWith(name, 0, SCOUTFS)) {
            int tags = tags(name);
            if (tags <= 0 || (tags & (TOTL | INDX)) == (TOTL | INDX)) {
                throw FsException.of(Errno.EINVAL);
            }
            return tags;
        }
        if (java.util.Arrays.equals(name, ACCESS_ACL) || java.util.Arrays.equals(name, DEFAULT_ACL)) {
            return 0;
        }
        throw FsException.of(Errno.EOPNOTSUPP);
    }

    /** Whether {@code listxattr} leaves the name out. */
    public static boolean isHidden(byte[] name) {
        if (!startsWith(name, 0, SCOUTFS)) {
            return false;
        }
        int tags = tags(name);
        return tags > 0 && (tags & HIDE) != 0;
    }

    /** The tags of a {@code scoutfs.} name, -1 where one comes twice. */
    private static int tags(byte[] name) {
        int tags = 0;
        int at = SCOUTFS.length;
        for (int i = 0; i < TAGS.length; ) {
            if (startsWith(name, at, TAGS[i])) {
                if ((tags & 1 << i) != 0) {
                    return -1;
                }
                tags |= 1 << i;
                at += TAGS[i].length;
                i = 0;
            } else {
                i++;
            }
        }
        return tags;
    }

    private static boolean startsWith(byte[] name, int at, byte[] prefix) {
        return name.length - at >= prefix.length
                && java.util.Arrays.equals(name, at, at + prefix.length, prefix, 0, prefix.length);
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
