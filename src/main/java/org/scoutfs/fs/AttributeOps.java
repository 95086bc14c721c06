package org.scoutfs.fs;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;
import org.scoutfs.base.MustWait;
import org.scoutfs.fs.Attributes.Timestamp;
import org.scoutfs.fs.xattr.PosixAcl;
import org.scoutfs.fs.xattr.TaggedXattrs;
import org.scoutfs.fs.xattr.XattrName;
import org.scoutfs.fs.xattr.XattrStore;
import org.scoutfs.item.InodeItem;
import org.scoutfs.item.NameHash;
import org.scoutfs.item.SymlinkItem;
import org.scoutfs.item.XattrIndexKeys;
import org.scoutfs.item.XattrItem;
import org.scoutfs.item.XattrTags;
import org.scoutfs.lock.LockClient;
import org.scoutfs.lsm.ItemReader;
import org.scoutfs.net.LockMode;
import org.scoutfs.txn.Transaction;

/** Reads and changes what an inode says of itself: attributes, extended attributes, ACLs, the target of a symbolic link. */
final class AttributeOps {
    private static final byte[] NO_VALUE = {};
    private static final int XATTR_CREATE = 1;
    private static final int XATTR_REPLACE = 2;
    private static final int SETGID = 02000;
    private static final int TYPE_BITS = 0170000;
    private static final int ACCESS_BITS = 0777;

    private final Core core;
    private final Files files;

    AttributeOps(Core core, Files files) {
        this.core = core;
        this.files = files;
    }

    // ---- attributes

    Attributes get(long ino) throws FsException, MustWait, IOException {
        try (LockClient.Use _ = core.acquire(ino, LockMode.READ)) {
            var lock = core.inodeLocks.of(ino);
            long stamp = lock.readLock();
            try {
                return core.require(core.transactions.view(), ino).attributes();
            } finally {
                lock.unlockRead(stamp);
            }
        }
    }

    Attributes set(Request request, long ino, AttributeChange change) throws FsException, MustWait, IOException {
        core.refuseIfReadOnly();
        core.offlineWaiters.resume(request);
        if (change.size() != null) {
            files.late.awaitNone(ino);
        }
        try (LockClient.Use _ = core.acquire(ino, LockMode.WRITE)) {
            var lock = core.inodeLocks.of(ino);
            long stamp = lock.writeLock();
            try {
                Inode inode = core.require(core.transactions.view(), ino);
                set(request, inode, change);
                return inode.attributes();
            } finally {
                lock.unlockWrite(stamp);
            }
        }
    }

    private void set(Request request, Inode inode, AttributeChange change) throws FsException, MustWait, IOException {
        Core.refuseIfRetained(inode);
        Long size = change.size();
        if (size != null) {
            if (!inode.isRegular()) {
                throw FsException.of(inode.isDirectory() ? Errno.EISDIR : Errno.EINVAL);
            }
            if (size < 0) {
                throw FsException.of(Errno.EINVAL);
            }
        }
        if (change.mode() != null && inode.isSymlink()) {
            throw FsException.of(Errno.EOPNOTSUPP);
        }
        ItemReader view = core.transactions.view();
        Changes changes = new Changes(view, inode, change);
        if (size != null) {
            files.truncate(request, inode, size, change.killPrivileges(), changes);
            return;
        }
        try (Transaction txn = core.begin(Core.INODE_BYTES + changes.itemBytes())) {
            inode.setCtime(core.clock.wallNanos());
            changes.apply(txn, inode);
            core.store(txn, inode);
        }
    }

    /** All that {@code setattr} changes but the size; what it has to read is read before the transaction. */
    private final class Changes implements Files.MoreChanges {
        private final AttributeChange change;
        private final int mode;
        private final byte @Nullable [] acl;
        private final XattrStore.@Nullable Found oldAcl;
        private final XattrStore.@Nullable Found capability;

