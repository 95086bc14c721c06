package org.scoutfs.check;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.BitSet;
import org.junit.jupiter.api.Test;
import org.scoutfs.base.Rng;
import org.scoutfs.device.DeviceExtent;

class BlockMapTest {
    @Test
    void wholeWordsAndParts() {
        BlockMap map = new BlockMap(new DeviceExtent(1000, 200));
        map.add(new DeviceExtent(1000, 64));
        map.add(new DeviceExtent(1064, 1));
        map.add(new DeviceExtent(1066, 134));

        assertThat(map.twice()).isEmpty();
        assertThat(map.never()).containsExactly(new DeviceExtent(1065, 1));
    }

    @Test
    void whatIsOutsideIsNotLookedAt() {
        BlockMap map = new BlockMap(new DeviceExtent(1000, 100));
        map.add(new DeviceExtent(900, 300));
        map.add(new DeviceExtent(10, 20));
        map.add(new DeviceExtent(1100, 20));

        assertThat(map.twice()).isEmpty();
        assertThat(map.never()).isEmpty();
    }

    @Test
    void runsAreJoinedAcrossWords() {
        BlockMap map = new BlockMap(new DeviceExtent(0, 256));
        map.add(new DeviceExtent(0, 256));
        map.add(new DeviceExtent(60, 140));

        assertThat(map.twice()).containsExactly(new DeviceExtent(60, 140));
    }

    @Test
    void randomExtentsAgainstABitSet() {
        for (long seed = 1; seed <= 200; seed++) {
            Rng rng = Rng.seeded(seed);
            int size = 1 + rng.nextInt(400);
            BlockMap map = new BlockMap(new DeviceExtent(50, size));
            BitSet once = new BitSet();
            BitSet twice = new BitSet();
            for (int i = 0; i < 6; i++) {
                int from = rng.nextInt(500);
                int count = 1 + rng.nextInt(150);
                map.add(new DeviceExtent(from, count));
                for (int block = Math.max(from, 50); block < Math.min(from + count, 50 + size); block++) {
                    (once.get(block) ? twice : once).set(block);
                    once.set(block);
                }
            }
            BitSet never = new BitSet();
            never.set(50, 50 + size);
            never.andNot(once);
            assertThat(bits(map.never())).as("seed %d", seed).isEqualTo(never);
            assertThat(bits(map.twice())).as("seed %d", seed).isEqualTo(twice);
        }
    }

    private static BitSet bits(Iterable<DeviceExtent> runs) {
        BitSet bits = new BitSet();
        runs.forEach(run -> bits.set((int) run.blkno(), (int) run.end()));
        return bits;
    }
}
