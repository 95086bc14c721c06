package org.scoutfs.fs.archive;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.scoutfs.base.Clock;
import org.scoutfs.base.Counter;
import org.scoutfs.base.Counters;
import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;
import org.scoutfs.base.MustWait;
import org.scoutfs.format.VolumeLayout;
import org.scoutfs.format.ioctl.AllocDetail;
import org.scoutfs.format.ioctl.AllocatedInos;
import org.scoutfs.format.ioctl.CountersRequest;
import org.scoutfs.format.ioctl.DataWaitError;
import org.scoutfs.format.ioctl.DataWaiting;
import org.scoutfs.format.ioctl.FileAttributes;
import org.scoutfs.format.ioctl.InoPath;
import org.scoutfs.format.ioctl.IoctlCommand;
import org.scoutfs.format.ioctl.ReferringEntries;
import org.scoutfs.format.ioctl.Release;
import org.scoutfs.format.ioctl.ResizeDevices;
import org.scoutfs.format.ioctl.Stage;
import org.scoutfs.format.ioctl.StatMore;
import org.scoutfs.format.ioctl.StatfsMore;
import org.scoutfs.format.ioctl.WalkInodes;
import org.scoutfs.fs.CallerMemory;
import org.scoutfs.fs.Ioctls;
import org.scoutfs.fs.NodeFileSystem;
import org.scoutfs.fs.Request;
import org.scoutfs.fs.VolumeState;
import org.scoutfs.item.InodeItem;
import org.scoutfs.net.Message;
import org.scoutfs.txn.Transactions;

/** Answers the private ioctls. Each method checks in the order that the original does. Thread-safe; without state of its own. */
public final class IoctlService implements Ioctls {
    static final int CAP_DAC_READ_SEARCH = 2;
    static final int CAP_SYS_ADMIN = 21;
    /** More than any device has: what is larger is not asked of the server. */
    private static final long VOLUME_BLOCKS_MAX = VolumeLayout.DATA_DEVICE_BLKNO;
    private static final byte[] NOTHING = {};

    /** Names of an inode that are looked at in one step. */
    private static final int LINKS_PER_STEP = 256;

    private final Clock clock = Clock.system();
    private final NodeFileSystem fs;
    private final Transactions transactions;
    private final VolumeState volume;
    private final Counters counters;
    private final long volumeId;
    private final long rid;
    private final OfflineIoctls offline;
    private final XattrIoctls xattrs;
    private final AttributeIoctls attributes;
    private final QuotaIoctls quota;

    public IoctlService(
            NodeFileSystem fs,
            Transactions transactions,
            VolumeState volume,
            Counters counters,
            long volumeId,
            long rid) {
        this.fs = fs;
        this.transactions = transactions;
        this.volume = volume;
        this.counters = counters;
        this.volumeId = volumeId;
        this.rid = rid;
        this.offline = new OfflineIoctls(fs);
        this.xattrs = new XattrIoctls(fs, transactions);
        this.attributes = new AttributeIoctls(fs);
        this.quota = new QuotaIoctls(fs);
    }

