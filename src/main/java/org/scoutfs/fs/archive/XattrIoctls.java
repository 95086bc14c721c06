package org.scoutfs.fs.archive;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;
import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;
import org.scoutfs.base.MustWait;
import org.scoutfs.format.ioctl.ListHiddenXattrs;
import org.scoutfs.format.ioctl.SearchXattrs;
import org.scoutfs.format.ioctl.XattrIndex;
import org.scoutfs.format.ioctl.XattrTotals;
import org.scoutfs.fs.CallerMemory;
import org.scoutfs.fs.Ioctls.Reply;
import org.scoutfs.fs.NodeFileSystem;
import org.scoutfs.fs.Request;
import org.scoutfs.item.Keys;
import org.scoutfs.item.NameHash;
import org.scoutfs.item.XattrIndexKeys;
import org.scoutfs.item.XattrItem;
import org.scoutfs.item.XattrTags;
import org.scoutfs.item.XattrTotal;
import org.scoutfs.lsm.Cursor;
import org.scoutfs.txn.Transactions;

/**
 * Answers what is asked of tagged xattrs. Searches, totals and places are read from one published version, without any lock: what is
 * committed and no more, each xattr in all of its items or in none. The work is that of the answer.
 */
final class XattrIoctls {
    private static final ValueLayout.OfLong U64LE = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final byte[] NOTHING = {};
    /** Names that are gathered for one answer, in bytes; a caller with more room calls again. */
    private static final long NAMES_BYTES_MAX = 1 << 20;
    private static final long U32_MAX = 0xffff_ffffL;

    private final NodeFileSystem fs;
    private final Transactions transactions;

    XattrIoctls(NodeFileSystem fs, Transactions transactions) {
        this.fs = fs;
        this.transactions = transactions;
    }

