package org.scoutfs.node;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.scoutfs.format.SuperSlot.QuorumSlot;
import org.scoutfs.net.NodeAddress;

class VoterGrowthTest {
    private static NodeAddress address(int host) {
        return new NodeAddress("10.0.0." + host, 5500);
    }

    private static List<QuorumSlot> slots(int count) {
        return IntStream.range(0, count).mapToObj(i -> new QuorumSlot(i, "10.0.0." + (i + 1), 5500)).toList();
    }

    @ParameterizedTest
    @CsvSource({"1,0,1", "1,1,1", "1,2,3", "1,3,3", "1,4,3", "2,0,2", "2,1,3", "3,1,3", "3,2,5", "3,9,5", "4,1,5", "5,9,5", "6,9,6"})
    void thereAreThreeOrFiveWhenThatIsPossible(int voters, int volunteers, int then) {
        List<NodeAddress> asking = IntStream.range(0, volunteers).mapToObj(i -> address(100 + i)).toList();
        List<QuorumSlot> grown = VoterGrowth.grown(slots(voters), asking);
        assertThat(grown).hasSize(then).containsAll(slots(voters));
        assertThat(grown.stream().map(QuorumSlot::number)).doesNotHaveDuplicates();
    }

    @Test
    void whoHasASlotIsNoVolunteerAndNoneCountsTwice() {
        assertThat(VoterGrowth.grown(slots(1), List.of(address(1), address(9), address(9)))).isEqualTo(slots(1));
    }

    @Test
    void whoAskedFirstGetsTheLowestFreeNumber() {
        List<QuorumSlot> slots = new ArrayList<>(List.of(new QuorumSlot(1, "10.0.0.1", 5500)));
        assertThat(VoterGrowth.grown(slots, List.of(address(7), address(8), address(9)))).containsExactly(
                new QuorumSlot(0, "10.0.0.7", 5500), new QuorumSlot(1, "10.0.0.1", 5500), new QuorumSlot(2, "10.0.0.8", 5500));
    }
}
