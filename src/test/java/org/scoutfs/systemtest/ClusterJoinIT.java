package org.scoutfs.systemtest;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.scoutfs.testkit.Await;

/** {@code -o cluster=NAME,listen=ADDRESS} on a volume without quorum slots: the first mount makes the cluster, the third makes it survive. */
class ClusterJoinIT {
    private static final Duration PATIENCE = Duration.ofSeconds(120);

    @Test
    void theFirstMountIsTheVoterAndTheThirdMakesThemThree() throws Exception {
        try (ClusterMounts cluster = ClusterMounts.ofName("join", "archive", 3, "lease_ms=2000")) {
            try {
                story(cluster);
            } catch (AssertionError failure) {
                throw new AssertionError(failure.getMessage() + "\n" + cluster.story(), failure);
            }
        }
    }

    private static void story(ClusterMounts cluster) throws Exception {
        ClusterNode first = cluster.node(0);
        ClusterNode second = cluster.node(1);
        ClusterNode third = cluster.node(2);
        first.mount();
        first.shell("echo one > f");
        assertThat(first.counter("cluster_voters")).isEqualTo(1);

        refuseOtherName(cluster, second);
        second.mount();
        assertThat(second.shell("cat f")).isEqualTo("one\n");
        assertThat(first.counter("cluster_voters")).as("voters while two are mounted").isEqualTo(1);

        third.mount();
        for (ClusterNode node : cluster.nodes()) {
            Await.that("three voters, says " + node, PATIENCE, () -> node.counter("cluster_voters") == 3);
        }
        second.shell("echo two > g && sync g");

        first.kill();
        first.sweep();
        assertThat(third.shell("cat g && echo three > h && sync h")).isEqualTo("two\n");
        assertThat(second.shell("cat h")).isEqualTo("three\n");

        first.mount();
        assertThat(first.shell("cat h")).isEqualTo("three\n");
        cluster.unmountAll();
        cluster.check();
        assertThat(ScoutfsTarget.cli("print", cluster.image()).mustSucceed().output()).contains(first.address(), second.address(), third.address());
    }

    private static void refuseOtherName(ClusterMounts cluster, ClusterNode node) {
        String options = "cluster=other,listen=" + node.address() + ",log=" + node.log();
        var mount = Command.of(cluster.network()
                        .on(node.number(), ScoutfsTarget.launcher(), "mount", "-o", options, cluster.image(), node.root())
                        .toArray())
                .with("SCOUTFS_NO_BUILD", "1")
                .run();
        assertThat(mount.mustFail().output()).contains("is a volume of cluster 'archive', not of 'other'");
    }
}
