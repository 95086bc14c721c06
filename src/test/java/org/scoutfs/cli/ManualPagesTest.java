package org.scoutfs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The kept manual pages are what the program makes; {@code -Dgolden.update=true} writes them anew. */
class ManualPagesTest {
    @ParameterizedTest
    @ValueSource(strings = {"scoutfs.8", "scoutfs.5"})
    void isUpToDate(String name) throws IOException {
        Path kept = Path.of("docs/man", name);
        CommandLine.Result made = new CommandLine().run("manual", name);
        assertThat(made.status()).isZero();
        if (Boolean.getBoolean("golden.update")) {
            Files.createDirectories(kept.getParent());
            Files.writeString(kept, made.out());
        }

        assertThat(Files.readString(kept))
                .as("docs/man/%s, made anew with: ./mvnw test -Dtest=ManualPagesTest -Dgolden.update=true", name)
                .isEqualTo(made.out());
    }
}
