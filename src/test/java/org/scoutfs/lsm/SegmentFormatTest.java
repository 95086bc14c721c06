package org.scoutfs.lsm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.device.BufferPool;
import org.scoutfs.device.MemoryBlockDevice;
import org.scoutfs.device.PooledBuffer;

/** The bytes that docs/format.md shows are the bytes that are written: who changes one changes the format. */
class SegmentFormatTest {
    @Test
    void theExampleInTheDocumentIsWhatIsWritten() throws IOException {
        TreeMap<byte[], ItemValue> items = new TreeMap<>(Arrays::compareUnsigned);
        items.put(new byte[] {6, 0, 0, 1}, ItemValue.put(new byte[] {(byte) 0xaa, (byte) 0xbb}));
        items.put(new byte[] {6, 0, 0, 2}, ItemValue.TOMBSTONE);
        MemoryBlockDevice device = new MemoryBlockDevice("memory", 64);
        try (device;
                BufferPool pool = new BufferPool(4 << 20);
                SegmentWriter writer = new SegmentWriter(
                        device, pool, new TestSpace(64), SegmentOptions.of(0x1122334455667788L), CutPoints.NONE);
                PooledBuffer block = pool.borrow(BlockDevice.BLOCK_SIZE)) {
            writer.addAll(new ListCursor(items));
            List<SegmentInfo> written = writer.finish();
            device.read(written.getFirst().blkno(), block.memory());
            byte[] used = block.memory().asSlice(0, 55).toArray(ValueLayout.JAVA_BYTE);
            String hex = HexFormat.ofDelimiter(" ").formatHex(used);
            String document = Files.readString(Path.of("docs/format.md"));
            for (int line = 0; line < hex.length(); line += 48) {
                assertThat(document).contains(hex.substring(line, Math.min(hex.length(), line + 47)));
            }
        }
    }

    /** Filters on devices were made with this hash: it may never change. */
    @Test
    void theHashOfFiltersStaysWhatItIs() {
        assertThat(Long.toHexString(KeyHash.of(new byte[0], 0))).isEqualTo("c42570f1ac7119d1");
        assertThat(Long.toHexString(KeyHash.of("scoutfs keys".getBytes(java.nio.charset.StandardCharsets.US_ASCII), 12)))
                .isEqualTo("bfeee5a5303d1baa");
    }
}
