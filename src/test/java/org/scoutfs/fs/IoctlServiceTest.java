package org.scoutfs.fs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.scoutfs.base.Counter;
import org.scoutfs.base.Counters;
import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;
import org.scoutfs.format.ioctl.AllocDetail;
import org.scoutfs.format.ioctl.AllocatedInos;
import org.scoutfs.format.ioctl.CountersRequest;
import org.scoutfs.format.ioctl.InoPath;
import org.scoutfs.format.ioctl.IoctlCommand;
import org.scoutfs.format.ioctl.ReferringEntries;
import org.scoutfs.format.ioctl.ResizeDevices;
import org.scoutfs.format.ioctl.StatMore;
import org.scoutfs.format.ioctl.StatfsMore;
import org.scoutfs.format.ioctl.WalkInodes;
import org.scoutfs.fs.archive.IoctlService;
import org.scoutfs.net.Message;

/** Each private ioctl: what it tells, and its errors in their order. */
class IoctlServiceTest implements AutoCloseable {
    private static final long ADDRESS = 1 << 20;
    private static final int MEMORY_BYTES = 1 << 20;

    private final FsHarness harness = new FsHarness();
    private final Counters counters = new Counters();
    private final List<String> resized = new ArrayList<>();
    private final IoctlService ioctls = new IoctlService(
            harness.fs,
            harness.transactions,
            new VolumeState() {
                @Override
                public Message.VolumeStatus status(Request request) {
                    return new Message.VolumeStatus(0, 1600, 1000, 160, 400, 320, 7, 0);
                }

                @Override
                public void resize(Request request, long metaBlocks, long dataBlocks) {
                    resized.add(metaBlocks + " " + dataBlocks);
                }
            },
            counters,
            0xabcdL,
            77);
    private final Caller caller = new Caller();

    @Override
    @org.junit.jupiter.api.AfterEach
    public void close() {
        harness.close();
    }

    @Test
    void walksWhatIsCommittedInTheOrderOfChange() throws Exception {
        harness.client.create("a", new byte[10]);
        harness.client.create("b", new byte[0]);
        assertThat(walk(WalkInodes.META_SEQ, WalkInodes.Position.FIRST, 100)).as("nothing is committed yet").isEmpty();
        harness.commit();
        List<Long> all = inos(walk(WalkInodes.META_SEQ, WalkInodes.Position.FIRST, 100));
        assertThat(all).containsExactlyInAnyOrder(1L, harness.client.ino("a"), harness.client.ino("b"));
        assertThat(inos(walk(WalkInodes.DATA_SEQ, WalkInodes.Position.FIRST, 100)))
                .containsExactlyInAnyOrder(harness.client.ino("a"), harness.client.ino("b"));

        harness.client.chmod("a", 0600);
        harness.commit();
        List<WalkInodes.Entry> now = walk(WalkInodes.META_SEQ, WalkInodes.Position.FIRST, 100);
        assertThat(inos(now)).hasSize(3).endsWith(harness.client.ino("a"));
        assertThat(walk(WalkInodes.META_SEQ, new WalkInodes.Position(now.getLast().seq(), 0, 0), 100)).hasSize(1);
        assertThat(walk(WalkInodes.META_SEQ, new WalkInodes.Position(now.getLast().seq(), 1, 0), 100)).isEmpty();
        assertThat(walk(WalkInodes.META_SEQ, new WalkInodes.Position(-1, -1, -1), 100)).isEmpty();
        assertThat(errno(() -> walk(2, WalkInodes.Position.FIRST, 100))).isEqualTo(Errno.EINVAL);
    }

    @Test
    void aWalkThatGoesOnMissesNothing() throws Exception {
        for (int i = 0; i < 3000; i++) {
            harness.client.create("f" + i, new byte[0]);
            if (i % 700 == 0) {
                harness.commit();
            }
        }
        harness.commit();
        Set<Long> seen = new HashSet<>();
        WalkInodes.Position position = WalkInodes.Position.FIRST;
        while (true) {
            List<WalkInodes.Entry> some = walk(WalkInodes.META_SEQ, position, 37);
            if (some.isEmpty()) {
                break;
            }
            some.forEach(entry -> assertThat(seen.add(entry.ino())).isTrue());
            position = new WalkInodes.Position(some.getLast().seq(), 0, some.getLast().ino()).next();
        }
        assertThat(seen).hasSize(3001);
        assertThat(walk(WalkInodes.META_SEQ, WalkInodes.Position.FIRST, 5000)).hasSize(3001);
        assertThat(walk(WalkInodes.META_SEQ, WalkInodes.Position.FIRST, 0)).isEmpty();
    }

