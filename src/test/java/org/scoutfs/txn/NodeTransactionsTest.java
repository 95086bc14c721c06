package org.scoutfs.txn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.scoutfs.base.Clock;
import org.scoutfs.base.Counters;
import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;
import org.scoutfs.base.MustWait;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.device.BufferPool;
import org.scoutfs.device.DeviceExtent;
import org.scoutfs.device.FilterBlockDevice;
import org.scoutfs.device.MemoryBlockDevice;
import org.scoutfs.lsm.Cursor;
import org.scoutfs.lsm.ItemReader;
import org.scoutfs.lsm.SegmentOptions;
import org.scoutfs.lsm.SegmentStore;
import org.scoutfs.net.LockMode;
import org.scoutfs.net.LockName;
import org.scoutfs.net.Message;
import org.scoutfs.txn.Transactions.PublishedView;
import org.scoutfs.txn.Transactions.SpaceUse;

@Timeout(60)
class NodeTransactionsTest {
    private static final long FIRST_BLOCK = 100;

    private static final SegmentOptions SEGMENTS = SegmentOptions.of(77).withSegmentBlocks(256);

    private final FailingDevice device = new FailingDevice(new MemoryBlockDevice("memory", 40_000));
    private final BufferPool buffers = new BufferPool(64 << 20);
    private final SegmentStore store = new SegmentStore(device, buffers, SEGMENTS, 8 << 20, new Counters());
    private ScriptedServer server = new ScriptedServer(FIRST_BLOCK, 30_000);
    private TransactionOptions options = TransactionOptions.of(SEGMENTS, false)
            .withCommitNanos(TimeUnit.HOURS.toNanos(1))
            .withMemtableBytesMax(8 << 20);
    private NodeTransactions transactions;

    private NodeTransactions start() throws IOException {
        ServerSession session = new ServerSession(5);
        server.connect(session);
        transactions = NodeTransactions.start(options, device, buffers, session, store, Clock.system());
        return transactions;
    }

    @AfterEach
    void end() throws Exception {
        boolean hasFailed = transactions != null && transactions.failure() != null;
        try {
            if (transactions != null) {
                transactions.close();
                assertThat(hasFailed).isFalse();
            }
        } catch (IOException e) {
            assertThat(hasFailed).isTrue();
        }
        server.end();
        store.close();
        assertThat(buffers.borrowedBytes()).isZero();
        buffers.close();
        device.close();
        if (!hasFailed && transactions != null) {
            assertThat(server.grantedBlocks()).as("grants that did not come back").isZero();
        }
    }

    @Test
    void aCommitMakesItemsOfManyOperationsVisibleTogether() throws Exception {
        start();
        for (int i = 0; i < 5000; i++) {
            put(i, i * 3);
        }
        assertThat(value(transactions.view(), 4711)).isEqualTo(3 * 4711);
        try (PublishedView before = transactions.published()) {
            assertThat(value(before, 4711)).isEqualTo(-1);
            get(transactions.commit());
            assertThat(value(before, 4711)).as("a view shows one state").isEqualTo(-1);
            assertThat(before.stableSeq()).isZero();
        }
        try (PublishedView after = transactions.published()) {
            for (int i = 0; i < 5000; i++) {
                assertThat(value(after, i)).isEqualTo(3L * i);
            }
            assertThat(after.stableSeq()).isEqualTo(1);
        }
        assertThat(server.received(Message.Commit.class)).hasSize(1);
    }

    @Test
    void nothingToCommitIsDoneAtOnce() throws Exception {
        start();
        assertThat(transactions.commit()).isCompleted();
        put(1, 1);
        get(transactions.commit());
        assertThat(transactions.commit()).isCompleted();
        assertThat(server.received(Message.Commit.class)).hasSize(1);
    }

