package org.scoutfs.fs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.scoutfs.base.Errno;
import org.scoutfs.testkit.FsClient;

/** Rules of single operations, and the errors that the model does not make. */
class FileOperationsTest {
    private static final int O_RDWR = 2;
    private static final int O_CREAT = 0100;
    private static final int O_EXCL = 0200;
    private static final int O_TRUNC = 01000;

    private final FsHarness harness = new FsHarness();
    private final FsClient client = harness.client;
    private final NodeFileSystem fs = harness.fs;

    @AfterEach
    void provesTheTree() throws Exception {
        harness.settle();
        harness.commit();
        assertThat(TreeWalker.walk(harness.transactions.committedItems(), true)).isEmpty();
        harness.close();
    }

    @Test
    void storageAheadGoesBackWhenTheFileIsClosed() throws Exception {
        byte[] block = new byte[4096];
        client.create("log", new byte[4 * 4096]);
        harness.commit();
        long before = harness.transactions.memoryDataSpace().usedBlocks();
        client.withOpen("log", (ino, handle) -> {
            client.write(ino, handle, 0, block, true);
            harness.commit();
            assertThat(harness.transactions.memoryDataSpace().usedBlocks()).isEqualTo(before + 1 + 5);
            assertThat(client.stat("log").blocks()).as("it is no data").isEqualTo(5 * 8);
            client.write(ino, handle, 0, block, true);
        });
        harness.commit();
        assertThat(harness.transactions.memoryDataSpace().usedBlocks()).isEqualTo(before + 2);
        assertThat(client.stat("log").size()).isEqualTo(6 * 4096);
    }

    @Test
    void timesAreTheKernelsWhereItKeepsThem() throws Exception {
        try (FsHarness kernels = new FsHarness(FsOptions.DEFAULTS.withKernelTimes(true))) {
            for (FsHarness each : List.of(harness, kernels)) {
                FsClient program = each.client;
                program.create("f", new byte[0]);
                Attributes.Timestamp made = program.stat("f").mtime();
                List<Boolean> moved = new ArrayList<>();
                program.write("f", 0, new byte[9000]);
                moved.add(!program.stat("f").mtime().equals(made));
                Attributes.Timestamp written = program.stat("f").mtime();
                program.fallocate("f", 0, 20_000, 0);
                moved.add(!program.stat("f").mtime().equals(written));
                Attributes.Timestamp allocated = program.stat("f").mtime();
                program.fallocate("f", 0, 4096, 3);
                moved.add(!program.stat("f").mtime().equals(allocated));
                Attributes.Timestamp punched = program.stat("f").mtime();
                program.truncate("f", 5000);
                moved.add(!program.stat("f").mtime().equals(punched));
                assertThat(moved).containsOnly(each == harness);
            }
        }
    }