    @Test
    void findsPathsOfEachLink() throws Exception {
        harness.client.mkdir("d");
        harness.client.mkdir("d/e");
        harness.client.create("d/e/f", new byte[0]);
        harness.client.link("d/e/f", "g");
        long ino = harness.client.ino("g");
        InoPath.Result first = path(ino, 0, 0, 1000);
        assertThat(new String(first.path(), StandardCharsets.UTF_8)).isEqualTo("g");
        InoPath.Result second = path(ino, first.dirIno(), first.dirPos() + 1, 1000);
        assertThat(new String(second.path(), StandardCharsets.UTF_8)).isEqualTo("d/e/f");
        assertThat(errno(() -> path(ino, second.dirIno(), second.dirPos() + 1, 1000))).isEqualTo(Errno.ENOENT);
        assertThat(errno(() -> path(1, 0, 0, 1000))).isEqualTo(Errno.ENOENT);
        assertThat(errno(() -> path(999, 0, 0, 1000))).isEqualTo(Errno.ENOENT);
        assertThat(errno(() -> path(ino, 0, 0, 25))).isEqualTo(Errno.ENAMETOOLONG);
        assertThat(path(ino, 0, 0, 26).path()).hasSize(1);
        caller.capabilities = 1L << 21;
        assertThat(errno(() -> path(999, 0, 0, 1000))).isEqualTo(Errno.EPERM);
    }

    @Test
    void listsTheEntriesThatNameAnInode() throws Exception {
        harness.client.create("a", new byte[0]);
        long ino = harness.client.ino("a");
        for (int i = 0; i < 600; i++) {
            harness.client.link("a", "link" + i);
        }
        List<ReferringEntries.Entry> all = referring(ino, 0, 0, 1 << 19);
        assertThat(all).hasSize(601);
        assertThat(all.getLast().isLast()).isTrue();
        assertThat(all.subList(0, 600)).noneMatch(ReferringEntries.Entry::isLast);
        assertThat(all).allMatch(entry -> entry.ino() == ino && entry.dirIno() == 1 && entry.type() == 8);
        List<ReferringEntries.Entry> some = referring(ino, 0, 0, 100);
        assertThat(some).hasSize(2);
        assertThat(some).noneMatch(ReferringEntries.Entry::isLast);
        assertThat(errno(() -> referring(ino, 0, 0, 31))).isEqualTo(Errno.EINVAL);
        assertThat(referring(424242, 0, 0, 1000)).isEmpty();
        caller.capabilities = 0;
        assertThat(errno(() -> referring(ino, 0, 0, 1000))).isEqualTo(Errno.EPERM);
    }

    @Test
    void listsExistingNumbersAlsoOfUnlinkedFiles() throws Exception {
        harness.client.create("a", new byte[100]);
        long ino = harness.client.ino("a");
        FileSystem.OpenFile open = harness.client.call(request -> harness.fs.open(request, ino, 0, false));
        harness.client.unlink("a");
        harness.settle();
        assertThat(allocated(ino, 0, 8000)).containsExactly(ino);
        harness.fs.release(ino, open.handle(), 0, false);
        harness.settle();
        assertThat(allocated(ino, 0, 8000)).isEmpty();
        assertThat(errno(() -> allocated(ino, 1, 8000))).as("handle for writing only").isEqualTo(Errno.EBADF);
        assertThat(errno(() -> allocated(ino, 0, 7))).isEqualTo(Errno.EINVAL);
        caller.capabilities = 4;
        assertThat(errno(() -> allocated(ino, 0, 7))).isEqualTo(Errno.EPERM);
    }

