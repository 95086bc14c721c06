package org.scoutfs.fuse;

import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;
import org.scoutfs.base.MustWait;
import org.scoutfs.fs.AttributeChange;
import org.scoutfs.fs.Attributes.Timestamp;
import org.scoutfs.fs.FileSystem;
import org.scoutfs.fs.FileSystem.FileLock;
import org.scoutfs.fuse.wire.Arguments;
import org.scoutfs.fuse.wire.Replies;
import org.scoutfs.fuse.wire.Requests;
import org.scoutfs.fuse.wire.Timeouts;

/** Requests about attributes, extended attributes, file locks, and the volume. */
final class InodeOperations {
    private final FileSystem fileSystem;
    private final Timeouts timeouts;

    InodeOperations(FileSystem fileSystem, Timeouts timeouts) {
        this.fileSystem = fileSystem;
        this.timeouts = timeouts;
    }

    int getAttributes(Exchange x) throws FsException, MustWait, IOException {
        return Replies.attributes(
                x.memory, x.replyOffset(), fileSystem.getAttributes(x.request(), x.ino()), timeouts);
    }

    int statx(Exchange x) throws FsException, MustWait, IOException {
        return Replies.statx(x.memory, x.replyOffset(), fileSystem.getAttributes(x.request(), x.ino()), timeouts);
    }

    int setAttributes(Exchange x) throws FsException, MustWait, IOException {
        int valid = x.u32(Requests.SETATTR_VALID);
        boolean atimeNow = (valid & Requests.VALID_ATIME_NOW) != 0;
        boolean mtimeNow = (valid & Requests.VALID_MTIME_NOW) != 0;
        AttributeChange change = new AttributeChange(
                (valid & Requests.VALID_MODE) != 0 ? (Integer) x.u32(Requests.SETATTR_MODE) : null,
                (valid & Requests.VALID_UID) != 0 ? (Integer) x.u32(Requests.SETATTR_UID) : null,
                (valid & Requests.VALID_GID) != 0 ? (Integer) x.u32(Requests.SETATTR_GID) : null,
                (valid & Requests.VALID_SIZE) != 0 ? (Long) x.u64(Requests.SETATTR_FILE_SIZE) : null,
                (valid & Requests.VALID_ATIME) != 0 && !atimeNow
                        ? time(x, Requests.SETATTR_ATIME, Requests.SETATTR_ATIME_NANOS)
                        : null,
                (valid & Requests.VALID_MTIME) != 0 && !mtimeNow
                        ? time(x, Requests.SETATTR_MTIME, Requests.SETATTR_MTIME_NANOS)
                        : null,
                (valid & Requests.VALID_CTIME) != 0
                        ? time(x, Requests.SETATTR_CTIME, Requests.SETATTR_CTIME_NANOS)
                        : null,
                atimeNow,
                mtimeNow,
                (valid & Requests.VALID_KILL_PRIVILEGES) != 0);
        return Replies.attributes(
                x.memory, x.replyOffset(), fileSystem.setAttributes(x.request(), x.ino(), change), timeouts);
    }

    private static Timestamp time(Exchange x, int seconds, int nanos) throws FsException {
        int fraction = x.u32(nanos);
        if (fraction < 0 || fraction >= 1_000_000_000) {
            throw FsException.of(Errno.EINVAL);
        }
        return new Timestamp(x.u64(seconds), fraction);
    }

    // ---- extended attributes: ENOSYS would switch them off for the whole mount, so it becomes another error

    int getXattr(Exchange x, Arguments arguments) throws FsException, MustWait, IOException {
        byte[] name = arguments.name();
        try {
            return sized(x, fileSystem.getXattr(x.request(), x.ino(), name));
        } catch (FsException answer) {
            throw notSticky(answer);
        }
    }

    int listXattrs(Exchange x) throws FsException, MustWait, IOException {
        try {
            return sized(x, fileSystem.listXattrs(x.request(), x.ino()));
        } catch (FsException answer) {
            throw notSticky(answer);
        }
    }