    @Test
    void errorsOfNames() throws Exception {
        client.create("f", new byte[0]);
        client.mkdir("d");
        long file = client.ino("f");
        long dir = client.ino("d");
        byte[] tooLong = new byte[256];
        Arrays.fill(tooLong, (byte) 'x');
        assertThat(errno(() -> client.call(r -> fs.lookup(r, 1, tooLong)))).isEqualTo(Errno.ENAMETOOLONG);
        assertThat(errno(() -> client.call(r -> fs.mkdir(r, 1, tooLong, 0755, 0)))).isEqualTo(Errno.ENAMETOOLONG);
        assertThat(errno(() -> client.run(r -> fs.unlink(r, 1, tooLong)))).isEqualTo(Errno.ENAMETOOLONG);
        assertThat(errno(() -> client.run(r -> fs.rename(r, 1, name("f"), 1, tooLong, 0)))).isEqualTo(Errno.ENAMETOOLONG);
        assertThat(errno(() -> client.call(r -> fs.lookup(r, file, name("x"))))).isEqualTo(Errno.ENOTDIR);
        assertThat(errno(() -> client.call(r -> fs.mkdir(r, file, name("x"), 0755, 0)))).isEqualTo(Errno.ENOTDIR);
        assertThat(errno(() -> client.call(r -> fs.mkdir(r, 1, name(".."), 0755, 0)))).isEqualTo(Errno.EEXIST);
        assertThat(errno(() -> client.run(r -> fs.rmdir(r, dir, name("."))))).isEqualTo(Errno.EINVAL);
        assertThat(errno(() -> client.run(r -> fs.rmdir(r, dir, name(".."))))).isEqualTo(Errno.ENOTEMPTY);
        assertThat(errno(() -> client.run(r -> fs.rename(r, 1, name("f"), 1, name("g"), 4)))).isEqualTo(Errno.EINVAL);
        assertThat(errno(() -> client.run(r -> fs.rename(r, 1, name("f"), 1, name("g"), 3)))).isEqualTo(Errno.EINVAL);
        assertThat(errno(() -> client.call(r -> fs.symlink(r, 1, name("s"), new byte[4096])))).isEqualTo(Errno.ENAMETOOLONG);
        assertThat(errno(() -> client.call(r -> fs.symlink(r, 1, name("s"), new byte[0])))).isEqualTo(Errno.ENOENT);
        assertThat(errno(() -> client.call(r -> fs.readlink(r, file)))).isEqualTo(Errno.EINVAL);
        assertThat(errno(() -> client.call(r -> fs.openDirectory(r, file)))).isEqualTo(Errno.ENOTDIR);
        assertThat(errno(() -> client.call(r -> fs.open(r, dir, O_RDWR, false)))).isEqualTo(Errno.EISDIR);
        assertThat(errno(() -> client.call(r -> fs.getAttributes(r, 4711)))).isEqualTo(Errno.ESTALE);
        assertThat(errno(() -> client.call(r -> fs.lookup(r, 4711, name("."))))).isEqualTo(Errno.ENOENT);
        client.symlink("long", "t".repeat(4095));
        assertThat(client.readlink("long")).hasSize(4095);
    }

    @Test
    void errorsOfContents() throws Exception {
        client.create("f", new byte[5000]);
        long ino = client.ino("f");
        assertThat(errno(() -> client.fallocate("f", 0, 0, 0))).isEqualTo(Errno.EINVAL);
        assertThat(errno(() -> client.fallocate("f", -1, 5, 0))).isEqualTo(Errno.EINVAL);
        assertThat(errno(() -> client.fallocate("f", Long.MAX_VALUE, 5, 0))).isEqualTo(Errno.EFBIG);
        assertThat(errno(() -> client.fallocate("f", 0, 5, 2))).isEqualTo(Errno.EOPNOTSUPP);
        assertThat(errno(() -> client.fallocate("f", 0, 5, 8))).isEqualTo(Errno.EOPNOTSUPP);
        assertThat(errno(() -> client.truncate("f", -1))).isEqualTo(Errno.EINVAL);
        assertThat(errno(() -> client.call(r -> fs.seek(r, ino, 0, 5000, 3)))).isEqualTo(Errno.ENXIO);
        assertThat(errno(() -> client.call(r -> fs.seek(r, ino, 0, 0, 5)))).isEqualTo(Errno.EINVAL);
        assertThat(errno(() -> client.call(r -> fs.copyFileRange(r, ino, 0, 0, ino, 0, 100, 200)))).isEqualTo(Errno.EINVAL);
        client.truncate("f", 1L << 40);
        assertThat(client.<Long>call(r -> fs.seek(r, ino, 0, 0, 4))).isEqualTo(8192);
        assertThat(errno(() -> client.call(r -> fs.seek(r, ino, 0, 8192, 3)))).isEqualTo(Errno.ENXIO);
    }

    @Test
    void createWithoutExclOpensWhatIsThere() throws Exception {
        client.create("f", new byte[100]);
        FileSystem.Created opened = client.call(r -> fs.create(r, 1, name("f"), O_RDWR | O_CREAT, 0600, 0));
        assertThat(opened.isNew()).isFalse();
        assertThat(opened.attributes().size()).isEqualTo(100);
        fs.release(opened.attributes().ino(), opened.file().handle(), 0, false);
        FileSystem.Created emptied = client.call(r -> fs.create(r, 1, name("f"), O_RDWR | O_CREAT | O_TRUNC, 0600, 0));
        assertThat(emptied.attributes().size()).isZero();
        fs.release(emptied.attributes().ino(), emptied.file().handle(), 0, false);
        fs.forget(emptied.attributes().ino(), 2);
        assertThat(errno(() -> client.call(r -> fs.create(r, 1, name("f"), O_CREAT | O_EXCL, 0600, 0)))).isEqualTo(Errno.EEXIST);
        client.mkdir("d");
        assertThat(errno(() -> client.call(r -> fs.create(r, 1, name("d"), O_RDWR | O_CREAT, 0600, 0)))).isEqualTo(Errno.EISDIR);
    }

