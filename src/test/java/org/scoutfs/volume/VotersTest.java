package org.scoutfs.volume;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.scoutfs.base.Clock;
import org.scoutfs.base.CorruptionException;
import org.scoutfs.base.Rng;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.format.VolumeLayout;
import org.scoutfs.format.VoterBlock;
import org.scoutfs.testkit.SparseDevice;

class VotersTest {
    private static Volume volume(BlockDevice device) throws IOException {
        var unused = Mkfs.run(device, Mkfs.Options.oneDevice(Mkfs.META_BLOCKS_MIN),
                (at, volumeId, segmentId, space) -> null, Rng.seeded(1), Clock.system());
        return Volume.open(device);
    }

    @Test
    void eachSlotHasItsBlock() throws IOException {
        Volume volume = volume(new SparseDevice("test", Mkfs.META_BLOCKS_MIN));
        Voters voters = new Voters(volume);
        assertThat(voters.read(0)).isNull();
        VoterBlock first = new VoterBlock(volume.volumeId(), 0, 3, 1, 7);
        VoterBlock last = new VoterBlock(volume.volumeId(), 14, 3, 0, 1);
        voters.write(first);
        voters.write(last);
        assertThat(voters.read(0)).isEqualTo(first);
        assertThat(voters.read(14)).isEqualTo(last);
        assertThat(voters.read(1)).isNull();
        assertThat(Volume.open(volume.device()).slot()).isEqualTo(volume.slot());
    }

    @Test
    void aDamagedOneIsNotTakenForNone() throws IOException {
        BlockDevice device = new SparseDevice("test", Mkfs.META_BLOCKS_MIN);
        Volume volume = volume(device);
        Voters voters = new Voters(volume);
        voters.write(new VoterBlock(volume.volumeId(), 2, 1, 0, 1));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment block = arena.allocate(BlockDevice.BLOCK_SIZE, BlockDevice.BLOCK_SIZE);
            device.read(VolumeLayout.voterBlkno(2), block);
            device.write(VolumeLayout.voterBlkno(3), block);
            block.set(ValueLayout.JAVA_BYTE, 12, (byte) 9);
            device.write(VolumeLayout.voterBlkno(2), block);
        }
        assertThatThrownBy(() -> voters.read(2)).isInstanceOf(CorruptionException.class);
        assertThatThrownBy(() -> voters.read(3)).isInstanceOf(CorruptionException.class);
    }
}
