package org.scoutfs.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.scoutfs.base.Clock;
import org.scoutfs.base.Rng;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.device.DeviceExtent;
import org.scoutfs.device.ExtentSet;
import org.scoutfs.lsm.SegmentInfo;
import org.scoutfs.net.LockMode;
import org.scoutfs.net.LockName;
import org.scoutfs.net.Message;
import org.scoutfs.quorum.SoloQuorum;
import org.scoutfs.testkit.FakeHost;
import org.scoutfs.testkit.SparseDevice;
import org.scoutfs.volume.Incarnation;
import org.scoutfs.volume.Mkfs;
import org.scoutfs.volume.Volume;
import org.scoutfs.volume.VolumeReader;
import org.scoutfs.volume.VolumeState;

class LocalServerTest {
    private static final long BLOCKS = 16384;

    private final FakeHost host = FakeHost.of(1);

    static SparseDevice newVolume() throws IOException {
        SparseDevice device = new SparseDevice("disk", BLOCKS);
        Mkfs.run(device, Mkfs.Options.oneDevice(BLOCKS), (d, volumeId, id, space) -> null, Rng.seeded(1), Clock.system());
        return device;
    }

    static LocalServer start(BlockDevice device, FakeHost host, long seed) throws Exception {
        Volume volume = Volume.open(device);
        return LocalServer.start(volume, new SoloQuorum(), LocalServer.Settings.of(volume), around(host, seed));
    }

    static LocalServer.Surroundings around(FakeHost host, long seed) {
        return new LocalServer.Surroundings(host, Clock.system(), nanos -> {
            throw new AssertionError("nothing is to be waited for");
        }, Rng.seeded(seed));
    }

    /** Every block of the volume has one owner, and they add up. */
    static VolumeState checkState(BlockDevice device, ExtentSet used) throws Exception {
        Volume volume = Volume.open(device);
        VolumeState state = new VolumeReader(volume).state();
        ExtentSet all = new ExtentSet();
        state.freeMeta().forEach(all::add);
        for (Incarnation one : state.incarnations()) {
            one.granted().forEach(all::add);
        }
        used.forEach(all::add);
        state.segmentSpace().forEach(all::add);
        assertThat(all.toList()).containsExactly(state.geometry().metaSpace());
        return state;
    }

    @Test
    void commitsAreThereAfterAnOrderlyStop() throws Exception {
        SparseDevice device = newVolume();
        LocalServer server = start(device, host, 1);
        TestNode node = new TestNode(11, server).join();
        ExtentSet data = new ExtentSet();
        for (int i = 0; i < 50; i++) {
            DeviceExtent extent = node.takeBlocks(3);
            data.add(extent);
            Message.Committed committed = node.committed(
                    node.ask(node.commitOf(List.of(node.newSegment(2)), List.of(extent), List.of())));
            assertThat(committed.edits()).hasSize(1);
            assertThat(committed.edits().getFirst().stableSeq()).isEqualTo(node.seqs.getFirst() - 1);
        }
        Map<Long, SegmentInfo> live = Map.copyOf(node.live);
        node.goodbye();
        server.close();
        VolumeState state = checkState(device, data);
        assertThat(state.inodeCount()).isEqualTo(50);
        assertThat(state.version().segmentCount()).isEqualTo(50);

        LocalServer next = start(device, host, 2);
        TestNode again = new TestNode(12, next).join();
        assertThat(again.live).containsOnlyKeys(live.keySet());
        assertThat(next.epoch()).isEqualTo(3);
        again.goodbye();
        next.close();
        assertThat(checkState(device, data).incarnations()).hasSize(1);
    }

    @Test
    void aFreedBlockIsReusedAndAFreeOneIsNotFreed() throws Exception {
        SparseDevice device = newVolume();
        LocalServer server = start(device, host, 1);
        TestNode node = new TestNode(11, server).join();
        DeviceExtent extent = node.takeBlocks(5);
        node.committed(node.ask(node.commitOf(List.of(), List.of(extent), List.of())));
        node.committed(node.ask(node.commitOf(List.of(), List.of(), List.of(extent))));
        Message answer = node.ask(node.commitOf(List.of(), List.of(), List.of(extent)));
        assertThat(answer).isInstanceOf(Message.Refused.class);
        assertThat(((Message.Refused) answer).reason()).contains("free or granted already");
        node.goodbye();
        server.close();
        checkState(device, new ExtentSet());
    }

