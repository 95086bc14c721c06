package org.scoutfs.fuse;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;
import org.scoutfs.fs.AttributeChange;
import org.scoutfs.fs.Attributes;
import org.scoutfs.fs.Attributes.Timestamp;
import org.scoutfs.fs.FileSystem;
import org.scoutfs.fs.Request;

/**
 * The ceiling: a file system that does as little as a file system can, behind the same transport. What it costs is what the
 * kernel, the protocol and this package cost.
 *
 * <p>It remembers names and sizes, because without them no program would get far, and nothing else: every file reads as
 * zeroes, and everything is gone with the process.
 */
public final class NullFileSystem implements FileSystem {
    private static final int S_IFMT = 0xf000;
    private static final int S_IFDIR = 0x4000;
    private static final int S_IFREG = 0x8000;
    private static final int S_IFLNK = 0xa000;
    private static final int PERMISSIONS = 0755;
    private static final int O_TRUNC = 0x200;
    private static final long ROOT = 1;
    private static final byte[] NOTHING = {};
    private static final Timestamp THEN = new Timestamp(1_700_000_000, 0);
    private static final FileSystem.OpenFile OPEN = new OpenFile(1, false, true);

    /** Any inode; a directory has names. */
    private static final class Node {
        final long ino;
        final int mode;
        final @Nullable Names names;
        final byte[] target;
        volatile long size;
        volatile int nlink = 1;

        Node(long ino, int mode, byte[] target) {
            this.ino = ino;
            this.mode = mode;
            this.names = (mode & S_IFMT) == S_IFDIR ? new Names() : null;
            this.target = target;
            this.size = target.length;
        }

        Attributes attributes() {
            return new Attributes(ino, size, (size + 511) / 512, THEN, THEN, THEN, THEN, mode, nlink, 0, 0, 0);
        }
    }

    /** A name in its directory; its place in the order of creation is its cookie. */
    private record Entry(byte[] name, Node node, int index) {}

    private static final class Names {
        final ConcurrentHashMap<Long, Entry> byHash = new ConcurrentHashMap<>();
        final ReentrantLock mutex = new ReentrantLock();
        final List<@Nullable Entry> inOrder = new ArrayList<>();
    }

    private final ConcurrentHashMap<Long, Node> nodes = new ConcurrentHashMap<>();
    private final AtomicLong nextIno = new AtomicLong(2);

    public NullFileSystem() {
        nodes.put(ROOT, new Node(ROOT, S_IFDIR | PERMISSIONS, NOTHING));
    }

    private Node node(long ino) throws FsException {
        Node node = nodes.get(ino);
        if (node == null) {
            throw FsException.of(Errno.ESTALE);
        }
        return node;
    }

    private Names names(long ino) throws FsException {
        Names names = node(ino).names;
        if (names == null) {
            throw FsException.of(Errno.ENOTDIR);
        }
        return names;
    }

    /** Two names of one directory with the same 64 bits would be taken for one; nobody keeps anything here. */
    private static long hash(byte[] name) {
        long hash = 0xcbf29ce484222325L;
        for (byte b : name) {
            hash = (hash ^ b) * 0x100000001b3L;
        }
        return hash;
    }

    private static Entry entry(Names names, byte[] name) throws FsException {
        Entry entry = names.byHash.get(hash(name));
        if (entry == null) {
            throw FsException.of(Errno.ENOENT);
        }
        return entry;
    }

    private static void put(Names names, byte[] name, Node node) {
        names.mutex.lock();
        try {
            Entry entry = new Entry(name, node, names.inOrder.size());
            names.inOrder.add(entry);
            Entry replaced = names.byHash.put(hash(name), entry);
            if (replaced != null) {
                names.inOrder.set(replaced.index(), null);
            }
        } finally {
            names.mutex.unlock();
        }
    }

    private static Node take(Names names, byte[] name) throws FsException {
        names.mutex.lock();
        try {
            Entry entry = names.byHash.remove(hash(name));
            if (entry == null) {
                throw FsException.of(Errno.ENOENT);
            }
            names.inOrder.set(entry.index(), null);
            return entry.node();
        } finally {
            names.mutex.unlock();
        }
    }

    private Node make(long parentIno, byte[] name, int mode, byte[] target) throws FsException {
        Names names = names(parentIno);
        Node node = new Node(nextIno.getAndIncrement(), mode, target);
        nodes.put(node.ino, node);
        put(names, name, node);
        return node;
    }

    @Override
    public Attributes lookup(Request request, long parentIno, byte[] name) throws FsException {
        if (name.length == 1 && name[0] == '.') {
            return node(parentIno).attributes();
        }
        return entry(names(parentIno), name).node().attributes();
    }

    @Override
    public void forget(long ino, long count) {}

    @Override
    public Attributes mknod(Request request, long parentIno, byte[] name, int mode, int rdev, int umask)
            throws FsException {
        return make(parentIno, name, mode, NOTHING).attributes();
    }

    @Override
    public Attributes mkdir(Request request, long parentIno, byte[] name, int mode, int umask) throws FsException {
        return make(parentIno, name, mode, NOTHING).attributes();
    }

    @Override
    public Attributes symlink(Request request, long parentIno, byte[] name, byte[] target) throws FsException {
        return make(parentIno, name, S_IFLNK | PERMISSIONS, target).attributes();
    }

    @Override
    public Attributes link(Request request, long ino, long newParentIno, byte[] newName) throws FsException {
        Node node = node(ino);
        put(names(newParentIno), newName, node);
        return node.attributes();
    }

