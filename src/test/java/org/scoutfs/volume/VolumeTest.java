package org.scoutfs.volume;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.scoutfs.base.Clock;
import org.scoutfs.base.CorruptionException;
import org.scoutfs.base.Rng;
import org.scoutfs.device.DeviceExtent;
import org.scoutfs.format.VolumeLayout;
import org.scoutfs.testkit.CrashHistory;
import org.scoutfs.testkit.CrashImage;
import org.scoutfs.testkit.FakeHost;
import org.scoutfs.testkit.RecordingDevice;
import org.scoutfs.testkit.SeededTest;
import org.scoutfs.testkit.SparseDevice;

class VolumeTest {
    private static final long BLOCKS = 4096;
    private static final Waiter NO_TIME = nanos -> {
        throw new AssertionError("nothing is to be waited for");
    };

    private final FakeHost host = FakeHost.of(1);

    static SparseDevice newVolume() throws IOException {
        SparseDevice device = new SparseDevice("disk", BLOCKS);
        Mkfs.run(device, Mkfs.Options.oneDevice(BLOCKS), (d, volumeId, id, space) -> null, Rng.seeded(1), Clock.system());
        return device;
    }

    static Epoch begin(org.scoutfs.device.BlockDevice device, Host host, long rid) throws Exception {
        Volume volume = Volume.open(device);
        try (Claim claim = new Claim(device, volume.volumeId())) {
            Claim.Observation before = claim.awaitFree(host, Clock.system(), NO_TIME);
            long epoch = Epoch.newestEpoch(volume, before) + 1;
            return Epoch.begin(volume, claim, before, epoch,
                    new Epoch.Starter(rid, host, Epoch.Leadership.alone(), false), Clock.system());
        }
    }

    @Test
    void aNewVolumeOpens() throws Exception {
        SparseDevice device = newVolume();
        Volume volume = Volume.open(device.readOnlyCopy());
        assertThat(volume.slot().epoch()).isEqualTo(1);
        VolumeState state = new VolumeReader(volume).state();
        long own = state.incarnations().iterator().next().granted().blockCount();
        assertThat(state.freeMeta().blockCount() + own).isEqualTo(BLOCKS - VolumeLayout.FIRST_EXTENT_BLKNO);
        for (long blkno = 0; blkno < VolumeLayout.CLAIM_BLKNO; blkno++) {
            assertThat(device.writtenBlocks()).doesNotContainKey(blkno);
        }
    }

    @Test
    void whatTheLogWasToldIsThereInTheNextEpoch() throws Exception {
        SparseDevice device = newVolume();
        Epoch epoch = begin(device, host, 7);
        for (int i = 0; i < 2000; i++) {
            StateEdit edit = new StateEdit.InodesCounted(1);
            epoch.state().apply(edit);
            epoch.log().append(List.of(edit));
            if (epoch.log().isCheckpointDue()) {
                epoch.log().checkpoint(StateEditCodec.encode(epoch.state().snapshot()));
            }
        }
        Epoch next = begin(device, host.crashed(), 8);
        assertThat(next.slot().epoch()).isEqualTo(3);
        assertThat(next.state().inodeCount()).isEqualTo(2000);
        assertThat(next.state().incarnation(7)).as("its process is gone").isNull();
        VolumeReader.Log log = new VolumeReader(Volume.open(device)).log();
        assertThat(log.state().inodeCount()).isEqualTo(2000);
    }

    @Test
    void aBatchMayBeLargerThanAnExtentOfTheLog() throws Exception {
        SparseDevice device = new SparseDevice("disk", 65536);
        Mkfs.run(device, Mkfs.Options.oneDevice(65536), (d, volumeId, id, space) -> null, Rng.seeded(1), Clock.system());
        Epoch epoch = begin(device, host, 7);
        List<DeviceExtent> all = new java.util.ArrayList<>();
        long base = epoch.state().freeMeta().largest().blkno();
        for (int i = 0; i < 20_000; i++) {
            all.add(new DeviceExtent(base + 2L * i, 1));
        }
        StateEdit granted = new StateEdit.Granted(7, all);
        StateEdit back = new StateEdit.Returned(7, all);
        byte[] bytes = StateEditCodec.encode(List.of(granted, back));
        assertThat(epoch.log().missingBlocksForBatch(bytes.length)).isZero();
        assertThat(epoch.log().missingBlocksForBatch(100L << 20)).isPositive();
        List<DeviceExtent> more = List.of(new DeviceExtent(60_000, 100));
        epoch.log().append(List.of(new StateEdit.Granted(7, more)));
        epoch.log().addSpace(more);
        epoch.log().append(List.of(granted, back));
        epoch.log().append(List.of(new StateEdit.InodesCounted(5)));
        Epoch next = begin(device, host.crashed(), 8);
        assertThat(next.state().inodeCount()).isEqualTo(5);
    }