    @Test
    void aCommitOfBlocksThatWereNotGrantedIsRefusedWhole() throws Exception {
        SparseDevice device = newVolume();
        LocalServer server = start(device, host, 1);
        TestNode node = new TestNode(11, server).join();
        TestNode other = new TestNode(12, server).join();
        DeviceExtent mine = node.takeBlocks(1);
        DeviceExtent theirs = other.takeBlocks(1);
        Message answer = node.ask(node.commitOf(List.of(), List.of(mine, theirs), List.of()));
        assertThat(answer).isInstanceOf(Message.Refused.class);
        node.committed(node.ask(node.commitOf(List.of(), List.of(mine), List.of())));
        other.committed(other.ask(other.commitOf(List.of(), List.of(theirs), List.of())));
        server.close();
    }

    @Test
    void aRequestThatIsAskedAgainHappensOnce() throws Exception {
        SparseDevice device = newVolume();
        LocalServer server = start(device, host, 1);
        TestNode node = new TestNode(11, server).join();
        Message.Commit commit = node.commitOf(List.of(node.newSegment(1)), List.of(), List.of());
        Message first = node.ask(commit);
        assertThat(node.ask(commit)).isEqualTo(first);
        node.committed(first);
        node.goodbye();
        server.close();
        assertThat(checkState(device, new ExtentSet()).inodeCount()).isEqualTo(1);
    }

    @Test
    void aCommitUnderALockThatIsNotHeldIsRefused() throws Exception {
        LocalServer server = start(newVolume(), host, 1);
        TestNode node = new TestNode(11, server).join();
        LockName name = new LockName(LockName.Kind.INODES, 1);
        node.send(new Message.LockRequest(11, name, LockMode.WRITE));
        Message.LockGranted granted =
                (Message.LockGranted) node.unasked.poll(120, java.util.concurrent.TimeUnit.SECONDS);
        assertThat(granted.name()).isEqualTo(name);
        Message.Commit plain = node.commitOf(List.of(), List.of(), List.of());
        Message.Commit under = new Message.Commit(plain.requestId(), 11, plain.seq(), List.of(), List.of(), List.of(),
                List.of(), List.of(granted.grantNumber()), 0, node.version);
        node.committed(node.ask(under));
        node.send(new Message.LockReleased(11, name, null, granted.grantNumber()));
        plain = node.commitOf(List.of(), List.of(), List.of());
        Message.Commit late = new Message.Commit(plain.requestId(), 11, plain.seq(), List.of(), List.of(), List.of(),
                List.of(), List.of(granted.grantNumber()), 0, node.version);
        assertThat(node.ask(late)).isInstanceOf(Message.Refused.class);
        node.goodbye();
        server.close();
    }

    @Test
    void inodeNumbersComeInWholeGroupsAndNeverTwice() throws Exception {
        LocalServer server = start(newVolume(), host, 1);
        TestNode node = new TestNode(11, server).join();
        long next = 1024;
        for (int i = 0; i < 5; i++) {
            Message.InodesGranted granted =
                    (Message.InodesGranted) node.ask(new Message.NeedInodes(++node.nextRequestId, 11));
            assertThat(granted.first()).isEqualTo(next);
            next += granted.count();
            assertThat(granted.count()).isEqualTo(10 * 1024);
        }
        node.goodbye();
        server.close();
    }

    @Test
    void aFullVolumeGivesTheReserveOnlyToThoseWhoMayUseIt() throws Exception {
        SparseDevice device = newVolume();
        LocalServer server = start(device, host, 1);
        TestNode node = new TestNode(11, server).join();
        Message.SpaceGranted all = (Message.SpaceGranted)
                node.ask(new Message.NeedSpace(++node.nextRequestId, 11, BLOCKS, 0, false));
        node.take(all.grants());
        Message.SpaceGranted none = (Message.SpaceGranted)
                node.ask(new Message.NeedSpace(++node.nextRequestId, 11, 1, 0, false));
        assertThat(none.grants().data()).isEmpty();
        Message.SpaceGranted reserve = (Message.SpaceGranted)
                node.ask(new Message.NeedSpace(++node.nextRequestId, 11, 0, 100, true));
        assertThat(SpaceBook.sum(reserve.grants().meta())).isEqualTo(100);
        node.take(reserve.grants());
        List<DeviceExtent> back = node.granted.toList();
        assertThat(node.ask(new Message.ReturnSpace(++node.nextRequestId, 11, back))).isInstanceOf(Message.Done.class);
        node.goodbye();
        server.close();
        checkState(device, new ExtentSet());
    }

