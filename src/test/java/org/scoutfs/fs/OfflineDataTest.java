package org.scoutfs.fs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;
import org.scoutfs.base.MustWait;
import org.scoutfs.base.Rng;
import org.scoutfs.item.InodeItem;
import org.scoutfs.testkit.SeededTest;

/** Contents that go and come back, and those who wait for them. */
@Timeout(120)
class OfflineDataTest {
    private static final int BLOCK = 4096;
    private static final int READ_WRITE = 2;

    private final FsHarness harness = new FsHarness();

    @AfterEach
    void close() {
        harness.close();
    }

    private static byte[] contents(int size, long seed) {
        byte[] bytes = new byte[size];
        Rng rng = Rng.seeded(seed);
        for (int i = 0; i < size; i++) {
            bytes[i] = (byte) rng.nextInt(256);
        }
        return bytes;
    }

    private InodeItem inode(long ino) throws IOException {
        try {
            return InodeItem.decode(ino, harness.client.call(request -> harness.fs.inodeItem(ino)).encode());
        } catch (FsException e) {
            throw new IOException(e);
        }
    }

    private void release(long ino, long offset, long length, long version) throws FsException, IOException {
        harness.client.run(request -> harness.fs.release(ino, READ_WRITE, offset, length, version));
    }

    private void stage(long ino, long version, long offset, byte[] bytes) throws FsException, IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(bytes.length, BLOCK);
            memory.copyFrom(MemorySegment.ofArray(bytes));
            harness.client.run(request -> {
                harness.fs.checkStage(ino, READ_WRITE, version, offset, bytes.length);
                harness.fs.stage(ino, version, offset, memory);
            });
        }
    }

    private byte[] read(long ino, long offset, int size) throws FsException, IOException {
        return harness.client.read(ino, READ_WRITE, offset, size);
    }

    @Test
    void aReleaseAndAStageChangeNothingThatPosixShows() throws Exception {
        byte[] bytes = contents(3 * BLOCK + 17, 1);
        harness.client.create("f", bytes);
        long ino = harness.client.ino("f");
        Attributes shown = harness.client.stat("f");
        InodeItem before = inode(ino);
        release(ino, 0, 4 * BLOCK, before.dataVersion);
        InodeItem released = inode(ino);
        assertThat(released.onlineBlocks).isZero();
        assertThat(released.offlineBlocks).isEqualTo(4);
        assertThat(released.dataVersion).isEqualTo(before.dataVersion);
        assertThat(released.dataSeq).isEqualTo(before.dataSeq);
        assertThat(released.metaSeq).isGreaterThan(before.metaSeq);
        assertThat(harness.client.stat("f")).isEqualTo(shown);
        assertThat(harness.invalidated).contains("inode " + ino + " 0+-1");
        harness.remount();
        stage(ino, before.dataVersion, 0, bytes);
        assertThat(harness.client.stat("f")).isEqualTo(shown);
        assertThat(read(ino, 0, bytes.length)).isEqualTo(bytes);
        InodeItem staged = inode(ino);
        assertThat(staged.onlineBlocks).isEqualTo(4);
        assertThat(staged.offlineBlocks).isZero();
        assertThat(staged.dataSeq).isEqualTo(before.dataSeq);
        harness.commit();
        assertThat(TreeWalker.walk(harness.transactions.committedItems(), true)).isEmpty();
    }

    @Test
    void whatDoesNotFitIsRefused() throws Exception {
        harness.client.create("f", contents(2 * BLOCK + 1, 1));
        long ino = harness.client.ino("f");
        long version = inode(ino).dataVersion;
        assertThat(errno(() -> release(ino, 0, BLOCK, version + 1))).isEqualTo(Errno.ESTALE);
        assertThat(errno(() -> harness.client.run(request -> harness.fs.release(ino, 0, 0, BLOCK, version))))
                .as("a handle for reading")
                .isEqualTo(Errno.EINVAL);
        assertThat(errno(() -> stage(ino, version + 1, 0, new byte[BLOCK]))).isEqualTo(Errno.ESTALE);
        assertThat(errno(() -> stage(ino, version, 0, new byte[BLOCK - 1]))).isEqualTo(Errno.EINVAL);
        assertThat(errno(() -> stage(ino, version, BLOCK, new byte[2 * BLOCK]))).as("past the end").isEqualTo(Errno.EINVAL);
        for (int special : new int[] {02000, 040000, 010000}) {
            long handle = harness.client.call(request -> harness.fs.open(request, ino, READ_WRITE | special, false)).handle();
            assertThat(errno(() -> harness.client.run(request -> harness.fs.checkStage(ino, handle, version, 0, BLOCK))))
                    .isEqualTo(Errno.EINVAL);
            harness.client.run(request -> harness.fs.release(ino, handle, 0, false));
        }
        stage(ino, version, 2 * BLOCK, new byte[] {7});
        assertThat(read(ino, 2 * BLOCK, 10)).isEqualTo(new byte[] {7});
        harness.options = harness.options.withKernelTimes(true);
        harness.remount();
        assertThat(errno(() -> release(ino, 0, BLOCK, version))).isEqualTo(Errno.EOPNOTSUPP);
    }

    /** More extents than one step looks at, with holes between them, which stay holes; and storage behind the end, which goes. */
    @Test
    void manyExtentsAreReleasedInSteps() throws Exception {
        harness.client.create("f", new byte[0]);
        long ino = harness.client.ino("f");
        int pieces = 700;
        for (int i = 0; i < pieces; i++) {
            harness.client.write("f", 2L * i * BLOCK, new byte[] {(byte) i});
            if (i % 100 == 0) {
                harness.commit();
            }
        }
        harness.client.fallocate("f", 2L * pieces * BLOCK + (1 << 20), 1 << 20, 1);
        harness.commit();
        long version = inode(ino).dataVersion;
        release(ino, 0, 2L * pieces * BLOCK, version);
        InodeItem released = inode(ino);
        assertThat(released.onlineBlocks).isZero();
        assertThat(released.offlineBlocks).isEqualTo(pieces);
        harness.commit();
        assertThat(TreeWalker.walk(harness.transactions.committedItems(), true)).isEmpty();
        assertThat(read(ino, BLOCK, BLOCK)).as("a hole").isEqualTo(new byte[BLOCK]);
        stage(ino, version, 0, new byte[2 * BLOCK]);
        assertThat(inode(ino).offlineBlocks).isEqualTo(pieces - 1);
        assertThat(inode(ino).onlineBlocks).as("a hole is filled").isEqualTo(2);
    }

    // ---- waiting

    /** A read that finds its block offline. @return completes when the wait is over */
    private CompletableFuture<?> waits(Request request, long ino, long offset) throws Exception {
        return waits(() -> harness.fs.read(request, ino, READ_WRITE, offset, memory(1)));
    }

    private CompletableFuture<?> waits(Waiting operation) throws Exception {
        harness.fs.enter();
        try {
            operation.run();
            throw new AssertionError("it did not wait");
        } catch (MustWait wait) {
            return wait.on();
        } finally {
            harness.fs.leave();
        }
    }

    private interface Waiting {
        void run() throws FsException, MustWait, IOException;
    }

    private static MemorySegment memory(int bytes) {
        return Arena.ofAuto().allocate(Math.max(bytes, BLOCK), BLOCK).asSlice(0, bytes);
    }

    @Test
    void waitersAreListedAndWokenByWhatTheyWaitFor() throws Exception {
        byte[] bytes = contents(8 * BLOCK, 1);
        harness.client.create("f", bytes);
        long ino = harness.client.ino("f");
        long version = inode(ino).dataVersion;
        release(ino, 4 * BLOCK, 4 * BLOCK, version);
        assertThat(read(ino, 0, 4 * BLOCK)).as("what is online").isEqualTo(Arrays.copyOf(bytes, 4 * BLOCK));
        Request reader = new Request(0, 0, 0);
        Request writer = new Request(0, 0, 0);
        Request cutter = new Request(0, 0, 0);
        CompletableFuture<?> read = waits(reader, ino, 6 * BLOCK);
        CompletableFuture<?> write = waits(() -> harness.fs.write(writer, ino, READ_WRITE, 0, memory(1), false, false, false));
        CompletableFuture<?> cut = waits(
                () -> harness.fs.setAttributes(cutter, ino, new AttributeChange(null, null, null, 5L * BLOCK, null, null, null, false, false, false)));
        assertThat(harness.fs.offlineWaits(0, 0, 10))
                .containsExactly(
                        new NodeFileSystem.OfflineWait(ino, 4, OfflineWaiters.WRITE | OfflineWaiters.CHANGE_SIZE),
                        new NodeFileSystem.OfflineWait(ino, 6, OfflineWaiters.READ));
        assertThat(harness.fs.offlineWaits(ino, 4, 10)).hasSize(1);
        assertThat(harness.fs.offlineWaits(0, 0, 1)).hasSize(1);
        assertThat(read).isNotDone();
        stage(ino, version, 4 * BLOCK, Arrays.copyOfRange(bytes, 4 * BLOCK, 6 * BLOCK));
        assertThat(List.of(read, write, cut)).allMatch(CompletableFuture::isDone);
        assertThat(harness.fs.offlineWaits(0, 0, 10)).isEmpty();
        // They look again: the reader's block is still offline, and so is the writer's file; the rest of the truncated one is not needed.
        CompletableFuture<?> readAgain = waits(reader, ino, 6 * BLOCK);
        CompletableFuture<?> writeAgain =
                waits(() -> harness.fs.write(writer, ino, READ_WRITE, 0, memory(1), false, false, false));
        assertThat(harness.fs.offlineWaits(0, 0, 10))
                .containsExactly(new NodeFileSystem.OfflineWait(ino, 6, OfflineWaiters.READ | OfflineWaiters.WRITE));
        harness.client.truncate("f", 5L * BLOCK);
        assertThat(List.of(readAgain, writeAgain)).allMatch(CompletableFuture::isDone);
        assertThat(inode(ino).offlineBlocks).isZero();
    }

    @Test
    void waitersFailWhenToldAndWhenInterrupted() throws Exception {
        harness.client.create("f", new byte[8 * BLOCK]);
        long ino = harness.client.ino("f");
        release(ino, 0, 8 * BLOCK, inode(ino).dataVersion);
        long handle = harness.client.call(request -> harness.fs.open(request, ino, READ_WRITE, false)).handle();
        Request first = new Request(0, 0, 0);
        Request second = new Request(0, 0, 0);
        CompletableFuture<?> one = waits(first, ino, 0);
        CompletableFuture<?> two = waits(second, ino, 5 * BLOCK);
        assertThat(fail(ino, 5, 6, OfflineWaiters.WRITE)).as("of another kind").isZero();
        assertThat(fail(ino, 5, 6, OfflineWaiters.READ)).isEqualTo(1);
        assertThat(fail(ino, 5, 6, OfflineWaiters.READ)).as("told already").isZero();
        two.get(10, TimeUnit.SECONDS);
        assertThat(errno(() -> waits(second, ino, 5 * BLOCK))).isEqualTo(Errno.EPROTO);
        assertThat(one).isNotDone();
        first.interrupt();
        assertThat(errno(() -> waits(first, ino, 0))).isEqualTo(Errno.EINTR);
        assertThat(harness.fs.offlineWaits(0, 0, 10)).isEmpty();
        assertThat(errno(() -> fail(999, 0, 1, 1))).as("not in memory").isEqualTo(Errno.ESTALE);
        harness.client.run(request -> harness.fs.release(ino, handle, 0, false));
    }

    private int fail(long ino, long first, long last, int operations) throws FsException, IOException {
        return harness.client.call(
                request -> harness.fs.failOfflineWaits(ino, first, last, operations, Errno.EPROTO));
    }

    private interface Action {
        Object run() throws Exception;
    }

    private interface Change {
        void run() throws Exception;
    }

    private static Errno errno(Change change) throws Exception {
        return errno(() -> {
            change.run();
            return "done";
        });
    }

    private static Errno errno(Action action) throws Exception {
        try {
            throw new AssertionError("no error but " + action.run());
        } catch (FsException e) {
            return e.errno();
        }
    }

    // ---- a model

    /** What each block is, of a file whose contents an archive has. */
    private enum Kind {
        HOLE,
        ONLINE,
        OFFLINE
    }

    @SeededTest(runs = 20)
    void randomCallsEqualTheModel(long seed) throws Exception {
        Rng rng = Rng.seeded(seed);
        int blocks = 40;
        byte[] archive = new byte[blocks * BLOCK];
        Kind[] kinds = new Kind[blocks];
        Arrays.fill(kinds, Kind.HOLE);
        harness.client.create("f", new byte[0]);
        long ino = harness.client.ino("f");
        harness.client.truncate("f", (long) blocks * BLOCK);
        for (int step = 0; step < 300; step++) {
            int first = rng.nextInt(blocks);
            int count = 1 + rng.nextInt(Math.min(12, blocks - first));
            long offset = (long) first * BLOCK;
            int length = count * BLOCK;
            long version = inode(ino).dataVersion;
            switch (rng.nextInt(9)) {
                case 0, 1, 2 -> {
                    release(ino, offset, length, version);
                    for (int i = first; i < first + count; i++) {
                        kinds[i] = kinds[i] == Kind.HOLE ? Kind.HOLE : Kind.OFFLINE;
                    }
                }
                case 3, 4 -> {
                    byte[] bytes = Arrays.copyOfRange(archive, first * BLOCK, first * BLOCK + length);
                    stage(ino, version, offset, bytes);
                    Arrays.fill(kinds, first, first + count, Kind.ONLINE);
                }
                case 5 -> {
                    byte[] bytes = contents(length, rng.nextLong());
                    if (Arrays.stream(kinds).noneMatch(kind -> kind == Kind.OFFLINE)) {
                        harness.client.write("f", offset, bytes);
                        System.arraycopy(bytes, 0, archive, first * BLOCK, length);
                        Arrays.fill(kinds, first, first + count, Kind.ONLINE);
                    }
                }
                case 6 -> {
                    boolean hasOffline = Arrays.asList(kinds).subList(first, first + count).contains(Kind.OFFLINE);
                    if (hasOffline) {
                        assertThat(errno(() -> harness.client.fallocate("f", offset, length, 3))).isEqualTo(Errno.ENODATA);
                    } else {
                        harness.client.fallocate("f", offset, length, 3);
                        Arrays.fill(archive, first * BLOCK, first * BLOCK + length, (byte) 0);
                        Arrays.fill(kinds, first, first + count, Kind.HOLE);
                    }
                }
                case 7 -> harness.commit();
                default -> harness.remount();
            }
            InodeItem now = inode(ino);
            assertThat(now.onlineBlocks).as("online after step %d", step).isEqualTo(count(kinds, Kind.ONLINE));
            assertThat(now.offlineBlocks).as("offline after step %d", step).isEqualTo(count(kinds, Kind.OFFLINE));
        }
        for (int i = 0; i < blocks; i++) {
            if (kinds[i] == Kind.OFFLINE) {
                waits(new Request(0, 0, 0), ino, (long) i * BLOCK).cancel(false);
            } else {
                assertThat(read(ino, (long) i * BLOCK, BLOCK))
                        .as("block %d", i)
                        .isEqualTo(Arrays.copyOfRange(archive, i * BLOCK, (i + 1) * BLOCK));
            }
        }
        harness.commit();
        assertThat(TreeWalker.walk(harness.transactions.committedItems(), true)).isEmpty();
    }

    private static long count(Kind[] kinds, Kind of) {
        return Arrays.stream(kinds).filter(kind -> kind == of).count();
    }
}
