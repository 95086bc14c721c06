package org.scoutfs.device;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import org.scoutfs.base.Counter;
import org.scoutfs.base.Counters;
import org.scoutfs.base.Errno;
import org.scoutfs.sys.NativeFile;
import org.scoutfs.sys.SystemCallException;

/**
 * A block device, or a plain file in the place of one, with direct I/O.
 *
 * <p>Where the file system of a plain file refuses direct I/O, its page cache is used; what {@link BlockDevice} promises of
 * flushes holds there too. A block device must do direct I/O, because other hosts write to it as well.
 *
 * <p>Cost: one system call for each read, write and flush.
 */
public final class FileBlockDevice implements BlockDevice {
    private static final int S_IFMT = 0xf000;
    private static final int S_IFBLK = 0x6000;

    private final String name;
    private final NativeFile file;
    private final boolean isBlockDevice;
    private final boolean isReadOnly;
    private final boolean isDirect;
    private final Counters counters;
    private volatile long blockCount;

    private FileBlockDevice(
            String name, NativeFile file, boolean isBlockDevice, boolean isReadOnly, boolean isDirect, Counters counters) {
        this.name = name;
        this.file = file;
        this.isBlockDevice = isBlockDevice;
        this.isReadOnly = isReadOnly;
        this.isDirect = isDirect;
        this.counters = counters;
    }

    /** How to open. */
    public enum Mode {
        /** Nothing is written, by nobody, through this object. */
        READ_ONLY,
        READ_WRITE,
        /** As READ_WRITE; a block device that is mounted, or opened like this by another process, is refused: EBUSY. */
        EXCLUSIVE
    }

    /**
     * Opens what is there.
     *
     * @throws SystemCallException with {@code ENOENT}, {@code EACCES}, {@code EBUSY} and so on
     */
    public static FileBlockDevice open(Path path, Mode mode, Counters counters) throws IOException {
        String name = path.toString();
        boolean isBlockDevice = Files.exists(path) && ((int) Files.getAttribute(path, "unix:mode") & S_IFMT) == S_IFBLK;
        int flags = mode == Mode.READ_ONLY ? NativeFile.O_RDONLY : NativeFile.O_RDWR;
        if (mode == Mode.EXCLUSIVE && isBlockDevice) {
            flags |= NativeFile.O_EXCL;
        }
        boolean isDirect = true;
        NativeFile file;
        try {
            file = NativeFile.open(name, flags | NativeFile.O_DIRECT, 0);
        } catch (SystemCallException refused) {
            if (isBlockDevice || refused.errno() != Errno.EINVAL) {
                throw refused;
            }
            isDirect = false;
            file = NativeFile.open(name, flags, 0);
        }
        try {
            FileBlockDevice device =
                    new FileBlockDevice(name, file, isBlockDevice, mode == Mode.READ_ONLY, isDirect, counters);
            device.measure();
            return device;
        } catch (IOException | RuntimeException failure) {
            try {
                file.close();
            } catch (IOException second) {
                failure.addSuppressed(second);
            }
            throw failure;
        }
    }

    /** Makes a new sparse plain file of this many blocks, or cuts an old one to it, and opens it. */
    public static FileBlockDevice create(Path path, long blockCount, Counters counters) throws IOException {
        try (NativeFile file = NativeFile.open(path.toString(), NativeFile.O_RDWR | NativeFile.O_CREAT, 0666)) {
            file.truncate(blockCount * BLOCK_SIZE);
        }
        return open(path, Mode.READ_WRITE, counters);
    }

    /** Whether the page cache is passed by. */
    public boolean isDirect() {
        return isDirect;
    }

    /** The open file, for calls that only this kind of device knows. */
    public NativeFile file() {
        return file;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public long blockCount() {
        return blockCount;
    }

    @Override
    public void measure() throws IOException {
        long size = isBlockDevice ? file.blockDeviceSize() : file.size();
        blockCount = Math.max(blockCount, size / BLOCK_SIZE);
    }

    @Override
    public boolean isReadOnly() {
        return isReadOnly;
    }

    @Override
    public void read(long blkno, MemorySegment into) throws IOException {
        long offset = BlockRange.offset(this, "read", blkno, into);
        file.readFully(into, offset);
        counters.increment(Counter.DEVICE_READS);
        counters.add(Counter.DEVICE_READ_BYTES, into.byteSize());
    }

    @Override
    public void write(long blkno, MemorySegment from) throws IOException {
        long offset = BlockRange.offset(this, "write", blkno, from);
        if (isReadOnly) {
            throw new IOException("write to " + name + ", which is open for reading only");
        }
        file.writeFully(from, offset);
        counters.increment(Counter.DEVICE_WRITES);
        counters.add(Counter.DEVICE_WRITE_BYTES, from.byteSize());
    }

    @Override
    public void flush() throws IOException {
        if (isReadOnly) {
            return;
        }
        file.syncData();
        counters.increment(Counter.DEVICE_FLUSHES);
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
