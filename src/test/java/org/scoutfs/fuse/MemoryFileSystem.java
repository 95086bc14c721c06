package org.scoutfs.fuse;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Clock;
import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;
import org.scoutfs.base.MustWait;
import org.scoutfs.fs.AttributeChange;
import org.scoutfs.fs.Attributes;
import org.scoutfs.fs.Attributes.Timestamp;
import org.scoutfs.fs.FileSystem;
import org.scoutfs.fs.Request;

/**
 * A whole file system in the heap, to test what brings requests to one. It is as simple as it can be: one mutex, files as byte
 * arrays, file locks on whole files.
 *
 * <p>Reads of a file whose name begins with {@code offline} wait until {@link #bringOnline} is called, as reads of archived
 * data do.
 */
final class MemoryFileSystem implements FileSystem {
    private static final int S_IFMT = 0xf000;
    private static final int S_IFDIR = 0x4000;
    private static final int S_IFREG = 0x8000;
    private static final int S_IFLNK = 0xa000;
    private static final int O_TRUNC = 0x200;
    private static final int O_EXCL = 0x80;
    private static final int BLOCK = 4096;

    private final Map<Long, Node> nodes = new HashMap<>();
    private final AtomicLong nextIno = new AtomicLong(100);
    private final AtomicLong nextHandle = new AtomicLong(1);
    private final AtomicLong nextCookie = new AtomicLong(10);
    private volatile CompletableFuture<Void> online = new CompletableFuture<>();
    final Set<Integer> uidsSeen = ConcurrentHashMap.newKeySet();
    final AtomicLong syncs = new AtomicLong();
    final AtomicLong forgotten = new AtomicLong();
    final AtomicLong references = new AtomicLong();

    private static final class Entry {
        final long ino;
        final long cookie;

        Entry(long ino, long cookie) {
            this.ino = ino;
            this.cookie = cookie;
        }
    }

    private static final class Node {
        final long ino;
        int mode;
        int nlink;
        int uid;
        int gid;
        int rdev;
        byte[] data = {};
        int size;
        boolean isOffline;
        long parent;
        final TreeMap<String, Entry> entries = new TreeMap<>();
        final TreeMap<String, byte[]> xattrs = new TreeMap<>();
        final Map<Long, FileLock> locks = new HashMap<>();
        CompletableFuture<Void> unlocked = new CompletableFuture<>();
        Timestamp atime;
        Timestamp mtime;
        Timestamp ctime;
        final Timestamp crtime;

        Node(long ino, int mode) {
            this.ino = ino;
            this.mode = mode;
            this.crtime = Timestamp.ofNanos(Clock.system().wallNanos());
            this.atime = crtime;
            this.mtime = crtime;
            this.ctime = crtime;
        }

        boolean isDirectory() {
            return (mode & S_IFMT) == S_IFDIR;
        }

        void changed() {
            ctime = Timestamp.ofNanos(Clock.system().wallNanos());
        }

        void modified() {
            changed();
            mtime = ctime;
        }

        void resize(int newSize) {
            if (newSize > data.length) {
                data = Arrays.copyOf(data, Math.max(newSize, data.length * 2));
            }
            if (newSize < size) {
                Arrays.fill(data, newSize, size, (byte) 0);
            }
            size = newSize;
        }

        Attributes attributes() {
            return new Attributes(
                    ino, size, (size + BLOCK - 1) / BLOCK * 8, atime, mtime, ctime, crtime, mode, nlink, uid, gid, rdev);
        }
    }

    MemoryFileSystem() {
        Node root = new Node(1, S_IFDIR | 0755);
        root.nlink = 2;
        root.parent = 1;
        nodes.put(1L, root);
    }

    void bringOnline() {
        CompletableFuture<Void> before = online;
        online = new CompletableFuture<>();
        synchronized (this) {
            nodes.values().forEach(node -> node.isOffline = false);
        }
        before.complete(null);
    }

