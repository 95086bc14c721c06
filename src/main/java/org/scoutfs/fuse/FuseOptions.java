package org.scoutfs.fuse;

import java.nio.file.Path;
import org.scoutfs.fuse.wire.Timeouts;
import org.scoutfs.sys.Mounts;

/**
 * How a file system is mounted.
 *
 * @param source a block device, a plain file (which gets a loop device), or any text where the type is {@link Type#FUSE}
 * @param mountPoint a directory
 * @param timeouts for how long the kernel may use what it was told; {@link Timeouts#FOR_EVER} where this mount is alone
 * @param cacheDirectories the kernel may keep listings; only where this mount is alone
 * @param readOnly the kernel refuses changes
 * @param writeback the kernel gathers small writes and keeps size and times of open files; only where this mount is alone
 * @param mountFlags a sum of the {@code MS} constants of {@link Mounts}, besides read-only
 * @param kernelLocks the kernel keeps {@code flock} and {@code fcntl} locks by itself and closes files without asking; only where
 *     this mount is alone
 * @param awake whether CPUs are kept awake while many requests come
 * @param readAheadKib how far the kernel reads ahead of a sequential reader
 */
public record FuseOptions(
        String source,
        Path mountPoint,
        Type type,
        Uring uring,
        Timeouts timeouts,
        boolean cacheDirectories,
        boolean readOnly,
        boolean writeback,
        boolean kernelLocks,
        long mountFlags,
        Awake awake,
        int readAheadKib) {
    /** The type of file system that the kernel mounts. */
    public enum Type {
        /** {@link #FUSEBLK} where the source is a block device or a plain file and the kernel allows it, else {@link #FUSE}. */
        AUTO,
        /** Tied to a block device: umount(2) waits for the last commit, and sync(2) reaches us. */
        FUSEBLK,
        /** Tied to nothing: sync(2) is not durable, and umount returns before the last commit. */
        FUSE
    }

    /** Whether requests come over io_uring. */
    public enum Uring {
        /** Where the kernel offers it. */
        AUTO,
        /** The mount fails where the kernel does not offer it. */
        ON,
        OFF
    }

    /** Whether CPUs are kept awake while many requests come, with what that costs in power. */
    public enum Awake {
        /** Where they are virtual, and waking them is slow. */
        AUTO,
        ON,
        OFF
    }

    /** A mount that is alone on its volume. */
    public static Builder alone(String source, Path mountPoint) {
        return new Builder(source, mountPoint, Timeouts.FOR_EVER, true);
    }

    /** A mount that shares its volume with others: the kernel asks again for each name, and for attributes after a while. */
    public static Builder shared(String source, Path mountPoint, long attributeNanos) {
        return new Builder(source, mountPoint, new Timeouts(0, attributeNanos, 0), false);
    }

    /** Whether no other mount can change the volume. */
    public boolean isAlone() {
        return timeouts.equals(Timeouts.FOR_EVER);
    }

    /** Takes the choices one by one; what is not chosen is as the kernel or the machine allows. */
    public static final class Builder {
        private static final int READ_AHEAD_KIB = 4096;

        private final String source;
        private final Path mountPoint;
        private final Timeouts timeouts;
        private final boolean cacheDirectories;
        private boolean kernelLocks;
        private Type type = Type.AUTO;
        private Uring uring = Uring.AUTO;
        private Awake awake = Awake.AUTO;
        private boolean readOnly;
        private boolean writeback;
        private long mountFlags;

        private Builder(String source, Path mountPoint, Timeouts timeouts, boolean isAlone) {
            this.source = source;
            this.mountPoint = mountPoint;
            this.timeouts = timeouts;
            this.cacheDirectories = isAlone;
            this.kernelLocks = isAlone;
        }

        public Builder type(Type choice) {
            type = choice;
            return this;
        }

        public Builder uring(Uring choice) {
            uring = choice;
            return this;
        }

        public Builder awake(Awake choice) {
            awake = choice;
            return this;
        }

        public Builder readOnly(boolean choice) {
            readOnly = choice;
            return this;
        }

        public Builder writeback(boolean choice) {
            writeback = choice;
            return this;
        }

        public Builder kernelLocks(boolean choice) {
            kernelLocks = choice;
            return this;
        }

        public Builder mountFlags(long choice) {
            mountFlags = choice;
            return this;
        }

        public FuseOptions build() {
            return new FuseOptions(
                    source,
                    mountPoint,
                    type,
                    uring,
                    timeouts,
                    cacheDirectories,
                    readOnly,
                    writeback,
                    kernelLocks,
                    mountFlags,
                    awake,
                    READ_AHEAD_KIB);
        }
    }
}
