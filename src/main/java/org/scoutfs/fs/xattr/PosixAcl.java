package org.scoutfs.fs.xattr;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;

/**
 * A POSIX ACL as the kernel puts it into xattrs (version 2: a header of four bytes, then eight bytes per entry: tag, permissions, id),
 * and how it and the mode's nine bits follow each other (acl(5)). An entry is kept as one number: tag, permissions, id.
 */
public final class PosixAcl {
    private static final int VERSION = 2;
    private static final int HEADER_BYTES = 4;
    private static final int ENTRY_BYTES = 8;

    private static final int USER_OBJ = 0x01;
    private static final int USER = 0x02;
    private static final int GROUP_OBJ = 0x04;
    private static final int GROUP = 0x08;
    private static final int MASK = 0x10;
    private static final int OTHER = 0x20;
    private static final int ALL = 7;

    private final int[] tags;
    private final int[] permissions;
    private final int[] ids;

    private PosixAcl(int count) {
        tags = new int[count];
        permissions = new int[count];
        ids = new int[count];
    }

    /** @return null for an ACL without entries: it stands for none. {@code EINVAL} for what is no ACL */
    public static @Nullable PosixAcl decode(byte[] value) throws FsException {
        ByteBuffer bytes = ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN);
        if (value.length == 0) {
            return null;
        }
        if (value.length < HEADER_BYTES || (value.length - HEADER_BYTES) % ENTRY_BYTES != 0) {
            throw FsException.of(Errno.EINVAL);
        }
        if (bytes.getInt(0) != VERSION) {
            throw FsException.of(Errno.EOPNOTSUPP);
        }
        int count = (value.length - HEADER_BYTES) / ENTRY_BYTES;
        if (count == 0) {
            return null;
        }
        PosixAcl acl = new PosixAcl(count);
        for (int i = 0; i < count; i++) {
            int at = HEADER_BYTES + i * ENTRY_BYTES;
            acl.tags[i] = bytes.getShort(at) & 0xffff;
            acl.permissions[i] = bytes.getShort(at + 2) & 0xffff;
            acl.ids[i] = bytes.getInt(at + 4);
        }
        acl.verify();
        return acl;
    }

    /** Owner, named users, group, named groups, mask, others: in this order, and the mask where somebody is named. */
    private void verify() throws FsException {
        int last = 0;
        boolean isMaskNeeded = false;
        int seen = 0;
        for (int i = 0; i < tags.length; i++) {
            int tag = tags[i];
            boolean mayRepeat = tag == USER || tag == GROUP;
            boolean isKnown = Integer.bitCount(tag) == 1 && tag <= OTHER;
            if (!isKnown || tag < last || (tag == last && !mayRepeat) || (permissions[i] & ~ALL) != 0) {
                throw FsException.of(Errno.EINVAL);
            }
            last = tag;
            seen |= tag;
            isMaskNeeded |= mayRepeat;
        }
        int needed = USER_OBJ | GROUP_OBJ | OTHER | (isMaskNeeded ? MASK : 0);
        if ((seen & needed) != needed) {
            throw FsException.of(Errno.EINVAL);
        }
    }

    public byte[] encode() {
        ByteBuffer bytes = ByteBuffer.allocate(HEADER_BYTES + ENTRY_BYTES * tags.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putInt(VERSION);
        for (int i = 0; i < tags.length; i++) {
            bytes.putShort((short) tags[i]).putShort((short) permissions[i]).putInt(ids[i]);
        }
        return bytes.array();
    }

    /** Whether the mode's nine bits say all that this ACL says. */
    public boolean isOnlyMode() {
        return tags.length == 3 && index(MASK) < 0;
    }

    /** The nine bits of the mode of an inode with this access ACL: the group's are the mask's where there is one. */
    public int mode() {
        int mask = index(MASK);
        return permissions[index(USER_OBJ)] << 6
                | permissions[mask >= 0 ? mask : index(GROUP_OBJ)] << 3
                | permissions[index(OTHER)];
    }

    /** After {@code chmod}: owner, others, and mask or group take the mode's bits. */
    public PosixAcl withMode(int mode) {
        PosixAcl acl = copy();
        int mask = index(MASK);
        acl.permissions[index(USER_OBJ)] = mode >>> 6 & ALL;
        acl.permissions[mask >= 0 ? mask : index(GROUP_OBJ)] = mode >>> 3 & ALL;
        acl.permissions[index(OTHER)] = mode & ALL;
        return acl;
    }

    /** The access ACL of an inode that is made with {@code mode} in a directory with this default ACL: neither gives more than both. */
    public PosixAcl inherited(int mode) {
        PosixAcl acl = copy();
        int mask = index(MASK);
        acl.permissions[index(USER_OBJ)] &= mode >>> 6;
        acl.permissions[mask >= 0 ? mask : index(GROUP_OBJ)] &= mode >>> 3;
        acl.permissions[index(OTHER)] &= mode;
        return acl;
    }

    /**
     * Whether somebody who is not the owner has all of {@code wanted}: as a user that is named, else by one of his groups, else as
     * anybody.
     */
    public boolean allows(int uid, IntPredicate isMember, int ownersGroup, int wanted) {
        int mask = index(MASK) < 0 ? ALL : permissions[index(MASK)];
        boolean isInGroup = false;
        for (int i = 0; i < tags.length; i++) {
            if (tags[i] == USER && ids[i] == uid) {
                return (permissions[i] & mask & wanted) == wanted;
            }
            boolean isGroup = tags[i] == GROUP_OBJ || tags[i] == GROUP;
            if (isGroup && isMember.test(tags[i] == GROUP ? ids[i] : ownersGroup)) {
                isInGroup = true;
                if ((permissions[i] & mask & wanted) == wanted) {
                    return true;
                }
            }
        }
        return !isInGroup && (permissions[index(OTHER)] & wanted) == wanted;
    }

    private PosixAcl copy() {
        PosixAcl acl = new PosixAcl(tags.length);
        System.arraycopy(tags, 0, acl.tags, 0, tags.length);
        System.arraycopy(permissions, 0, acl.permissions, 0, tags.length);
        System.arraycopy(ids, 0, acl.ids, 0, tags.length);
        return acl;
    }

    private int index(int tag) {
        for (int i = 0; i < tags.length; i++) {
            if (tags[i] == tag) {
                return i;
            }
        }
        return -1;
    }
}
