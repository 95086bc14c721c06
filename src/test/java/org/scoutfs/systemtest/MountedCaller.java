package org.scoutfs.systemtest;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;
import org.scoutfs.testkit.PosixCaller;
import org.scoutfs.testkit.PosixModel;

/** Operations of the model as system calls on a real mount, made by one process of {@code caller.c}. */
final class MountedCaller implements PosixCaller, AutoCloseable {
    private final Process process;
    private final Writer in;
    private final BufferedReader out;

    MountedCaller(Path root) throws IOException {
        process = new ProcessBuilder(SystemTests.program("caller").toString())
                .directory(root.toFile())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        in = process.outputWriter(StandardCharsets.US_ASCII);
        out = process.inputReader(StandardCharsets.US_ASCII);
    }

    private void call(String op, String one, String two, long a, long b, long c, byte[] bytes)
            throws FsException, IOException {
        in.write(op + " " + one + " " + two + " " + a + " " + b + " " + c + " ." + HexFormat.of().formatHex(bytes) + "\n");
        in.flush();
        String line = out.readLine();
        if (line == null) {
            throw new IOException("caller.c ended at " + op + " " + one);
        }
        int number = Integer.parseInt(line);
        if (number != 0) {
            for (Errno errno : Errno.values()) {
                if (errno.number() == number) {
                    throw FsException.of(errno);
                }
            }
            throw new IOException(op + " " + one + " answers errno " + number);
        }
    }

    private void call(String op, String one, String two, long a) throws FsException, IOException {
        call(op, one, two, a, 0, 0, new byte[0]);
    }

    @Override
    public void create(String path, byte[] contents) throws FsException, IOException {
        call("create", path, "-", 0, 0, 0, contents);
    }

    @Override
    public void mkdir(String path) throws FsException, IOException {
        call("mkdir", path, "-", 0);
    }

    @Override
    public void fifo(String path) throws FsException, IOException {
        call("fifo", path, "-", 0);
    }

    @Override
    public void symlink(String path, String target) throws FsException, IOException {
        call("symlink", path, target, 0);
    }

    @Override
    public void link(String path, String newPath) throws FsException, IOException {
        call("link", path, newPath, 0);
    }

    @Override
    public void unlink(String path) throws FsException, IOException {
        call("unlink", path, "-", 0);
    }

    @Override
    public void rmdir(String path) throws FsException, IOException {
        call("rmdir", path, "-", 0);
    }

    @Override
    public void rename(String from, String to, int flags) throws FsException, IOException {
        call("rename", from, to, flags);
    }

    @Override
    public void write(String path, long offset, byte[] bytes) throws FsException, IOException {
        call("write", path, "-", offset, 0, 0, bytes);
    }

    @Override
    public void append(String path, byte[] bytes) throws FsException, IOException {
        call("append", path, "-", 0, 0, 0, bytes);
    }

    @Override
    public void truncate(String path, long size) throws FsException, IOException {
        call("truncate", path, "-", size);
    }

    @Override
    public void fallocate(String path, long offset, long length, int mode) throws FsException, IOException {
        call("fallocate", path, "-", offset, length, mode, new byte[0]);
    }

    @Override
    public void chmod(String path, int permissions) throws FsException, IOException {
        call("chmod", path, "-", permissions);
    }

    @Override
    public void setXattr(String path, String name, byte[] value) throws FsException, IOException {
        call("setxattr", path, name, 0, 0, 0, value);
    }

    @Override
    public void removeXattr(String path, String name) throws FsException, IOException {
        call("removexattr", path, name, 0);
    }

    @Override
    public void close() throws IOException {
        in.close();
        try {
            if (!process.waitFor(60, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new AssertionError("caller.c does not end");
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    // ---- the tree as PosixModel.tree says it

    /** @param sizesOfDirectories whether a directory's size is the sum of its names, as ours is */
    static Map<String, String> tree(Path root, boolean sizesOfDirectories) throws IOException {
        Map<String, String> lines = new TreeMap<>();
        collect(root, "", new HashMap<>(), lines, sizesOfDirectories);
        return lines;
    }

    private static void collect(
            Path root, String path, Map<Long, String> seen, Map<String, String> lines, boolean sizes) throws IOException {
        Path at = root.resolve(path);
        Map<String, Object> found = Files.readAttributes(at, "unix:mode,nlink,ino,size", LinkOption.NOFOLLOW_LINKS);
        int mode = (int) found.get("mode");
        PosixModel.Kind kind =
                switch (mode >>> 12) {
                    case 4 -> PosixModel.Kind.DIRECTORY;
                    case 8 -> PosixModel.Kind.FILE;
                    case 10 -> PosixModel.Kind.SYMLINK;
                    case 1 -> PosixModel.Kind.FIFO;
                    default -> throw new AssertionError(path + " has mode " + Integer.toOctalString(mode));
                };
        byte[] contents =
                switch (kind) {
                    case FILE -> Files.readAllBytes(at);
                    case SYMLINK -> Files.readSymbolicLink(at).toString().getBytes(StandardCharsets.UTF_8);
                    case DIRECTORY, FIFO -> new byte[0];
                };
        Map<String, byte[]> xattrs = new TreeMap<>();
        if (kind == PosixModel.Kind.FILE || kind == PosixModel.Kind.DIRECTORY) {
            UserDefinedFileAttributeView view = Files.getFileAttributeView(at, UserDefinedFileAttributeView.class);
            for (String name : view.list()) {
                java.nio.ByteBuffer value = java.nio.ByteBuffer.allocate(view.size(name));
                if (value.capacity() > 0) {
                    int size = view.read(name, value);
                    assert size == value.capacity();
                }
                xattrs.put("user." + name, value.array());
            }
        }
        String first = seen.putIfAbsent((Long) found.get("ino"), path);
        List<String> children = new ArrayList<>();
        if (kind == PosixModel.Kind.DIRECTORY) {
            try (Stream<Path> listed = Files.list(at)) {
                listed.forEach(child -> children.add(child.getFileName().toString()));
            }
        }
        long size = (Long) found.get("size");
        if (kind == PosixModel.Kind.DIRECTORY && !sizes) {
            size = children.stream().mapToLong(String::length).sum();
        }
        String line = PosixModel.line(
                kind, mode & 07777, (int) found.get("nlink"), size, first == null ? path : first, contents, xattrs);
        if (lines.put(path, line) != null) {
            throw new AssertionError(path + " is listed twice");
        }
        children.sort(null);
        for (String child : children) {
            collect(root, path.isEmpty() ? child : path + "/" + child, seen, lines, sizes);
        }
    }
}