    @Test
    void theNextTransactionFillsWhileOneIsCommittedAndEachViewShowsAllThree() throws Exception {
        start();
        put(1, 10);
        get(transactions.commit());
        server.holdCommits();
        put(1, 11);
        put(2, 20);
        CompletableFuture<Void> second = transactions.commit();
        awaitFrozen();
        put(2, 21);
        put(3, 30);
        assertThat(value(transactions.view(), 1)).isEqualTo(11);
        assertThat(value(transactions.view(), 2)).isEqualTo(21);
        assertThat(scan(transactions.view())).containsExactly(1L, 2L, 3L);
        CompletableFuture<Void> third = transactions.commit();
        assertThat(second).isNotCompleted();
        server.releaseCommits();
        get(second);
        get(third);
        try (PublishedView published = transactions.published()) {
            assertThat(value(published, 2)).isEqualTo(21);
            assertThat(value(published, 3)).isEqualTo(30);
        }
    }

    @Test
    void whoWantsDurabilityOfWhatIsBeingCommittedJoinsThatCommit() throws Exception {
        start();
        server.holdCommits();
        put(1, 10);
        CompletableFuture<Void> first = transactions.commit();
        awaitFrozen();
        assertThat(transactions.commit()).isSameAs(first);
        server.releaseCommits();
        get(first);
    }

    @Test
    void deltasAreCountedOnceInEveryState() throws Exception {
        start();
        add(1, 5);
        get(transactions.commit());
        server.holdCommits();
        add(1, 7);
        CompletableFuture<Void> second = transactions.commit();
        awaitFrozen();
        add(1, 11);
        assertThat(value(transactions.view(), 1)).isEqualTo(23);
        server.releaseCommits();
        get(second);
        assertThat(value(transactions.view(), 1)).isEqualTo(23);
        get(transactions.commit());
        assertThat(value(transactions.view(), 1)).isEqualTo(23);
    }

    @Test
    void deletedItemsStayDeletedThroughTheLevels() throws Exception {
        start();
        put(1, 10);
        put(2, 20);
        get(transactions.commit());
        delete(1);
        assertThat(value(transactions.view(), 1)).isEqualTo(-1);
        get(transactions.commit());
        assertThat(scan(transactions.view())).containsExactly(2L);
        assertThat(transactions.view().last(key(0), key(100)).key()).isEqualTo(key(2));
    }

    @Test
    void theTimerCommits() throws Exception {
        options = options.withCommitNanos(TimeUnit.MILLISECONDS.toNanos(20));
        start();
        for (int round = 1; round <= 3; round++) {
            put(round, round);
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
            while (server.received(Message.Commit.class).size() < round) {
                assertThat(System.nanoTime()).as("no commit came").isLessThan(deadline);
                TimeUnit.MILLISECONDS.sleep(5);
            }
            TimeUnit.MILLISECONDS.sleep(round * 30L); // long enough to fall asleep for good
        }
    }

    @Test
    void participantsPutTheirLastItemsAtTheBarrierAndLateOnesAfterIt() throws Exception {
        start();
        List<String> steps = Collections.synchronizedList(new ArrayList<>());
        transactions.addParticipant(new CommitParticipant() {
            @Override
            public void freeze(Transaction last) {
                steps.add("freeze " + last.number());
                last.put(key(50), bytes(500));
            }

            @Override
            public void writeOut(long number, long seq, LateItems items) {
                steps.add("write " + number + " " + seq);
                items.put(key(10), bytes(100));
                items.put(key(60), bytes(600));
                items.delete(key(60));
            }

            @Override
            public void committed(long number) {
                steps.add("committed " + number);
            }
        });
        put(30, 300);
        get(transactions.commit());
        try (PublishedView published = transactions.published()) {
            assertThat(scan(published)).containsExactly(10L, 30L, 50L);
        }
        put(31, 300);
        get(transactions.commit());
        assertThat(List.of(steps.toArray(String[]::new)))
                .startsWith("freeze 1", "write 1 1", "committed 1", "freeze 2", "write 2 2", "committed 2");
    }

    /** A lock goes to another node when its changes are committed: what participants keep must not hide what is changed there. */
    @Test
    void participantsHearOfACommitBeforeAnybodyWhoWaitsAndBeforeLocksAreGiven() throws Exception {
        List<String> steps = Collections.synchronizedList(new ArrayList<>());
        start();
        transactions.addParticipant(new CommitParticipant() {
            @Override
            public void committed(long number) {
                steps.add("participant");
            }
        });
        transactions.setChangedLocks(new ChangedLocks() {
            @Override
            public List<Long> changedGrants() {
                return List.of();
            }

            @Override
            public void changesCommitted() {
                steps.add("locks");
            }
        });
        server.holdCommits();
        put(1, 10);
        CompletableFuture<Void> waiting = transactions.commit().thenRun(() -> steps.add("who waits"));
        awaitFrozen();
        server.releaseCommits();
        get(waiting);
        assertThat(steps).startsWith("participant", "locks", "who waits");
    }

