package org.scoutfs.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.scoutfs.net.NodeAddress;
import org.scoutfs.node.MountOptions.OptionException;

class ClusterWishTest {
    private static ClusterOptions parse(String list) throws OptionException {
        ClusterOptions cluster = MountOptions.parse(List.of(list)).cluster();
        assumeThat(cluster).isNotNull();
        return cluster;
    }

    @Test
    void withoutThemAMountIsAlone() throws OptionException {
        assertThat(MountOptions.parse(List.of("uring=off,commit_ms=50")).cluster()).isNull();
    }

    @Test
    void oneIsEnough() throws OptionException {
        assertThat(parse("quorum_slot_nr=14")).isEqualTo(ClusterOptions.voter(14));
        assertThat(parse("listen=10.0.0.4"))
                .isEqualTo(ClusterOptions.client().withListen(new NodeAddress("10.0.0.4", 0)));
        assertThat(parse("cluster=a.b-C_1")).isEqualTo(ClusterOptions.client().withClusterName("a.b-C_1"));
    }

    @Test
    void allOfThem() throws OptionException {
        ClusterOptions all = parse("quorum_slot_nr=0,listen=[fd00::1]:77,cluster=c,quorum_dir=/q,lease_ms=2000,ro");
        assertThat(all).isEqualTo(new ClusterOptions(0, new NodeAddress("fd00:0:0:0:0:0:0:1", 77), "c", Path.of("/q"), 2000, null,
                ClusterOptions.client().times()));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "quorum_slot_nr=15 | option quorum_slot_nr is a number from 0 to 14, not '15'",
                "quorum_slot_nr=   | option quorum_slot_nr is a number from 0 to 14, not ''",
                "quorum_slot_nr=1,quorum_slot_nr=1 | option quorum_slot_nr is given twice",
                "listen=           | option listen needs one numeric ADDRESS[:PORT] of this host: '' is no address",
                "listen=host       | option listen needs one numeric ADDRESS[:PORT] of this host: 'host' is no numeric address",
                "listen=0.0.0.0    | option listen needs one numeric ADDRESS[:PORT] of this host: '0.0.0.0' is no address of one host",
                "listen=10.0.0.1:x | option listen needs one numeric ADDRESS[:PORT] of this host: 'x' is no port",
                "lease_ms=5000     | option lease_ms is for a mount in a cluster: it needs one of quorum_slot_nr, listen, cluster",
                "quorum_dir=/a     | option quorum_dir is for a mount in a cluster: it needs one of quorum_slot_nr, listen, cluster",
                "listen=10.0.0.1,lease_ms=1999 | option lease_ms is a number from 2000 to 60000, not '1999'",
                "listen=10.0.0.1,quorum_dir=a  | option quorum_dir needs an absolute path, not 'a'"
            })
    void wrongOnesSayHow(String list, String message) {
        assertThatThrownBy(() -> MountOptions.parse(List.of(list))).isInstanceOf(OptionException.class).hasMessage(message);
    }

    @Test
    void namesThatAreNone() {
        for (String name : new String[] {"", "a b", "ä", "a/b", "x".repeat(65)}) {
            assertThatThrownBy(() -> MountOptions.parse(List.of("cluster=" + name)))
                    .hasMessage("option cluster is a name of at most 64 letters, digits, dots, dashes and underscores, not '" + name
                            + "'");
        }
    }

    @Test
    void keysThatAreNotThere(@TempDir Path directory) {
        assertThatThrownBy(() -> MountOptions.parse(List.of("listen=10.0.0.1,tls=" + directory)))
                .isInstanceOf(OptionException.class)
                .hasMessageStartingWith("option tls: ")
                .hasMessageContaining("cert.pem");
    }
}