    @Test
    void statusAddsUp() throws Exception {
        LocalServer server = start(newVolume(), host, 1);
        TestNode node = new TestNode(11, server).join();
        Message.VolumeStatus before =
                (Message.VolumeStatus) node.ask(new Message.StatusRequest(++node.nextRequestId, 11));
        node.committed(node.ask(node.commitOf(List.of(node.newSegment(2)), List.of(node.takeBlocks(7)), List.of())));
        Message.VolumeStatus after =
                (Message.VolumeStatus) node.ask(new Message.StatusRequest(++node.nextRequestId, 11));
        assertThat(before.totalDataBlocks()).isEqualTo(BLOCKS);
        assertThat(after.freeDataBlocks()).isEqualTo(before.freeDataBlocks() - 9);
        assertThat(after.inodeCount()).isEqualTo(1);
        node.goodbye();
        server.close();
    }

    @Test
    void aSecondServerOnTheSameVolumeIsRefusedWhileTheFirstOneLives() throws Exception {
        SparseDevice device = newVolume();
        LocalServer server = start(device, host, 1);
        assertThatThrownBy(() -> {
            Volume volume = Volume.open(device);
            // Time passes at once, and the first server's heart is seen to beat.
            LocalServer.start(volume, new SoloQuorum(), LocalServer.Settings.of(volume), new LocalServer.Surroundings(
                    FakeHost.of(2), Clock.system(), nanos -> device.setBytes(17, new byte[4096]), Rng.seeded(2)));
        }).isInstanceOf(IOException.class).hasMessageContaining("in use by process 1 of host host1");
        server.close();
    }

    @Test
    void anOvertakenServerAnswersNobody() throws Exception {
        SparseDevice device = newVolume();
        LocalServer server = start(device, host, 1);
        TestNode node = new TestNode(11, server).join();
        node.committed(node.ask(node.commitOf(List.of(), List.of(node.takeBlocks(1)), List.of())));
        LocalServer second = start(device, host.crashed(), 2);
        assertThat(node.askUnlessClosed(node.commitOf(List.of(), List.of(node.takeBlocks(1)), List.of()))).isNull();
        assertThat(server.failure()).hasMessageContaining("was claimed in epoch 3");
        assertThatThrownBy(server::close).hasRootCauseMessage(server.failure().getMessage());
        second.close();
    }

    @Test
    void aReadOnlyServerWritesNotOneByte() throws Exception {
        SparseDevice device = newVolume();
        LocalServer writer = start(device, host, 1);
        TestNode node = new TestNode(11, writer).join();
        node.committed(node.ask(node.commitOf(List.of(node.newSegment(2)), List.of(), List.of())));
        SparseDevice frozen = device.readOnlyCopy();
        writer.close();

        Volume volume = Volume.open(frozen);
        LocalServer reader = LocalServer.start(volume, new SoloQuorum(), LocalServer.Settings.of(volume).readOnly(),
                around(host.crashed(), 2));
        TestNode guest = new TestNode(12, reader).join();
        assertThat(guest.live).hasSize(1);
        assertThat(guest.seqs).isEmpty();
        Message refused = guest.ask(new Message.NeedSpace(++guest.nextRequestId, 12, 1, 1, false));
        assertThat(refused).isInstanceOf(Message.Refused.class);
        guest.goodbye();
        reader.close();
    }

    /** What another host's mount had stays back until an administrator says that it is gone. */
    @Test
    void anAdministratorsWordEndsTheQuarantine() throws Exception {
        SparseDevice device = newVolume();
        LocalServer lost = start(device, host, 1);
        TestNode node = new TestNode(11, lost).join();
        node.committed(node.ask(node.commitOf(List.of(node.newSegment(2)), List.of(), List.of())));
        SparseDevice left = device.copy(); // where its host was switched off
        node.goodbye();
        lost.close();

        FakeHost other = FakeHost.of(2);
        AtomicLong now = new AtomicLong(1);
        Clock clock = new Clock() {
            @Override
            public long monotonicNanos() {
                return now.get();
            }

            @Override
            public long wallNanos() {
                return now.get();
            }
        };
        Volume volume = Volume.open(left);
        LocalServer.start(volume, new SoloQuorum(), LocalServer.Settings.of(volume),
                new LocalServer.Surroundings(other, clock, now::addAndGet, Rng.seeded(2))).close();
        assertThat(new VolumeReader(Volume.open(left)).state().incarnations()).anyMatch(Incarnation::isEvicted);

        volume = Volume.open(left);
        LocalServer.start(volume, new SoloQuorum(), LocalServer.Settings.of(volume).afterAllPredecessors(),
                around(other.crashed(), 3)).close();
        VolumeState state = new VolumeReader(Volume.open(left)).state();
        assertThat(state.incarnations()).noneMatch(Incarnation::isEvicted).hasSize(1);
        assertThat(state.version().segmentCount()).isEqualTo(1);
    }
}