    @Test
    void aFailedWriteStopsWritesForGoodAndReadsGoOn() throws Exception {
        start();
        put(1, 10);
        get(transactions.commit());
        device.failWrites = true;
        put(2, 20);
        CompletableFuture<Void> failed = transactions.commit();
        assertThatThrownBy(() -> get(failed)).hasCauseInstanceOf(IOException.class);
        device.failWrites = false;
        assertThatThrownBy(() -> transactions.begin(10, SpaceUse.SHRINK)).isSameAs(FsException.of(Errno.EIO));
        assertThatThrownBy(() -> transactions.dataSpace().reserve(1)).isSameAs(FsException.of(Errno.EIO));
        assertThat(transactions.commit()).isCompletedExceptionally();
        assertThat(value(transactions.view(), 1)).isEqualTo(10);
        assertThat(value(transactions.view(), 2)).isEqualTo(20);
        assertThat(server.received(Message.Commit.class)).hasSize(1);
    }

    @Test
    void aFailedFlushIsNotTriedAgain() throws Exception {
        start();
        device.failFlushes = true;
        put(1, 10);
        assertThatThrownBy(() -> get(transactions.commit())).hasCauseInstanceOf(IOException.class);
        device.failFlushes = false;
        assertThat(transactions.commit()).isCompletedExceptionally();
        assertThat(server.received(Message.Commit.class)).isEmpty();
    }

    @Test
    void aRefusedCommitStopsWrites() throws Exception {
        start();
        server.refuseCommits("planned");
        put(1, 10);
        assertThatThrownBy(() -> get(transactions.commit())).hasMessageContaining("planned");
        assertThatThrownBy(() -> transactions.begin(10, SpaceUse.GROW)).isSameAs(FsException.of(Errno.EIO));
    }

    @Test
    void aFullMemtableMakesOperationsWaitForTheNextOneAndNeverFails() throws Exception {
        options = options.withMemtableBytesMax(1 << 20);
        start();
        byte[] value = new byte[1000];
        for (int i = 0; i < 20_000; i++) {
            putAwaiting(key(i), value);
        }
        assertThat(server.received(Message.Commit.class).size()).isGreaterThan(10);
        get(transactions.commit());
        assertThat(scan(transactions.view())).hasSize(20_000);
    }

    @Test
    void aFullVolumeIsENOSPCAndDeletesStillWork() throws Exception {
        server = new ScriptedServer(FIRST_BLOCK, 2000).withJoinGrants(10, 600);
        server.setReserve(300);
        start();
        byte[] value = new byte[1000];
        int count = 0;
        while (true) {
            try {
                putAwaiting(key(count), value);
                count++;
            } catch (FsException e) {
                assertThat(e.errno()).isEqualTo(Errno.ENOSPC);
                break;
            }
        }
        assertThat(count).isBetween(1000, 8000);
        for (int i = 0; i < count; i++) {
            byte[] key = key(i);
            try (Transaction txn = awaiting(() -> transactions.begin(27, SpaceUse.SHRINK))) {
                txn.delete(key);
            }
        }
        get(transactions.commit());
        assertThat(scan(transactions.view())).isEmpty();
    }

    @Test
    void dataBlocksAreReservedTakenAndConsumed() throws Exception {
        start();
        DataSpace space = transactions.dataSpace();
        awaiting(() -> {
            space.reserve(3000);
            return null;
        });
        DeviceExtent extent = space.take(2000, -1);
        assertThat(extent.blockCount()).isLessThanOrEqualTo(2000);
        try (Transaction txn = transactions.begin(100, SpaceUse.GROW)) {
            space.consume(txn, extent);
            txn.put(key(1), bytes(1));
        }
        DeviceExtent unused = space.take(1, extent.end());
        assertThat(unused.blkno()).isEqualTo(extent.end());
        space.giveBack(unused);
        space.unreserve(3000 - extent.blockCount() - 1);
        get(transactions.commit());
        long used = server.usedBlocks();
        assertThat(used).isGreaterThan(extent.blockCount());
        try (Transaction txn = transactions.begin(0, SpaceUse.SHRINK)) {
            txn.free(extent);
        }
        get(transactions.commit());
        assertThat(server.usedBlocks()).isEqualTo(used - extent.blockCount());
    }

