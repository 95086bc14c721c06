package org.scoutfs.testkit;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;

/**
 * A tree in memory that does what POSIX and the manual pages of Linux say, as plainly as it can be written: what the real one is compared
 * with. Paths have no leading slash; {@code ""} is the root. Symbolic links are not followed, as behind a kernel that did it.
 */
public final class PosixModel implements PosixCaller {
    private static final int NOREPLACE = 1;
    private static final int EXCHANGE = 2;

    /** The kinds of inodes. */
    public enum Kind {
        FILE,
        DIRECTORY,
        SYMLINK,
        FIFO
    }

    private static final class Node {
        final Kind kind;
        final Map<String, Node> children = new TreeMap<>();
        final Map<String, byte[]> xattrs = new TreeMap<>();
        byte[] contents = {};
        int permissions;
        int links;

        Node(Kind kind, int permissions) {
            this.kind = kind;
            this.permissions = permissions;
        }

        boolean isDirectory() {
            return kind == Kind.DIRECTORY;
        }
    }

    private Node root = new Node(Kind.DIRECTORY, 0755);

    // ---- changes

    @Override
    public void create(String path, byte[] contents) throws FsException {
        Node node = new Node(Kind.FILE, 0644);
        node.contents = contents.clone();
        add(path, node);
    }

    @Override
    public void mkdir(String path) throws FsException {
        add(path, new Node(Kind.DIRECTORY, 0755));
    }

    @Override
    public void fifo(String path) throws FsException {
        add(path, new Node(Kind.FIFO, 0644));
    }

    @Override
    public void symlink(String path, String target) throws FsException {
        Node node = new Node(Kind.SYMLINK, 0777);
        node.contents = target.getBytes(java.nio.charset.StandardCharsets.UTF_8);
        add(path, node);
    }

    private void add(String path, Node node) throws FsException {
        Node parent = directory(FsClient.parent(path));
        fail(parent.children.containsKey(name(path)), Errno.EEXIST);
        parent.children.put(name(path), node);
        node.links++;
        if (node.isDirectory()) {
            node.permissions |= parent.permissions & 02000;
        }
    }

    @Override
    public void link(String path, String newPath) throws FsException {
        Node node = find(path);
        Node parent = find(FsClient.parent(newPath));
        fail(!parent.isDirectory(), Errno.ENOTDIR);
        fail(node.isDirectory(), Errno.EPERM);
        fail(parent.children.containsKey(name(newPath)), Errno.EEXIST);
        parent.children.put(name(newPath), node);
        node.links++;
    }

    @Override
    public void unlink(String path) throws FsException {
        Node parent = directory(FsClient.parent(path));
        Node node = child(parent, name(path));
        fail(node.isDirectory(), Errno.EISDIR);
        parent.children.remove(name(path));
        node.links--;
    }

    @Override
    public void rmdir(String path) throws FsException {
        Node parent = directory(FsClient.parent(path));
        Node node = child(parent, name(path));
        fail(!node.isDirectory(), Errno.ENOTDIR);
        fail(!node.children.isEmpty(), Errno.ENOTEMPTY);
        parent.children.remove(name(path));
    }

    @Override
    public void rename(String from, String to, int flags) throws FsException {
        Node oldParent = find(FsClient.parent(from));
        Node newParent = find(FsClient.parent(to));
        fail(!oldParent.isDirectory(), Errno.ENOTDIR);
        Node source = child(oldParent, name(from));
        fail(!newParent.isDirectory(), Errno.ENOTDIR);
        Node target = newParent.children.get(name(to));
        fail(oldParent != newParent && isWithin(source, newParent), Errno.EINVAL);
        if (flags == EXCHANGE) {
            fail(oldParent != newParent && target != null && isWithin(target, oldParent), Errno.EINVAL);
            fail(target == null, Errno.ENOENT);
            oldParent.children.put(name(from), target);
            newParent.children.put(name(to), source);
            return;
        }
        fail(target != null && flags == NOREPLACE, Errno.EEXIST);
        if (target == source) {
            return;
        }
        if (target != null) {
            fail(source.isDirectory() && !target.isDirectory(), Errno.ENOTDIR);
            fail(!source.isDirectory() && target.isDirectory(), Errno.EISDIR);
            fail(!target.children.isEmpty(), Errno.ENOTEMPTY);
            target.links--;
        }
        oldParent.children.remove(name(from));
        newParent.children.put(name(to), source);
    }

    @Override
    public void write(String path, long offset, byte[] bytes) throws FsException {
        Node node = opened(path);
        int end = (int) offset + bytes.length;
        if (end > node.contents.length) {
            node.contents = Arrays.copyOf(node.contents, end);
        }
        System.arraycopy(bytes, 0, node.contents, (int) offset, bytes.length);
    }

    @Override
    public void append(String path, byte[] bytes) throws FsException {
        write(path, opened(path).contents.length, bytes);
    }

    private Node opened(String path) throws FsException {
        Node node = find(path);
        fail(node.isDirectory(), Errno.EISDIR);
        fail(node.kind == Kind.SYMLINK, Errno.ELOOP);
        fail(node.kind != Kind.FILE, Errno.EINVAL);
        return node;
    }