    @Override
    public Reply call(
            Request request,
            long ino,
            long handle,
            boolean isDirectory,
            int command,
            long argument,
            MemorySegment in,
            int outSize,
            CallerMemory caller)
            throws FsException, MustWait, IOException {
        return switch (command) {
            case IoctlCommand.WALK_INODES -> counted(walk(WalkInodes.decode(in), caller));
            case IoctlCommand.INO_PATH -> inoPath(InoPath.decode(in), caller);
            case IoctlCommand.RELEASE -> offline.release(ino, handle, isDirectory, Release.decode(in));
            case IoctlCommand.STAGE -> offline.stage(request, ino, handle, isDirectory, Stage.decode(in), caller);
            case IoctlCommand.DATA_WAITING -> offline.waiting(DataWaiting.decode(in), caller);
            case IoctlCommand.DATA_WAIT_ERR -> offline.fail(DataWaitError.decode(in), caller);
            case IoctlCommand.STAT_MORE -> statMore(ino);
            case IoctlCommand.LISTXATTR_HIDDEN -> xattrs.listHidden(request, ino, in, caller);
            case IoctlCommand.SEARCH_XATTRS -> xattrs.search(
                    isDirectory || NodeFileSystem.isReadable(handle), argument, in, caller);
            case IoctlCommand.READ_XATTR_TOTALS -> xattrs.totals(
                    isDirectory || NodeFileSystem.isReadable(handle), in, caller);
            case IoctlCommand.READ_XATTR_INDEX -> xattrs.index(argument, caller);
            case IoctlCommand.GET_ATTR_X -> attributes.get(ino, argument, in, caller);
            case IoctlCommand.SET_ATTR_X -> attributes.set(request, ino, in, caller);
            case IoctlCommand.GET_QUOTA_RULES -> quota.list(argument, caller);
            case IoctlCommand.ADD_QUOTA_RULE -> quota.add(in, caller);
            case IoctlCommand.DEL_QUOTA_RULE -> quota.remove(in, caller);
            case FileAttributes.GET -> attributes.getFileAttributes(ino);
            case FileAttributes.SET -> attributes.setFileAttributes(request, ino, in, caller);
            case IoctlCommand.STATFS_MORE -> statfsMore(request);
            case IoctlCommand.ALLOC_DETAIL -> allocDetail(request, AllocDetail.decode(in), caller);
            case IoctlCommand.RESIZE_DEVICES -> resizeDevices(
                    request, isDirectory || NodeFileSystem.isReadable(handle), ResizeDevices.decode(in), caller);
            case IoctlCommand.GET_ALLOCATED_INOS -> allocatedInos(
                    isDirectory || NodeFileSystem.isReadable(handle), AllocatedInos.decode(in), caller);
            case IoctlCommand.GET_REFERRING_ENTRIES -> referringEntries(ReferringEntries.decode(in), caller);
            case IoctlCommand.COUNTERS -> CounterPages.reply(counters.all(), CountersRequest.decode(in), caller);
            default -> throw FsException.of(Errno.ENOTTY);
        };
    }

    private int walk(WalkInodes walk, CallerMemory caller) throws FsException, IOException {
        long start = clock.monotonicNanos();
        try {
            return IndexWalk.run(transactions, walk, caller);
        } finally {
            counters.increment(Counter.WALKS);
            counters.add(Counter.WALK_NANOS, clock.monotonicNanos() - start);
        }
    }

    private static Reply counted(int count) {
        return new Reply(count, NOTHING);
    }

    private Reply inoPath(InoPath asked, CallerMemory caller) throws FsException, MustWait, IOException {
        requireCapability(caller, CAP_DAC_READ_SEARCH);
        NodeFileSystem.NamePlace found = fs.path(asked.ino(), asked.dirIno(), asked.dirPos());
        InoPath.Result result = new InoPath.Result(found.dirIno(), found.position(), found.name());
        if (result.size() > asked.resultBytes()) {
            throw FsException.of(Errno.ENAMETOOLONG);
        }
        caller.write(asked.resultPointer(), MemorySegment.ofArray(result.encode()));
        return counted(0);
    }

    private Reply statMore(long ino) throws FsException, MustWait, IOException {
        InodeItem inode = fs.inodeItem(ino);
        StatMore more = new StatMore(
                inode.metaSeq,
                inode.dataSeq,
                inode.dataVersion,
                inode.onlineBlocks,
                inode.offlineBlocks,
                inode.crtime,
                inode.crtimeNanos);
        return new Reply(0, more.encode());
    }

    private Reply statfsMore(Request request) throws FsException, MustWait {
        Message.VolumeStatus status = volume.status(request);
        try (Transactions.PublishedView view = transactions.published()) {
            StatfsMore more = new StatfsMore(
                    volumeId,
                    rid,
                    view.stableSeq(),
                    status.totalMetaBlocks() / Message.META_UNIT_BLOCKS,
                    status.totalDataBlocks(),
                    status.reservedBlocks() / Message.META_UNIT_BLOCKS);
            return new Reply(0, more.encode());
        }
    }

