package org.scoutfs.volume;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.scoutfs.base.Rng;
import org.scoutfs.device.DeviceExtent;
import org.scoutfs.testkit.SeededTest;

/** Which free blocks are chosen. */
class FreeSpaceTest {
    private static final long WORTH = FreeSpace.WORTH_A_SEEK_BLOCKS;
    private static final DeviceExtent NEVER_WRITTEN = new DeviceExtent(1_000_000, 5_000_000);

    private static FreeSpace of(DeviceExtent... extents) {
        FreeSpace free = new FreeSpace();
        for (DeviceExtent extent : extents) {
            free.add(extent);
        }
        return free;
    }

    @Test
    void theSmallestThatHoldsItAllIsTakenFromItsBegin() {
        FreeSpace free = of(new DeviceExtent(100, 50), new DeviceExtent(1000, 30), new DeviceExtent(2000, 30), NEVER_WRITTEN);
        assertThat(free.choose(20, 10, 1)).containsExactly(new DeviceExtent(1000, 20));
        assertThat(free.choose(31, 10, 1)).containsExactly(new DeviceExtent(100, 31));
    }

    @Test
    void whatWasFreedComesBeforeWhatWasNeverWritten() {
        FreeSpace free = of(new DeviceExtent(100, WORTH), new DeviceExtent(100_000, 2 * WORTH), new DeviceExtent(500_000, 20), NEVER_WRITTEN);
        assertThat(free.choose(4 * WORTH, 10, 16))
                .containsExactly(
                        new DeviceExtent(100_000, 2 * WORTH), new DeviceExtent(100, WORTH), new DeviceExtent(NEVER_WRITTEN.blkno(), WORTH));
        assertThat(free.choose(4 * WORTH, 1, 16)).containsExactly(new DeviceExtent(100_000, 2 * WORTH));
    }

    @Test
    void shortExtentsAreTakenLast() {
        FreeSpace free = of(new DeviceExtent(100, 15), new DeviceExtent(200, WORTH - 1), new DeviceExtent(10_000, 100));
        assertThat(free.choose(5000, 10, 16)).containsExactly(new DeviceExtent(10_000, 100), new DeviceExtent(200, WORTH - 1));
        assertThat(free.choose(5000, 10, 1))
                .containsExactly(new DeviceExtent(10_000, 100), new DeviceExtent(200, WORTH - 1), new DeviceExtent(100, 15));
    }

    @Test
    void nothingComesOfNothing() {
        assertThat(of().choose(5, 10, 1)).isEmpty();
        assertThat(of(NEVER_WRITTEN).choose(0, 10, 1)).isEmpty();
        assertThat(of(NEVER_WRITTEN).choose(7, 10, 16)).containsExactly(new DeviceExtent(NEVER_WRITTEN.blkno(), 7));
    }

    /** Whatever is free: what is chosen is free, no block twice, never more than is wanted, and all of it where there is so much. */
    @SeededTest(runs = 200)
    void whatIsChosenIsFreeAndAsMuchAsCanBe(long seed) {
        Rng rng = Rng.seeded(seed);
        FreeSpace free = new FreeSpace();
        long at = 0;
        for (int i = rng.nextInt(40); i > 0; i--) {
            at += 1 + rng.nextInt(100);
            long count = 1 + rng.nextInt(rng.nextInt(4) == 0 ? 5000 : 50);
            free.add(new DeviceExtent(at, count));
            at += count;
        }
        long wanted = 1 + rng.nextInt(10_000);
        int extentsMax = 1 + rng.nextInt(50);
        long least = 1 + rng.nextInt(30);
        List<DeviceExtent> chosen = free.choose(wanted, extentsMax, least);
        FreeSpace once = new FreeSpace();
        for (DeviceExtent extent : chosen) {
            assertThat(free.contains(extent)).isTrue();
            once.add(extent); // fails when a block is there twice
        }
        assertThat(chosen).hasSizeLessThanOrEqualTo(extentsMax);
        long all = free.toList().stream()
                .mapToLong(DeviceExtent::blockCount)
                .filter(count -> count >= Math.min(least, wanted))
                .sum();
        if (chosen.size() < extentsMax) {
            assertThat(once.blockCount()).isEqualTo(Math.min(wanted, all));
        }
        assertThat(once.blockCount()).isLessThanOrEqualTo(wanted);
    }
}
