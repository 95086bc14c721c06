package org.scoutfs.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import org.junit.jupiter.api.Test;

class FieldsTest {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final PrintStream out = new PrintStream(bytes, true);

    @Test
    void allInLines() throws CommandFailure {
        new Fields().add("meta_seq", 1043).add("crtime", "1700000000.000000042").print(null, out);

        assertThat(bytes.toString()).isEqualTo("meta_seq          1043\ncrtime            1700000000.000000042\n");
    }

    @Test
    void oneBare() throws CommandFailure {
        new Fields().add("meta_seq", -1).print("meta_seq", out);

        assertThat(bytes.toString()).isEqualTo("18446744073709551615\n");
    }

    @Test
    void unknown() {
        assertThatThrownBy(() -> new Fields().add("meta_seq", 1).print("x", out))
                .hasMessage("unknown field: 'x'");
    }
}
