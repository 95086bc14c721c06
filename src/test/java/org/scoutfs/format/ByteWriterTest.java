package org.scoutfs.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.scoutfs.base.CorruptionException;

class ByteWriterTest {
    /** Of one, two, three and four bytes a character. */
    @ParameterizedTest
    @CsvSource({"abc, 2, ab", "abc, 3, abc", "aäb, 2, a", "aäb, 3, aä", "€€, 5, €", "€€, 2, ''", "a\ud83d\ude00, 4, a", "a\ud83d\ude00, 5, a\ud83d\ude00"})
    void aTextIsCutBetweenCharacters(String text, int bytes, String kept) throws CorruptionException {
        byte[] written = new ByteWriter().text(text, bytes).toArray();
        ByteReader in = new ByteReader(written, "test");
        assertThat(in.text(bytes)).isEqualTo(kept);
        in.end();
    }

    @Test
    void whatIsNoTextIsRefused() {
        byte[] latin1 = "ä".getBytes(StandardCharsets.ISO_8859_1);
        byte[] written = new ByteWriter().counted(latin1).toArray();
        assertThatExceptionOfType(CorruptionException.class)
                .isThrownBy(() -> new ByteReader(written, "a name").text(10))
                .withMessageContainingAll("a name", "a text in UTF-8", "e4");
    }
}
