package org.scoutfs.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NumbersTest {
    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "'', 0",
        "1043, 1043",
        "0x10, 16",
        "0XfF, 255",
        "010, 8",
        "-1, -1",
        "-0x2, -2",
        "+7, 7",
        "' 12', 12",
        "9223372036854775808, -9223372036854775808",
        "18446744073709551615, -1",
        "18446744073709551616, -1",
        "99999999999999999999999, -1",
        "0xfffffffffffffffff, -1"
    })
    void u64(String text, long expected) throws CommandFailure {
        assertThat(Numbers.u64(text)).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"x", "1x", "08", "0x", "1 ", "--1", "1.5", "1K", "\u0661"})
    void u64Refuses(String text) {
        assertThatThrownBy(() -> Numbers.u64(text))
                .isInstanceOfSatisfying(CommandFailure.class, failure -> assertThat(failure.errno()).isEqualTo(22))
                .hasMessage("invalid 64bit value: '" + text + "'");
    }

    @ParameterizedTest
    @CsvSource({
        "5, 5",
        "1K, 1024",
        "256M, 268435456",
        "10G, 10737418240",
        "10GB, 10737418240",
        "10GiB, 10737418240",
        "1T, 1099511627776",
        "2P, 2251799813685248",
        "0x10K, 16384",
        "16383P, 18445618173802708992",
        "K, 0"
    })
    void size(String text, String expected) throws CommandFailure {
        assertThat(Long.toUnsignedString(Numbers.size(text))).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"5X", "1k", "1 G", "1.5G", "ten"})
    void sizeRefusesOtherLetters(String text) {
        assertThatThrownBy(() -> Numbers.size(text))
                .isInstanceOfSatisfying(CommandFailure.class, failure -> assertThat(failure.errno()).isEqualTo(34))
                .hasMessageStartingWith("unknown suffix: '")
                .hasMessageEndingWith("in '" + text + "'");
    }

    @Test
    void sizeRefusesMoreThan64Bits() {
        assertThatThrownBy(() -> Numbers.size("16384P"))
                .isInstanceOfSatisfying(CommandFailure.class, failure -> assertThat(failure.errno()).isEqualTo(34))
                .hasMessage("size too big: '16384P'");
    }
}
