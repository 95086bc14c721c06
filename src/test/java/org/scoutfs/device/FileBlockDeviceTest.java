package org.scoutfs.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.scoutfs.base.Counter;
import org.scoutfs.base.Counters;
import org.scoutfs.base.Errno;
import org.scoutfs.sys.SystemCallException;

class FileBlockDeviceTest {
    private static final int BLOCK = BlockDevice.BLOCK_SIZE;

    @TempDir
    Path folder;

    private final Counters counters = new Counters();

    @Test
    void readsBackWhatWasWritten() throws IOException {
        writeAndReadBack(folder.resolve("image"));
        assertThat(counters.value(Counter.DEVICE_WRITE_BYTES)).isEqualTo(2 * BLOCK);
        assertThat(counters.value(Counter.DEVICE_FLUSHES)).isEqualTo(1);
    }

    @Test
    void worksInMemoryFileSystemsToo() throws IOException {
        Path file = Files.createTempFile(Path.of("/dev/shm"), "scoutfs", ".image");
        try {
            writeAndReadBack(file);
        } finally {
            Files.delete(file);
        }
    }

    private void writeAndReadBack(Path path) throws IOException {
        try (BufferPool pool = new BufferPool(1 << 20);
                PooledBuffer buffer = pool.borrow(2 * BLOCK);
                FileBlockDevice device = FileBlockDevice.create(path, 10, counters)) {
            assertThat(device.blockCount()).isEqualTo(10);
            fill(buffer.memory(), 7);
            device.write(8, buffer.memory());
            device.flush();
            fill(buffer.memory(), 0);
            device.read(8, buffer.memory());
            assertThat(byteAt(buffer.memory(), 0)).isEqualTo((byte) 7);
            assertThat(byteAt(buffer.memory(), 2 * BLOCK - 1)).isEqualTo((byte) 7);
            device.read(7, buffer.memory());
            assertThat(byteAt(buffer.memory(), 0)).isEqualTo((byte) 0);
        }
        assertThat(Files.size(path)).isEqualTo(10 * BLOCK);
    }

    @Test
    void refusesBlocksBeyondTheEnd() throws IOException {
        try (BufferPool pool = new BufferPool(1 << 20);
                PooledBuffer buffer = pool.borrow(2 * BLOCK);
                FileBlockDevice device = FileBlockDevice.create(folder.resolve("image"), 10, counters)) {
            for (long blkno : new long[] {9, 10, -1, Long.MAX_VALUE, Long.MIN_VALUE}) {
                assertThatThrownBy(() -> device.read(blkno, buffer.memory()))
                        .isInstanceOf(IOException.class)
                        .hasMessageContaining("which has 10 blocks");
                assertThatThrownBy(() -> device.write(blkno, buffer.memory())).isInstanceOf(IOException.class);
            }
        }
    }

    @Test
    void aReadOnlyDeviceIsNotWritten() throws IOException {
        Path path = folder.resolve("image");
        FileBlockDevice.create(path, 4, counters).close();
        try (BufferPool pool = new BufferPool(1 << 20);
                PooledBuffer buffer = pool.borrow(BLOCK);
                FileBlockDevice device = FileBlockDevice.open(path, FileBlockDevice.Mode.READ_ONLY, counters)) {
            assertThat(device.isReadOnly()).isTrue();
            assertThatThrownBy(() -> device.write(0, buffer.memory())).hasMessageContaining("reading only");
        }
    }

    @Test
    void namesTheFileAndTheReason() {
        Path missing = folder.resolve("missing");
        assertThatThrownBy(() -> FileBlockDevice.open(missing, FileBlockDevice.Mode.READ_WRITE, counters))
                .isInstanceOfSatisfying(
                        SystemCallException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENOENT))
                .hasMessageContaining(missing.toString())
                .hasMessageContaining("No such file");
    }

    private static void fill(MemorySegment memory, int value) {
        memory.fill((byte) value);
    }

    private static byte byteAt(MemorySegment memory, long offset) {
        return memory.get(ValueLayout.JAVA_BYTE, offset);
    }
}
