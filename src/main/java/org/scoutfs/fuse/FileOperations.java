package org.scoutfs.fuse;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;
import org.scoutfs.base.MustWait;
import org.scoutfs.fs.Attributes;
import org.scoutfs.fs.FileSystem;
import org.scoutfs.fs.FileSystem.Created;
import org.scoutfs.fs.FileSystem.DirectorySink;
import org.scoutfs.fs.FileSystem.OpenFile;
import org.scoutfs.fuse.wire.Arguments;
import org.scoutfs.fuse.wire.Replies;
import org.scoutfs.fuse.wire.Requests;
import org.scoutfs.fuse.wire.Timeouts;
import org.scoutfs.fuse.wire.Wire;

/** Requests about open files and directories: each unpacks its arguments, makes one call, and packs the answer. */
final class FileOperations {
    private static final int O_APPEND = 0x400;

    private final FileSystem fileSystem;
    private final Timeouts timeouts;
    private final int directoryFlags;
    private final boolean kernelLocks;
    private final boolean kernelKeepsWrites;
    private final @Nullable KernelDrops drops;

    /** @param cacheDirectories the kernel may keep listings until the directory changes
     *  @param drops null where this mount is alone
     *  @param kernelLocks file locks never come here, so there is none to be given up when a file is closed
     *  @param kernelKeepsWrites there may be data that only the kernel knows of */
    FileOperations(
            FileSystem fileSystem,
            Timeouts timeouts,
            boolean cacheDirectories,
            boolean kernelLocks,
            boolean kernelKeepsWrites,
            @Nullable KernelDrops drops) {
        this.drops = drops;
        this.kernelLocks = kernelLocks;
        this.kernelKeepsWrites = kernelKeepsWrites;
        this.fileSystem = fileSystem;
        this.timeouts = timeouts;
        this.directoryFlags = cacheDirectories ? Replies.OPEN_CACHE_DIRECTORY | Replies.OPEN_KEEP_CACHE : 0;
    }

    int open(Exchange x) throws FsException, MustWait, IOException {
        boolean kill = (x.u32(Requests.OPEN_OPEN_FLAGS) & Requests.OPEN_KILL_PRIVILEGES) != 0;
        OpenFile file = fileSystem.open(x.request(), x.ino(), x.u32(Requests.OPEN_FLAGS), kill);
        return Replies.open(x.memory, x.replyOffset(), file.handle(), openFlags(file));
    }

    int create(Exchange x, Arguments arguments) throws FsException, MustWait, IOException {
        return created(
                x,
                fileSystem.create(
                        x.request(),
                        x.ino(),
                        arguments.name(),
                        x.u32(Requests.CREATE_FLAGS),
                        x.u32(Requests.CREATE_MODE),
                        x.u32(Requests.CREATE_UMASK)));
    }

    int tmpfile(Exchange x) throws FsException, MustWait, IOException {
        return created(
                x,
                fileSystem.tmpfile(
                        x.request(),
                        x.ino(),
                        x.u32(Requests.CREATE_FLAGS),
                        x.u32(Requests.CREATE_MODE),
                        x.u32(Requests.CREATE_UMASK)));
    }

    private int created(Exchange x, Created created) {
        // Attributes of a file that was there before may be out of date already; the kernel would not notice.
        long attributeNanos = created.isNew() ? timeouts.attributeNanos() : 0;
        int size = Replies.entry(
                x.memory, x.replyOffset(), created.attributes(), timeouts.entryNanos(), attributeNanos);
        OpenFile file = created.file();
        return size + Replies.open(x.memory, x.replyOffset() + size, file.handle(), openFlags(file));
    }

    private static int openFlags(OpenFile file) {
        return (file.directIo() ? Replies.OPEN_DIRECT_IO : 0) | (file.keepCache() ? Replies.OPEN_KEEP_CACHE : 0);
    }

    int read(Exchange x) throws FsException, MustWait, IOException {
        MemorySegment into = x.memory.asSlice(x.replyOffset(), replySize(x));
        return fileSystem.read(
                x.request(), x.ino(), x.u64(Requests.READ_HANDLE), x.u64(Requests.READ_OFFSET), into);
    }

    /** As much as is asked for, but no more than there is room. */
    private static long replySize(Exchange x) {
        return Math.min(Integer.toUnsignedLong(x.u32(Requests.READ_BYTES)), x.replyCapacity());
    }

    int write(Exchange x, Arguments arguments) throws FsException, MustWait, IOException {
        MemorySegment data = arguments.view(Integer.toUnsignedLong(x.u32(Requests.WRITE_BYTES)));
        int writeFlags = x.u32(Requests.WRITE_WRITE_FLAGS);
        boolean fromCache = (writeFlags & Requests.WRITE_FROM_CACHE) != 0;
        boolean append = !fromCache && (x.u32(Requests.WRITE_FLAGS) & O_APPEND) != 0;
        int written = fileSystem.write(
                x.request(),
                x.ino(),
                x.u64(Requests.WRITE_HANDLE),
                x.u64(Requests.WRITE_OFFSET),
                data,
                append,
                fromCache,
                (writeFlags & Requests.WRITE_KILL_PRIVILEGES) != 0);
        if (drops != null && !fromCache) {
            drops.beforeAnswer(x.ino(), x.u64(Requests.WRITE_OFFSET), written, x.hasWaited());
        }
        return Replies.count(x.memory, x.replyOffset(), written);
    }

