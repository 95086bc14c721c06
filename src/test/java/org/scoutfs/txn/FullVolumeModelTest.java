package org.scoutfs.txn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.scoutfs.txn.NodeTransactionsTest.awaiting;
import static org.scoutfs.txn.NodeTransactionsTest.key;
import static org.scoutfs.txn.TestMount.get;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Timeout;
import org.scoutfs.base.Clock;
import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;
import org.scoutfs.base.Rng;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.device.DeviceExtent;
import org.scoutfs.device.ExtentSet;
import org.scoutfs.device.SplitDevice;
import org.scoutfs.lsm.Cursor;
import org.scoutfs.lsm.Version;
import org.scoutfs.net.Message;
import org.scoutfs.testkit.Await;
import org.scoutfs.testkit.FakeHost;
import org.scoutfs.testkit.Profile;
import org.scoutfs.testkit.SeededTest;
import org.scoutfs.testkit.SparseDevice;
import org.scoutfs.txn.Transactions.SpaceUse;
import org.scoutfs.volume.Incarnation;
import org.scoutfs.volume.Mkfs;
import org.scoutfs.volume.Volume;
import org.scoutfs.volume.VolumeReader;
import org.scoutfs.volume.VolumeState;

/**
 * A volume that is filled and emptied again and again: with items, with data, with both. {@code ENOSPC} comes in the end and never
 * anything else; deleting never fails; what was deleted comes back; and after the end each block has exactly one owner.
 */
@Timeout(300)
class FullVolumeModelTest {
    private static final long META_BLOCKS = 16_384;
    private static final long DATA_BLOCKS = 20_000;
    private static final int ROUNDS = 4;
    /** What the index keeps of an empty volume: a few runs of level 0 that are not worth a merge, and the state log's space. */
    private static final long KEPT_BLOCKS = 1024;

    /** An item, and the data blocks that it names. */
    private record Held(int valueSize, List<DeviceExtent> extents) {}

    private TestMount mount;
    private Rng rng;
    private final TreeMap<Long, Held> model = new TreeMap<>();
    private long nextNumber;

    @SeededTest(runs = 2)
    void oneDevice(long seed) throws Exception {
        SparseDevice device = TestMount.format(META_BLOCKS);
        run(device, seed);
    }

    @SeededTest(runs = 2)
    void twoDevices(long seed) throws Exception {
        BlockDevice device = new SplitDevice(new SparseDevice("meta", META_BLOCKS), new SparseDevice("data", DATA_BLOCKS));
        var slot = Mkfs.run(
                device,
                Mkfs.Options.twoDevices(META_BLOCKS, DATA_BLOCKS),
                (d, volumeId, id, space) -> null,
                Rng.seeded(seed),
                Clock.system());
        assertThat(slot).isNotNull();
        run(device, seed);
    }

    private void run(BlockDevice device, long seed) throws Exception {
        rng = Rng.seeded(seed);
        model.clear();
        mount = new TestMount(device, FakeHost.of(1), seed, options -> options.withMemtableBytesMax(1 << 20));
        boolean isDone = false;
        try {
            long free = freeBlocks();
            int firstCount = 0;
            for (int round = 0; round < Profile.count(ROUNDS, 40); round++) {
                int kind = round < 2 ? 0 : rng.nextInt(3);
                fill(kind);
                assertThat(mount.transactions.failure()).isNull();
                if (round == 0) {
                    firstCount = model.size();
                } else if (round == 1) {
                    // As much as the first time: nothing stays behind.
                    assertThat(model.size()).isGreaterThan(firstCount * 8 / 10);
                }
                deleteSome(round % 2 == 0 ? 0 : rng.nextInt(100));
                get(mount.transactions.commit());
                if (model.isEmpty()) {
                    awaitFree(free - KEPT_BLOCKS);
                }
                compare();
            }
            isDone = true;
        } finally {
            if (isDone) {
                mount.close();
            }
        }
        checkOwners(device);
    }

    /** @param kind 0 items alone, 1 data, 2 both */
    private void fill(int kind) throws Exception {
        int refusals = 0;
        while (refusals < 3) {
            int blocks = kind == 0 || kind == 2 && rng.nextInt(2) == 0 ? 0 : 1 + rng.nextInt(200);
            int size = kind == 1 ? 50 : 20 + rng.nextInt(2000);
            try {
                create(blocks, size);
            } catch (FsException e) {
                assertThat(e.errno()).isEqualTo(Errno.ENOSPC);
                refusals++;
            }
        }
    }

