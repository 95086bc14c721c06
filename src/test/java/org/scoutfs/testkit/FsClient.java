package org.scoutfs.testkit;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;
import org.scoutfs.base.MustWait;
import org.scoutfs.fs.AttributeChange;
import org.scoutfs.fs.Attributes;
import org.scoutfs.fs.FileSystem;
import org.scoutfs.fs.Request;

/**
 * A caller of {@link FileSystem} in the kernel's place: resolves paths, waits where the file system says so, and gives back the
 * references that look-ups take. Paths have no leading slash; {@code ""} is the root.
 *
 * <p>Not thread-safe; several clients may share one file system.
 */
public final class FsClient {
    public static final long ROOT = 1;

    private static final int O_RDONLY = 0;
    private static final int O_RDWR = 2;

    private final FileSystem fs;
    private final long deadlineSeconds;
    private Observer observer = new Observer() {};

    public FsClient(FileSystem fs) {
        this(fs, 30);
    }

    /** @param deadlineSeconds how long one call may wait before the test fails */
    public FsClient(FileSystem fs, long deadlineSeconds) {
        this.fs = fs;
        this.deadlineSeconds = deadlineSeconds;
    }

    /** A call that may have to be run again. */
    public interface Call<T> {
        T run(Request request) throws FsException, MustWait, IOException;
    }

    /** Is told of each call that may change the tree. An operation of this class may be several. */
    public interface Observer {
        default void before() throws IOException {}

        /** After the call succeeded. */
        default void after() throws IOException {}
    }

    public void observe(Observer observer) {
        this.observer = observer;
    }

    private <T> T change(Call<T> call) throws FsException, IOException {
        observer.before();
        T result = call(call);
        observer.after();
        return result;
    }

    private void doChange(Action action) throws FsException, IOException {
        observer.before();
        run(action);
        observer.after();
    }

    /** A call without a result. */
    public interface Action {
        void run(Request request) throws FsException, MustWait, IOException;
    }

    /** Runs a call as root, again and again where it has to wait. */
    public <T> T call(Call<T> call) throws FsException, IOException {
        return callAs(0, 0, call);
    }

    /** As {@link #call}, for another user. */
    public <T> T callAs(int uid, int gid, Call<T> call) throws FsException, IOException {
        Request request = new Request(uid, gid, 1);
        while (true) {
            try {
                return inside(call, request);
            } catch (MustWait wait) {
                await(wait);
            }
        }
    }

    private <T> T inside(Call<T> call, Request request) throws FsException, MustWait, IOException {
        fs.enter();
        try {
            return call.run(request);
        } finally {
            fs.leave();
        }
    }

    public void run(Action action) throws FsException, IOException {
        Object nothing = call(request -> {
            action.run(request);
            return "";
        });
        assert nothing != null;
    }

