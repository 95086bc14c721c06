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

    private static final int READ_AHEAD_KIB = 4096;

    /** A mount that is alone on its volume. */
    public static FuseOptions alone(String source, Path mountPoint) {
        return new FuseOptions(
                source,
                mountPoint,
                Type.AUTO,
                Uring.AUTO,
                Timeouts.FOR_EVER,
                true,
                false,
                false,
                true,
                0,
                Awake.AUTO,
                READ_AHEAD_KIB);
    }

    /** A mount that shares its volume with others: the kernel asks again for each name, and for attributes after a while. */
    public static FuseOptions shared(String source, Path mountPoint, long attributeNanos) {
        return new FuseOptions(
                source,
                mountPoint,
                Type.AUTO,
                Uring.AUTO,
                new Timeouts(0, attributeNanos, 0),
                false,
                false,
                false,
                false,
                0,
                Awake.AUTO,
                READ_AHEAD_KIB);
    }

    /** Whether no other mount can change the volume. */
    public boolean isAlone() {
        return timeouts.equals(Timeouts.FOR_EVER);
    }

    public FuseOptions withType(Type newType) {
        return new FuseOptions(
                source,
                mountPoint,
                newType,
                uring,
                timeouts,
                cacheDirectories,
                readOnly,
                writeback,
                kernelLocks,
                mountFlags,
                awake,
                readAheadKib);
    }

    public FuseOptions withUring(Uring newUring) {
        return new FuseOptions(
                source,
                mountPoint,
                type,
                newUring,
                timeouts,
                cacheDirectories,
                readOnly,
                writeback,
                kernelLocks,
                mountFlags,
                awake,
                readAheadKib);
    }

    public FuseOptions withReadOnly(boolean newReadOnly) {
        return new FuseOptions(
                source,
                mountPoint,
                type,
                uring,
                timeouts,
                cacheDirectories,
                newReadOnly,
                writeback,
                kernelLocks,
                mountFlags,
                awake,
                readAheadKib);
    }

    public FuseOptions withWriteback(boolean newWriteback) {
        return new FuseOptions(
                source,
                mountPoint,
                type,
                uring,
                timeouts,
                cacheDirectories,
                readOnly,
                newWriteback,
                kernelLocks,
                mountFlags,
                awake,
                readAheadKib);
    }

    public FuseOptions withKernelLocks(boolean newKernelLocks) {
        return new FuseOptions(
                source,
                mountPoint,
                type,
                uring,
                timeouts,
                cacheDirectories,
                readOnly,
                writeback,
                newKernelLocks,
                mountFlags,
                awake,
                readAheadKib);
    }

    public FuseOptions withMountFlags(long newMountFlags) {
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
                newMountFlags,
                awake,
                readAheadKib);
    }

    public FuseOptions withAwake(Awake newAwake) {
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
                newAwake,
                readAheadKib);
    }
}