        Changes(ItemReader view, Inode inode, AttributeChange change) throws FsException, IOException {
            this.change = change;
            InodeItem item = inode.item;
            boolean changesOwner = change.uid() != null || change.gid() != null;
            int newMode = change.mode() == null ? item.mode : item.mode & TYPE_BITS | change.mode() & ~TYPE_BITS;
            if (!inode.isDirectory() && (changesOwner && change.mode() == null || change.killPrivileges())) {
                newMode = Files.withoutSetIds(newMode);
            }
            mode = newMode;
            boolean changesAcl = change.mode() != null && core.options.hasAcls() && item.has(InodeItem.ACCESS_ACL);
            oldAcl = changesAcl ? XattrStore.find(view, inode.ino, XattrName.ACCESS_ACL) : null;
            PosixAcl old = oldAcl == null ? null : PosixAcl.decode(XattrStore.read(view, inode.ino, oldAcl));
            acl = old == null ? null : old.withMode(newMode).encode();
            boolean dropsCapability = changesOwner && change.size() == null && item.has(InodeItem.CAPABILITY);
            capability = dropsCapability ? XattrStore.find(view, inode.ino, XattrName.CAPABILITY) : null;
        }

        @Override
        public long itemBytes() {
            return (acl == null ? 0 : XattrStore.itemBytes(XattrName.ACCESS_ACL, acl.length, oldAcl))
                    + (capability == null ? 0 : XattrStore.itemBytes(XattrName.CAPABILITY, 0, capability));
        }

        @Override
        public void apply(Transaction txn, Inode inode) {
            InodeItem item = inode.item;
            // A truncate may have taken set-id bits before; they stay away unless the mode is set here.
            item.mode = change.mode() != null ? mode : mode & item.mode;
            item.uid = change.uid() == null ? item.uid : change.uid();
            item.gid = change.gid() == null ? item.gid : change.gid();
            setTimes(inode);
            if (acl != null) {
                XattrStore.put(txn, inode.ino, XattrName.ACCESS_ACL, acl, oldAcl, 0);
            }
            if (capability != null) {
                XattrStore.remove(txn, inode.ino, capability);
                item.xattrCount--;
                item.set(InodeItem.CAPABILITY, false);
            }
        }

        private void setTimes(Inode inode) {
            Timestamp now = Timestamp.ofNanos(core.clock.wallNanos());
            Timestamp atime = change.atimeNow() ? now : change.atime();
            Timestamp mtime = change.mtimeNow() ? now : change.mtime();
            Timestamp ctime = change.ctime();
            if (atime != null) {
                inode.setAtime(atime.seconds(), atime.nanos());
            }
            if (mtime != null) {
                inode.setMtime(mtime.seconds(), mtime.nanos());
            }
            if (ctime != null) {
                inode.setCtime(ctime.seconds(), ctime.nanos());
            }
        }
    }

    byte[] readlink(long ino) throws FsException, MustWait, IOException {
        try (LockClient.Use _ = core.acquire(ino, LockMode.READ)) {
            var lock = core.inodeLocks.of(ino);
            long stamp = lock.readLock();
            try {
                ItemReader view = core.transactions.view();
                Inode inode = core.require(view, ino);
                byte[] target = inode.isSymlink() ? view.get(SymlinkItem.key(ino)) : null;
                if (target == null) {
                    throw FsException.of(Errno.EINVAL);
                }
                return target;
            } finally {
                lock.unlockRead(stamp);
            }
        }
    }

    // ---- extended attributes

    byte[] getXattr(long ino, byte[] name) throws FsException, MustWait, IOException {
        if (name.length > XattrItem.NAME_BYTES_MAX) {
            throw FsException.of(Errno.ERANGE);
        }
        refuseAclsIfOff(name);
        try (LockClient.Use _ = core.acquire(ino, LockMode.READ)) {
            var lock = core.inodeLocks.of(ino);
            long stamp = lock.readLock();
            try {
                ItemReader view = core.transactions.view();
                Inode inode = core.require(view, ino);
                int flag = flag(name);
                boolean isAbsent = inode.item.xattrCount == 0 || (flag != 0 && !inode.item.has(flag));
                byte[] value = isAbsent ? null : XattrStore.get(view, ino, name);
                if (value == null) {
                    throw FsException.of(Errno.ENODATA);
                }
                return value;
            } finally {
                lock.unlockRead(stamp);
            }
        }
    }

