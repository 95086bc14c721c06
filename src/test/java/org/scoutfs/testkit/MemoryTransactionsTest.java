package org.scoutfs.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.scoutfs.base.InvariantViolation;
import org.scoutfs.device.DeviceExtent;
import org.scoutfs.lsm.Cursor;
import org.scoutfs.lsm.ItemReader;
import org.scoutfs.txn.CommitParticipant;
import org.scoutfs.txn.Transaction;
import org.scoutfs.txn.Transactions.PublishedView;
import org.scoutfs.txn.Transactions.SpaceUse;

class MemoryTransactionsTest {
    private final MemoryTransactions transactions = new MemoryTransactions();

    @Test
    void publishedShowsOnlyWhatWasCommitted() throws Exception {
        try (Transaction txn = transactions.begin(100, SpaceUse.GROW)) {
            txn.put(bytes(1), bytes(11));
        }
        assertThat(transactions.view().get(bytes(1))).isEqualTo(bytes(11));
        try (PublishedView published = transactions.published()) {
            assertThat(published.get(bytes(1))).isNull();
            transactions.commit().join();
            assertThat(published.get(bytes(1))).isNull();
        }
        try (PublishedView published = transactions.published()) {
            assertThat(published.get(bytes(1))).isEqualTo(bytes(11));
        }
    }

    @Test
    void aCrashKeepsTheLastCommit() throws Exception {
        try (Transaction txn = transactions.begin(100, SpaceUse.GROW)) {
            txn.put(bytes(1), bytes(11));
        }
        transactions.commit().join();
        try (Transaction txn = transactions.begin(100, SpaceUse.GROW)) {
            txn.put(bytes(1), bytes(12));
            txn.put(bytes(2), bytes(22));
        }
        transactions.crash();
        assertThat(keys(transactions.view())).containsExactly(1);
        assertThat(transactions.view().get(bytes(1))).isEqualTo(bytes(11));
    }

    @Test
    void deltasAddUpAndASumOfZeroIsNoValue() throws Exception {
        byte[] one = {1, 0, 0, 0, 0, 0, 0, 0};
        byte[] minusOne = {-1, -1, -1, -1, -1, -1, -1, -1};
        try (Transaction txn = transactions.begin(100, SpaceUse.GROW)) {
            txn.add(bytes(1), one);
            txn.add(bytes(1), one);
            assertThat(txn.view().get(bytes(1))[0]).isEqualTo((byte) 2);
            txn.add(bytes(1), minusOne);
            txn.add(bytes(1), minusOne);
            assertThat(txn.view().get(bytes(1))).isNull();
        }
    }

    @Test
    void participantsSeeEveryStepInOrder() throws Exception {
        List<String> steps = new ArrayList<>();
        transactions.addParticipant(new CommitParticipant() {
            @Override
            public void freeze(Transaction last) {
                steps.add("freeze " + last.number());
                last.put(bytes(7), bytes(1));
            }

            @Override
            public void writeOut(long number, long seq, LateItems items) {
                steps.add("write " + number);
                items.put(bytes(8), bytes(2));
            }

            @Override
            public void committed(long number) {
                steps.add("committed " + number);
            }
        });
        transactions.commit().join();
        assertThat(steps).containsExactly("freeze 1", "write 1", "committed 1");
        assertThat(transactions.committedItems()).containsKeys(bytes(7), bytes(8));
    }

    @Test
    void blocksGoFromReservedOverTakenToUsedAndBack() throws Exception {
        MemoryDataSpace space = transactions.memoryDataSpace();
        long free = space.freeBlocks();
        space.reserve(5);
        DeviceExtent extent = space.take(4, -1);
        space.unreserve(1);
        try (Transaction txn = transactions.begin(0, SpaceUse.GROW)) {
            space.consume(txn, extent);
            assertThatThrownBy(() -> space.giveBack(extent)).isInstanceOf(InvariantViolation.class);
        }
        transactions.commit().join();
        assertThat(space.usedBlocks()).isEqualTo(4);
        try (Transaction txn = transactions.begin(0, SpaceUse.SHRINK)) {
            txn.free(extent);
            assertThatThrownBy(() -> txn.free(extent)).isInstanceOf(InvariantViolation.class);
        }
        transactions.commit().join();
        assertThat(space.usedBlocks()).isZero();
        assertThat(space.freeBlocks()).isEqualTo(free);
    }

    @Test
    void moreItemBytesThanAnnouncedAreABug() throws Exception {
        try (Transaction txn = transactions.begin(3, SpaceUse.GROW)) {
            txn.put(bytes(1), bytes(1, 2));
            assertThatThrownBy(() -> txn.put(bytes(2), bytes(1))).isInstanceOf(InvariantViolation.class);
        }
    }

    private static List<Integer> keys(ItemReader view) throws Exception {
        List<Integer> keys = new ArrayList<>();
        try (Cursor cursor = view.scan(bytes(0), bytes(255))) {
            while (cursor.next()) {
                keys.add(cursor.key()[0] & 0xff);
            }
        }
        return keys;
    }

    private static byte[] bytes(int... values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            bytes[i] = (byte) values[i];
        }
        return bytes;
    }
}