    @Override
    public void unlink(Request request, long parentIno, byte[] name) throws FsException {
        Node unused = take(names(parentIno), name);
    }

    @Override
    public void rmdir(Request request, long parentIno, byte[] name) throws FsException {
        Node unused = take(names(parentIno), name);
    }

    @Override
    public void rename(
            Request request, long oldParentIno, byte[] oldName, long newParentIno, byte[] newName, int flags)
            throws FsException {
        put(names(newParentIno), newName, take(names(oldParentIno), oldName));
    }

    @Override
    public byte[] readlink(Request request, long ino) throws FsException {
        return node(ino).target;
    }

    @Override
    public Attributes getAttributes(Request request, long ino) throws FsException {
        return node(ino).attributes();
    }

    @Override
    public Attributes setAttributes(Request request, long ino, AttributeChange change) throws FsException {
        Node node = node(ino);
        Long size = change.size();
        if (size != null) {
            node.size = size;
        }
        return node.attributes();
    }

    @Override
    public OpenFile open(Request request, long ino, int flags, boolean killPrivileges) throws FsException {
        if ((flags & O_TRUNC) != 0) {
            node(ino).size = 0;
        }
        return OPEN;
    }

    @Override
    public Created create(Request request, long parentIno, byte[] name, int flags, int mode, int umask)
            throws FsException {
        Entry known = names(parentIno).byHash.get(hash(name));
        Node node = known == null ? make(parentIno, name, mode, NOTHING) : known.node();
        return new Created(node.attributes(), OPEN, known == null);
    }

    @Override
    public Created tmpfile(Request request, long parentIno, int flags, int mode, int umask) {
        Node node = new Node(nextIno.getAndIncrement(), S_IFREG | mode, NOTHING);
        nodes.put(node.ino, node);
        return new Created(node.attributes(), OPEN, true);
    }

    @Override
    public void release(long ino, long handle, long lockOwner, boolean unlockFlock) {}

    @Override
    public void flush(Request request, long ino, long handle, long lockOwner) {}

    @Override
    public int read(Request request, long ino, long handle, long offset, MemorySegment into) throws FsException {
        // The bytes are whatever the buffer holds: filling it would be work.
        return (int) Math.clamp(node(ino).size - offset, 0, into.byteSize());
    }

    @Override
    public int write(
            Request request,
            long ino,
            long handle,
            long offset,
            MemorySegment from,
            boolean append,
            boolean fromPageCache,
            boolean killPrivileges)
            throws FsException {
        Node node = node(ino);
        node.size = Math.max(node.size, offset + from.byteSize());
        return (int) from.byteSize();
    }

    @Override
    public void fsync(Request request, long ino, long handle, boolean dataOnly) {}

    @Override
    public void syncFileSystem(Request request) {}

    @Override
    public void fallocate(Request request, long ino, long handle, long offset, long length, int mode)
            throws FsException {
        if (mode == 0) {
            Node node = node(ino);
            node.size = Math.max(node.size, offset + length);
        }
    }

    @Override
    public long seek(Request request, long ino, long handle, long offset, int whence) throws FsException {
        long size = node(ino).size;
        if (offset >= size) {
            throw FsException.of(Errno.ENXIO);
        }
        return whence == 3 ? offset : size;
    }

    @Override
    public long copyFileRange(
            Request request,
            long fromIno,
            long fromHandle,
            long fromOffset,
            long toIno,
            long toHandle,
            long toOffset,
            long length)
            throws FsException {
        long count = Math.clamp(node(fromIno).size - fromOffset, 0, length);
        Node to = node(toIno);
        to.size = Math.max(to.size, toOffset + count);
        return count;
    }

    @Override
    public long openDirectory(Request request, long ino) {
        return 1;
    }

    @Override
    public void releaseDirectory(long ino, long handle) {}

    @Override
    public void readDirectory(
            Request request, long ino, long handle, long cookie, boolean withAttributes, DirectorySink sink)
            throws FsException {
        Names names = names(ino);
        if (cookie < 1 && !sink.add(new byte[] {'.'}, ino, S_IFDIR >> 12, 1, null)) {
            return;
        }
        if (cookie < 2 && !sink.add(new byte[] {'.', '.'}, ROOT, S_IFDIR >> 12, 2, null)) {
            return;
        }
        names.mutex.lock();
        try {
            for (int i = (int) Math.max(0, cookie - 2); i < names.inOrder.size(); i++) {
                Entry entry = names.inOrder.get(i);
                if (entry != null
                        && !sink.add(
                                entry.name(),
                                entry.node().ino,
                                entry.node().mode >>> 12,
                                i + 3L,
                                withAttributes ? entry.node().attributes() : null)) {
                    return;
                }
            }
        } finally {
            names.mutex.unlock();
        }
    }

    @Override
    public byte[] getXattr(Request request, long ino, byte[] name) throws FsException {
        throw FsException.of(Errno.ENODATA);
    }

    @Override
    public byte[] listXattrs(Request request, long ino) {
        return NOTHING;
    }

    @Override
    public void setXattr(Request request, long ino, byte[] name, byte[] value, int flags, boolean clearSetgid) {}

    @Override
    public void removeXattr(Request request, long ino, byte[] name) {}

    @Override
    public @Nullable FileLock testLock(Request request, long ino, long handle, long owner, FileLock wanted) {
        return null;
    }

    @Override
    public void setLock(
            Request request, long ino, long handle, long owner, FileLock lock, boolean flock, boolean wait) {}

    @Override
    public Statistics statfs(Request request) {
        return new Statistics(1L << 40, 1L << 40, 1L << 40, 1L << 40, 1L << 40);
    }
}
