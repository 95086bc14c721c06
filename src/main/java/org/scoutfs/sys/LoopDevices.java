package org.scoutfs.sys;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.scoutfs.base.Errno;

/**
 * Block devices made of plain files, so that a volume in a file can be mounted as one on a device.
 *
 * <p>A device made here does direct I/O, and vanishes by itself with its last user: also when this process is killed.
 */
public final class LoopDevices {
    private static final long LOOP_CTL_GET_FREE = 0x4C82;
    private static final long LOOP_CLR_FD = 0x4C01;
    private static final long LOOP_CONFIGURE = 0x4C0A;
    private static final long LOOP_SET_CAPACITY = 0x4C07;

    // struct loop_config {u32 fd, u32 block_size, struct loop_info64 info, u64 reserved[8]}
    private static final int CONFIG_SIZE = 304;
    private static final int CONFIG_FD = 0;
    private static final int CONFIG_BLOCK_SIZE = 4;
    private static final int INFO = 8;
    private static final int INFO_FLAGS = INFO + 52;
    private static final int INFO_FILE_NAME = INFO + 56;
    private static final int FILE_NAME_SIZE = 64;

    private static final int LO_FLAGS_READ_ONLY = 1;
    private static final int LO_FLAGS_AUTOCLEAR = 4;
    private static final int LO_FLAGS_DIRECT_IO = 16;

    /** Others may take the free number between our asking for it and our using it. */
    private static final int ATTEMPTS = 64;

    private LoopDevices() {}

    /** A loop device that is held open, and lives as long as that, or as something else has it open. */
    public record LoopDevice(Path path, Descriptor descriptor) implements AutoCloseable {
        @Override
        public void close() {
            descriptor.close();
        }
    }

    /** Attaches a plain file to a free loop device. */
    public static LoopDevice attach(Path file, boolean readOnly, int blockSize) throws IOException {
        int mode = readOnly ? Descriptor.O_RDONLY : Descriptor.O_RDWR;
        try (Descriptor control = Descriptor.open("/dev/loop-control", Descriptor.O_RDWR);
                Descriptor backing = Descriptor.open(file.toString(), mode)) {
            for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
                Path path = Path.of("/dev/loop" + control.ioctl(LOOP_CTL_GET_FREE, 0L));
                Descriptor device = Descriptor.open(path.toString(), mode);
                try {
                    configure(device, backing, file, readOnly, blockSize);
                    return new LoopDevice(path, device);
                } catch (SystemCallException failure) {
                    device.close();
                    if (failure.errno() != Errno.EBUSY) {
                        throw failure;
                    }
                }
            }
        }
        throw new IOException("no free loop device for " + file + " in " + ATTEMPTS + " attempts");
    }

    private static void configure(
            Descriptor device, Descriptor backing, Path file, boolean readOnly, int blockSize) throws IOException {
        try {
            configure(device, backing, file, readOnly, blockSize, LO_FLAGS_DIRECT_IO);
        } catch (SystemCallException failure) {
            // A file system that cannot do direct I/O (tmpfs before 6.6, some overlays), or not in this block size.
            if (failure.errno() != Errno.EINVAL && failure.errno() != Errno.EOPNOTSUPP) {
                throw failure;
            }
            configure(device, backing, file, readOnly, blockSize, 0);
        }
    }

    private static void configure(
            Descriptor device, Descriptor backing, Path file, boolean readOnly, int blockSize, int directFlag)
            throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment config = arena.allocate(CONFIG_SIZE, Long.BYTES);
            config.set(ValueLayout.JAVA_INT, CONFIG_FD, backing.number());
            config.set(ValueLayout.JAVA_INT, CONFIG_BLOCK_SIZE, blockSize);
            config.set(
                    ValueLayout.JAVA_INT,
                    INFO_FLAGS,
                    LO_FLAGS_AUTOCLEAR | directFlag | (readOnly ? LO_FLAGS_READ_ONLY : 0));
            byte[] name = file.toString().getBytes(StandardCharsets.UTF_8);
            int length = Math.min(name.length, FILE_NAME_SIZE - 1);
            MemorySegment.copy(name, 0, config, ValueLayout.JAVA_BYTE, INFO_FILE_NAME, length);
            int unused = device.ioctl(LOOP_CONFIGURE, config);
        }
    }

    /** Tells the device that its file has grown. */
    public static void refreshSize(Descriptor device) throws IOException {
        int unused = device.ioctl(LOOP_SET_CAPACITY, 0L);
    }

    /** Detaches now, or with the last close when somebody has it open. */
    public static void detach(Descriptor device) throws IOException {
        int unused = device.ioctl(LOOP_CLR_FD, 0L);
    }
}
