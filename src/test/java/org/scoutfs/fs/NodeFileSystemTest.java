package org.scoutfs.fs;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.scoutfs.testkit.FsTree;
import org.scoutfs.testkit.FsWorkload;
import org.scoutfs.testkit.Profile;
import org.scoutfs.testkit.SeededTest;

/** Random operations, with commits, remounts and crashes between, and a proof over all items after each. */
class NodeFileSystemTest {
    @Test
    void aFileIsThereAfterRemount() throws Exception {
        try (FsHarness harness = new FsHarness()) {
            harness.client.mkdir("d");
            harness.client.create("d/f", "hello".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
            Map<String, String> before = FsTree.read(harness.client);
            harness.remount();
            assertThat(FsTree.read(harness.client)).isEqualTo(before).hasSize(3);
            assertThat(harness.client.read("d/f")).isEqualTo("hello".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
            assertThat(TreeWalker.walk(harness.transactions.committedItems(), true)).isEmpty();
        }
    }

    @SeededTest(runs = 12)
    void everyCrashLeavesTheLastCommit(long seed) throws Exception {
        int steps = Profile.count(600, 5000);
        try (FsHarness harness = new FsHarness()) {
            FsWorkload workload = new FsWorkload(harness.client, seed, 40_000);
            Map<String, String> committed = FsTree.read(harness.client);
            for (int round = 0; round < 6; round++) {
                for (int step = 0; step < steps / 6; step++) {
                    workload.step();
                }
                assertThat(TreeWalker.walk(harness.transactions.items(), false)).isEmpty();
                harness.commit();
                committed = FsTree.read(harness.client);
                harness.commit();
                assertThat(TreeWalker.walk(harness.transactions.committedItems(), true)).isEmpty();
                for (int step = 0; step < 40; step++) {
                    workload.step();
                }
                if (round % 2 == 0) {
                    harness.crash();
                    workload = new FsWorkload(harness.client, seed + round, 40_000);
                } else {
                    workload.closeAll();
                    committed = FsTree.read(harness.client);
                    harness.settle();
                    harness.remount();
                    workload = new FsWorkload(harness.client, seed + round, 40_000);
                    harness.settle();
                    harness.commit();
                    assertThat(TreeWalker.walk(harness.transactions.committedItems(), true)).isEmpty();
                }
                Map<String, String> now = FsTree.read(harness.client);
                assertThat(FsTree.difference(committed, now)).isEmpty();
            }
        }
    }
}
