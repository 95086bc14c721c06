package org.scoutfs.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.scoutfs.format.SuperSlot.QuorumSlot;
import org.scoutfs.node.QuorumSlots.WrongSlotException;

class QuorumSlotsTest {
    @Test
    void areSortedByNumber() throws WrongSlotException {
        List<QuorumSlot> slots = QuorumSlots.parse(List.of("2,127.0.0.1,20001", "0,127.0.0.1,20000", "14,fd00::1,65535"));
        assertThat(QuorumSlots.lines(slots))
                .containsExactly("0: 127.0.0.1:20000", "2: 127.0.0.1:20001", "14: [fd00:0:0:0:0:0:0:1]:65535");
        assertThat(QuorumSlots.numbers(slots)).isEqualTo("0, 2, 14");
    }

    @Test
    void fifteenAreTheMost() throws WrongSlotException {
        List<String> all = IntStream.range(0, 15).mapToObj(number -> number + ",10.0.0.1," + (1000 + number)).toList();
        assertThat(QuorumSlots.parse(all)).hasSize(15);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "15,10.0.0.1,5   | quorum slot '15,10.0.0.1,5': a slot number is from 0 to 14, not '15'",
                "-1,10.0.0.1,5   | quorum slot '-1,10.0.0.1,5': a slot number is from 0 to 14, not '-1'",
                "x,10.0.0.1,5    | quorum slot 'x,10.0.0.1,5': a slot number is from 0 to 14, not 'x'",
                "0,10.0.0.1,0    | quorum slot '0,10.0.0.1,0': a port is from 1 to 65535, not '0'",
                "0,10.0.0.1,65536| quorum slot '0,10.0.0.1,65536': a port is from 1 to 65535, not '65536'",
                "0,10.0.0.1      | a quorum slot is NR,ADDR,PORT, not '0,10.0.0.1'",
                "0,10.0.0.1,5,   | a quorum slot is NR,ADDR,PORT, not '0,10.0.0.1,5,'",
                "0,localhost,5   | quorum slot '0,localhost,5': 'localhost' is no numeric address",
                "0,0.0.0.0,5     | quorum slot '0,0.0.0.0,5': '0.0.0.0' is no address of one host",
                "0,255.255.255.255,5 | quorum slot '0,255.255.255.255,5': '255.255.255.255' is no address of one host",
                "0,224.0.0.1,5   | quorum slot '0,224.0.0.1,5': '224.0.0.1' is no address of one host",
                "0,,5            | quorum slot '0,,5': '' is no numeric address"
            })
    void wrongOnesSayHow(String slot, String message) {
        assertThatThrownBy(() -> QuorumSlots.parse(List.of(slot))).hasMessage(message);
    }

    @Test
    void setsThatCannotBe() {
        assertThatThrownBy(() -> QuorumSlots.parse(List.of("1,10.0.0.1,5", "1,10.0.0.2,5")))
                .hasMessage("quorum slot 1 is given twice");
        assertThatThrownBy(() -> QuorumSlots.parse(List.of("2,127.0.0.1,20000", "0,127.0.0.1,20000")))
                .hasMessage("quorum slot nr 0 and 2 have the same address 127.0.0.1:20000");
    }
}