    @Test
    void aFileWithoutNameLivesWhileItIsUsedAndMayGetAName() throws Exception {
        FileSystem.Created kept = client.call(r -> fs.tmpfile(r, 1, O_RDWR, 0644, 022));
        FileSystem.Created lost = client.call(r -> fs.tmpfile(r, 1, O_RDWR | O_EXCL, 0644, 0));
        long ino = kept.attributes().ino();
        long lostIno = lost.attributes().ino();
        assertThat(kept.attributes().nlink()).isZero();
        client.write(ino, kept.file().handle(), 0, new byte[5000], false);
        assertThat(errno(() -> client.call(r -> fs.link(r, lostIno, 1, name("lost"))))).isEqualTo(Errno.ENOENT);
        Attributes linked = client.call(r -> fs.link(r, ino, 1, name("kept")));
        assertThat(linked.nlink()).isEqualTo(1);
        fs.release(ino, kept.file().handle(), 0, false);
        fs.forget(ino, 2);
        fs.release(lostIno, lost.file().handle(), 0, false);
        harness.settle();
        assertThat(client.call(r -> fs.getAttributes(r, lostIno)).nlink()).as("the kernel still knows it").isZero();
        fs.forget(lostIno, 1);
        harness.settle();
        assertThat(errno(() -> client.call(r -> fs.getAttributes(r, lostIno)))).isEqualTo(Errno.ESTALE);
        assertThat(client.read("kept")).hasSize(5000);
    }

    @Test
    void anUnlinkedOpenFileCanBeReadAndIsGoneAfterACrash() throws Exception {
        client.create("f", new byte[9000]);
        long ino = client.ino("f");
        FileSystem.OpenFile open = client.call(r -> fs.open(r, ino, O_RDWR, false));
        client.unlink("f");
        assertThat(client.read(ino, open.handle(), 0, 9000)).hasSize(9000);
        harness.commit();
        harness.crash();
        harness.settle();
        harness.commit();
        assertThat(TreeWalker.walk(harness.transactions.committedItems(), true)).isEmpty();
        assertThat(harness.transactions.committedItems().keySet().stream()
                        .filter(key -> org.scoutfs.item.Keys.first(key) == ino))
                .isEmpty();
    }

    @Test
    void writesTakePrivilegesAway() throws Exception {
        client.create("f", new byte[10]);
        long ino = client.ino("f");
        client.chmod("f", 06755);
        client.setXattr("f", "security.capability", new byte[20]);
        client.write("f", 0, new byte[1]);
        assertThat(client.stat("f").mode() & 07777).as("the caller may keep them").isEqualTo(06755);
        assertThat(client.xattrNames(ino)).isEmpty();
        try (var arena = java.lang.foreign.Arena.ofConfined()) {
            var bytes = arena.allocate(1);
            assertThat(client.<Integer>call(r -> fs.write(r, ino, 0, 0, bytes, false, false, true))).isEqualTo(1);
        }
        assertThat(client.stat("f").mode() & 07777).isEqualTo(0755);
        assertThat(harness.invalidated).containsExactly("inode " + ino + " -1+0");
        client.chmod("f", 06745);
        client.setAttributes("f", new AttributeChange(null, 5, null, null, null, null, null, false, false, false));
        assertThat(client.stat("f").mode() & 07777).as("set-group-id without execution stays").isEqualTo(02745);
        client.chmod("f", 06755);
        client.setAttributes("f", new AttributeChange(null, null, null, 5L, null, null, null, false, false, true));
        assertThat(client.stat("f").mode() & 07777).isEqualTo(0755);
    }

    @Test
    void newInodesTakeTheGroupOfASetGroupIdDirectory() throws Exception {
        client.mkdir("d");
        client.setAttributes("d", new AttributeChange(02775, null, 42, null, null, null, null, false, false, false));
        client.mkdir("d/e");
        client.create("d/e/f", new byte[0]);
        assertThat(client.stat("d/e").gid()).isEqualTo(42);
        assertThat(client.stat("d/e").mode() & 07777).isEqualTo(02755);
        assertThat(client.stat("d/e/f").gid()).isEqualTo(42);
        assertThat(client.stat("d/e/f").mode() & 07777).isEqualTo(0644);
    }