    @Override
    public void truncate(String path, long size) throws FsException {
        Node node = find(path);
        fail(node.isDirectory(), Errno.EISDIR);
        fail(node.kind != Kind.FILE, Errno.EINVAL);
        node.contents = Arrays.copyOf(node.contents, (int) size);
    }

    /** Modes 0 and 1 allocate, 3 punches, 0x10 and 0x11 zero. */
    @Override
    public void fallocate(String path, long offset, long length, int mode) throws FsException {
        Node node = find(path);
        fail(node.isDirectory(), Errno.EISDIR);
        fail(node.kind == Kind.SYMLINK, Errno.ELOOP);
        fail(node.kind != Kind.FILE, Errno.ENODEV);
        int end = (int) (offset + length);
        if ((mode & 1) == 0 && end > node.contents.length) {
            node.contents = Arrays.copyOf(node.contents, end);
        }
        if (mode > 1 && offset < node.contents.length) {
            Arrays.fill(node.contents, (int) offset, Math.min(end, node.contents.length), (byte) 0);
        }
    }

    @Override
    public void chmod(String path, int permissions) throws FsException {
        Node node = find(path);
        fail(node.kind == Kind.SYMLINK, Errno.EOPNOTSUPP);
        node.permissions = permissions;
    }

    @Override
    public void setXattr(String path, String name, byte[] value) throws FsException {
        find(path).xattrs.put(name, value.clone());
    }

    @Override
    public void removeXattr(String path, String name) throws FsException {
        fail(find(path).xattrs.remove(name) == null, Errno.ENODATA);
    }

    // ---- what is there

    /** The kind of what a path names, or null where it names nothing. */
    public @Nullable Kind kindOf(String path) {
        try {
            return find(path).kind;
        } catch (FsException nothing) {
            return null;
        }
    }

    /** Lines to compare, by path. Inodes with several names are numbered in the order of their first path. */
    public Map<String, String> tree() {
        Map<String, String> lines = new TreeMap<>();
        collect("", root, new IdentityHashMap<>(), lines);
        return lines;
    }

    private void collect(String path, Node node, Map<Node, String> seen, Map<String, String> lines) {
        String first = seen.putIfAbsent(node, path);
        long size = node.isDirectory()
                ? node.children.keySet().stream().mapToLong(String::length).sum()
                : node.contents.length;
        long links = node.isDirectory()
                ? 2 + node.children.values().stream().filter(Node::isDirectory).count()
                : node.links;
        lines.put(
                path,
                line(node.kind, node.permissions, links, size, first == null ? path : first, node.contents, node.xattrs));
        node.children.forEach((name, child) -> collect(path.isEmpty() ? name : path + "/" + name, child, seen, lines));
    }

    /** One line of {@link #tree}; tests make those of the real tree with it. */
    public static String line(
            Kind kind,
            int permissions,
            long links,
            long size,
            String firstPath,
            byte[] contents,
            Map<String, byte[]> xattrs) {
        List<String> attributes = new ArrayList<>();
        xattrs.forEach((name, value) -> attributes.add(name + "=" + value.length + "/" + Arrays.hashCode(value)));
        return kind + " " + Integer.toOctalString(permissions) + " links " + links + " size " + size + " first " + firstPath
                + " contents " + Arrays.hashCode(contents) + " xattrs " + attributes;
    }

    /** A copy to come back to after a crash. */
    public PosixModel copy() {
        PosixModel copy = new PosixModel();
        copy.root = copy(root, new IdentityHashMap<>());
        return copy;
    }

    private static Node copy(Node node, Map<Node, Node> done) {
        Node known = done.get(node);
        if (known != null) {
            return known;
        }
        Node copy = new Node(node.kind, node.permissions);
        done.put(node, copy);
        copy.contents = node.contents.clone();
        copy.links = node.links;
        copy.xattrs.putAll(node.xattrs);
        node.children.forEach((name, child) -> copy.children.put(name, copy(child, done)));
        return copy;
    }

    // ---- paths

    private Node find(String path) throws FsException {
        Node node = root;
        for (String name : path.isEmpty() ? new String[0] : path.split("/")) {
            node = child(node, name);
        }
        return node;
    }

    private Node directory(String path) throws FsException {
        Node node = find(path);
        fail(!node.isDirectory(), Errno.ENOTDIR);
        return node;
    }

    private static Node child(Node parent, String name) throws FsException {
        fail(name.length() > 255, Errno.ENAMETOOLONG);
        fail(!parent.isDirectory(), Errno.ENOTDIR);
        Node child = parent.children.get(name);
        fail(child == null, Errno.ENOENT);
        return child;
    }

    private static boolean isWithin(Node ancestor, Node node) {
        return ancestor == node || ancestor.children.values().stream().anyMatch(child -> isWithin(child, node));
    }

    private static String name(String path) throws FsException {
        String name = path.substring(path.lastIndexOf('/') + 1);
        fail(name.length() > 255, Errno.ENAMETOOLONG);
        return name;
    }

    private static void fail(boolean condition, Errno errno) throws FsException {
        if (condition) {
            throw FsException.of(errno);
        }
    }

    /** A path's bytes repeated to a size, so that contents differ. */
    public static byte[] pattern(long seed, int size) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int i = 0; bytes.size() < size; i++) {
            bytes.write((int) (seed >>> i % 7 * 8) ^ i / 7);
        }
        return bytes.toByteArray();
    }
}
