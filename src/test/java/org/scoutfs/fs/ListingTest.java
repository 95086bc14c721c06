package org.scoutfs.fs;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.scoutfs.base.FsException;
import org.scoutfs.base.Rng;
import org.scoutfs.testkit.FsClient;
import org.scoutfs.testkit.SeededTest;

/** A listing in small steps while names come, go and move: what was there all along is there once. */
class ListingTest {
    private static final String STABLE = "stable";

    @SeededTest(runs = 5)
    void whatStaysIsListedOnce(long seed) throws Exception {
        Rng rng = Rng.seeded(seed);
        try (FsHarness harness = new FsHarness()) {
            FsClient client = harness.client;
            for (int i = 0; i < 60; i++) {
                client.create(STABLE + i, new byte[0]);
                client.create("moving" + i, new byte[0]);
            }
            Map<String, Integer> seen = new HashMap<>();
            long handle = client.call(request -> harness.fs.openDirectory(request, 1));
            long[] cookie = {0};
            int[] taken = {1};
            while (taken[0] > 0) {
                taken[0] = 0;
                int room = 1 + rng.nextInt(6);
                long from = cookie[0];
                boolean withAttributes = rng.nextInt(2) == 0;
                List<Long> references = new ArrayList<>();
                client.run(request -> harness.fs.readDirectory(
                        request, 1, handle, from, withAttributes, (name, ino, type, next, attributes) -> {
                            if (taken[0] == room) {
                                return false;
                            }
                            taken[0]++;
                            assertThat(Long.compareUnsigned(next, cookie[0])).as("cookies rise").isPositive();
                            cookie[0] = next;
                            String text = new String(name, java.nio.charset.StandardCharsets.UTF_8);
                            seen.merge(text, 1, Integer::sum);
                            if (attributes != null) {
                                assertThat(attributes.ino()).isEqualTo(ino);
                                references.add(ino);
                            }
                            return true;
                        }));
                references.forEach(ino -> harness.fs.forget(ino, 1));
                for (int i = 0; i < 4; i++) {
                    change(rng, client);
                }
            }
            harness.fs.releaseDirectory(1, handle);
            for (int i = 0; i < 60; i++) {
                assertThat(seen.get(STABLE + i)).as(STABLE + i + " in " + seen).isEqualTo(1);
            }
            assertThat(seen.get(".")).isEqualTo(1);
            assertThat(seen.get("..")).isEqualTo(1);
            harness.settle();
            harness.commit();
            assertThat(TreeWalker.walk(harness.transactions.committedItems(), true)).isEmpty();
        }
    }

    /** The stable names stay, though some of them come to mean other inodes. */
    private static void change(Rng rng, FsClient client) throws Exception {
        String moving = "moving" + rng.nextInt(80);
        String stable = STABLE + rng.nextInt(60);
        try {
            switch (rng.nextInt(5)) {
                case 0 -> client.unlink(moving);
                case 1 -> client.create(moving, new byte[0]);
                case 2 -> client.rename(moving, stable, 0);
                case 3 -> client.rename(moving, stable, 2);
                default -> client.rename(moving, "moving" + rng.nextInt(80), 0);
            }
        } catch (FsException e) {
            assertThat(e.errno().name()).isIn("ENOENT", "EEXIST");
        }
    }

    @Test
    void aRemovedDirectoryThatIsOpenIsEmpty() throws Exception {
        try (FsHarness harness = new FsHarness()) {
            FsClient client = harness.client;
            client.mkdir("d");
            long ino = client.ino("d");
            long handle = client.call(request -> harness.fs.openDirectory(request, ino));
            client.rmdir("d");
            List<String> names = new ArrayList<>();
            client.run(request -> harness.fs.readDirectory(
                    request, ino, handle, 0, false, (name, entry, type, next, attributes) -> names.add(new String(name, java.nio.charset.StandardCharsets.UTF_8))));
            assertThat(names).containsExactly(".", "..");
            assertThat(client.errno(() -> client.call(
                            request -> harness.fs.mkdir(request, ino, FsHarness.name("x"), 0755, 0))))
                    .isEqualTo(org.scoutfs.base.Errno.ENOENT);
            harness.fs.releaseDirectory(ino, handle);
        }
    }
}