    private Node node(long ino) throws FsException {
        Node node = nodes.get(ino);
        if (node == null) {
            throw FsException.of(Errno.ESTALE);
        }
        return node;
    }

    private Node directory(long ino) throws FsException {
        Node node = node(ino);
        if (!node.isDirectory()) {
            throw FsException.of(Errno.ENOTDIR);
        }
        return node;
    }

    /** Latin-1 keeps every byte. */
    private static String text(byte[] name) {
        return new String(name, StandardCharsets.ISO_8859_1);
    }

    private static byte[] bytes(String name) {
        return name.getBytes(StandardCharsets.ISO_8859_1);
    }

    private Node child(long parentIno, byte[] name) throws FsException {
        Entry entry = directory(parentIno).entries.get(text(name));
        if (entry == null) {
            throw FsException.of(Errno.ENOENT);
        }
        return node(entry.ino);
    }

    private Attributes referenced(Node node) {
        references.incrementAndGet();
        return node.attributes();
    }

    @Override
    public synchronized Attributes lookup(Request request, long parentIno, byte[] name) throws FsException {
        uidsSeen.add(request.uid());
        return switch (text(name)) {
            case "." -> referenced(node(parentIno));
            case ".." -> referenced(node(directory(parentIno).parent));
            default -> referenced(child(parentIno, name));
        };
    }

    @Override
    public void forget(long ino, long count) {
        forgotten.addAndGet(count);
    }

    private Node make(Request request, long parentIno, byte[] name, int mode, int umask) throws FsException {
        Node parent = directory(parentIno);
        if (parent.entries.containsKey(text(name))) {
            throw FsException.of(Errno.EEXIST);
        }
        Node node = new Node(nextIno.getAndIncrement(), mode & ~umask);
        node.uid = request.uid();
        node.gid = request.gid();
        node.nlink = node.isDirectory() ? 2 : 1;
        node.parent = parentIno;
        node.isOffline = text(name).startsWith("offline");
        if (node.isDirectory()) {
            parent.nlink++;
        }
        nodes.put(node.ino, node);
        parent.entries.put(text(name), new Entry(node.ino, nextCookie.getAndIncrement()));
        parent.modified();
        return node;
    }

    @Override
    public synchronized Attributes mknod(Request request, long parentIno, byte[] name, int mode, int rdev, int umask)
            throws FsException {
        Node node = make(request, parentIno, name, mode, umask);
        node.rdev = rdev;
        return referenced(node);
    }

    @Override
    public synchronized Attributes mkdir(Request request, long parentIno, byte[] name, int mode, int umask)
            throws FsException {
        return referenced(make(request, parentIno, name, mode, umask));
    }

    @Override
    public synchronized Attributes symlink(Request request, long parentIno, byte[] name, byte[] target)
            throws FsException {
        Node node = make(request, parentIno, name, S_IFLNK | 0777, 0);
        node.data = target.clone();
        node.size = target.length;
        return referenced(node);
    }

    @Override
    public synchronized Attributes link(Request request, long ino, long newParentIno, byte[] newName)
            throws FsException {
        Node parent = directory(newParentIno);
        if (parent.entries.containsKey(text(newName))) {
            throw FsException.of(Errno.EEXIST);
        }
        Node node = node(ino);
        node.nlink++;
        node.changed();
        parent.entries.put(text(newName), new Entry(ino, nextCookie.getAndIncrement()));
        parent.modified();
        return referenced(node);
    }

    @Override
    public synchronized void unlink(Request request, long parentIno, byte[] name) throws FsException {
        Node node = child(parentIno, name);
        if (node.isDirectory()) {
            throw FsException.of(Errno.EISDIR);
        }
        node.nlink--;
        node.changed();
        directory(parentIno).entries.remove(text(name));
        directory(parentIno).modified();
    }

