package org.scoutfs.node;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SignaturesTest {
    @TempDir
    Path directory;

    @Test
    void emptyAndShortFilesHoldNothing() throws IOException {
        Path file = Files.write(directory.resolve("short"), new byte[3]);

        assertThat(Signatures.probe(file)).isNull();
        assertThat(Signatures.probe(new byte[264 * 1024])).isNull();
    }

    @ParameterizedTest
    @CsvSource({
        "0, XFSB, an xfs file system",
        "65600, _BHRfS_M, a btrfs file system",
        "4086, SWAPSPACE2, swap space",
        "512, LABELONE, an LVM physical volume",
        "512, EFI PART, a GPT partition table",
        "65536, scoutfsJ, a scoutfs volume"
    })
    void marks(int offset, String text, String meaning) throws IOException {
        byte[] start = new byte[300 * 1024];
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(bytes, 0, start, offset, bytes.length);
        Path file = Files.write(directory.resolve("device"), start);

        assertThat(Signatures.probe(file)).isEqualTo(meaning);
    }

    @Test
    void ext4() {
        byte[] start = new byte[264 * 1024];
        start[1080] = 0x53;
        start[1081] = (byte) 0xef;

        assertThat(Signatures.probe(start)).isEqualTo("an ext2, ext3 or ext4 file system");
    }

    @Test
    void partitionTableNeedsAnEntry() {
        byte[] start = new byte[264 * 1024];
        start[510] = 0x55;
        start[511] = (byte) 0xaa;
        assertThat(Signatures.probe(start)).isNull();

        start[446 + 4] = (byte) 0x83;
        assertThat(Signatures.probe(start)).isEqualTo("a DOS partition table");
    }
}
