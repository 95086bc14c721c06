package org.scoutfs.fs;

import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;
import org.scoutfs.base.MustWait;
import org.scoutfs.fs.xattr.PosixAcl;
import org.scoutfs.fs.xattr.XattrName;
import org.scoutfs.fs.xattr.XattrStore;
import org.scoutfs.item.FileType;
import org.scoutfs.item.InodeItem;
import org.scoutfs.item.Keys;
import org.scoutfs.item.ReaddirItem;
import org.scoutfs.item.SymlinkItem;
import org.scoutfs.lock.LockClient;
import org.scoutfs.lsm.ItemReader;
import org.scoutfs.txn.Transaction;

/** Makes inodes, with a name or without. Stateless. */
final class Creation {
    private static final int SETGID = 02000;
    private static final int PERMISSIONS = 07777;
    private static final byte[] NO_NAME = {};

    private final Core core;

    Creation(Core core) {
        this.core = core;
    }

    /**
     * What is to be made.
     *
     * @param name empty for a file without a name
     * @param target of a symbolic link
     * @param isOpened whether it is counted as open, too
     * @param isCountedWritable whether it is counted as open for writing, too
     * @param isLinkable whether a file without a name may get one
     */
    record Plan(
            long parentIno,
            byte[] name,
            int mode,
            int rdev,
            int umask,
            byte @Nullable [] target,
            boolean isOpened,
            boolean isCountedWritable,
            boolean isLinkable) {
        static Plan node(long parentIno, byte[] name, int mode, int rdev, int umask) {
            return new Plan(parentIno, name, mode, rdev, umask, null, false, false, false);
        }

        static Plan symlink(long parentIno, byte[] name, byte[] target) {
            return new Plan(parentIno, name, FileType.SYMLINK << 12 | 0777, 0, 0, target, false, false, false);
        }

        static Plan open(long parentIno, byte[] name, int mode, int umask, boolean isCountedWritable) {
            return new Plan(parentIno, name, regular(mode), 0, umask, null, true, isCountedWritable, false);
        }

        static Plan temporary(long parentIno, int mode, int umask, boolean isCountedWritable, boolean isLinkable) {
            return new Plan(
                    parentIno, NO_NAME, regular(mode), 0, umask, null, true, isCountedWritable, isLinkable);
        }

        private static int regular(int mode) {
            return FileType.REGULAR << 12 | mode & PERMISSIONS;
        }

        boolean isNamed() {
            return name.length > 0;
        }

        boolean isDirectory() {
            return FileType.isDirectory(mode);
        }
    }

    /** Makes it; the kernel has one reference to it afterwards. */
    Attributes make(Request request, Plan plan) throws FsException, MustWait, IOException {
        core.refuseIfReadOnly();
        if (FileType.ofMode(plan.mode) == 0) {
            throw FsException.of(Errno.EINVAL);
        }
        core.quota.prepare();
        boolean isDirectory = plan.isDirectory();
        long ino = core.numbers.take(isDirectory);
        boolean isUsed = false;
        try (LockClient.Use _ = core.acquireBoth(plan.parentIno, ino)) {
            var lock = core.inodeLocks.of(plan.parentIno);
            long stamp = lock.writeLock();
            try {
                Inode parent = core.requireDirectory(core.transactions.view(), plan.parentIno);
                Attributes made = make(request, plan, parent, ino);
                isUsed = true;
                return made;
            } finally {
                lock.unlockWrite(stamp);
            }
        } finally {
            if (!isUsed) {
                core.numbers.giveBack(ino, isDirectory);
            }
        }
    }

    private Attributes make(Request request, Plan plan, Inode parent, long ino) throws FsException, MustWait, IOException {
        ItemReader view = core.transactions.view();
        Directories.@Nullable Slot slot = null;
        if (plan.isNamed()) {
            slot = core.directories.slot(view, parent, plan.name);
            slot.requireFree();
            if (parent.item.nextPosition == -1 || (plan.isDirectory() && parent.item.nlink == Names.LINKS_MAX)) {
                throw FsException.of(Errno.EMLINK);
            }
        }
        Acls acls = acls(view, parent, plan);
        Inode inode = inode(request, plan, parent, ino, acls.mode);
        core.quota.checkInode(parent, inode.item.uid, inode.item.gid);
        long bytes = 2 * Core.INODE_BYTES
                + (slot == null ? Core.BARE_BYTES : slot.itemBytes())
                + acls.itemBytes()
                + (plan.target == null ? 0 : Keys.SIZE + plan.target.length);
        try (Transaction txn = core.begin(bytes)) {
            long now = core.clock.wallNanos();
            inode.setMtimeAndCtime(now);
            inode.setAtime(inode.item.mtime, inode.item.mtimeNanos);
            inode.item.crtime = inode.item.mtime;
            inode.item.crtimeNanos = inode.item.mtimeNanos;
            acls.put(txn, inode);
            if (plan.target != null) {
                txn.putNew(SymlinkItem.key(ino), plan.target);
            }
            storeNew(txn, inode);
            core.cache.add(inode);
            core.references.add(ino, 1);
            if (plan.isOpened) {
                core.opens.add(ino, 1);
                if (plan.isCountedWritable) {
                    core.writableOpens.add(ino, 1);
                }
            }
            Attributes attributes = inode.attributes();
            if (slot == null) {
                core.orphans.add(txn, ino);
            } else {
                // Last, since from here on others can find and change the new inode.
                core.directories.add(txn, parent, slot, ino, FileType.ofMode(plan.mode));
                parent.setMtimeAndCtime(now);
                parent.item.nlink += plan.isDirectory() ? 1 : 0;
                core.store(txn, parent);
            }
            return attributes;
        }
    }

