package org.scoutfs.fs.archive;

import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;
import org.scoutfs.base.MustWait;
import org.scoutfs.fs.CallerMemory;
import org.scoutfs.fs.NodeFileSystem;
import org.scoutfs.fs.Request;
import org.scoutfs.fs.xattr.PosixAcl;
import org.scoutfs.fs.xattr.XattrName;
import org.scoutfs.item.InodeItem;

/**
 * Whether a caller may read or write an inode. For system calls the kernel decides that; an ioctl it only carries, and the mode in which
 * the file was opened is another question.
 */
final class InodeAccess {
    static final int READ = 4;
    static final int WRITE = 2;

    private static final int CAP_DAC_OVERRIDE = 1;
    private static final int GROUP_BITS = 070;
    private static final int OWNER_SHIFT = 6;
    private static final int GROUP_SHIFT = 3;

    private InodeAccess() {}

    /** @param wanted {@link #READ} or {@link #WRITE}; {@code EACCES} where that is not allowed */
    static void require(NodeFileSystem fs, Request request, long ino, int wanted, CallerMemory caller)
            throws FsException, MustWait, IOException {
        InodeItem inode = fs.inodeItem(ino);
        @Nullable PosixAcl acl = null;
        if (inode.has(InodeItem.ACCESS_ACL) && request.uid() != inode.uid && (inode.mode & GROUP_BITS) != 0) {
            acl = acl(fs, request, ino);
        }
        if (isAllowed(inode, acl, request, wanted, caller)
                || caller.hasCapability(CAP_DAC_OVERRIDE)
                || wanted == READ && caller.hasCapability(IoctlService.CAP_DAC_READ_SEARCH)) {
            return;
        }
        throw FsException.of(Errno.EACCES);
    }

    private static @Nullable PosixAcl acl(NodeFileSystem fs, Request request, long ino) throws MustWait, IOException {
        try {
            return PosixAcl.decode(fs.getXattr(request, ino, XattrName.ACCESS_ACL));
        } catch (FsException gone) {
            return null;
        }
    }

    private static boolean isAllowed(InodeItem inode, @Nullable PosixAcl acl, Request request, int wanted, CallerMemory caller) {
        int shift = 0;
        if (request.uid() == inode.uid) {
            shift = OWNER_SHIFT;
        } else if (acl != null) {
            return acl.allows(request.uid(), gid -> isMember(request, caller, gid), inode.gid, wanted);
        } else if (isMember(request, caller, inode.gid)) {
            shift = GROUP_SHIFT;
        }
        return (inode.mode >>> shift & wanted) == wanted;
    }

    private static boolean isMember(Request request, CallerMemory caller, int gid) {
        return request.gid() == gid || caller.isInGroup(gid);
    }
}
