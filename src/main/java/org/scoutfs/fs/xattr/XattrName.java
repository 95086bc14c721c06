package org.scoutfs.fs.xattr;

import java.nio.charset.StandardCharsets;
import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;
import org.scoutfs.item.XattrItem;
import org.scoutfs.item.XattrTags;

/** Which names an xattr may have. */
public final class XattrName {
    public static final byte[] ACCESS_ACL = ascii("system.posix_acl_access");
    public static final byte[] DEFAULT_ACL = ascii("system.posix_acl_default");
    public static final byte[] CAPABILITY = ascii("security.capability");

    private static final byte[] USER = ascii("user.");
    private static final byte[][] FREE_PREFIXES = {USER, ascii("trusted."), ascii("security.")};

    private XattrName() {}

    /**
     * Whether a name can be stored at all, its numbers aside.
     *
     * @return the tags as bits of {@link XattrTags}; 0 for a name without
     */
    public static int check(byte[] name) throws FsException {
        if (name.length > XattrItem.NAME_BYTES_MAX || name.length == 0) {
            throw FsException.of(Errno.ERANGE);
        }
        for (byte[] prefix : FREE_PREFIXES) {
            if (startsWith(name, prefix)) {
                if (name.length == prefix.length) {
                    throw FsException.of(Errno.EINVAL);
                }
                return 0;
            }
        }
        if (XattrTags.isFamily(name)) {
            return XattrTags.bits(name);
        }
        if (java.util.Arrays.equals(name, ACCESS_ACL) || java.util.Arrays.equals(name, DEFAULT_ACL)) {
            return 0;
        }
        throw FsException.of(Errno.EOPNOTSUPP);
    }

    /** Whether {@code listxattr} leaves the name out. */
    public static boolean isHidden(byte[] name) {
        if (!XattrTags.isFamily(name)) {
            return false;
        }
        try {
            return (XattrTags.bits(name) & XattrTags.HIDE) != 0;
        } catch (FsException malformed) {
            return false;
        }
    }

    /** Whether it is one of those that a file's owner sets. */
    public static boolean isUsers(byte[] name) {
        return startsWith(name, USER);
    }

    private static boolean startsWith(byte[] name, byte[] prefix) {
        return name.length >= prefix.length && java.util.Arrays.equals(name, 0, prefix.length, prefix, 0, prefix.length);
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