    @Override
    public synchronized void rmdir(Request request, long parentIno, byte[] name) throws FsException {
        Node node = child(parentIno, name);
        if (!node.isDirectory()) {
            throw FsException.of(Errno.ENOTDIR);
        }
        if (!node.entries.isEmpty()) {
            throw FsException.of(Errno.ENOTEMPTY);
        }
        node.nlink = 0;
        Node parent = directory(parentIno);
        parent.entries.remove(text(name));
        parent.nlink--;
        parent.modified();
    }

    @Override
    public synchronized void rename(
            Request request, long oldParentIno, byte[] oldName, long newParentIno, byte[] newName, int flags)
            throws FsException {
        Node moved = child(oldParentIno, oldName);
        Node oldParent = directory(oldParentIno);
        Node newParent = directory(newParentIno);
        Entry target = newParent.entries.get(text(newName));
        if (flags == 2) {
            if (target == null) {
                throw FsException.of(Errno.ENOENT);
            }
            oldParent.entries.put(text(oldName), new Entry(target.ino, nextCookie.getAndIncrement()));
            newParent.entries.put(text(newName), new Entry(moved.ino, nextCookie.getAndIncrement()));
        } else if (flags == 0 || flags == 1) {
            if (target != null) {
                if (flags == 1) {
                    throw FsException.of(Errno.EEXIST);
                }
                Node replaced = node(target.ino);
                if (!replaced.entries.isEmpty()) {
                    throw FsException.of(Errno.ENOTEMPTY);
                }
                replaced.nlink--;
            }
            oldParent.entries.remove(text(oldName));
            newParent.entries.put(text(newName), new Entry(moved.ino, nextCookie.getAndIncrement()));
            moved.parent = newParentIno;
        } else {
            throw FsException.of(Errno.EINVAL);
        }
        moved.changed();
        oldParent.modified();
        newParent.modified();
    }

    @Override
    public synchronized byte[] readlink(Request request, long ino) throws FsException {
        Node node = node(ino);
        return Arrays.copyOf(node.data, node.size);
    }

    @Override
    public synchronized Attributes getAttributes(Request request, long ino) throws FsException {
        return node(ino).attributes();
    }

    @Override
    public synchronized Attributes setAttributes(Request request, long ino, AttributeChange change)
            throws FsException {
        Node node = node(ino);
        node.changed();
        if (change.mode() != null) {
            node.mode = node.mode & S_IFMT | change.mode() & ~S_IFMT;
        }
        if (change.uid() != null) {
            node.uid = change.uid();
        }
        if (change.gid() != null) {
            node.gid = change.gid();
        }
        if (change.size() != null) {
            node.resize(Math.toIntExact(change.size()));
            node.modified();
        }
        if (change.atime() != null || change.atimeNow()) {
            node.atime = change.atime() != null ? change.atime() : node.ctime;
        }
        if (change.mtime() != null || change.mtimeNow()) {
            node.mtime = change.mtime() != null ? change.mtime() : node.ctime;
        }
        return node.attributes();
    }

    @Override
    public synchronized OpenFile open(Request request, long ino, int flags, boolean killPrivileges)
            throws FsException {
        Node node = node(ino);
        if ((flags & O_TRUNC) != 0) {
            node.resize(0);
            node.modified();
        }
        return new OpenFile(nextHandle.getAndIncrement(), false, true);
    }

    @Override
    public synchronized Created create(
            Request request, long parentIno, byte[] name, int flags, int mode, int umask) throws FsException {
        Entry known = directory(parentIno).entries.get(text(name));
        if (known != null && (flags & O_EXCL) != 0) {
            throw FsException.of(Errno.EEXIST);
        }
        Node node = known != null ? node(known.ino) : make(request, parentIno, name, mode, umask);
        return new Created(
                referenced(node), new OpenFile(nextHandle.getAndIncrement(), false, true), known == null);
    }

    @Override
    public synchronized Created tmpfile(Request request, long parentIno, int flags, int mode, int umask)
            throws FsException {
        Node node = new Node(nextIno.getAndIncrement(), mode & ~umask);
        node.uid = request.uid();
        node.gid = request.gid();
        nodes.put(node.ino, node);
        return new Created(referenced(node), new OpenFile(nextHandle.getAndIncrement(), false, true), true);
    }

