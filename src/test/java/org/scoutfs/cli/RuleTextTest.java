package org.scoutfs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Quota rules as text, in and out. */
class RuleTextTest {
    @ParameterizedTest
    @ValueSource(strings = {
        "  7 13,L,- 15,L,- 17,L,- I 33 -",
        "255 1,P,S 2,U,S 18446744073709551615,G,- D 0 C",
        " 10 0,L,- 0,P,- 0,U,- D 18446744073709551615 -"
    })
    void comesBackAsItIs(String text) throws CommandFailure {
        assertThat(RuleText.print(RuleText.parse(text, console()))).isEqualTo(text);
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "7 13,L,- 15,L,- 17,L,- I 33", "7 13,L,- 15,L,- 17,L,- I 33 - -", "7 13,L,- 15,X,- 17,L,- I 33 -",
        "7 13,L,x 15,L,- 17,L,- I 33 -", "7 13,L,- 15,L,- 17,L,- X 33 -", "7 13,L,- 15,L,- 17,L,- I 33 S", "7 x,L,- 15,L,- 17,L,- I 33 -", ""
    })
    void isRefused(String text) {
        CommandLine.Result result = new CommandLine().run("quota-add", "-p", "/", "-r", text);
        assertThat(result.status()).isEqualTo(1);
        assertThat(result.out()).startsWith("invalid quota rule '" + text);
        assertThat(result.err()).contains("Invalid argument (22)");
    }

    @Test
    void prioritiesWrap() throws CommandFailure {
        assertThat(RuleText.parse("257 0,L,- 0,L,- 0,L,- I 0 -", console()).priority()).isEqualTo(1);
    }

    private static Console console() {
        return new Console(System.out, System.err, _ -> null, 0);
    }
}
