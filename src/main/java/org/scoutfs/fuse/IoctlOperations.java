package org.scoutfs.fuse;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;
import org.scoutfs.base.MustWait;
import org.scoutfs.fs.CallerMemory;
import org.scoutfs.fs.Ioctls;
import org.scoutfs.fuse.wire.Arguments;
import org.scoutfs.fuse.wire.Replies;
import org.scoutfs.fuse.wire.Requests;
import org.scoutfs.sys.ProcessMemory;
import org.scoutfs.sys.SystemCallException;

/**
 * Ioctls: the private ones are passed on; the flags that every file system is asked for get the answer "none" when nobody
 * else knows better.
 */
final class IoctlOperations {
    // These reach us as requests of the kernel itself, without an address, and want replies of exactly these sizes.
    private static final int FS_IOC_GETFLAGS = 0x80086601;
    private static final int FS_IOC_SETFLAGS = 0x40086602;
    private static final int FS_IOC_FSGETXATTR = 0x801c581f;
    private static final int FS_IOC_FSSETXATTR = 0x401c5820;
    private static final int FLAGS_SIZE = 4;
    private static final int FSXATTR_SIZE = 28;

    private static final byte[] NOTHING = {};

    private final Ioctls ioctls;

    IoctlOperations(Ioctls ioctls) {
        this.ioctls = ioctls;
    }

    int call(Exchange x, Arguments arguments) throws FsException, MustWait, IOException {
        MemorySegment in = arguments.view(Integer.toUnsignedLong(x.u32(Requests.IOCTL_IN_BYTES)));
        int outSize = (int) Math.min(
                Integer.toUnsignedLong(x.u32(Requests.IOCTL_OUT_BYTES)), x.replyCapacity() - Replies.IOCTL_SIZE);
        Ioctls.Reply reply;
        try {
            reply = ioctls.call(
                    x.request(),
                    x.ino(),
                    x.u64(Requests.IOCTL_HANDLE),
                    (x.u32(Requests.IOCTL_FLAGS) & Requests.IOCTL_DIRECTORY) != 0,
                    x.u32(Requests.IOCTL_COMMAND),
                    x.u64(Requests.IOCTL_ARGUMENT),
                    in,
                    outSize,
                    new Caller(x.pid()));
        } catch (FsException answer) {
            if (answer.errno() != Errno.ENOTTY) {
                throw answer;
            }
            reply = standard(x.u32(Requests.IOCTL_COMMAND), in);
        }
        if (reply.out().length > outSize) {
            throw FsException.of(Errno.EIO);
        }
        int size = Replies.ioctl(x.memory, x.replyOffset(), reply.result());
        return size + Replies.bytes(x.memory, x.replyOffset() + size, reply.out());
    }

    /** No file has any of these flags, and none can be set. */
    private static Ioctls.Reply standard(int command, MemorySegment in) throws FsException {
        return switch (command) {
            case FS_IOC_GETFLAGS -> new Ioctls.Reply(0, new byte[FLAGS_SIZE]);
            case FS_IOC_FSGETXATTR -> new Ioctls.Reply(0, new byte[FSXATTR_SIZE]);
            case FS_IOC_SETFLAGS, FS_IOC_FSSETXATTR -> {
                if (!isZero(in)) {
                    throw FsException.of(Errno.EOPNOTSUPP);
                }
                yield new Ioctls.Reply(0, NOTHING);
            }
            default -> throw FsException.of(Errno.ENOTTY);
        };
    }

    private static boolean isZero(MemorySegment bytes) {
        return bytes.mismatch(MemorySegment.ofArray(new byte[(int) bytes.byteSize()])) == -1;
    }

    /** The thread that waits for the answer. */
    private record Caller(int pid) implements CallerMemory {
        @Override
        public void read(long address, MemorySegment into) throws FsException {
            try {
                ProcessMemory.read(pid, address, into);
            } catch (SystemCallException gone) {
                throw FsException.of(Errno.EFAULT);
            }
        }

        @Override
        public void write(long address, MemorySegment from) throws FsException {
            try {
                ProcessMemory.write(pid, address, from);
            } catch (SystemCallException gone) {
                throw FsException.of(Errno.EFAULT);
            }
        }

        @Override
        public boolean hasCapability(int number) {
            return (ProcessMemory.effectiveCapabilities(pid) >>> number & 1) != 0;
        }

        @Override
        public boolean isInGroup(int gid) {
            return ProcessMemory.groups(pid).contains(gid);
        }
    }
}
