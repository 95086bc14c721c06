package org.scoutfs.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.scoutfs.base.Rng;
import org.scoutfs.device.DeviceExtent;
import org.scoutfs.device.ExtentSet;
import org.scoutfs.lsm.SegmentInfo;
import org.scoutfs.net.Message;
import org.scoutfs.testkit.CrashHistory;
import org.scoutfs.testkit.CrashImage;
import org.scoutfs.testkit.FakeHost;
import org.scoutfs.testkit.RecordingDevice;
import org.scoutfs.testkit.SeededTest;
import org.scoutfs.volume.VolumeState;

/** Every crash of a server leaves what it acknowledged, whole, and every block with one owner. */
class ServerCrashTest {
    /** What is true once a commit is in. */
    private record Committed(Set<Long> liveIds, List<DeviceExtent> data) {}

    @SeededTest(runs = 2)
    void everyCrashLeavesACommit(long seed) throws Exception {
        CrashHistory history = new CrashHistory();
        RecordingDevice device = history.record(LocalServerTest.newVolume());
        Rng rng = Rng.seeded(seed);
        FakeHost host = FakeHost.of(1);
        List<Committed> commits = new ArrayList<>();
        commits.add(new Committed(Set.of(), List.of()));
        TreeMap<Integer, Integer> acknowledged = new TreeMap<>();
        acknowledged.put(0, 0);
        List<DeviceExtent> data = new ArrayList<>();
        for (int reign = 0; reign < 3; reign++) {
            LocalServer server = LocalServerTest.start(device, host, seed * 31 + reign);
            TestNode node = new TestNode(seed * 100 + reign + 1, server).join();
            assertThat(node.live.keySet()).isEqualTo(commits.getLast().liveIds);
            int count = 5 + rng.nextInt(25);
            for (int i = 0; i < count; i++) {
                List<DeviceExtent> freed = new ArrayList<>();
                while (!data.isEmpty() && rng.nextInt(2) == 0) {
                    freed.add(data.remove(rng.nextInt(data.size())));
                }
                List<DeviceExtent> fresh = new ArrayList<>();
                for (int j = rng.nextInt(20); j > 0; j--) {
                    fresh.add(node.takeBlocks(1 + rng.nextInt(5)));
                }
                SegmentInfo segment = node.newSegment(1 + rng.nextInt(3));
                data.addAll(fresh);
                TreeSet<Long> live = new TreeSet<>(commits.getLast().liveIds);
                live.add(segment.id());
                commits.add(new Committed(live, List.copyOf(data)));
                node.committed(node.ask(node.commitOf(List.of(segment), fresh, freed)));
                acknowledged.put(history.now(), commits.size() - 1);
                if (rng.nextInt(6) == 0) {
                    Message answer = node.ask(new Message.NeedSpace(
                            ++node.nextRequestId, node.rid, rng.nextInt(500), rng.nextInt(500), false));
                    node.take(((Message.SpaceGranted) answer).grants());
                }
            }
            if (rng.nextInt(2) == 0) {
                node.goodbye();
                server.close();
            } else {
                // The process is gone with what it held; its thread stays asleep.
                host = host.crashed();
            }
        }
        host = host.crashed();
        int images = 0;
        for (CrashImage image : history.crashImages(0, seed, 1)) {
            VolumeState state = VolumeStates.read(image.device());
            int commit = Math.toIntExact(state.inodeCount());
            assertThat(commit).as(image.story()).isGreaterThanOrEqualTo(acknowledged.floorEntry(image.moment()).getValue());
            Committed expected = commits.get(commit);
            TreeSet<Long> live = new TreeSet<>();
            state.version().levels().forEach(level -> level.forEach(segment -> live.add(segment.id())));
            assertThat(live).as(image.story()).isEqualTo(expected.liveIds);
            ExtentSet used = new ExtentSet();
            expected.data.forEach(used::add);
            LocalServerTest.checkState(image.device(), used);
            if (images++ % 20 == 0) {
                LocalServer next = LocalServerTest.start(image.device(), host, seed);
                TestNode node = new TestNode(999, next).join();
                assertThat(node.live.keySet()).isEqualTo(expected.liveIds);
                node.goodbye();
                next.close();
                LocalServerTest.checkState(image.device(), used);
            }
        }
        assertThat(images).isGreaterThan(100);
    }
}
