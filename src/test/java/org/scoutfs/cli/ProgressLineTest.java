package org.scoutfs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProgressLineTest {
    @Test
    void barAndPercentage() {
        assertThat(ProgressLine.line("segments", 0.5, 200))
                .isEqualTo("segments          [####################                    ]  50%");
        assertThat(ProgressLine.line("items", 1.0, 200)).endsWith("[" + "#".repeat(40) + "] 100%");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 5, 20, 29, 30, 31, 40, 79, 80, 300})
    void fitsTheTerminal(int columns) {
        assertThat(ProgressLine.line("a step with a long name", 0.999, columns).length())
                .isLessThan(columns);
        assertThat(ProgressLine.line("items", 0, columns).length()).isLessThan(columns);
    }

    @Test
    void nothingWithoutTerminal() {
        assertThat(shown(0)).isEmpty();
    }

    /** The last thing that is printed is a blank line: what follows begins at its left. */
    @Test
    void clearedOnATerminal() {
        assertThat(shown(80)).startsWith("\ritems").endsWith("\r").contains("\r" + " ".repeat(65) + "\r");
    }

    private static String shown(int columns) {
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        PrintStream stream = new PrintStream(err, true, StandardCharsets.UTF_8);
        ProgressLine line = new ProgressLine(new Console(stream, stream, name -> null, columns));
        line.at("items", 1, 4);
        line.clear();
        line.clear();
        return err.toString(StandardCharsets.UTF_8);
    }
}
