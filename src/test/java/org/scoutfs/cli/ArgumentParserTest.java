package org.scoutfs.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ArgumentParserTest {
    private static final Command COMMAND = new Command(
            "cmd",
            Command.Group.CORE,
            "",
            "",
            "",
            List.of(
                    new Option('p', "path", "PATH", ""),
                    new Option('q', "quiet", null, ""),
                    new Option('Q', "quorum-slot", "SLOT", "")),
            List.of("first", "second"),
            1);

    private static Arguments parse(String... words) throws UsageException {
        return ArgumentParser.parse(COMMAND, List.of(words));
    }

    @Test
    void optionsAndPositionalArgumentsMix() throws UsageException {
        Arguments arguments = parse("a", "-p", "x", "b", "--quiet");

        assertThat(arguments.value('p')).isEqualTo("x");
        assertThat(arguments.has('q')).isTrue();
        assertThat(arguments.operand(0)).isEqualTo("a");
        assertThat(arguments.operand(1)).isEqualTo("b");
    }

    @Test
    void clustersAndJoinedArguments() throws UsageException {
        assertThat(parse("-qpx", "a", "b").value('p')).isEqualTo("x");
        assertThat(parse("-qp", "x", "a", "b").value('p')).isEqualTo("x");
        assertThat(parse("--path=x=y", "a", "b").value('p')).isEqualTo("x=y");
        assertThat(parse("--path=", "a", "b").value('p')).isEmpty();
        assertThat(parse("--pa", "x", "a", "b").value('p')).isEqualTo("x");
        assertThat(parse("-Q1", "-Q", "2", "a", "b").values('Q')).containsExactly("1", "2");
    }

    @Test
    void negativeNumbersArePositional() throws UsageException {
        Arguments arguments = parse("0", "-1");

        assertThat(arguments.operand(1)).isEqualTo("-1");
    }

    @Test
    void dashDashEndsOptions() throws UsageException {
        Arguments arguments = parse("--", "-p", "--quiet");

        assertThat(arguments.operand(0)).isEqualTo("-p");
        assertThat(arguments.operand(1)).isEqualTo("--quiet");
    }

    @Test
    void oneDashIsPositional() throws UsageException {
        assertThat(parse("-", "b").operand(0)).isEqualTo("-");
    }

    @Test
    void helpNeedsNoArguments() throws UsageException {
        assertThat(parse("--help").has('?')).isTrue();
        assertThat(parse("-?").has('?')).isTrue();
        assertThat(parse("--usage").has('\0')).isTrue();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "-x a b      | invalid option -- 'x'",
                "-h a b      | invalid option -- 'h'",
                "--nothing   | unrecognized option '--nothing'",
                "--qu        | option '--qu' is ambiguous; possibilities: '--quiet' '--quorum-slot'",
                "--quiet=1   | option '--quiet' doesn't allow an argument",
                "a b -p      | option requires an argument -- 'p'",
                "a b --path  | option '--path' requires an argument",
                "''          | must provide first",
                "a           | must provide second",
                "a b c d     | Too many arguments"
            })
    void refused(String words, String message) {
        List<String> list = words.isEmpty() ? List.of() : List.of(words.trim().split(" +"));

        assertThatThrownBy(() -> ArgumentParser.parse(COMMAND, list))
                .isInstanceOf(UsageException.class)
                .hasMessage(message);
    }
}
