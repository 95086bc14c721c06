package org.scoutfs.fs.archive;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;
import org.scoutfs.base.MustWait;
import org.scoutfs.format.ioctl.AttrX;
import org.scoutfs.format.ioctl.FileAttributes;
import org.scoutfs.fs.ArchiveChange;
import org.scoutfs.fs.Attributes.Timestamp;
import org.scoutfs.fs.CallerMemory;
import org.scoutfs.fs.Ioctls.Reply;
import org.scoutfs.fs.NodeFileSystem;
import org.scoutfs.fs.Request;
import org.scoutfs.item.FileType;
import org.scoutfs.item.InodeItem;

/** Answers what reads or changes attributes of an inode that stat(2) does not know. */
final class AttributeIoctls {
    private static final byte[] NOTHING = {};
    private static final long U32 = 0xffff_ffffL;

    private final NodeFileSystem fs;

    AttributeIoctls(NodeFileSystem fs) {
        this.fs = fs;
    }

    Reply get(long ino, long argument, MemorySegment in, CallerMemory caller) throws FsException, MustWait, IOException {
        AttrX asked = AttrX.decode(in);
        refuseUnknown(asked);
        if (asked.mask() == 0) {
            return new Reply(0, NOTHING);
        }
        InodeItem inode = fs.inodeItem(ino);
        // Fields before the last one asked for keep the caller's own bytes.
        AttrX answer = new AttrX(
                asked.mask(),
                asked.flags(),
                asked.has(AttrX.META_SEQ) ? inode.metaSeq : asked.metaSeq(),
                asked.has(AttrX.DATA_SEQ) ? inode.dataSeq : asked.dataSeq(),
                asked.has(AttrX.DATA_VERSION) ? inode.dataVersion : asked.dataVersion(),
                asked.has(AttrX.ONLINE_BLOCKS) ? inode.onlineBlocks : asked.onlineBlocks(),
                asked.has(AttrX.OFFLINE_BLOCKS) ? inode.offlineBlocks : asked.offlineBlocks(),
                asked.has(AttrX.CTIME) ? inode.ctime : asked.ctimeSeconds(),
                asked.has(AttrX.CTIME) ? inode.ctimeNanos : asked.ctimeNanos(),
                asked.has(AttrX.CRTIME) ? inode.crtimeNanos : asked.crtimeNanos(),
                asked.has(AttrX.CRTIME) ? inode.crtime : asked.crtimeSeconds(),
                asked.has(AttrX.FILE_SIZE) ? inode.size : asked.size(),
                asked.has(AttrX.BITS_RETENTION) ? (inode.has(InodeItem.RETENTION) ? AttrX.RETENTION_BIT : 0) : asked.bits(),
                asked.has(AttrX.PROJECT_ID) ? inode.projectId : asked.projectId());
        caller.write(argument, MemorySegment.ofArray(answer.encode()).asSlice(0, asked.end()));
        return new Reply(0, NOTHING);
    }

    Reply set(Request request, long ino, MemorySegment in, CallerMemory caller) throws FsException, MustWait, IOException {
        fs.refuseIfReadOnly();
        IoctlService.requireCapability(caller, IoctlService.CAP_SYS_ADMIN);
        AttrX asked = AttrX.decode(in);
        refuseUnknown(asked);
        if (asked.mask() == 0) {
            return new Reply(0, NOTHING);
        }
        fs.changeArchived(
                request,
                ino,
                new ArchiveChange(
                        asked.has(AttrX.DATA_VERSION) ? asked.dataVersion() : null,
                        asked.has(AttrX.CTIME) ? new Timestamp(asked.ctimeSeconds(), asked.ctimeNanos()) : null,
                        asked.has(AttrX.CRTIME) ? new Timestamp(asked.crtimeSeconds(), asked.crtimeNanos()) : null,
                        asked.has(AttrX.FILE_SIZE) ? asked.size() : null,
                        (asked.flags() & AttrX.SIZE_OFFLINE) != 0,
                        asked.has(AttrX.BITS_RETENTION) ? (asked.bits() & AttrX.RETENTION_BIT) != 0 : null,
                        asked.has(AttrX.PROJECT_ID) ? asked.projectId() : null));
        return new Reply(0, NOTHING);
    }

    private static void refuseUnknown(AttrX asked) throws FsException {
        if ((asked.mask() & ~AttrX.ALL) != 0 || (asked.flags() & ~AttrX.SIZE_OFFLINE) != 0) {
            throw FsException.of(Errno.EINVAL);
        }
    }

    /** The standard request has 32 bits: of a longer id it shows the low ones. */
    Reply getFileAttributes(long ino) throws FsException, MustWait, IOException {
        InodeItem inode = fs.inodeItem(ino);
        boolean isInherited = FileType.isDirectory(inode.mode) && inode.projectId != 0;
        int flags = isInherited ? FileAttributes.PROJECT_INHERITED : 0;
        return new Reply(0, new FileAttributes(flags, 0, (int) inode.projectId, 0).encode());
    }

    Reply setFileAttributes(Request request, long ino, MemorySegment in, CallerMemory caller) throws FsException, MustWait, IOException {
        FileAttributes asked = FileAttributes.decode(in);
        if ((asked.flags() & ~FileAttributes.PROJECT_INHERITED) != 0 || asked.extentSize() != 0 || asked.cowExtentSize() != 0) {
            throw FsException.of(Errno.EOPNOTSUPP);
        }
        // Programs read, change a flag, and write all of it back: that is no wish for a shorter id.
        if ((int) fs.inodeItem(ino).projectId != asked.projectId()) {
            fs.refuseIfReadOnly();
            IoctlService.requireCapability(caller, IoctlService.CAP_SYS_ADMIN);
            fs.changeArchived(request, ino, ArchiveChange.NONE.withProjectId(asked.projectId() & U32));
        }
        return new Reply(0, NOTHING);
    }
}