    private Reply allocDetail(Request request, AllocDetail asked, CallerMemory caller) throws FsException, MustWait {
        Message.VolumeStatus status = volume.status(request);
        List<AllocDetail.Entry> entries = List.of(
                new AllocDetail.Entry(0, status.freeMetaBlocks() / Message.META_UNIT_BLOCKS, true, true),
                new AllocDetail.Entry(0, status.freeDataBlocks(), false, true));
        if (Long.compareUnsigned(asked.entryCount(), entries.size()) < 0) {
            throw FsException.of(Errno.EOVERFLOW);
        }
        MemorySegment bytes = MemorySegment.ofArray(new byte[entries.size() * AllocDetail.Entry.SIZE]);
        for (int i = 0; i < entries.size(); i++) {
            entries.get(i).encode(bytes, i);
        }
        caller.write(asked.entriesPointer(), bytes);
        return counted(entries.size());
    }

    private Reply resizeDevices(Request request, boolean isReadable, ResizeDevices asked, CallerMemory caller)
            throws FsException, MustWait {
        if (!isReadable) {
            throw FsException.of(Errno.EBADF);
        }
        requireCapability(caller, CAP_SYS_ADMIN);
        fs.requireWritable();
        if (Long.compareUnsigned(asked.metaBlocks(), VOLUME_BLOCKS_MAX / Message.META_UNIT_BLOCKS) > 0
                || Long.compareUnsigned(asked.dataBlocks(), VOLUME_BLOCKS_MAX) > 0) {
            throw FsException.of(Errno.EINVAL);
        }
        volume.resize(request, asked.metaBlocks() * Message.META_UNIT_BLOCKS, asked.dataBlocks());
        return counted(0);
    }

    private Reply allocatedInos(boolean isReadable, AllocatedInos asked, CallerMemory caller)
            throws FsException, MustWait, IOException {
        if (!isReadable) {
            throw FsException.of(Errno.EBADF);
        }
        requireCapability(caller, CAP_SYS_ADMIN);
        if ((asked.inosPointer() & Long.BYTES - 1) != 0 || Long.compareUnsigned(asked.inosBytes(), Long.BYTES) < 0) {
            throw FsException.of(Errno.EINVAL);
        }
        long room = Long.divideUnsigned(asked.inosBytes(), Long.BYTES);
        long[] inos = fs.existingInodes(asked.startIno(), asked.lastIno());
        int count = (int) Math.min(inos.length, room);
        if (count > 0) {
            byte[] bytes = new byte[count * Long.BYTES];
            ByteBuffer.wrap(bytes)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .asLongBuffer()
                    .put(inos, 0, count);
            caller.write(asked.inosPointer(), MemorySegment.ofArray(bytes));
        }
        return counted(count);
    }

    /** An entry is written when the next one is known, since it says whether there is one. */
    private Reply referringEntries(ReferringEntries asked, CallerMemory caller)
            throws FsException, MustWait, IOException {
        requireCapability(caller, CAP_DAC_READ_SEARCH);
        int count = 0;
        long used = 0;
        long dirIno = asked.dirIno();
        long position = asked.dirPos();
        List<NodeFileSystem.NamePlace> ahead = new ArrayList<>();
        boolean isEnd = false;
        while (true) {
            if (ahead.size() < 2 && !isEnd) {
                List<NodeFileSystem.NamePlace> more = fs.referringEntries(asked.ino(), dirIno, position, LINKS_PER_STEP);
                isEnd = more.isEmpty();
                if (!isEnd) {
                    ahead.addAll(more);
                    NodeFileSystem.NamePlace last = more.getLast();
                    position = last.position() + 1;
                    dirIno = last.dirIno() + (position == 0 ? 1 : 0);
                }
                continue;
            }
            if (ahead.isEmpty()) {
                return counted(count);
            }
            NodeFileSystem.NamePlace place = ahead.removeFirst();
            ReferringEntries.Entry entry = new ReferringEntries.Entry(
                    place.dirIno(), place.position(), place.ino(), place.type(), place.name(), ahead.isEmpty());
            if (Long.compareUnsigned(used + entry.size(), asked.entriesBytes()) > 0) {
                if (count == 0) {
                    throw FsException.of(Errno.EINVAL);
                }
                return counted(count);
            }
            try {
                caller.write(asked.entriesPointer() + used, MemorySegment.ofArray(entry.encode()));
            } catch (FsException e) {
                if (count == 0) {
                    throw e;
                }
                return counted(count);
            }
            used += entry.size();
            count++;
        }
    }

    static void requireCapability(CallerMemory caller, int capability) throws FsException {
        if (!caller.hasCapability(capability)) {
            throw FsException.of(Errno.EPERM);
        }
    }
}