    private void await(MustWait wait) {
        try {
            Object ignored = wait.on().get(deadlineSeconds, TimeUnit.SECONDS);
            assert ignored == null || ignored != null;
        } catch (ExecutionException e) {
            // The next run says how it failed.
        } catch (TimeoutException e) {
            throw new AssertionError("a request waits for more than " + deadlineSeconds + " s", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        }
    }

    // ---- paths -----------------------------------------------------------------------------------------------------

    /** The inode of a path; its references are given back at once, as a kernel under memory pressure would. */
    public Attributes stat(String path) throws FsException, IOException {
        if (path.isEmpty()) {
            return call(request -> fs.getAttributes(request, ROOT));
        }
        long parent = ino(parent(path));
        Attributes found = call(request -> fs.lookup(request, parent, name(path)));
        fs.forget(found.ino(), 1);
        return found;
    }

    public long ino(String path) throws FsException, IOException {
        return path.isEmpty() ? ROOT : stat(path).ino();
    }

    public static String parent(String path) {
        int slash = path.lastIndexOf('/');
        return slash < 0 ? "" : path.substring(0, slash);
    }

    private static byte[] name(String path) {
        return path.substring(path.lastIndexOf('/') + 1).getBytes(StandardCharsets.UTF_8);
    }

    // ---- changes ---------------------------------------------------------------------------------------------------

    /** Creates a file, which must not be there, with contents. */
    public void create(String path, byte[] contents) throws FsException, IOException {
        long parent = ino(parent(path));
        FileSystem.Created created = change(request -> fs.create(request, parent, name(path), O_RDWR | 0100 | 0200, 0644, 0));
        long ino = created.attributes().ino();
        try {
            if (contents.length > 0) {
                write(ino, created.file().handle(), 0, contents, false);
            }
        } finally {
            fs.release(ino, created.file().handle(), 0, false);
            fs.forget(ino, 1);
        }
    }

    public void write(String path, long offset, byte[] bytes) throws FsException, IOException {
        withOpen(path, (ino, handle) -> write(ino, handle, offset, bytes, false));
    }

    public void append(String path, byte[] bytes) throws FsException, IOException {
        withOpen(path, (ino, handle) -> write(ino, handle, 0, bytes, true));
    }

    public void write(long ino, long handle, long offset, byte[] bytes, boolean append) throws FsException, IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment from = arena.allocate(Math.max(bytes.length, 1), 4096).asSlice(0, bytes.length);
            MemorySegment.copy(bytes, 0, from, ValueLayout.JAVA_BYTE, 0, bytes.length);
            int written = change(request -> fs.write(request, ino, handle, offset, from, append, false, false));
            if (written != bytes.length) {
                throw new AssertionError("wrote " + written + " of " + bytes.length + " bytes");
            }
        }
    }

    public byte[] read(String path) throws FsException, IOException {
        byte[][] result = new byte[1][];
        withOpen(path, (ino, handle) -> result[0] = read(ino, handle, 0, (int) stat(path).size()));
        return result[0];
    }

    public byte[] read(long ino, long handle, long offset, int size) throws FsException, IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment into = arena.allocate(Math.max(size, 1), 4096).asSlice(0, size);
            int got = call(request -> fs.read(request, ino, handle, offset, into));
            return into.asSlice(0, got).toArray(ValueLayout.JAVA_BYTE);
        }
    }

    /** What is done with an open file. */
    public interface WithHandle {
        void run(long ino, long handle) throws FsException, IOException;
    }

    /** Opens for reading and writing, runs, closes. */
    public void withOpen(String path, WithHandle work) throws FsException, IOException {
        long parent = ino(parent(path));
        Attributes found = call(request -> fs.lookup(request, parent, name(path)));
        long ino = found.ino();
        try {
            FileSystem.OpenFile file = call(request -> fs.open(request, ino, O_RDWR, false));
            try {
                work.run(ino, file.handle());
            } finally {
                fs.release(ino, file.handle(), 0, false);
            }
        } finally {
            fs.forget(ino, 1);
        }
    }

    public void truncate(String path, long size) throws FsException, IOException {
        setAttributes(path, new AttributeChange(null, null, null, size, null, null, null, false, false, false));
    }

    public void chmod(String path, int mode) throws FsException, IOException {
        setAttributes(path, new AttributeChange(mode, null, null, null, null, null, null, false, false, false));
    }

    public void setAttributes(String path, AttributeChange change) throws FsException, IOException {
        long ino = ino(path);
        Attributes now = change(request -> fs.setAttributes(request, ino, change));
        if (now.ino() != ino) {
            throw new AssertionError("setAttributes of " + ino + " answers about " + now.ino());
        }
    }

    /** @param mode as {@link FileSystem#fallocate} */
    public void fallocate(String path, long offset, long length, int mode) throws FsException, IOException {
        withOpen(path, (ino, handle) -> doChange(request -> fs.fallocate(request, ino, handle, offset, length, mode)));
    }

    public void mkdir(String path) throws FsException, IOException {
        long parent = ino(parent(path));
        Attributes made = change(request -> fs.mkdir(request, parent, name(path), 0755, 0));
        fs.forget(made.ino(), 1);
    }

    public void mknod(String path, int mode, int rdev) throws FsException, IOException {
        long parent = ino(parent(path));
        Attributes made = change(request -> fs.mknod(request, parent, name(path), mode, rdev, 0));
        fs.forget(made.ino(), 1);
    }

    public void symlink(String path, String target) throws FsException, IOException {
        long parent = ino(parent(path));
        Attributes made = change(
                request -> fs.symlink(request, parent, name(path), target.getBytes(StandardCharsets.UTF_8)));
        fs.forget(made.ino(), 1);
    }

    public void link(String path, String newPath) throws FsException, IOException {
        long ino = ino(path);
        long parent = ino(parent(newPath));
        Attributes made = change(request -> fs.link(request, ino, parent, name(newPath)));
        fs.forget(made.ino(), 1);
    }

    public void unlink(String path) throws FsException, IOException {
        long parent = ino(parent(path));
        doChange(request -> fs.unlink(request, parent, name(path)));
    }

    public void rmdir(String path) throws FsException, IOException {
        long parent = ino(parent(path));
        doChange(request -> fs.rmdir(request, parent, name(path)));
    }

    public void rename(String from, String to, int flags) throws FsException, IOException {
        long oldParent = ino(parent(from));
        long newParent = ino(parent(to));
        doChange(request -> fs.rename(request, oldParent, name(from), newParent, name(to), flags));
    }

    public void setXattr(String path, String name, byte[] value) throws FsException, IOException {
        long ino = ino(path);
        doChange(request -> fs.setXattr(request, ino, name.getBytes(StandardCharsets.UTF_8), value, 0, false));
    }

    public void removeXattr(String path, String name) throws FsException, IOException {
        long ino = ino(path);
        doChange(request -> fs.removeXattr(request, ino, name.getBytes(StandardCharsets.UTF_8)));
    }

    // ---- reading ---------------------------------------------------------------------------------------------------

    /** One line of a listing. */
    public record Entry(String name, long ino, int type) {}

    /** All entries but the dots, in the directory's order; in small steps, so that positions are used. */
    public List<Entry> list(String path) throws FsException, IOException {
        long ino = ino(path);
        List<Entry> all = new ArrayList<>();
        long handle = call(request -> fs.openDirectory(request, ino));
        try {
            long[] cookie = {0};
            int before;
            int[] seen = {0};
            do {
                before = seen[0];
                int[] room = {7};
                long from = cookie[0];
                run(request -> fs.readDirectory(request, ino, handle, from, false, (name, entryIno, type, next, attributes) -> {
                    if (room[0]-- == 0) {
                        return false;
                    }
                    seen[0]++;
                    cookie[0] = next;
                    String text = new String(name, StandardCharsets.UTF_8);
                    if (!text.equals(".") && !text.equals("..")) {
                        all.add(new Entry(text, entryIno, type));
                    }
                    return true;
                }));
            } while (seen[0] > before);
        } finally {
            fs.releaseDirectory(ino, handle);
        }
        return all;
    }

    public List<String> xattrNames(long ino) throws FsException, IOException {
        String names = new String(call(request -> fs.listXattrs(request, ino)), StandardCharsets.UTF_8);
        return names.isEmpty() ? List.of() : List.of(names.split("\0"));
    }

    public byte[] xattr(long ino, String name) throws FsException, IOException {
        return call(request -> fs.getXattr(request, ino, name.getBytes(StandardCharsets.UTF_8)));
    }

    public String readlink(String path) throws FsException, IOException {
        long ino = ino(path);
        return new String(call(request -> fs.readlink(request, ino)), StandardCharsets.UTF_8);
    }

    /** {@code fsync} of a file or of a directory's contents: both are all that this node did before. */
    public void fsync(String path) throws FsException, IOException {
        withOpen(path, (ino, handle) -> run(request -> fs.fsync(request, ino, handle, false)));
    }

    public void syncFileSystem() throws FsException, IOException {
        run(fs::syncFileSystem);
    }

    public FileSystem fileSystem() {
        return fs;
    }

    /** The error that a caller of the kernel would get, or null where the action succeeds. */
    public Errno errno(FailingAction action) {
        try {
            action.run();
            return null;
        } catch (FsException e) {
            return e.errno();
        } catch (IOException e) {
            return Errno.EIO;
        }
    }

    /** Something that may be answered with an error. */
    public interface FailingAction {
        void run() throws FsException, IOException;
    }
}