    byte[] listXattrs(long ino) throws FsException, MustWait, IOException {
        try (LockClient.Use _ = core.acquire(ino, LockMode.READ)) {
            var lock = core.inodeLocks.of(ino);
            long stamp = lock.readLock();
            try {
                ItemReader view = core.transactions.view();
                ByteArrayOutputStream names = new ByteArrayOutputStream();
                if (core.require(view, ino).item.xattrCount > 0) {
                    XattrStore.list(view, ino, name -> {
                        if (!XattrName.isHidden(name)) {
                            names.write(name, 0, name.length);
                            names.write(0);
                        }
                    });
                }
                return names.toByteArray();
            } finally {
                lock.unlockRead(stamp);
            }
        }
    }

    void setXattr(Request request, long ino, byte[] name, byte[] value, int flags, boolean clearSetgid)
            throws FsException, MustWait, IOException {
        core.refuseIfReadOnly();
        refuseUnprivileged(request, XattrName.check(name));
        refuseAclsIfOff(name);
        if ((flags & ~(XATTR_CREATE | XATTR_REPLACE)) != 0 || flags == (XATTR_CREATE | XATTR_REPLACE)) {
            throw FsException.of(Errno.EINVAL);
        }
        if (value.length > XattrItem.VALUE_BYTES_MAX) {
            throw FsException.of(Errno.E2BIG);
        }
        XattrTags tags = XattrTags.of(name);
        tags.checkValue(value);
        try (LockClient.Use _ = core.acquire(ino, LockMode.WRITE)) {
            var lock = core.inodeLocks.of(ino);
            long stamp = lock.writeLock();
            try {
                setXattr(core.require(core.transactions.view(), ino), name, tags, value, flags, clearSetgid);
            } finally {
                lock.unlockWrite(stamp);
            }
        }
    }

    private void setXattr(Inode inode, byte[] name, XattrTags tags, byte[] value, int flags, boolean clearSetgid)
            throws FsException, MustWait, IOException {
        ItemReader view = core.transactions.view();
        InodeItem item = inode.item;
        if (XattrName.isUsers(name)) {
            Core.refuseIfRetained(inode);
        }
        XattrStore.Found old = item.xattrCount == 0 ? null : XattrStore.find(view, inode.ino, name);
        if (old != null && (flags & XATTR_CREATE) != 0) {
            throw FsException.of(Errno.EEXIST);
        }
        if (old == null && (flags & XATTR_REPLACE) != 0) {
            throw FsException.of(Errno.ENODATA);
        }
        if (old != null && tags.has(XattrTags.INDX)) {
            return; // it has no value that could be another one
        }
        byte[] oldValue = old != null && tags.has(XattrTags.TOTL) ? XattrStore.read(view, inode.ino, old) : NO_VALUE;
        int flag = flag(name);
        boolean isAcl = flag == InodeItem.ACCESS_ACL || flag == InodeItem.DEFAULT_ACL;
        PosixAcl acl = isAcl ? acl(inode, flag, value) : null;
        int mode = item.mode & ~(clearSetgid ? SETGID : 0);
        boolean isStored = !isAcl || acl != null;
        if (acl != null && flag == InodeItem.ACCESS_ACL) {
            mode = mode & ~ACCESS_BITS | acl.mode();
            isStored = !acl.isOnlyMode();
        }
        long bytes = Core.INODE_BYTES + XattrStore.itemBytes(name, value.length, old) + indexBytes(tags);
        try (Transaction txn = core.begin(bytes)) {
            if (isStored) {
                long id = item.nextXattrId;
                XattrStore.put(txn, inode.ino, name, value, old, id);
                if (old == null) {
                    TaggedXattrs.added(txn, inode.ino, tags, NameHash.of(name), id, value);
                } else {
                    TaggedXattrs.replaced(txn, tags, oldValue, value);
                }
                item.nextXattrId += old == null ? 1 : 0;
                item.xattrCount += old == null ? 1 : 0;
            } else if (old != null) {
                XattrStore.remove(txn, inode.ino, old);
                item.xattrCount--;
            }
            item.set(flag, isStored);
            item.mode = mode;
            inode.setCtime(core.clock.wallNanos());
            core.store(txn, inode);
        }
    }