    private void create(int blocks, int size) throws Exception {
        DataSpace space = mount.transactions.dataSpace();
        if (blocks > 0) {
            awaiting(() -> {
                space.reserve(blocks);
                return null;
            });
        }
        byte[] value = new byte[size];
        Transaction txn;
        try {
            txn = awaiting(() -> mount.transactions.begin(27 + size, SpaceUse.GROW));
        } catch (FsException e) {
            space.unreserve(blocks);
            throw e;
        }
        long number = nextNumber++;
        List<DeviceExtent> extents = new ArrayList<>();
        try (txn) {
            for (long left = blocks; left > 0; ) {
                DeviceExtent extent = space.take(left, -1);
                space.consume(txn, extent);
                extents.add(extent);
                left -= extent.blockCount();
            }
            txn.put(key(number), value);
        }
        model.put(number, new Held(size, extents));
    }

    /** @param keepPercent of the items */
    private void deleteSome(int keepPercent) throws Exception {
        List<Long> order = new ArrayList<>(model.keySet());
        if (rng.nextInt(2) == 0) {
            shuffle(order); // else by key, as rm -r does it
        }
        for (Long number : order) {
            if (rng.nextInt(100) < keepPercent) {
                continue;
            }
            try (Transaction txn = awaiting(() -> mount.transactions.begin(27, SpaceUse.SHRINK))) {
                txn.delete(key(number));
                model.get(number).extents.forEach(txn::free);
            }
            model.remove(number);
        }
    }

    private <T> void shuffle(List<T> list) {
        for (int i = list.size() - 1; i > 0; i--) {
            list.set(i, list.set(rng.nextInt(i + 1), list.get(i)));
        }
    }

    private void compare() throws Exception {
        mount.transactions.enter();
        try (Cursor cursor = mount.transactions.view().scan(key(0), key(Long.MAX_VALUE))) {
            for (Map.Entry<Long, Held> entry : model.entrySet()) {
                assertThat(cursor.next()).isTrue();
                assertThat(cursor.key()).isEqualTo(key(entry.getKey()));
                assertThat(cursor.value()).hasSize(entry.getValue().valueSize);
            }
            assertThat(cursor.next()).isFalse();
        } finally {
            mount.transactions.leave();
        }
    }

    private long freeBlocks() throws Exception {
        Message.VolumeStatus status = get(mount.session.request(
                id -> new Message.StatusRequest(id, mount.session.rid()), Message.VolumeStatus.class, answer -> answer));
        return status.freeMetaBlocks() + status.freeDataBlocks();
    }

    /** Deleted items go with merges, which come of themselves. */
    private void awaitFree(long blocks) throws Exception {
        StringBuilder last = new StringBuilder();
        try {
            Await.that("space comes back", Duration.ofSeconds(60), () -> {
                long free = freeBlocks();
                last.setLength(0);
                last.append(free).append(" of ").append(blocks).append(" blocks are free, ").append(mount.transactions.version());
                return free >= blocks;
            });
        } catch (AssertionError e) {
            throw new AssertionError(last.toString(), e);
        }
    }

    /** Every block has one owner, and those of the model's files are none else's. */
    private void checkOwners(BlockDevice device) throws Exception {
        VolumeState state = new VolumeReader(Volume.open(device)).state();
        ExtentSet all = new ExtentSet();
        state.freeMeta().forEach(all::add);
        if (state.geometry().hasDataDevice()) {
            state.freeData().forEach(all::add);
        }
        for (Incarnation one : state.incarnations()) {
            one.granted().forEach(all::add);
        }
        model.values().forEach(held -> held.extents.forEach(all::add));
        state.segmentSpace().forEach(all::add);
        long expected = state.geometry().metaSpace().blockCount()
                + (state.geometry().hasDataDevice() ? state.geometry().dataSpace().blockCount() : 0);
        assertThat(all.blockCount()).isEqualTo(expected);
        long live = 0;
        for (int level = 0; level < Version.LEVEL_COUNT; level++) {
            live += state.version().blockCount(level);
        }
        assertThat(state.segmentSpace().blockCount()).as("removed segments have gone").isEqualTo(live);
    }
}
