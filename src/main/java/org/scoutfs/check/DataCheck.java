package org.scoutfs.check;

import static org.scoutfs.check.Pairing.number;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.scoutfs.check.Problem.Kind;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.device.BufferPool;
import org.scoutfs.device.PooledBuffer;
import org.scoutfs.item.ExtentItem;

/** Each written block has a checksum; when asked for, reads the blocks and compares. Extents come in the order of the files. */
final class DataCheck {
    private static final int CHUNK_BLOCKS = 256;

    private final Checksums checksums;
    private final BlockDevice device;
    private final BufferPool pool;
    private final Findings findings;
    private final boolean readsData;

    DataCheck(Checksums checksums, BlockDevice device, BufferPool pool, Findings findings, boolean readsData) {
        this.checksums = checksums;
        this.device = device;
        this.pool = pool;
        this.findings = findings;
        this.readsData = readsData;
    }

    void extent(long ino, ExtentItem extent, boolean isOnDevice) throws IOException {
        if (!extent.isWritten()) {
            return;
        }
        for (long at = extent.block(); at < extent.end(); at += CHUNK_BLOCKS) {
            ExtentItem part = extent.part(at, Math.min(extent.end(), at + CHUNK_BLOCKS));
            if (readsData && isOnDevice) {
                readAndCompare(ino, part);
            } else {
                for (long block = part.block(); block < part.end(); block++) {
                    Integer unused = checksums.find(ino, block);
                }
            }
        }
    }

    private void readAndCompare(long ino, ExtentItem part) {
        try (PooledBuffer buffer = pool.borrow(part.blockCount() * BlockDevice.BLOCK_SIZE)) {
            boolean isRead = read(ino, part, buffer.memory());
            for (long i = 0; i < part.blockCount(); i++) {
                @Nullable Integer expected = checksums.find(ino, part.block() + i);
                if (expected != null && isRead) {
                    compare(ino, part, i, buffer.memory(), expected);
                }
            }
        }
    }

    private boolean read(long ino, ExtentItem part, MemorySegment into) {
        try {
            device.read(part.blkno(), into);
            return true;
        } catch (IOException failure) {
            findings.add(Kind.DATA, "inode " + number(ino) + " block " + part.block(), String.valueOf(failure.getMessage()));
            return false;
        }
    }

    private void compare(long ino, ExtentItem part, long index, MemorySegment bytes, int expected) {
        CRC32C crc = new CRC32C();
        crc.update(bytes.asSlice(index * BlockDevice.BLOCK_SIZE, BlockDevice.BLOCK_SIZE).asByteBuffer());
        if ((int) crc.getValue() != expected) {
            findings.add(
                    Kind.DATA,
                    "inode " + number(ino) + " block " + (part.block() + index),
                    "checksum " + Integer.toHexString((int) crc.getValue()) + " at device block " + (part.blkno() + index)
                            + ", expected " + Integer.toHexString(expected));
        }
    }
}