    @Test
    void resizesInBlocksOfTheirKind() throws Exception {
        assertThat(resize(0, 3, 5)).isZero();
        assertThat(resize(0, 0, 1L << 40)).isZero();
        assertThat(resized).containsExactly("48 5", "0 1099511627776");
        assertThat(errno(() -> resize(0, (1L << 36) + 1, 0))).isEqualTo(Errno.EINVAL);
        assertThat(errno(() -> resize(0, 0, -1))).isEqualTo(Errno.EINVAL);
        assertThat(errno(() -> resize(1, 3, 5))).as("handle for writing only").isEqualTo(Errno.EBADF);
        caller.capabilities = 4;
        assertThat(errno(() -> resize(0, 3, 5))).isEqualTo(Errno.EPERM);
        assertThat(resized).hasSize(2);
    }

    private int resize(long handle, long metaBlocks, long dataBlocks) throws FsException, IOException {
        return call(1, handle, IoctlCommand.RESIZE_DEVICES, new ResizeDevices(metaBlocks, dataBlocks).encode(), 0).result();
    }

    @Test
    void tellsWhatStatDoesNot() throws Exception {
        harness.client.create("a", new byte[5000]);
        long ino = harness.client.ino("a");
        StatMore before = statMore(ino);
        assertThat(before.dataVersion()).isEqualTo(1);
        assertThat(before.onlineBlocks()).isEqualTo(2);
        assertThat(before.metaSeq()).isEqualTo(before.dataSeq()).isPositive();
        harness.commit();
        harness.client.chmod("a", 0600);
        assertThat(statMore(ino).metaSeq()).isGreaterThan(before.metaSeq());
        assertThat(statMore(ino).dataSeq()).isEqualTo(before.dataSeq());
        harness.client.truncate("a", 5000);
        assertThat(statMore(ino).dataSeq()).isEqualTo(statMore(ino).metaSeq());
        assertThat(statMore(ino).dataVersion()).as("the size is the same").isEqualTo(1);
        harness.client.truncate("a", 0);
        assertThat(statMore(ino).dataVersion()).isEqualTo(2);
        assertThat(statMore(ino).onlineBlocks()).isZero();
        assertThat(statMore(ino).crtimeSeconds()).isPositive();
    }

    @Test
    void tellsOfTheVolume() throws Exception {
        harness.client.create("a", new byte[0]);
        harness.commit();
        Ioctls.Reply reply = call(1, 0, IoctlCommand.STATFS_MORE, new byte[0], StatfsMore.SIZE);
        StatfsMore more = StatfsMore.decode(MemorySegment.ofArray(reply.out()));
        assertThat(more.fsid()).isEqualTo(0xabcdL);
        assertThat(more.rid()).isEqualTo(77);
        assertThat(more.committedSeq()).isEqualTo(statMore(1).metaSeq());
        assertThat(more.totalMetaBlocks()).isEqualTo(100);
        assertThat(more.totalDataBlocks()).isEqualTo(1000);
        assertThat(more.reservedMetaBlocks()).isEqualTo(20);
        Ioctls.Reply detail = call(1, 0, IoctlCommand.ALLOC_DETAIL, new AllocDetail(ADDRESS, 2).encode(), 0);
        assertThat(detail.result()).isEqualTo(2);
        assertThat(AllocDetail.Entry.decode(caller.memory(), 0).blocks()).isEqualTo(10);
        assertThat(AllocDetail.Entry.decode(caller.memory(), 1).blocks()).isEqualTo(400);
        assertThat(errno(() -> call(1, 0, IoctlCommand.ALLOC_DETAIL, new AllocDetail(ADDRESS, 1).encode(), 0)))
                .isEqualTo(Errno.EOVERFLOW);
    }

    @Test
    void showsCountersByPages() throws Exception {
        counters.add(Counter.values()[1], 42);
        int all = Counter.values().length;
        assertThat(call(1, 0, IoctlCommand.COUNTERS, new CountersRequest(1, 2, ADDRESS).encode(), 0).result())
                .isEqualTo(2);
        assertThat(CountersRequest.Entry.decode(caller.memory(), 0).value()).isEqualTo(42);
        assertThat(call(1, 0, IoctlCommand.COUNTERS, new CountersRequest(0, -1, ADDRESS).encode(), 0).result())
                .isEqualTo(all);
        assertThat(call(1, 0, IoctlCommand.COUNTERS, new CountersRequest(all, 9, ADDRESS).encode(), 0).result())
                .isZero();
    }