    @Test
    void noMoreDataSpaceIsENOSPCAfterWhatIsFreedWasCommitted() throws Exception {
        server = new ScriptedServer(FIRST_BLOCK, 3000).withJoinGrants(100, 600);
        start();
        DataSpace space = transactions.dataSpace();
        List<DeviceExtent> extents = fill(space);
        get(transactions.commit());
        try (Transaction txn = awaiting(() -> transactions.begin(0, SpaceUse.SHRINK))) {
            extents.forEach(txn::free);
        }
        // Not committed: the reservation has to see to that.
        awaiting(() -> {
            space.reserve(1000);
            return null;
        });
        space.unreserve(1000);
    }

    @Test
    void anAnswerFromBeforeACommitDoesNotMeanThatTheVolumeIsFullAfterIt() throws Exception {
        server = new ScriptedServer(FIRST_BLOCK, 3000).withJoinGrants(100, 600);
        start();
        DataSpace space = transactions.dataSpace();
        List<DeviceExtent> extents = fill(space);
        get(transactions.commit());
        server.holdCommits();
        try (Transaction txn = awaiting(() -> transactions.begin(0, SpaceUse.SHRINK))) {
            extents.forEach(txn::free);
        }
        CompletableFuture<Void> freed = transactions.commit();
        // Until the wait is for the commit itself: the server was asked and said that there is no more.
        CompletableFuture<?> wait = null;
        while (wait != freed) {
            wait = waitFor(space, 1000);
            if (wait != freed) {
                get(wait);
            }
        }
        // Somebody else looks ahead meanwhile, and is told the same.
        space.reserve(0);
        assertThat(server.received(Message.NeedSpace.class)).isNotEmpty();
        server.releaseCommits();
        get(freed);
        awaiting(() -> {
            space.reserve(1000);
            return null;
        });
        space.unreserve(1000);
    }

    /** Takes and consumes data blocks until there are no more. */
    private List<DeviceExtent> fill(DataSpace space) throws Exception {
        List<DeviceExtent> extents = new ArrayList<>();
        while (true) {
            try {
                awaiting(() -> {
                    space.reserve(100);
                    return null;
                });
            } catch (FsException e) {
                assertThat(e.errno()).isEqualTo(Errno.ENOSPC);
                break;
            }
            for (long left = 100; left > 0; ) {
                DeviceExtent extent = space.take(left, -1);
                left -= extent.blockCount();
                try (Transaction txn = awaiting(() -> transactions.begin(100, SpaceUse.GROW))) {
                    space.consume(txn, extent);
                }
                extents.add(extent);
            }
        }
        assertThat(extents.stream().mapToLong(DeviceExtent::blockCount).sum()).isGreaterThan(1000);
        return extents;
    }

    private static CompletableFuture<?> waitFor(DataSpace space, long blocks) throws FsException {
        try {
            space.reserve(blocks);
        } catch (MustWait wait) {
            return wait.on();
        }
        throw new AssertionError("there is space on a full volume");
    }

    @Test
    void theServerGetsIdleSpaceBackWhenItAsks() throws Exception {
        start();
        put(1, 1);
        long before = server.grantedBlocks();
        server.tell(new Message.RecallSpace());
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (server.grantedBlocks() > before / 2) {
            assertThat(System.nanoTime()).as("nothing came back").isLessThan(deadline);
            TimeUnit.MILLISECONDS.sleep(5);
        }
        get(transactions.commit());
        assertThat(value(transactions.view(), 1)).isEqualTo(1);
    }