    @Test
    void aDamagedBatchWithALaterOneBehindItIsNotTheEndOfTheLog() throws Exception {
        SparseDevice device = newVolume();
        Epoch epoch = begin(device, host, 7);
        for (int i = 0; i < 10; i++) {
            epoch.log().append(List.of(new StateEdit.InodesCounted(1)));
        }
        VolumeReader.Log log = new VolumeReader(Volume.open(device)).log();
        assertThat(log.batches()).as("ten, and the end of the server before").hasSize(11);

        SparseDevice last = device.copy();
        last.setBytes(log.batches().getLast().blkno(), new byte[4096]);
        assertThat(new VolumeReader(Volume.open(last)).state().inodeCount()).isEqualTo(9);

        SparseDevice middle = device.copy();
        middle.setBytes(log.batches().get(4).blkno(), new byte[4096]);
        assertThatThrownBy(() -> new VolumeReader(Volume.open(middle)).state())
                .isInstanceOf(CorruptionException.class)
                .hasMessageContaining("expected batch 5, since batch 11");
    }

    @Test
    void aDamagedSlotOfAnEpochThatServedIsNotReplacedByTheOneBefore() throws Exception {
        SparseDevice device = newVolume();
        Epoch epoch = begin(device, host, 7);
        byte[] bytes = device.bytes(VolumeLayout.slotBlkno(epoch.slot().epoch()));
        bytes[100] ^= 1;
        device.setBytes(VolumeLayout.slotBlkno(epoch.slot().epoch()), bytes);
        assertThatThrownBy(() -> Volume.open(device))
                .isInstanceOf(CorruptionException.class)
                .hasMessageContaining("the slot of epoch 2");
    }

    @Test
    void whatIsNoVolumeIsRefusedWithWhatWasFound() {
        SparseDevice empty = new SparseDevice("disk", BLOCKS);
        assertThatThrownBy(() -> Volume.open(empty)).hasMessage("disk: expected a scoutfs volume, found no super slot");
        SparseDevice tiny = new SparseDevice("disk", 3);
        assertThatThrownBy(() -> Volume.open(tiny)).hasMessageContaining("found 3 blocks");
    }

    @Test
    void aShorterDeviceIsRefused() throws Exception {
        SparseDevice device = newVolume();
        SparseDevice shorter = new SparseDevice("disk", BLOCKS - 1);
        device.writtenBlocks().forEach(shorter::setBytes);
        assertThatThrownBy(() -> Volume.open(shorter)).hasMessageContaining("expected 4096 blocks, found a device of 4095");
    }

    @SeededTest(runs = 10)
    void aCrashOfMkfsLeavesNoVolumeOrAWholeOne(long seed) throws Exception {
        CrashHistory history = new CrashHistory();
        RecordingDevice device = history.newDevice("disk", BLOCKS);
        Mkfs.run(device, Mkfs.Options.oneDevice(BLOCKS), (d, volumeId, id, space) -> null, Rng.seeded(1), Clock.system());
        int whole = 0;
        int none = 0;
        for (CrashImage image : history.crashImages(0, seed, 3)) {
            try {
                new VolumeReader(Volume.open(image.device())).state();
                whole++;
            } catch (CorruptionException e) {
                assertThat(image.moment()).as("%s: %s", image, e.getMessage()).isLessThan(history.now());
                none++;
            }
        }
        assertThat(whole).isPositive();
        assertThat(none).isPositive();
    }

    @SeededTest(runs = 3)
    void everyCrashOfAnEpochKeepsWhatItsLogWasTold(long seed) throws Exception {
        CrashHistory history = new CrashHistory();
        RecordingDevice device = history.record(newVolume());
        Map<Integer, Long> durable = new java.util.TreeMap<>();
        durable.put(0, 0L);
        Rng rng = Rng.seeded(seed);
        FakeHost now = host;
        long count = 0;
        for (int reign = 0; reign < 3; reign++) {
            Epoch epoch = begin(device, now, 100 + reign);
            assertThat(epoch.state().inodeCount()).isEqualTo(count);
            int batches = 1 + rng.nextInt(60);
            for (int i = 0; i < batches; i++) {
                StateEdit edit = new StateEdit.InodesCounted(1);
                epoch.state().apply(edit);
                epoch.log().append(List.of(edit));
                durable.put(history.now(), ++count);
                if (rng.nextInt(10) == 0) {
                    epoch.log().checkpoint(StateEditCodec.encode(epoch.state().snapshot()));
                }
            }
            now = now.crashed();
        }
        for (CrashImage image : history.crashImages(0, seed, 1)) {
            long atLeast = ((java.util.TreeMap<Integer, Long>) durable).floorEntry(image.moment()).getValue();
            Epoch epoch = begin(image.device(), now, 999);
            assertThat(epoch.state().inodeCount()).as(image.story()).isBetween(atLeast, atLeast + 1);
        }
    }
}
