package org.scoutfs.fs.archive;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;
import org.scoutfs.base.MustWait;
import org.scoutfs.format.ioctl.DataWaitError;
import org.scoutfs.format.ioctl.DataWaiting;
import org.scoutfs.format.ioctl.Release;
import org.scoutfs.format.ioctl.Stage;
import org.scoutfs.fs.CallerMemory;
import org.scoutfs.fs.Ioctls.Reply;
import org.scoutfs.fs.NodeFileSystem;
import org.scoutfs.fs.Request;

/** Answers the requests about offline data: what an archive manager lets go, brings back, and is waited for. */
final class OfflineIoctls {
    private static final int BLOCK_BITS = 12;
    private static final long BLOCK_MASK = (1 << BLOCK_BITS) - 1;
    /** What one step of a stage takes from the caller. */
    private static final int STAGE_STEP_BYTES = 1 << 20;

    /** Bits of an operation that mean nothing and are refused. */
    private static final long UNKNOWN_OPERATIONS = 0x7f8;

    private static final int ERROR_MAX = 4095;
    private static final byte[] NOTHING = {};

    private final NodeFileSystem fs;

    OfflineIoctls(NodeFileSystem fs) {
        this.fs = fs;
    }

    Reply release(long ino, long handle, boolean isDirectory, Release asked) throws FsException, MustWait, IOException {
        if (asked.length() == 0) {
            return new Reply(0, NOTHING);
        }
        boolean wraps = Long.compareUnsigned(asked.offset() + asked.length() - 1, asked.offset()) < 0;
        if (wraps || ((asked.offset() | asked.length()) & BLOCK_MASK) != 0) {
            throw FsException.of(Errno.EINVAL);
        }
        fs.requireWritable();
        if (isDirectory) {
            throw FsException.of(Errno.EINVAL);
        }
        fs.release(ino, handle, asked.offset(), asked.length(), asked.dataVersion());
        return new Reply(0, NOTHING);
    }

    /** How far a stage came that had to wait. */
    private record Staged(int bytes) {}

    Reply stage(Request request, long ino, long handle, boolean isDirectory, Stage asked, CallerMemory caller)
            throws FsException, MustWait, IOException {
        int length = asked.length();
        if (length < 0
                || Long.compareUnsigned(asked.offset() + length, asked.offset()) < 0
                || (asked.offset() & BLOCK_MASK) != 0) {
            throw FsException.of(Errno.EINVAL);
        }
        if (length == 0) {
            return new Reply(0, NOTHING);
        }
        fs.requireWritable();
        if (isDirectory) {
            throw FsException.of(Errno.EINVAL);
        }
        int done = request.progress() instanceof Staged before ? before.bytes : 0;
        try (Arena arena = Arena.ofConfined()) {
            if (done == 0) {
                fs.checkStage(ino, handle, asked.dataVersion(), asked.offset(), length);
            }
            MemorySegment buffer = arena.allocate(Math.min(length, STAGE_STEP_BYTES), BLOCK_MASK + 1);
            while (done < length) {
                MemorySegment bytes = buffer.asSlice(0, Math.min(buffer.byteSize(), length - done));
                caller.read(asked.bufferPointer() + done, bytes);
                fs.stage(ino, asked.dataVersion(), asked.offset() + done, bytes);
                done += (int) bytes.byteSize();
            }
        } catch (MustWait wait) {
            request.setProgress(new Staged(done));
            throw wait;
        } catch (FsException failure) {
            if (done == 0) {
                throw failure;
            }
        }
        request.setProgress(null);
        return new Reply(done, NOTHING);
    }

    Reply waiting(DataWaiting asked, CallerMemory caller) throws FsException {
        if (asked.flags() != 0) {
            throw FsException.of(Errno.EINVAL);
        }
        List<NodeFileSystem.OfflineWait> found = fs.offlineWaits(asked.afterIno(), asked.afterBlock(), asked.entryCount());
        try (EntryBatch batch =
                new EntryBatch(caller, asked.entriesPointer(), DataWaiting.Entry.SIZE, asked.entryCount())) {
            for (NodeFileSystem.OfflineWait one : found) {
                new DataWaiting.Entry(one.ino(), one.block(), one.operations()).encode(batch.next());
            }
            return new Reply(batch.finish(), NOTHING);
        }
    }

    Reply fail(DataWaitError asked, CallerMemory caller) throws FsException, MustWait, IOException {
        if (!caller.hasCapability(IoctlService.CAP_SYS_ADMIN)) {
            throw FsException.of(Errno.EPERM);
        }
        if (asked.count() == 0) {
            return new Reply(0, NOTHING);
        }
        long last = asked.offset() + asked.count() - 1;
        if ((asked.operations() & UNKNOWN_OPERATIONS) != 0
                || asked.error() >= 0
                || asked.error() < -ERROR_MAX
                || Long.compareUnsigned(last, asked.offset()) < 0) {
            throw FsException.of(Errno.EINVAL);
        }
        int failed = fs.failOfflineWaits(
                asked.ino(),
                asked.offset() >>> BLOCK_BITS,
                last >>> BLOCK_BITS,
                (int) asked.operations(),
                Errno.of((int) -asked.error()));
        return new Reply(failed, NOTHING);
    }
}