    private static @Nullable PosixAcl acl(Inode inode, int flag, byte[] value) throws FsException {
        if (inode.isSymlink()) {
            throw FsException.of(Errno.EOPNOTSUPP);
        }
        PosixAcl acl = PosixAcl.decode(value);
        if (acl != null && flag == InodeItem.DEFAULT_ACL && !inode.isDirectory()) {
            throw FsException.of(Errno.EINVAL);
        }
        return acl;
    }

    void removeXattr(Request request, long ino, byte[] name) throws FsException, MustWait, IOException {
        core.refuseIfReadOnly();
        refuseUnprivileged(request, XattrName.check(name));
        refuseAclsIfOff(name);
        try (LockClient.Use _ = core.acquire(ino, LockMode.WRITE)) {
            var lock = core.inodeLocks.of(ino);
            long stamp = lock.writeLock();
            try {
                ItemReader view = core.transactions.view();
                Inode inode = core.require(view, ino);
                if (XattrName.isUsers(name)) {
                    Core.refuseIfRetained(inode);
                }
                XattrStore.Found found = inode.item.xattrCount == 0 ? null : XattrStore.find(view, ino, name);
                if (found == null) {
                    throw FsException.of(Errno.ENODATA);
                }
                XattrTags tags = XattrTags.of(name);
                byte[] value = tags.has(XattrTags.TOTL) ? XattrStore.read(view, ino, found) : NO_VALUE;
                long bytes = Core.INODE_BYTES + XattrStore.itemBytes(name, 0, found) + indexBytes(tags);
                try (Transaction txn = core.beginShrinking(bytes)) {
                    XattrStore.remove(txn, ino, found);
                    TaggedXattrs.removed(txn, ino, tags, found.nameHash(), found.id(), value);
                    inode.item.xattrCount--;
                    inode.item.set(flag(name), false);
                    inode.setCtime(core.clock.wallNanos());
                    core.store(txn, inode);
                }
            } finally {
                lock.unlockWrite(stamp);
            }
        }
    }

    private static long indexBytes(XattrTags tags) {
        return tags.isIndexed() ? XattrIndexKeys.BYTES_MAX : 0;
    }

    /** Names of xattrs that {@link #listXattrs} leaves out, from a place in the order of their hashes on. */
    void hiddenXattrs(long ino, long fromHash, long fromId, XattrStore.NameVisitor names)
            throws FsException, MustWait, IOException {
        try (LockClient.Use _ = core.acquire(ino, LockMode.READ)) {
            var lock = core.inodeLocks.of(ino);
            long stamp = lock.readLock();
            try {
                ItemReader view = core.transactions.view();
                if (core.require(view, ino).item.xattrCount > 0) {
                    XattrStore.list(
                            view,
                            ino,
                            fromHash,
                            fromId,
                            (hash, id, name) -> !XattrName.isHidden(name) || names.visit(hash, id, name));
                }
            } finally {
                lock.unlockRead(stamp);
            }
        }
    }

    private void refuseUnprivileged(Request request, int tags) throws FsException {
        if (tags != 0 && !core.privileges.isAdministrator(request)) {
            throw FsException.of(Errno.EPERM);
        }
    }

    private void refuseAclsIfOff(byte[] name) throws FsException {
        if (!core.options.hasAcls() && (flag(name) & (InodeItem.ACCESS_ACL | InodeItem.DEFAULT_ACL)) != 0) {
            throw FsException.of(Errno.EOPNOTSUPP);
        }
    }

    /** The inode's flag that says whether it has this xattr; 0 for those without one. */
    private static int flag(byte[] name) {
        if (java.util.Arrays.equals(name, XattrName.ACCESS_ACL)) {
            return InodeItem.ACCESS_ACL;
        }
        if (java.util.Arrays.equals(name, XattrName.DEFAULT_ACL)) {
            return InodeItem.DEFAULT_ACL;
        }
        return java.util.Arrays.equals(name, XattrName.CAPABILITY) ? InodeItem.CAPABILITY : 0;
    }
}
