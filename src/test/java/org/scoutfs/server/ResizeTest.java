package org.scoutfs.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.scoutfs.base.Clock;
import org.scoutfs.base.Rng;
import org.scoutfs.device.DeviceExtent;
import org.scoutfs.device.ExtentSet;
import org.scoutfs.device.SplitDevice;
import org.scoutfs.net.Message;
import org.scoutfs.testkit.FakeHost;
import org.scoutfs.testkit.SparseDevice;
import org.scoutfs.volume.Geometry;
import org.scoutfs.volume.Mkfs;
import org.scoutfs.volume.Volume;
import org.scoutfs.volume.VolumeState;

/** Devices that grow under a volume that is served. */
class ResizeTest {
    private static final long BLOCKS = 16384;
    private static final long LARGER = 3 * BLOCKS;

    private final FakeHost host = FakeHost.of(1);

    private static Message resize(TestNode node, long metaBlocks, long dataBlocks) throws Exception {
        return node.ask(new Message.Resize(++node.nextRequestId, node.rid, metaBlocks, dataBlocks));
    }

    private static Message.VolumeStatus status(TestNode node) throws Exception {
        return (Message.VolumeStatus) node.ask(new Message.StatusRequest(++node.nextRequestId, node.rid));
    }

    private static void assertRefused(Message answer, String why) {
        assertThat(answer).isInstanceOf(Message.Refused.class);
        assertThat(((Message.Refused) answer).reason()).contains(why);
    }

    @Test
    void whatWasAddedIsUsedAndStays() throws Exception {
        SparseDevice device = LocalServerTest.newVolume();
        LocalServer server = LocalServerTest.start(device, host, 1);
        TestNode node = new TestNode(11, server).join();
        long freeBefore = status(node).freeDataBlocks();
        device.grow(LARGER);
        assertThat(resize(node, 0, LARGER)).isInstanceOf(Message.Done.class);
        Message.VolumeStatus grown = status(node);
        assertThat(grown.totalDataBlocks()).isEqualTo(LARGER);
        assertThat(grown.freeDataBlocks()).isEqualTo(freeBefore + LARGER - BLOCKS);

        // More than the old size in use: so much of it lies in the new part.
        ExtentSet used = new ExtentSet();
        while (used.blockCount() < 2 * BLOCKS) {
            Message.SpaceGranted granted = (Message.SpaceGranted)
                    node.ask(new Message.NeedSpace(++node.nextRequestId, node.rid, 4096, 0, false));
            node.take(granted.grants());
            DeviceExtent largest = node.granted.largest();
            node.granted.remove(largest);
            used.add(largest);
            node.committed(node.ask(node.commitOf(List.of(), List.of(largest), List.of())));
        }
        // A crash: the log of the old epoch is read by its super slot, which knows the old size.
        SparseDevice crashed = device.copy();
        VolumeState state = VolumeStates.read(crashed);
        assertThat(state.geometry()).isEqualTo(new Geometry(LARGER, 0));
        node.goodbye();
        server.close();

        LocalServer next = LocalServerTest.start(device, host, 2);
        assertThat(Volume.open(device).geometry()).isEqualTo(new Geometry(LARGER, 0));
        TestNode again = new TestNode(12, next).join();
        assertThat(status(again).totalDataBlocks()).isEqualTo(LARGER);
        again.goodbye();
        next.close();
        LocalServerTest.checkState(device, used);
    }

    @Test
    void nothingShrinksOrReachesPastTheEnd() throws Exception {
        SparseDevice device = LocalServerTest.newVolume();
        LocalServer server = LocalServerTest.start(device, host, 1);
        TestNode node = new TestNode(11, server).join();
        assertRefused(resize(node, 0, BLOCKS - 1), "does not grow to 16383 blocks");
        assertRefused(resize(node, 0, BLOCKS + 1), "the device ends before 16385 blocks");
        assertRefused(resize(node, BLOCKS, 0), "a volume of one device has one size");
        assertThat(resize(node, 0, 0)).isInstanceOf(Message.Done.class);
        assertThat(resize(node, 0, BLOCKS)).isInstanceOf(Message.Done.class);
        assertThat(status(node).totalDataBlocks()).isEqualTo(BLOCKS);
        node.goodbye();
        server.close();
        LocalServerTest.checkState(device, new ExtentSet());
    }

    @Test
    void bothDevicesGrowOrNeither() throws Exception {
        SparseDevice meta = new SparseDevice("meta", BLOCKS);
        SparseDevice data = new SparseDevice("data", BLOCKS);
        SplitDevice device = new SplitDevice(meta, data);
        Mkfs.run(device, Mkfs.Options.twoDevices(BLOCKS, BLOCKS), (d, volumeId, id, space) -> null, Rng.seeded(1),
                Clock.system());
        LocalServer server = LocalServerTest.start(device, host, 1);
        TestNode node = new TestNode(11, server).join();
        data.grow(LARGER);
        assertRefused(resize(node, LARGER, LARGER), "the device ends before 49152 blocks of metadata and 49152 of data");
        assertThat(status(node).totalDataBlocks()).isEqualTo(BLOCKS);
        meta.grow(2 * BLOCKS);
        assertThat(resize(node, 2 * BLOCKS, LARGER)).isInstanceOf(Message.Done.class);
        assertThat(status(node).totalMetaBlocks()).isEqualTo(2 * BLOCKS);
        assertThat(status(node).totalDataBlocks()).isEqualTo(LARGER);
        // What is shown is in units of 64 KiB: the size as it is shown changes nothing.
        assertThat(resize(node, 2 * BLOCKS + 15, 0)).isInstanceOf(Message.Done.class);
        assertThat(status(node).totalMetaBlocks()).isEqualTo(2 * BLOCKS);
        node.goodbye();
        server.close();
        assertThat(VolumeStates.read(device).geometry()).isEqualTo(new Geometry(2 * BLOCKS, LARGER));
        assertThat(Volume.open(device).geometry()).isEqualTo(new Geometry(BLOCKS, BLOCKS));
        LocalServerTest.start(device, host, 2).close();
        assertThat(Volume.open(device).geometry()).isEqualTo(new Geometry(2 * BLOCKS, LARGER));
    }

    @Test
    void manySmallStepsAreReadFromOneLog() throws Exception {
        SparseDevice device = LocalServerTest.newVolume();
        LocalServer server = LocalServerTest.start(device, host, 1);
        TestNode node = new TestNode(11, server).join();
        for (long blocks = BLOCKS + 1; blocks <= BLOCKS + 2000; blocks++) {
            device.grow(blocks);
            assertThat(resize(node, 0, blocks)).isInstanceOf(Message.Done.class);
            if (blocks % 100 == 0) {
                assertThat(VolumeStates.read(device.copy()).geometry().metaBlocks()).isEqualTo(blocks);
            }
        }
        node.goodbye();
        server.close();
        LocalServerTest.checkState(device, new ExtentSet());
    }
}
