package org.scoutfs.systemtest;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.scoutfs.base.FsException;
import org.scoutfs.base.Rng;
import org.scoutfs.fs.NodeFileSystem;
import org.scoutfs.testkit.FakeHost;
import org.scoutfs.testkit.FsClient;
import org.scoutfs.testkit.HeadlessStack;
import org.scoutfs.testkit.Profile;
import org.scoutfs.testkit.SparseDevice;

/**
 * A directory of a hundred thousand names, in the long profile of a million, is listed while others add, remove and rename in it: what
 * was there all along is listed once, and a position means the same place for ever, also after a remount.
 */
@Timeout(7200)
class HugeDirectoryTest {
    private static final String STAY = "stay-";
    private static final long BLOCKS = Profile.isLong() ? 1 << 19 : 1 << 18;

    /** A name and the position after it. */
    private record Place(String name, long next) {}

    @Test
    void listedWhileOthersChangeIt() throws Exception {
        int names = Profile.count(100_000, 1_000_000);
        SparseDevice device = new SparseDevice("huge", BLOCKS);
        HeadlessStack.format(device, BLOCKS, 0, 1);
        FakeHost host = FakeHost.of(1);
        long begin = System.nanoTime();
        List<Place> places;
        try (HeadlessStack stack = HeadlessStack.mount(device, host, 1)) {
            FsClient client = stack.client();
            client.mkdir("d");
            for (int i = 0; i < names; i++) {
                client.create("d/" + STAY + i, new byte[0]);
            }
            client.syncFileSystem();
            places = listUnderChange(stack.fileSystem(), client.ino("d"), names);
            goesOnAt(stack.fileSystem(), client.ino("d"), places);
        }
        try (HeadlessStack stack = HeadlessStack.mount(device, host, 2)) {
            goesOnAt(stack.fileSystem(), stack.client().ino("d"), places);
        }
        System.out.printf("[huge] %d names, %.1f s%n", names, (System.nanoTime() - begin) / 1e9);
    }

    private static List<Place> listUnderChange(NodeFileSystem fs, long dir, int names) throws Exception {
        AtomicBoolean isDone = new AtomicBoolean();
        AtomicReference<Throwable> failure = new AtomicReference<>();
        List<Thread> changers = new ArrayList<>();
        int[] changes = new int[2];
        for (int number = 0; number < changes.length; number++) {
            int mine = number;
            changers.add(Thread.ofPlatform().start(() -> {
                try {
                    changes[mine] = change(new FsClient(fs), Rng.seeded(mine), mine, isDone);
                } catch (Throwable thrown) {
                    failure.set(thrown);
                }
            }));
        }
        List<Place> places;
        try {
            places = list(fs, dir, names);
        } finally {
            isDone.set(true);
            for (Thread changer : changers) {
                changer.join();
            }
        }
        assertThat(failure.get()).isNull();
        assertThat(Math.min(changes[0], changes[1])).as("changes while it was listed").isGreaterThan(50);
        return places;
    }

    /** Adds, removes and renames names of its own, and gives some of the staying ones to other inodes. */
    private static int change(FsClient client, Rng rng, int mine, AtomicBoolean isDone) throws IOException {
        int count = 0;
        while (!isDone.get()) {
            String one = "d/come-" + mine + "-" + rng.nextInt(500);
            String other = "d/come-" + mine + "-" + rng.nextInt(500);
            try {
                switch (rng.nextInt(4)) {
                    case 0, 1 -> client.create(one, new byte[0]);
                    case 2 -> client.unlink(one);
                    default -> client.rename(one, other, 0);
                }
                count++;
            } catch (FsException e) {
                assertThat(e.errno().name()).isIn("ENOENT", "EEXIST");
            }
        }
        return count;
    }

    private static List<Place> list(NodeFileSystem fs, long dir, int names) throws Exception {
        FsClient client = new FsClient(fs);
        BitSet seen = new BitSet(names);
        List<Place> places = new ArrayList<>();
        long handle = client.call(request -> fs.openDirectory(request, dir));
        long[] cookie = {0};
        int[] taken = {1};
        while (taken[0] > 0) {
            taken[0] = 0;
            long from = cookie[0];
            client.run(request -> fs.readDirectory(request, dir, handle, from, false, (name, ino, type, next, attributes) -> {
                if (taken[0] == 500) {
                    return false;
                }
                assertThat(Long.compareUnsigned(next, cookie[0])).as("positions rise").isPositive();
                taken[0]++;
                cookie[0] = next;
                String text = new String(name, java.nio.charset.StandardCharsets.US_ASCII);
                if (text.startsWith(STAY)) {
                    int number = Integer.parseInt(text.substring(STAY.length()));
                    assertThat(seen.get(number)).as("%s twice", text).isFalse();
                    seen.set(number);
                    if (number % 97 == 0) {
                        places.add(new Place(text, next));
                    }
                }
                return true;
            }));
        }
        fs.releaseDirectory(dir, handle);
        assertThat(seen.cardinality()).as("names that were there all along").isEqualTo(names);
        assertThat(places.size()).isGreaterThan(names / 100);
        return places;
    }

    /** Each remembered position leads to the staying name that came after it. */
    private static void goesOnAt(NodeFileSystem fs, long dir, List<Place> places) throws Exception {
        FsClient client = new FsClient(fs);
        long handle = client.call(request -> fs.openDirectory(request, dir));
        for (int i = 0; i + 1 < places.size(); i += 1 + places.size() / 300) {
            Place place = places.get(i);
            int number = Integer.parseInt(place.name.substring(STAY.length()));
            List<String> after = new ArrayList<>();
            client.run(request -> fs.readDirectory(
                    request, dir, handle, place.next, false, (name, ino, type, next, attributes) -> {
                        after.add(new String(name, java.nio.charset.StandardCharsets.US_ASCII));
                        return after.size() < 3;
                    }));
            // Made one after the other, the staying names lie one after the other.
            assertThat(after.getFirst()).as("after %s", place.name).isEqualTo(STAY + (number + 1));
        }
        fs.releaseDirectory(dir, handle);
    }
}
