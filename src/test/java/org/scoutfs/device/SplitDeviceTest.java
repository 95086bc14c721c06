package org.scoutfs.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

class SplitDeviceTest {
    private final FlushCounter meta = new FlushCounter(new MemoryBlockDevice("meta", 8));
    private final FlushCounter data = new FlushCounter(new MemoryBlockDevice("data", 16));

    @Test
    void sendsEachBlockToItsDevice() throws IOException {
        try (BufferPool pool = new BufferPool(1 << 20);
                PooledBuffer buffer = pool.borrow(BlockDevice.BLOCK_SIZE);
                SplitDevice device = new SplitDevice(meta, data)) {
            buffer.memory().fill((byte) 1);
            device.write(3, buffer.memory());
            buffer.memory().fill((byte) 2);
            device.write(SplitDevice.DATA_START + 3, buffer.memory());
            meta.read(3, buffer.memory());
            assertThat(buffer.memory().get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 1);
            data.read(3, buffer.memory());
            assertThat(buffer.memory().get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 2);
            assertThat(device.blockCount()).isEqualTo(SplitDevice.DATA_START + 16);
            assertThatThrownBy(() -> device.read(8, buffer.memory())).isInstanceOf(IOException.class);
        }
    }

    @Test
    void flushesOnlyWhatWasWritten() throws IOException {
        try (BufferPool pool = new BufferPool(1 << 20);
                PooledBuffer buffer = pool.borrow(BlockDevice.BLOCK_SIZE);
                SplitDevice device = new SplitDevice(meta, data)) {
            device.flush();
            assertThat(meta.flushes + data.flushes).isZero();
            device.write(0, buffer.memory());
            device.flush();
            device.flush();
            assertThat(meta.flushes).isEqualTo(1);
            assertThat(data.flushes).isZero();
            device.write(SplitDevice.DATA_START, buffer.memory());
            data.failsNext = true;
            assertThatThrownBy(device::flush).isInstanceOf(IOException.class);
            device.flush();
            assertThat(data.flushes).isEqualTo(1);
        }
    }

    private static final class FlushCounter extends FilterBlockDevice {
        int flushes;
        boolean failsNext;

        FlushCounter(BlockDevice below) {
            super(below);
        }

        @Override
        public void flush() throws IOException {
            if (failsNext) {
                failsNext = false;
                throw new IOException("flush fails");
            }
            super.flush();
            flushes++;
        }
    }
}
