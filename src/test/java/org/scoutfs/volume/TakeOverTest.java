package org.scoutfs.volume;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.scoutfs.base.Clock;
import org.scoutfs.base.Rng;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.device.ExtentSet;
import org.scoutfs.device.FilterBlockDevice;
import org.scoutfs.format.ProcessIdentity;
import org.scoutfs.testkit.FakeHost;
import org.scoutfs.testkit.Interleaving;
import org.scoutfs.testkit.SeededTest;
import org.scoutfs.testkit.SparseDevice;

/**
 * Servers of three hosts on one device, each paused between any two of its reads, writes and flushes for as long as chance
 * likes, so that the next one takes over: in the middle of a batch, or of a take-over. Whatever one of them acknowledged must
 * be in the state in the end.
 */
class TakeOverTest {
    private int takeOvers;
    private final List<Long> acknowledged = new ArrayList<>();

    /** Time that passes only by waiting. */
    private static final class OwnTime implements Clock, Waiter {
        private final Interleaving order;
        private long nanos;

        OwnTime(Interleaving order) {
            this.order = order;
        }

        @Override
        public long monotonicNanos() {
            return nanos;
        }

        @Override
        public long wallNanos() {
            return nanos;
        }

        @Override
        public void pause(long pauseNanos) {
            nanos += pauseNanos;
            order.step();
        }
    }

    private static final class SteppedDevice extends FilterBlockDevice {
        private final Interleaving order;

        SteppedDevice(BlockDevice device, Interleaving order) {
            super(device);
            this.order = order;
        }

        @Override
        public void read(long blkno, MemorySegment into) throws IOException {
            order.step();
            super.read(blkno, into);
        }

        @Override
        public void write(long blkno, MemorySegment from) throws IOException {
            order.step();
            super.write(blkno, from);
        }

        @Override
        public void flush() throws IOException {
            order.step();
            super.flush();
        }
    }

    @SeededTest(runs = 60)
    void nothingAcknowledgedIsLostHoweverServersOvertakeEachOther(long seed) throws Exception {
        SparseDevice disk = VolumeTest.newVolume();
        Interleaving order = new Interleaving(Rng.seeded(seed));
        SteppedDevice device = new SteppedDevice(disk, order);
        order.spawn("server 1", () -> serve(device, order, 1, Rng.seeded(seed)));
        order.run();
        assertThat(order.failures()).allSatisfy(failure ->
                assertThat(failure).isInstanceOfAny(ClaimLostException.class, VolumeBusyException.class));
        assertThat(takeOvers).as("servers that began an epoch").isPositive();

        VolumeState state = new VolumeReader(Volume.open(disk)).state();
        for (long tag : acknowledged) {
            assertThat(state.incarnation(tag)).as("acknowledged batch %x", tag).isNotNull();
        }
        Epoch last = begin(disk, FakeHost.of(9), 77);
        for (long tag : acknowledged) {
            assertThat(last.state().incarnation(tag)).as("acknowledged batch %x", tag).isNotNull();
        }
        ExtentSet all = new ExtentSet();
        last.state().freeMeta().forEach(all::add);
        last.state().incarnations().forEach(one -> one.granted().forEach(all::add));
        assertThat(all.toList()).containsExactly(last.state().geometry().metaSpace());
    }

    private static Epoch begin(BlockDevice device, Host host, long rid) throws Exception {
        Volume volume = Volume.open(device);
        OwnTime time = new OwnTime(new Interleaving(Rng.seeded(1)));
        try (Claim claim = new Claim(device, volume.volumeId())) {
            Claim.Observation before = claim.awaitFree(host, time, time);
            return Epoch.begin(volume, claim, before, Epoch.newestEpoch(volume, before) + 1,
                    new Epoch.Starter(rid, host, Epoch.Leadership.alone(), false), time);
        }
    }

    private void serve(BlockDevice device, Interleaving order, int number, Rng rng) throws Exception {
        FakeHost host = FakeHost.of(number);
        OwnTime time = new OwnTime(order);
        Volume volume = Volume.open(device);
        try (Claim claim = new Claim(device, volume.volumeId())) {
            Claim.Observation before = claim.awaitFree(host, time, time);
            long epoch = Epoch.newestEpoch(volume, before) + 1;
            Epoch begun = Epoch.begin(volume, claim, before, epoch,
                    new Epoch.Starter(number, host, asked -> {
                        // The claim is durable: from now on the next one may come.
                        if (number < 3) {
                            order.spawn("server " + (number + 1),
                                    () -> serve(device, order, number + 1, rng.split()));
                        }
                        return true;
                    }, false), time);
            takeOvers++;
            int batches = 1 + rng.nextInt(30);
            for (int i = 0; i < batches; i++) {
                long tag = number * 0x1000L + i;
                StateEdit edit = new StateEdit.Joined(tag, ProcessIdentity.NONE, true);
                begun.state().apply(edit);
                begun.log().append(List.of(edit));
                if (rng.nextInt(5) == 0) {
                    begun.log().checkpoint(StateEditCodec.encode(begun.state().snapshot()));
                }
                claim.confirm();
                acknowledged.add(tag);
                if (rng.nextInt(4) == 0) {
                    claim.heartbeat();
                }
            }
            if (rng.nextInt(3) == 0) {
                claim.release();
            }
        }
    }
}