    @Test
    void timesFollowTheOperation() throws Exception {
        client.create("f", new byte[0]);
        Attributes made = client.stat("f");
        assertThat(made.mtime()).isEqualTo(made.ctime()).isEqualTo(made.crtime()).isEqualTo(made.atime());
        client.chmod("f", 0600);
        Attributes changed = client.stat("f");
        assertThat(changed.mtime()).isEqualTo(made.mtime());
        assertThat(changed.ctime()).isNotEqualTo(made.ctime());
        client.fallocate("f", 0, 10, 0);
        assertThat(client.stat("f").mtime()).isNotEqualTo(made.mtime());
        Attributes.Timestamp before1970 = new Attributes.Timestamp(-5, 999_999_999);
        client.setAttributes(
                "f", new AttributeChange(null, null, null, null, before1970, before1970, null, false, false, false));
        assertThat(client.stat("f").atime()).isEqualTo(before1970);
        assertThat(client.stat("f").mtime()).isEqualTo(before1970);
        harness.remount();
        assertThat(harness.client.stat("f").mtime()).isEqualTo(before1970);
        assertThat(harness.client.stat("f").crtime()).isEqualTo(made.crtime());
    }

    @Test
    void aDirectoryOfTwoToThe31LinksIsFull() throws Exception {
        client.create("f", new byte[0]);
        client.mkdir("d");
        long dir = client.ino("d");
        preset(client.ino("f"), Integer.MAX_VALUE);
        preset(dir, Integer.MAX_VALUE);
        assertThat(errno(() -> client.link("f", "g"))).isEqualTo(Errno.EMLINK);
        assertThat(errno(() -> client.mkdir("d/e"))).isEqualTo(Errno.EMLINK);
        client.mkdir("e");
        assertThat(errno(() -> client.rename("e", "d/e", 0))).isEqualTo(Errno.EMLINK);
        preset(client.ino("f"), 1);
        preset(dir, 2);
    }

    @Test
    void aFullVolumeStillDeletes() throws Exception {
        client.create("f", new byte[5000]);
        harness.transactions.failBegin(Errno.ENOSPC);
        assertThat(errno(() -> client.create("g", new byte[0]))).isEqualTo(Errno.ENOSPC);
        assertThat(errno(() -> client.setXattr("f", "user.a", new byte[0]))).isEqualTo(Errno.ENOSPC);
        client.truncate("f", 100);
        client.unlink("f");
        harness.settle();
        harness.transactions.failBegin(null);
        assertThat(client.list("")).isEmpty();
    }

    @Test
    void copiesRanges() throws Exception {
        byte[] bytes = org.scoutfs.testkit.PosixModel.pattern(99, 3 << 20);
        client.create("from", bytes);
        client.create("to", new byte[10]);
        long from = client.ino("from");
        long to = client.ino("to");
        assertThat(client.<Long>call(r -> fs.copyFileRange(r, from, 0, 1000, to, 0, 5000, 1L << 40))).isEqualTo(bytes.length - 1000);
        byte[] copied = client.read("to");
        assertThat(copied).hasSize(5000 + bytes.length - 1000);
        assertThat(Arrays.copyOfRange(copied, 5000, copied.length)).isEqualTo(Arrays.copyOfRange(bytes, 1000, bytes.length));
    }

    /** Sets a link count as if so many links had been made. */
    private void preset(long ino, int links) throws Exception {
        byte[] key = org.scoutfs.item.InodeItem.key(ino);
        var item = org.scoutfs.item.InodeItem.decode(ino, harness.transactions.items().get(key));
        item.nlink = links;
        try (var txn = harness.transactions.begin(1000, org.scoutfs.txn.Transactions.SpaceUse.GROW)) {
            txn.put(key, item.encode());
        }
        fs.forgetInodes(ino, 1);
    }

    private static byte[] name(String text) {
        return FsHarness.name(text);
    }

    private Errno errno(FsClient.FailingAction action) throws IOException {
        return client.errno(action);
    }

}