    Reply listHidden(Request request, long ino, MemorySegment in, CallerMemory caller)
            throws FsException, MustWait, IOException {
        ListHiddenXattrs asked = ListHiddenXattrs.decode(in);
        InodeAccess.require(fs, request, ino, InodeAccess.READ, caller);
        // Names come in the order of their hashes, then ids. Two of one hash in one inode are next to impossible: 32 bits of the id do.
        long room = Math.min(Integer.toUnsignedLong(asked.bufferBytes()), NAMES_BYTES_MAX);
        List<NodeFileSystem.HiddenXattr> names =
                fs.hiddenXattrs(ino, asked.idPosition(), Integer.toUnsignedLong(asked.hashPosition()), room);
        if (names.isEmpty()) {
            return new Reply(0, asked.encode());
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (NodeFileSystem.HiddenXattr name : names) {
            bytes.write(name.name(), 0, name.name().length);
            bytes.write(0);
        }
        caller.write(asked.bufferPointer(), MemorySegment.ofArray(bytes.toByteArray()));
        NodeFileSystem.HiddenXattr last = names.getLast();
        int nextId = (int) Math.min(last.nextId(), U32_MAX);
        return new Reply(
                bytes.size(),
                new ListHiddenXattrs(last.nextHash(), asked.bufferPointer(), asked.bufferBytes(), nextId).encode());
    }

    Reply search(boolean isReadable, long argument, MemorySegment in, CallerMemory caller) throws FsException, IOException {
        requireAdministrator(isReadable, caller);
        SearchXattrs asked = SearchXattrs.decode(in);
        if (asked.nameBytes() > XattrItem.NAME_BYTES_MAX) {
            throw FsException.of(Errno.EINVAL);
        }
        if (asked.inodeCount() == 0 || Long.compareUnsigned(asked.lastIno(), asked.nextIno()) < 0) {
            return new Reply(0, NOTHING);
        }
        byte[] name = new byte[asked.nameBytes()];
        caller.read(asked.namePointer(), MemorySegment.ofArray(name));
        if (!XattrTags.isFamily(name) || !XattrTags.of(name).has(XattrTags.SRCH)) {
            throw FsException.of(Errno.EINVAL);
        }
        long hash = NameHash.of(name);
        boolean isEnd = false;
        try (EntryBatch batch = new EntryBatch(caller, asked.inodesPointer(), Long.BYTES, asked.inodeCount());
                Transactions.PublishedView view = transactions.published();
                Cursor cursor = view.scan(
                        XattrIndexKeys.search(hash, asked.nextIno(), 0), XattrIndexKeys.searchEnd(hash, asked.lastIno()))) {
            long before = 0; // no inode's number
            while (!isEnd) {
                isEnd = !cursor.next();
                long ino = isEnd ? before : XattrIndexKeys.ino(cursor.key());
                if (ino != before) {
                    if (batch.isFull()) {
                        break;
                    }
                    batch.next().set(U64LE, 0, ino);
                    before = ino;
                }
            }
            int count = batch.finish();
            MemorySegment flags = MemorySegment.ofArray(new byte[Long.BYTES]);
            flags.set(U64LE, 0, isEnd ? SearchXattrs.END : 0);
            caller.write(argument + SearchXattrs.OUTPUT_FLAGS, flags);
            return new Reply(count, NOTHING);
        }
    }

    Reply totals(boolean isReadable, MemorySegment in, CallerMemory caller) throws FsException, IOException {
        requireAdministrator(isReadable, caller);
        XattrTotals asked = XattrTotals.decode(in);
        if ((asked.totalsPointer() & Long.BYTES - 1) != 0
                || Long.compareUnsigned(asked.totalsBytes(), XattrTotals.Entry.SIZE) < 0) {
            throw FsException.of(Errno.EINVAL);
        }
        long room = Long.divideUnsigned(asked.totalsBytes(), XattrTotals.Entry.SIZE);
        try (EntryBatch batch = new EntryBatch(caller, asked.totalsPointer(), XattrTotals.Entry.SIZE, room);
                Transactions.PublishedView view = transactions.published();
                Cursor cursor = view.scan(
                        XattrIndexKeys.total(asked.first(), asked.second(), asked.third()), XattrIndexKeys.total(-1, -1, -1))) {
            while (!batch.isFull() && cursor.next()) {
                byte[] key = cursor.key();
                XattrTotal total = XattrTotal.decode(key, cursor.value());
                new XattrTotals.Entry(Keys.first(key), Keys.second(key), Keys.third(key), total.total(), total.count())
                        .encode(batch.next(), 0);
            }
            return new Reply(batch.finish(), NOTHING);
        }
    }

    Reply index(long argument, CallerMemory caller) throws FsException, IOException {
        IoctlService.requireCapability(caller, IoctlService.CAP_SYS_ADMIN);
        MemorySegment in = MemorySegment.ofArray(new byte[XattrIndex.SIZE]);
        caller.read(argument, in);
        XattrIndex asked = XattrIndex.decode(in);
        if (asked.first().compareTo(asked.last()) > 0) {
            throw FsException.of(Errno.EINVAL);
        }
        try (EntryBatch batch = new EntryBatch(caller, asked.entriesPointer(), XattrIndex.Entry.SIZE, asked.entryCount());
                Transactions.PublishedView view = transactions.published();
                Cursor cursor = view.scan(key(asked.first()), key(asked.last()))) {
            while (!batch.isFull() && cursor.next()) {
                byte[] key = cursor.key();
                new XattrIndex.Entry((int) Keys.first(key), Keys.second(key), XattrIndexKeys.ino(key)).encode(batch.next(), 0);
            }
            return new Reply(batch.finish(), NOTHING);
        }
    }

    private static byte[] key(XattrIndex.Entry entry) {
        return XattrIndexKeys.sorted(entry.major(), entry.minor(), entry.ino());
    }

    private static void requireAdministrator(boolean isReadable, CallerMemory caller) throws FsException {
        if (!isReadable) {
            throw FsException.of(Errno.EBADF);
        }
        IoctlService.requireCapability(caller, IoctlService.CAP_SYS_ADMIN);
    }
}
