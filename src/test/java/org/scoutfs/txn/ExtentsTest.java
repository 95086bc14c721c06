package org.scoutfs.txn;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.scoutfs.base.Rng;
import org.scoutfs.device.DeviceExtent;
import org.scoutfs.testkit.SeededTest;

class ExtentsTest {
    @SeededTest(runs = 200)
    void setsOfBlocksAreWhatTheyAreOneByOne(long seed) {
        Rng rng = Rng.seeded(seed);
        List<DeviceExtent> a = random(rng);
        List<DeviceExtent> b = random(rng);
        TreeSet<Long> common = blocks(a);
        common.retainAll(blocks(b));
        assertThat(blocks(Extents.common(a, b))).isEqualTo(common);
        TreeSet<Long> without = blocks(a);
        without.removeAll(blocks(b));
        assertThat(blocks(Extents.without(a, b))).isEqualTo(without);
        assertThat(blocks(Extents.joined(a))).isEqualTo(blocks(a));
    }

    @SeededTest(runs = 50)
    void aPoolHasWhatWasAddedAndNotTaken(long seed) {
        Rng rng = Rng.seeded(seed);
        ExtentPool pool = new ExtentPool();
        TreeSet<Long> model = new TreeSet<>();
        for (int i = 0; i < 500; i++) {
            if (rng.nextInt(2) == 0) {
                long blkno = rng.nextInt(400);
                long count = 1 + rng.nextInt(10);
                boolean isFree = model.subSet(blkno, blkno + count).isEmpty();
                if (isFree) {
                    pool.add(new DeviceExtent(blkno, count));
                    model.addAll(blocks(List.of(new DeviceExtent(blkno, count))));
                }
            } else {
                long wanted = 1 + rng.nextInt(12);
                long longest = pool.longestRun();
                DeviceExtent taken = pool.take(wanted, rng.nextInt(3) == 0 ? rng.nextInt(400) : -1);
                assertThat(taken == null).isEqualTo(model.isEmpty());
                if (taken != null) {
                    assertThat(taken.blockCount()).isLessThanOrEqualTo(Math.min(wanted, longest));
                    assertThat(model.removeAll(blocks(List.of(taken)))).isTrue();
                }
            }
            assertThat(pool.blocks()).isEqualTo(model.size());
        }
        assertThat(blocks(pool.takeAll())).isEqualTo(model);
    }

    private static List<DeviceExtent> random(Rng rng) {
        List<DeviceExtent> extents = new ArrayList<>();
        long at = rng.nextInt(5);
        for (int i = rng.nextInt(12); i > 0; i--) {
            long count = 1 + rng.nextInt(6);
            extents.add(new DeviceExtent(at, count));
            at += count + rng.nextInt(4);
        }
        return extents;
    }

    private static TreeSet<Long> blocks(List<DeviceExtent> extents) {
        TreeSet<Long> blocks = new TreeSet<>();
        for (DeviceExtent extent : extents) {
            for (long blkno = extent.blkno(); blkno < extent.end(); blkno++) {
                assertThat(blocks.add(blkno)).isTrue();
            }
        }
        return blocks;
    }
}
