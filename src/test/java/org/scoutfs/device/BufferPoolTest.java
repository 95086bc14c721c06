package org.scoutfs.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.scoutfs.base.InvariantViolation;

class BufferPoolTest {
    private static final int BLOCK = BlockDevice.BLOCK_SIZE;

    @Test
    void buffersAreAlignedWholeBlocksAndComeBack() {
        try (BufferPool pool = new BufferPool(1 << 20)) {
            long address;
            try (PooledBuffer buffer = pool.borrow(5000)) {
                assertThat(buffer.memory().byteSize()).isEqualTo(2 * BLOCK);
                address = buffer.memory().address();
                assertThat(address % BLOCK).isZero();
                assertThat(pool.borrowedBytes()).isEqualTo(2 * BLOCK);
            }
            assertThat(pool.borrowedBytes()).isZero();
            try (PooledBuffer again = pool.borrow(2 * BLOCK)) {
                assertThat(again.memory().address()).isEqualTo(address);
            }
        }
    }

    @Test
    void idleBuffersMakeRoomForAnotherSize() {
        try (BufferPool pool = new BufferPool(4 * BLOCK)) {
            pool.borrow(BLOCK).close();
            pool.borrow(2 * BLOCK).close();
            try (PooledBuffer big = pool.borrow(4 * BLOCK)) {
                assertThat(big.memory().byteSize()).isEqualTo(4 * BLOCK);
                assertThat(pool.allocatedBytes()).isEqualTo(4 * BLOCK);
            }
        }
    }

    @Test
    void aFullPoolMakesBorrowersWaitForAReturn() throws Exception {
        try (BufferPool pool = new BufferPool(BLOCK)) {
            PooledBuffer first = pool.borrow(BLOCK);
            CompletableFuture<Void> second = CompletableFuture.runAsync(() -> pool.borrow(BLOCK).close());
            first.close();
            second.get(20, TimeUnit.SECONDS);
            assertThat(pool.allocatedBytes()).isEqualTo(BLOCK);
        }
    }

    @Test
    void twoBuffersOfOneThreadDoNotBlockForEver() {
        try (BufferPool pool = new BufferPool(BLOCK)) {
            try (PooledBuffer first = pool.borrow(BLOCK);
                    PooledBuffer beyondTheLimit = pool.borrow(BLOCK)) {
                assertThat(beyondTheLimit.memory().address()).isNotEqualTo(first.memory().address());
            }
            assertThat(pool.allocatedBytes()).isEqualTo(BLOCK);
        }
    }

    @Test
    void returningTwiceIsABug() {
        try (BufferPool pool = new BufferPool(1 << 20)) {
            PooledBuffer buffer = pool.borrow(1);
            buffer.close();
            assertThatThrownBy(buffer::close).isInstanceOf(InvariantViolation.class);
        }
    }
}
