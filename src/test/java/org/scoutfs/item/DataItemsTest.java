package org.scoutfs.item;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.scoutfs.base.CorruptionException;

class DataItemsTest {
    private static final long INO = 0x1234;

    @Test
    void extentsOfEveryKindSurviveTheirBytes() throws Exception {
        for (ExtentItem item : List.of(
                ExtentItem.written(0, 1, 16),
                ExtentItem.written(ExtentItem.BLOCKS_END - 7, 7, 1L << 40),
                ExtentItem.unwritten(5, ExtentItem.STORED_BLOCKS_MAX, 99, -3),
                ExtentItem.offline(0, ExtentItem.BLOCKS_END),
                new ExtentItem(3, 4, 100, true, true, 9))) {
            assertThat(ExtentItem.decode(item.key(INO), item.value())).isEqualTo(item);
            assertThat(item.value().length).isLessThanOrEqualTo(ExtentItem.SIZE_MAX);
        }
    }

    /** The example of docs/format.md. */
    @Test
    void theDocumentedExtentHasTheDocumentedBytes() {
        ExtentItem item = ExtentItem.written(8, 4, 0x5000);
        HexFormat hex = HexFormat.of();
        assertThat(hex.formatHex(item.key(1024)))
                .isEqualTo("06" + "0000000000000400" + "07" + "000000000000000b" + "0000000000000000" + "00");
        assertThat(hex.formatHex(item.value())).isEqualTo("00" + "0400000000000000" + "0050000000000000");
    }

    @Test
    void theDocumentedChecksumsHaveTheDocumentedBytes() {
        HexFormat hex = HexFormat.of();
        assertThat(hex.formatHex(ChecksumItem.key(1024, 64)))
                .isEqualTo("05" + "0000000000000400" + "01" + "0000000000000040" + "0000000000000000" + "00");
        assertThat(hex.formatHex(ChecksumItem.value(new int[] {0x98f94189, 1, 2}, 2))).isEqualTo("8941f998" + "01000000");
    }

    @Test
    void damagedExtentsAreRefused() {
        byte[] key = ExtentItem.written(8, 4, 100).key(INO);
        byte[] good = ExtentItem.written(8, 4, 100).value();
        assertRefused(key, new byte[0]);
        assertRefused(key, java.util.Arrays.copyOf(good, good.length - 1));
        assertRefused(key, java.util.Arrays.copyOf(good, good.length + 1));
        assertRefused(key, with(good, 0, 4));
        assertRefused(key, with(good, 0, 2)); // offline, but as long as one with storage
        assertRefused(key, with(good, 1, 0)); // no blocks
        assertRefused(key, with(good, 1, 13)); // begins before the file
        assertRefused(key, with(good, 8, 0x80)); // a negative count
        assertRefused(key, with(good, 9, 0)); // no block number
        assertRefused(key, with(good, 16, 0x80));
        assertRefused(with(key, 26, 1), good);
        assertRefused(with(key, 18, 1), good);
        assertRefused(with(key, 10, 0xff), good);
        byte[] tooLong = ExtentItem.written(0, ExtentItem.STORED_BLOCKS_MAX, 100).value();
        tooLong[1]++;
        assertRefused(ExtentItem.key(INO, 1 << 20), tooLong);
    }

    private static byte[] with(byte[] bytes, int index, int value) {
        byte[] changed = bytes.clone();
        changed[index] = (byte) value;
        return changed;
    }

    private static void assertRefused(byte[] key, byte[] value) {
        assertThatThrownBy(() -> ExtentItem.decode(key, value)).isInstanceOf(CorruptionException.class);
    }

    @Test
    void damagedChecksumItemsAreRefused() throws Exception {
        byte[] key = ChecksumItem.key(INO, 64);
        assertThat(ChecksumItem.decode(key, ChecksumItem.value(new int[] {1, 2, 3}, 2)))
                .hasSize(ChecksumItem.GROUP_BLOCKS)
                .startsWith(1, 2, 0);
        for (int size : new int[] {0, 3, 5, ChecksumItem.SIZE_MAX + 4}) {
            assertThatThrownBy(() -> ChecksumItem.decode(key, new byte[size])).isInstanceOf(CorruptionException.class);
        }
        assertThatThrownBy(() -> ChecksumItem.decode(with(key, 17, 65), new byte[4]))
                .isInstanceOf(CorruptionException.class);
    }

    @Test
    void extentsJoinOnlyWhereOneItemSaysTheSame() {
        ExtentItem item = ExtentItem.written(8, 4, 100);
        assertThat(item.canJoin(ExtentItem.written(12, 1, 104))).isTrue();
        assertThat(item.canJoin(ExtentItem.written(12, 1, 105))).isFalse();
        assertThat(item.canJoin(ExtentItem.written(13, 1, 104))).isFalse();
        assertThat(item.canJoin(ExtentItem.unwritten(12, 1, 104, 0))).isFalse();
        assertThat(item.canJoin(ExtentItem.written(12, ExtentItem.STORED_BLOCKS_MAX - 3, 104))).isFalse();
        assertThat(ExtentItem.offline(0, 5).canJoin(ExtentItem.offline(5, 1L << 40))).isTrue();
        assertThat(ExtentItem.unwritten(0, 1, 100, 7).canJoin(ExtentItem.unwritten(1, 1, 101, 8))).isFalse();
    }
}