    @Test
    void anOperationEntersOnlyATransactionWithALargerSeqThanWasUsedUnderItsLock() throws Exception {
        start();
        transactions.beforeHeld(
                new Message.LockGranted(new LockName(LockName.Kind.RENAME, 0), LockMode.WRITE, 1, List.of(), 4));
        try (Transaction txn = awaiting(() -> transactions.begin(100, SpaceUse.GROW))) {
            assertThat(txn.seq()).isGreaterThan(4);
        }
    }

    @Test
    void readOnlyRefusesToBeginAndSaysNothingOfCommits() throws Exception {
        options = options.readOnly();
        start();
        assertThatThrownBy(() -> transactions.begin(10, SpaceUse.GROW)).isSameAs(FsException.of(Errno.EROFS));
        assertThat(transactions.commit()).isCompleted();
        assertThat(device.writes).isZero();
    }

    @Test
    void closingCommitsWhatIsThere() throws Exception {
        start();
        put(1, 10);
        transactions.close();
        transactions = null;
        assertThat(server.received(Message.Commit.class)).hasSize(1);
        assertThat(server.received(Message.Goodbye.class)).hasSize(1);
        assertThat(server.grantedBlocks()).isZero();
        start();
        assertThat(value(transactions.view(), 1)).isEqualTo(10);
    }

    private void awaitFrozen() throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (transactions.nodeView().current().frozen() == null) {
            assertThat(System.nanoTime()).as("no commit began").isLessThan(deadline);
            TimeUnit.MILLISECONDS.sleep(1);
        }
    }

    /** Runs what may have to wait until it need not. */
    interface Attempt<T> {
        T run() throws MustWait, FsException;
    }

    static <T> T awaiting(Attempt<T> attempt) throws FsException, InterruptedException, TimeoutException {
        for (int tries = 0; tries < 10_000; tries++) {
            try {
                return attempt.run();
            } catch (MustWait wait) {
                try {
                    wait.on().get(30, TimeUnit.SECONDS);
                } catch (ExecutionException e) {
                    // the next try tells
                }
            }
        }
        throw new AssertionError("waits for ever");
    }

    private void put(long number, long value) throws Exception {
        putAwaiting(key(number), bytes(value));
    }

    private void putAwaiting(byte[] key, byte[] value) throws Exception {
        try (Transaction txn = awaiting(() -> transactions.begin(key.length + value.length, SpaceUse.GROW))) {
            txn.put(key, value);
        }
    }

    private void add(long number, long delta) throws Exception {
        try (Transaction txn = transactions.begin(100, SpaceUse.GROW)) {
            txn.add(key(number), bytes(delta));
        }
    }

    private void delete(long number) throws Exception {
        try (Transaction txn = transactions.begin(100, SpaceUse.SHRINK)) {
            txn.delete(key(number));
        }
    }

    private static <T> T get(CompletableFuture<T> future) throws Exception {
        return future.get(30, TimeUnit.SECONDS);
    }

    private static List<Long> scan(ItemReader reader) throws IOException {
        List<Long> found = new ArrayList<>();
        try (Cursor cursor = reader.scan(key(0), key(Long.MAX_VALUE))) {
            while (cursor.next()) {
                found.add(ByteBuffer.wrap(cursor.key()).getLong(10));
            }
        }
        return found;
    }

    private static long value(ItemReader reader, long number) throws IOException {
        byte[] value = reader.get(key(number));
        return value == null ? -1 : ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN).getLong();
    }

    static byte[] key(long number) {
        byte[] key = new byte[27];
        key[0] = 6;
        ByteBuffer.wrap(key).putLong(10, number);
        return key;
    }

    static byte[] bytes(long number) {
        return ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(number).array();
    }

    /** Fails when told to. */
    static final class FailingDevice extends FilterBlockDevice {
        volatile boolean failWrites;
        volatile boolean failFlushes;
        volatile int writes;

        FailingDevice(BlockDevice inner) {
            super(inner);
        }

        @Override
        public void write(long blkno, java.lang.foreign.MemorySegment from) throws IOException {
            writes++;
            if (failWrites) {
                throw new IOException("planned");
            }
            super.write(blkno, from);
        }

        @Override
        public void flush() throws IOException {
            if (failFlushes) {
                throw new IOException("planned");
            }
            super.flush();
        }
    }
}