    @Test
    void refusesWhatItDoesNotKnowAndBadPointers() throws Exception {
        harness.client.create("a", new byte[0]);
        harness.commit();
        assertThat(errno(() -> call(1, 0, 0x5401, new byte[0], 0))).isEqualTo(Errno.ENOTTY);
        WalkInodes bad = new WalkInodes(
                WalkInodes.Position.FIRST, WalkInodes.Position.LAST, 5, 10, WalkInodes.META_SEQ);
        assertThat(errno(() -> call(1, 0, IoctlCommand.WALK_INODES, bad.encode(), 0))).isEqualTo(Errno.EFAULT);
    }

    private List<WalkInodes.Entry> walk(int index, WalkInodes.Position first, int capacity)
            throws FsException, IOException {
        WalkInodes walk = new WalkInodes(first, WalkInodes.Position.LAST, ADDRESS, capacity, index);
        int count = call(1, 0, IoctlCommand.WALK_INODES, walk.encode(), 0).result();
        List<WalkInodes.Entry> entries = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            entries.add(WalkInodes.Entry.decode(caller.memory(), i));
        }
        return entries;
    }

    private static List<Long> inos(List<WalkInodes.Entry> entries) {
        return entries.stream().map(WalkInodes.Entry::ino).toList();
    }

    private InoPath.Result path(long ino, long dirIno, long dirPos, int bytes) throws FsException, IOException {
        InoPath asked = new InoPath(ino, dirIno, dirPos, ADDRESS, bytes);
        assertThat(call(1, 0, IoctlCommand.INO_PATH, asked.encode(), 0).result()).isZero();
        return InoPath.Result.decode(caller.memory());
    }

    private List<ReferringEntries.Entry> referring(long ino, long dirIno, long dirPos, long bytes)
            throws FsException, IOException {
        ReferringEntries asked = new ReferringEntries(ino, dirIno, dirPos, ADDRESS, bytes);
        int count = call(1, 0, IoctlCommand.GET_REFERRING_ENTRIES, asked.encode(), 0).result();
        List<ReferringEntries.Entry> entries = new ArrayList<>();
        long offset = 0;
        for (int i = 0; i < count; i++) {
            ReferringEntries.Entry entry = ReferringEntries.Entry.decode(caller.memory(), offset);
            entries.add(entry);
            offset += entry.size();
        }
        return entries;
    }

    private List<Long> allocated(long start, long handle, long bytes) throws FsException, IOException {
        AllocatedInos asked = new AllocatedInos(start, ADDRESS, bytes);
        int count = call(1, handle, IoctlCommand.GET_ALLOCATED_INOS, asked.encode(), 0).result();
        List<Long> inos = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            inos.add(caller.memory().get(ValueLayout.JAVA_LONG_UNALIGNED, 8L * i));
        }
        return inos;
    }

    private StatMore statMore(long ino) throws FsException, IOException {
        Ioctls.Reply reply = call(ino, 0, IoctlCommand.STAT_MORE, new byte[0], StatMore.SIZE);
        return StatMore.decode(MemorySegment.ofArray(reply.out()));
    }

    private Ioctls.Reply call(long ino, long handle, int command, byte[] in, int outSize)
            throws FsException, IOException {
        return harness.client.call(request -> ioctls.call(
                request, ino, handle, false, command, 0, MemorySegment.ofArray(in), outSize, caller));
    }

    private interface Action {
        Object run() throws FsException, IOException;
    }

    private static Errno errno(Action action) throws IOException {
        try {
            throw new AssertionError("no error but " + action.run());
        } catch (FsException e) {
            return e.errno();
        }
    }

    /** A process with a megabyte of memory. */
    private static final class Caller implements CallerMemory {
        private final byte[] bytes = new byte[MEMORY_BYTES];
        long capabilities = -1;

        MemorySegment memory() {
            return MemorySegment.ofArray(bytes);
        }

        @Override
        public void read(long address, MemorySegment into) throws FsException {
            into.copyFrom(slice(address, into.byteSize()));
        }

        @Override
        public void write(long address, MemorySegment from) throws FsException {
            slice(address, from.byteSize()).copyFrom(from);
        }

        private MemorySegment slice(long address, long size) throws FsException {
            if (address < ADDRESS || address - ADDRESS + size > MEMORY_BYTES) {
                throw FsException.of(Errno.EFAULT);
            }
            return memory().asSlice(address - ADDRESS, size);
        }

        @Override
        public boolean hasCapability(int number) {
            return (capabilities >>> number & 1) != 0;
        }
    }
}