    int flush(Exchange x) throws FsException, MustWait, IOException {
        if (kernelLocks) {
            // The kernel remembers this: from now on it writes dirty pages at each close, and asks us nothing.
            throw FsException.of(Errno.ENOSYS);
        }
        fileSystem.flush(
                x.request(), x.ino(), x.u64(Requests.FLUSH_HANDLE), x.u64(Requests.FLUSH_LOCK_OWNER));
        return 0;
    }

    int release(Exchange x) {
        boolean unlock = (x.u32(Requests.RELEASE_RELEASE_FLAGS) & Requests.RELEASE_FLOCK_UNLOCK) != 0;
        fileSystem.release(
                x.ino(), x.u64(Requests.RELEASE_HANDLE), x.u64(Requests.RELEASE_LOCK_OWNER), unlock);
        return 0;
    }

    int fsync(Exchange x) throws FsException, MustWait, IOException {
        boolean dataOnly = (x.u32(Requests.FSYNC_FLAGS) & Requests.FSYNC_DATA_ONLY) != 0;
        fileSystem.fsync(x.request(), x.ino(), x.u64(Requests.FSYNC_HANDLE), dataOnly);
        return 0;
    }

    int fallocate(Exchange x) throws FsException, MustWait, IOException {
        fileSystem.fallocate(
                x.request(),
                x.ino(),
                x.u64(Requests.FALLOCATE_HANDLE),
                x.u64(Requests.FALLOCATE_OFFSET),
                x.u64(Requests.FALLOCATE_LENGTH),
                x.u32(Requests.FALLOCATE_MODE));
        return 0;
    }

    int seek(Exchange x) throws FsException, MustWait, IOException {
        if (kernelKeepsWrites) {
            // It asks without sending what it keeps: a copy by SEEK_DATA would lose that. Now all of a file is data to it.
            throw FsException.of(Errno.ENOSYS);
        }
        long offset = fileSystem.seek(
                x.request(),
                x.ino(),
                x.u64(Requests.LSEEK_HANDLE),
                x.u64(Requests.LSEEK_OFFSET),
                x.u32(Requests.LSEEK_WHENCE));
        return Replies.count64(x.memory, x.replyOffset(), offset);
    }

    /** @param isWide whether the count may pass 4 GiB, in the request and in its answer */
    int copyFileRange(Exchange x, boolean isWide) throws FsException, MustWait, IOException {
        long length = x.u64(Requests.COPY_LENGTH);
        long copied = fileSystem.copyFileRange(
                x.request(),
                x.ino(),
                x.u64(Requests.COPY_HANDLE_IN),
                x.u64(Requests.COPY_OFFSET_IN),
                Wire.ino(x.u64(Requests.COPY_NODE_ID_OUT)),
                x.u64(Requests.COPY_HANDLE_OUT),
                x.u64(Requests.COPY_OFFSET_OUT),
                isWide ? length : Math.min(length, Integer.MAX_VALUE));
        return isWide
                ? Replies.count64(x.memory, x.replyOffset(), copied)
                : Replies.count(x.memory, x.replyOffset(), (int) copied);
    }

    int openDirectory(Exchange x) throws FsException, MustWait, IOException {
        long handle = fileSystem.openDirectory(x.request(), x.ino());
        return Replies.open(x.memory, x.replyOffset(), handle, directoryFlags);
    }

    int releaseDirectory(Exchange x) {
        fileSystem.releaseDirectory(x.ino(), x.u64(Requests.RELEASE_HANDLE));
        return 0;
    }

    int readDirectory(Exchange x, boolean withAttributes) throws FsException, MustWait, IOException {
        Listing listing = new Listing(x.memory, x.replyOffset(), replySize(x), withAttributes);
        fileSystem.readDirectory(
                x.request(),
                x.ino(),
                x.u64(Requests.READ_HANDLE),
                x.u64(Requests.READ_OFFSET),
                withAttributes,
                listing);
        return (int) listing.size();
    }

    /** Packs names, with or without their attributes, while there is room. */
    private final class Listing implements DirectorySink {
        private final MemorySegment to;
        private final long start;
        private final long end;
        private final boolean withAttributes;
        private long position;

        Listing(MemorySegment to, long start, long capacity, boolean withAttributes) {
            this.to = to;
            this.start = start;
            this.end = start + capacity;
            this.position = start;
            this.withAttributes = withAttributes;
        }

        @Override
        public boolean add(byte[] name, long ino, int type, long nextCookie, @Nullable Attributes attributes) {
            long entrySize = withAttributes ? Replies.ENTRY_SIZE : 0;
            long size = entrySize + Replies.direntSize(name.length);
            if (size > end - position) {
                return false;
            }
            if (withAttributes) {
                Replies.direntPlus(to, position, attributes, timeouts, name, ino, type, nextCookie);
            } else {
                Replies.dirent(to, position, name, ino, type, nextCookie);
            }
            position += size;
            return true;
        }

        long size() {
            return position - start;
        }
    }
}
