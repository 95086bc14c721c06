package org.scoutfs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.scoutfs.format.ioctl.CountersRequest.Entry;

class CountersCommandTest {
    private static final List<Entry> COUNTERS =
            List.of(new Entry("btree_insert", 1203), new Entry("commits", 7), new Entry("reads", 12345));

    @Test
    void list() {
        assertThat(CountersCommand.list(COUNTERS))
                .isEqualTo("""
                        btree_insert  1203
                        commits          7
                        reads        12345
                        """);
    }

    @Test
    void tableHasTheFewestRowsThatFit() {
        assertThat(CountersCommand.table(COUNTERS, 80)).isEqualTo("btree_insert 1203  commits 7  reads 12345\n");
        assertThat(CountersCommand.table(COUNTERS, 35))
                .isEqualTo("btree_insert 1203  reads 12345\ncommits         7\n");
        assertThat(CountersCommand.table(COUNTERS, 5)).isEqualTo(CountersCommand.list(COUNTERS));
        assertThat(CountersCommand.table(List.of(), 80)).isEmpty();
    }
}