    private Inode inode(Request request, Plan plan, Inode parent, long ino, int mode) {
        InodeItem item = new InodeItem();
        boolean isDirectory = plan.isDirectory();
        boolean takesGroup = (parent.item.mode & SETGID) != 0;
        item.mode = mode | (takesGroup && isDirectory ? SETGID : 0);
        item.nlink = isDirectory ? 2 : plan.isNamed() ? 1 : 0;
        item.uid = request.uid();
        item.gid = takesGroup ? parent.item.gid : request.gid();
        item.rdev = plan.rdev;
        item.size = plan.target == null ? 0 : plan.target.length;
        item.nextPosition = isDirectory ? ReaddirItem.FIRST_POSITION : 0;
        item.nextXattrId = 1;
        item.projectId = parent.item.projectId;
        item.set(InodeItem.LINKABLE, plan.isLinkable);
        return new Inode(ino, item);
    }

    private void storeNew(Transaction txn, Inode inode) {
        long seq = txn.seq();
        inode.item.metaSeq = seq;
        core.index.moved(txn.number(), Keys.Type.META_SEQ, inode.ino, 0, seq);
        if (inode.isRegular()) {
            inode.item.dataSeq = seq;
            core.index.moved(txn.number(), Keys.Type.DATA_SEQ, inode.ino, 0, seq);
        }
        txn.putNew(InodeItem.key(inode.ino), inode.item.encode());
        core.orphans.counted(txn, 1);
    }

    // ---- inherited ACLs

    /** The mode of a new inode, and the ACLs that it gets. */
    private record Acls(int mode, byte @Nullable [] access, byte @Nullable [] forChildren) {
        long itemBytes() {
            return (access == null ? 0 : XattrStore.itemBytes(XattrName.ACCESS_ACL, access.length, null))
                    + (forChildren == null ? 0 : XattrStore.itemBytes(XattrName.DEFAULT_ACL, forChildren.length, null));
        }

        void put(Transaction txn, Inode inode) {
            put(txn, inode, XattrName.ACCESS_ACL, access, InodeItem.ACCESS_ACL);
            put(txn, inode, XattrName.DEFAULT_ACL, forChildren, InodeItem.DEFAULT_ACL);
        }

        private static void put(Transaction txn, Inode inode, byte[] name, byte @Nullable [] value, int flag) {
            if (value != null) {
                XattrStore.put(txn, inode.ino, name, value, null, inode.item.nextXattrId++);
                inode.item.xattrCount++;
                inode.item.set(flag, true);
            }
        }
    }

    /** The umask counts only where the directory has no default ACL; symbolic links have neither. */
    private Acls acls(ItemReader view, Inode parent, Plan plan) throws FsException, IOException {
        if (FileType.isSymlink(plan.mode)) {
            return new Acls(plan.mode, null, null);
        }
        byte[] inherited = core.options.hasAcls() && parent.item.has(InodeItem.DEFAULT_ACL)
                ? XattrStore.get(view, parent.ino, XattrName.DEFAULT_ACL)
                : null;
        PosixAcl acl = inherited == null ? null : PosixAcl.decode(inherited);
        if (acl == null || inherited == null) {
            return new Acls(plan.mode & ~(plan.umask & 0777), null, null);
        }
        PosixAcl access = acl.inherited(plan.mode);
        return new Acls(
                plan.mode & ~0777 | access.mode(),
                access.isOnlyMode() ? null : access.encode(),
                plan.isDirectory() ? inherited : null);
    }

    /** The root directory of a new volume. */
    void makeRoot() throws FsException, MustWait, IOException {
        InodeItem item = new InodeItem();
        item.mode = FileType.DIRECTORY << 12 | 0755;
        item.nlink = 2;
        item.nextPosition = ReaddirItem.FIRST_POSITION;
        item.nextXattrId = 1;
        Inode root = new Inode(Core.ROOT_INO, item);
        root.setMtimeAndCtime(core.clock.wallNanos());
        root.setAtime(item.mtime, item.mtimeNanos);
        item.crtime = item.mtime;
        item.crtimeNanos = item.mtimeNanos;
        if (core.options.isReadOnly()) {
            core.cache.add(root);
            return;
        }
        try (Transaction txn = core.begin(Core.INODE_BYTES)) {
            storeNew(txn, root);
        }
        core.cache.add(root);
    }
}