    @Override
    public synchronized void release(long ino, long handle, long lockOwner, boolean unlockFlock) {
        Node node = nodes.get(ino);
        if (node != null && unlockFlock) {
            unlock(node, lockOwner);
        }
    }

    @Override
    public synchronized void flush(Request request, long ino, long handle, long lockOwner) {
        Node node = nodes.get(ino);
        if (node != null) {
            unlock(node, lockOwner);
        }
    }

    @Override
    public int read(Request request, long ino, long handle, long offset, MemorySegment into)
            throws FsException, MustWait {
        CompletableFuture<Void> wait = online;
        synchronized (this) {
            Node node = node(ino);
            if (node.isOffline) {
                if (request.isInterrupted()) {
                    throw FsException.of(Errno.EINTR);
                }
                throw MustWait.on(wait);
            }
            int count = (int) Math.clamp(node.size - offset, 0, into.byteSize());
            if (count > 0) {
                MemorySegment.copy(node.data, (int) offset, into, ValueLayout.JAVA_BYTE, 0, count);
            }
            return count;
        }
    }

    @Override
    public synchronized int write(
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
        int at = append ? node.size : Math.toIntExact(offset);
        int count = (int) from.byteSize();
        if (at + count > node.size) {
            node.resize(at + count);
        }
        MemorySegment.copy(from, ValueLayout.JAVA_BYTE, 0, node.data, at, count);
        node.modified();
        return count;
    }

    @Override
    public void fsync(Request request, long ino, long handle, boolean dataOnly) throws MustWait {
        // As a commit would: the first run waits, the second one answers.
        if (request.progress() == null) {
            request.setProgress(true);
            throw MustWait.on(CompletableFuture.runAsync(syncs::incrementAndGet));
        }
    }

    @Override
    public void syncFileSystem(Request request) {
        syncs.incrementAndGet();
    }

    @Override
    public synchronized void fallocate(
            Request request, long ino, long handle, long offset, long length, int mode) throws FsException {
        Node node = node(ino);
        int end = Math.toIntExact(offset + length);
        if (mode == 0) {
            node.resize(Math.max(node.size, end));
        } else if (mode == 3) {
            Arrays.fill(node.data, (int) Math.min(offset, node.size), Math.min(end, node.size), (byte) 0);
        } else {
            throw FsException.of(Errno.EOPNOTSUPP);
        }
        node.modified();
    }

    @Override
    public synchronized long seek(Request request, long ino, long handle, long offset, int whence)
            throws FsException {
        Node node = node(ino);
        if (offset >= node.size) {
            throw FsException.of(Errno.ENXIO);
        }
        return whence == 3 ? offset : node.size;
    }

    @Override
    public synchronized long copyFileRange(
            Request request,
            long fromIno,
            long fromHandle,
            long fromOffset,
            long toIno,
            long toHandle,
            long toOffset,
            long length)
            throws FsException {
        Node from = node(fromIno);
        Node to = node(toIno);
        int count = (int) Math.clamp(from.size - fromOffset, 0, length);
        if (toOffset + count > to.size) {
            to.resize((int) toOffset + count);
        }
        System.arraycopy(from.data, (int) fromOffset, to.data, (int) toOffset, count);
        to.modified();
        return count;
    }

    @Override
    public long openDirectory(Request request, long ino) {
        return nextHandle.getAndIncrement();
    }

    @Override
    public void releaseDirectory(long ino, long handle) {}

