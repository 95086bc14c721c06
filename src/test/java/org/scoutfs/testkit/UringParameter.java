package org.scoutfs.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * The module parameter by which the kernel offers FUSE over io_uring, switched on while somebody needs it. It belongs to the whole
 * host: so that two test runs on one host do not take it from each other, each holds a lock shared while it needs the parameter,
 * and only who finds the lock free puts back what the first one had found.
 */
public final class UringParameter {
    private static final Path PARAMETER = Path.of("/sys/module/fuse/parameters/enable_uring");
    private static final Path GATE = Path.of("/tmp/scoutfs-uring-parameter.gate");
    private static final Path USERS = Path.of("/tmp/scoutfs-uring-parameter.users");

    private static int users;
    private static @Nullable FileChannel channel;
    private static @Nullable FileLock shared;

    private UringParameter() {}

    /** Whether this kernel knows the ring at all. */
    public static boolean exists() {
        return Files.exists(PARAMETER);
    }

    /** Switches the ring on until {@link #release}; may be called again before that. */
    public static synchronized void acquire() {
        if (users++ > 0 || !exists()) {
            return;
        }
        try (FileChannel gate = open(GATE);
                FileLock _ = gate.lock()) {
            FileChannel opened = open(USERS);
            channel = opened;
            FileLock alone = opened.tryLock();
            if (alone != null) {
                // Nobody else: what is there now is what to go back to. Kept outside of this process, which may be killed.
                if (opened.size() == 0) {
                    opened.write(java.nio.ByteBuffer.wrap(Files.readAllBytes(PARAMETER)), 0);
                }
                alone.release();
            }
            shared = opened.lock(0, Long.MAX_VALUE, true);
            Files.writeString(PARAMETER, "Y");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Puts back what was there before the first {@link #acquire} on this host, when this was the last user. */
    public static synchronized void release() {
        if (--users > 0 || channel == null) {
            return;
        }
        try (FileChannel gate = open(GATE);
                FileLock _ = gate.lock();
                FileChannel closing = channel) {
            if (shared != null) {
                shared.release();
            }
            FileLock alone = closing.tryLock();
            if (alone != null) {
                java.nio.ByteBuffer before = java.nio.ByteBuffer.allocate(16);
                if (closing.read(before, 0) > 0) {
                    Files.write(PARAMETER, java.util.Arrays.copyOf(before.array(), before.position()));
                }
                closing.truncate(0);
                alone.release();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            channel = null;
            shared = null;
        }
    }

    private static FileChannel open(Path file) throws IOException {
        return FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    }
}