    /** The bytes, or only their number for a caller who gave no room. */
    private static int sized(Exchange x, byte[] bytes) throws FsException {
        int room = x.u32(Requests.GETXATTR_BYTES);
        if (room == 0) {
            return Replies.count(x.memory, x.replyOffset(), bytes.length);
        }
        if (bytes.length > Integer.toUnsignedLong(room) || bytes.length > x.replyCapacity()) {
            throw FsException.of(Errno.ERANGE);
        }
        return Replies.bytes(x.memory, x.replyOffset(), bytes);
    }

    int setXattr(Exchange x, Arguments arguments) throws FsException, MustWait, IOException {
        byte[] name = arguments.name();
        byte[] value = arguments.bytes(Integer.toUnsignedLong(x.u32(Requests.SETXATTR_BYTES)));
        boolean clearSetgid = (x.u32(Requests.SETXATTR_SETXATTR_FLAGS) & Requests.SETXATTR_CLEAR_SETGID) != 0;
        try {
            fileSystem.setXattr(
                    x.request(), x.ino(), name, value, x.u32(Requests.SETXATTR_FLAGS), clearSetgid);
        } catch (FsException answer) {
            throw notSticky(answer);
        }
        return 0;
    }

    int removeXattr(Exchange x, Arguments arguments) throws FsException, MustWait, IOException {
        try {
            fileSystem.removeXattr(x.request(), x.ino(), arguments.name());
        } catch (FsException answer) {
            throw notSticky(answer);
        }
        return 0;
    }

    private static FsException notSticky(FsException answer) {
        return answer.errno() == Errno.ENOSYS ? FsException.of(Errno.EOPNOTSUPP) : answer;
    }

    // ---- file locks

    int testLock(Exchange x) throws FsException, MustWait, IOException {
        FileLock wanted = lock(x);
        @Nullable
        FileLock inTheWay = fileSystem.testLock(
                x.request(), x.ino(), x.u64(Requests.LK_HANDLE), x.u64(Requests.LK_OWNER), wanted);
        FileLock shown = inTheWay == null ? wanted : inTheWay;
        int type = inTheWay == null ? Requests.LOCK_UNLOCK : type(inTheWay.kind());
        return Replies.lock(x.memory, x.replyOffset(), shown, type);
    }

    int setLock(Exchange x, boolean wait) throws FsException, MustWait, IOException {
        fileSystem.setLock(
                x.request(),
                x.ino(),
                x.u64(Requests.LK_HANDLE),
                x.u64(Requests.LK_OWNER),
                lock(x),
                (x.u32(Requests.LK_FLAGS) & Requests.LK_FLOCK) != 0,
                wait);
        return 0;
    }

    private static FileLock lock(Exchange x) throws FsException {
        FileLock.Kind kind =
                switch (x.u32(Requests.LK_TYPE)) {
                    case Requests.LOCK_READ -> FileLock.Kind.READ;
                    case Requests.LOCK_WRITE -> FileLock.Kind.WRITE;
                    case Requests.LOCK_UNLOCK -> FileLock.Kind.UNLOCK;
                    default -> throw FsException.of(Errno.EINVAL);
                };
        return new FileLock(x.u64(Requests.LK_START), x.u64(Requests.LK_END), kind, x.u32(Requests.LK_PID));
    }

    private static int type(FileLock.Kind kind) {
        return switch (kind) {
            case READ -> Requests.LOCK_READ;
            case WRITE -> Requests.LOCK_WRITE;
            case UNLOCK -> Requests.LOCK_UNLOCK;
        };
    }

    // ---- the volume

    int statfs(Exchange x) throws FsException, MustWait, IOException {
        return Replies.statfs(x.memory, x.replyOffset(), fileSystem.statfs(x.request()));
    }

    int syncFileSystem(Exchange x) throws FsException, MustWait, IOException {
        fileSystem.syncFileSystem(x.request());
        return 0;
    }
}