    @Override
    public synchronized void readDirectory(
            Request request, long ino, long handle, long cookie, boolean withAttributes, DirectorySink sink)
            throws FsException {
        Node directory = directory(ino);
        if (cookie < 1 && !sink.add(bytes("."), ino, S_IFDIR >> 12, 1, null)) {
            return;
        }
        if (cookie < 2 && !sink.add(bytes(".."), directory.parent, S_IFDIR >> 12, 2, null)) {
            return;
        }
        List<Map.Entry<String, Entry>> ordered =
                new ArrayList<>(directory.entries.entrySet());
        ordered.sort((a, b) -> Long.compare(a.getValue().cookie, b.getValue().cookie));
        for (Map.Entry<String, Entry> named : ordered) {
            Entry entry = named.getValue();
            if (entry.cookie <= cookie) {
                continue;
            }
            Node node = node(entry.ino);
            if (!sink.add(
                    bytes(named.getKey()),
                    entry.ino,
                    node.mode >>> 12,
                    entry.cookie,
                    withAttributes ? node.attributes() : null)) {
                return;
            }
            if (withAttributes) {
                references.incrementAndGet();
            }
        }
    }

    @Override
    public synchronized byte[] getXattr(Request request, long ino, byte[] name) throws FsException {
        byte[] value = node(ino).xattrs.get(text(name));
        if (value == null) {
            throw FsException.of(Errno.ENODATA);
        }
        return value;
    }

    @Override
    public synchronized byte[] listXattrs(Request request, long ino) throws FsException {
        StringBuilder names = new StringBuilder();
        node(ino).xattrs.keySet().forEach(name -> names.append(name).append('\0'));
        return bytes(names.toString());
    }

    @Override
    public synchronized void setXattr(
            Request request, long ino, byte[] name, byte[] value, int flags, boolean clearSetgid)
            throws FsException {
        Node node = node(ino);
        boolean exists = node.xattrs.containsKey(text(name));
        if (flags == 1 && exists) {
            throw FsException.of(Errno.EEXIST);
        }
        if (flags == 2 && !exists) {
            throw FsException.of(Errno.ENODATA);
        }
        node.xattrs.put(text(name), value);
        node.changed();
    }

    @Override
    public synchronized void removeXattr(Request request, long ino, byte[] name) throws FsException {
        if (node(ino).xattrs.remove(text(name)) == null) {
            throw FsException.of(Errno.ENODATA);
        }
    }

    @Override
    public synchronized @Nullable FileLock testLock(
            Request request, long ino, long handle, long owner, FileLock wanted) throws FsException {
        return conflict(node(ino), owner, wanted);
    }

    private static @Nullable FileLock conflict(Node node, long owner, FileLock wanted) {
        for (Map.Entry<Long, FileLock> held : node.locks.entrySet()) {
            boolean isExclusive = held.getValue().kind() == FileLock.Kind.WRITE
                    || wanted.kind() == FileLock.Kind.WRITE;
            if (held.getKey() != owner && isExclusive) {
                return held.getValue();
            }
        }
        return null;
    }

    @Override
    public synchronized void setLock(
            Request request, long ino, long handle, long owner, FileLock lock, boolean flock, boolean wait)
            throws FsException, MustWait {
        Node node = node(ino);
        if (lock.kind() == FileLock.Kind.UNLOCK) {
            unlock(node, owner);
            return;
        }
        if (conflict(node, owner, lock) != null) {
            if (!wait) {
                throw FsException.of(Errno.EAGAIN);
            }
            if (request.isInterrupted()) {
                throw FsException.of(Errno.EINTR);
            }
            throw MustWait.on(node.unlocked);
        }
        node.locks.put(owner, lock);
    }

    private static void unlock(Node node, long owner) {
        if (node.locks.remove(owner) != null) {
            CompletableFuture<Void> before = node.unlocked;
            node.unlocked = new CompletableFuture<>();
            before.complete(null);
        }
    }

    @Override
    public Statistics statfs(Request request) throws IOException {
        return new Statistics(1 << 20, 1 << 19, 1 << 18, 1000, 900);
    }

    /** How many names there are in all directories. */
    synchronized long nameCount() {
        long count = 0;
        for (Iterator<Node> all = nodes.values().iterator(); all.hasNext(); ) {
            count += all.next().entries.size();
        }
        return count;
    }
}
