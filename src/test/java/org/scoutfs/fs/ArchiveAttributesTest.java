package org.scoutfs.fs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.scoutfs.fs.IoctlCaller.ARGUMENT;
import static org.scoutfs.fs.IoctlCaller.errno;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.scoutfs.base.Errno;
import org.scoutfs.base.FsException;
import org.scoutfs.format.ioctl.AttrX;
import org.scoutfs.format.ioctl.FileAttributes;
import org.scoutfs.format.ioctl.IoctlCommand;
import org.scoutfs.format.ioctl.StatMore;
import org.scoutfs.fs.Attributes.Timestamp;

/** GET_ATTR_X and SET_ATTR_X: each attribute, each refusal, retention, and project ids. */
class ArchiveAttributesTest {
    private final FsHarness harness = new FsHarness();
    private final IoctlCaller caller = new IoctlCaller(harness);

    @AfterEach
    void provesTheTree() throws Exception {
        harness.settle();
        harness.commit();
        assertThat(TreeWalker.walk(harness.transactions.committedItems(), true)).isEmpty();
        harness.close();
    }

    @Test
    void readsWhatIsAskedForAndNothingMore() throws Exception {
        harness.client.create("f", new byte[5000]);
        harness.commit();
        long ino = harness.client.ino("f");
        AttrX all = get("f", AttrX.ALL);
        StatMore stat = StatMore.decode(MemorySegment.ofArray(statMore(ino)));
        assertThat(all.metaSeq()).isEqualTo(stat.metaSeq());
        assertThat(all.dataSeq()).isEqualTo(stat.dataSeq());
        assertThat(all.dataVersion()).isEqualTo(1);
        assertThat(all.onlineBlocks()).isEqualTo(2);
        assertThat(all.offlineBlocks()).isZero();
        assertThat(new Timestamp(all.ctimeSeconds(), all.ctimeNanos())).isEqualTo(harness.client.stat("f").ctime());
        assertThat(all.crtimeSeconds()).isEqualTo(stat.crtimeSeconds());
        assertThat(all.crtimeNanos()).isEqualTo(stat.crtimeNanos());
        assertThat(all.size()).isEqualTo(5000);
        assertThat(all.bits()).isZero();
        assertThat(all.projectId()).isZero();

        caller.capabilities = 0;
        caller.uid = 1000;
        AttrX two = get("f", AttrX.DATA_VERSION | AttrX.META_SEQ);
        assertThat(two.dataVersion()).isEqualTo(1);
        assertThat(two.dataSeq()).as("not asked for").isEqualTo(0x77);
        assertThat(two.size()).as("behind the last one asked for").isEqualTo(0x77);
        assertThat(get("", AttrX.FILE_SIZE).size()).as("a directory").isEqualTo(1);
        assertThat(errno(() -> get("f", 1 << 10))).isEqualTo(Errno.EINVAL);
        assertThat(get("f", 0).metaSeq()).isEqualTo(0x77);
    }

    @Test
    void aFileIsMadeOffline() throws Exception {
        harness.client.create("f", new byte[0]);
        long large = 578437695752307201L;
        set("f", AttrX.DATA_VERSION | AttrX.FILE_SIZE | AttrX.CTIME | AttrX.CRTIME, AttrX.SIZE_OFFLINE, large, large, 0, 0);
        AttrX all = get("f", AttrX.ALL);
        assertThat(all.dataVersion()).isEqualTo(large);
        assertThat(all.size()).isEqualTo(large);
        assertThat(all.onlineBlocks()).isZero();
        assertThat(all.offlineBlocks()).isEqualTo((large + 4095) / 4096);
        assertThat(all.ctimeSeconds()).isEqualTo(67);
        assertThat(all.ctimeNanos()).isEqualTo(89);
        assertThat(all.crtimeSeconds()).isEqualTo(-5);
        assertThat(all.crtimeNanos()).isEqualTo(6);
        harness.remount();
        assertThat(get("f", AttrX.OFFLINE_BLOCKS).offlineBlocks()).isEqualTo((large + 4095) / 4096);
        harness.client.truncate("f", 0);
        assertThat(get("f", AttrX.OFFLINE_BLOCKS).offlineBlocks()).isZero();
    }

    @Test
    void preallocatedStorageGivesWayToAnOfflineSize() throws Exception {
        harness.client.create("f", new byte[0]);
        long ino = harness.client.ino("f");
        harness.client.run(r -> harness.fs.fallocate(r, ino, 0, 0, 400_000, 1));
        set("f", AttrX.DATA_VERSION | AttrX.FILE_SIZE, AttrX.SIZE_OFFLINE, 5, 4_000_000_000L, 0, 0);
        assertThat(get("f", AttrX.OFFLINE_BLOCKS).offlineBlocks()).isEqualTo(976563);
        harness.crash();
        assertThat(harness.client.errno(() -> harness.client.ino("f"))).as("not committed").isEqualTo(Errno.ENOENT);
    }

    @Test
    void aSizeWithoutBlocks() throws Exception {
        harness.client.create("f", new byte[0]);
        set("f", AttrX.DATA_VERSION | AttrX.FILE_SIZE, 0, 9, 10_000, 0, 0);
        assertThat(harness.client.read("f")).isEqualTo(new byte[10_000]);
        assertThat(get("f", AttrX.OFFLINE_BLOCKS).offlineBlocks()).isZero();
    }

    @Test
    void refusals() throws Exception {
        harness.client.create("written", new byte[1]);
        harness.client.create("f", new byte[0]);
        harness.client.mkdir("d");
        assertThat(setErrno("written", AttrX.DATA_VERSION, 0, 3, 0)).isEqualTo(Errno.EINVAL);
        assertThat(setErrno("written", AttrX.FILE_SIZE, 0, 0, 0)).isEqualTo(Errno.EINVAL);
        assertThat(setErrno("f", AttrX.DATA_VERSION, 0, 0, 0)).isEqualTo(Errno.EINVAL);
        assertThat(setErrno("f", AttrX.FILE_SIZE, 0, 0, 1)).isEqualTo(Errno.EINVAL);
        assertThat(setErrno("f", AttrX.FILE_SIZE, 0, 0, 0)).isNull();
        assertThat(setErrno("f", AttrX.DATA_VERSION, AttrX.SIZE_OFFLINE, 1, 0)).isEqualTo(Errno.EINVAL);
        assertThat(setErrno("f", AttrX.DATA_VERSION | AttrX.FILE_SIZE, AttrX.SIZE_OFFLINE, 1, 0)).isEqualTo(Errno.EINVAL);
        assertThat(setErrno("f", AttrX.DATA_VERSION | AttrX.FILE_SIZE, 0, 1, -1)).isEqualTo(Errno.EINVAL);
        assertThat(setErrno("f", AttrX.DATA_VERSION, 2, 1, 0)).isEqualTo(Errno.EINVAL);
        assertThat(setErrno("f", 1 << 10, 0, 1, 0)).isEqualTo(Errno.EINVAL);
        assertThat(setErrno("d", AttrX.DATA_VERSION, 0, 1, 0)).isEqualTo(Errno.EINVAL);
        assertThat(setErrno("d", AttrX.BITS_RETENTION, 0, 0, 0)).isEqualTo(Errno.EINVAL);
        assertThat(setErrno("d", AttrX.CTIME, 0, 0, 0)).isNull();
        assertThat(setErrno("d", AttrX.META_SEQ | AttrX.DATA_SEQ | AttrX.ONLINE_BLOCKS, 0, 0, 0)).as("ignored").isNull();
        assertThat(get("d", AttrX.ONLINE_BLOCKS).onlineBlocks()).isZero();
        caller.capabilities = ~(1L << 21);
        assertThat(setErrno("f", AttrX.CTIME, 0, 0, 0)).isEqualTo(Errno.EPERM);
        assertThat(setErrno("f", 0, 0, 0, 0)).isEqualTo(Errno.EPERM);
    }

    @Test
    void retentionRefusesChanges() throws Exception {
        harness.client.create("f", new byte[100]);
        harness.client.create("g", new byte[100]);
        harness.client.setXattr("f", "user.a", new byte[1]);
        retain("f", 1);
        assertThat(get("f", AttrX.BITS_RETENTION).bits()).isEqualTo(1);
        harness.remount();
        FsHarness h = harness;
        long ino = h.client.ino("f");
        assertThat(h.client.errno(() -> h.client.write("f", 0, new byte[1]))).isEqualTo(Errno.EPERM);
        assertThat(h.client.errno(() -> h.client.truncate("f", 100))).isEqualTo(Errno.EPERM);
        assertThat(h.client.errno(() -> h.client.truncate("f", 0))).isEqualTo(Errno.EPERM);
        assertThat(h.client.errno(() -> h.client.run(r -> h.fs.open(r, ino, 01001, false)))).isEqualTo(Errno.EPERM);
        assertThat(h.client.errno(() -> h.client.chmod("f", 0600))).isEqualTo(Errno.EPERM);
        assertThat(h.client.errno(() -> h.client.setAttributes(
                        "f", new AttributeChange(null, 1, null, null, null, null, null, false, true, false))))
                .isEqualTo(Errno.EPERM);
        assertThat(h.client.errno(() -> h.client.unlink("f"))).isEqualTo(Errno.EPERM);
        assertThat(h.client.errno(() -> h.client.rename("f", "x", 0))).isEqualTo(Errno.EPERM);
        assertThat(h.client.errno(() -> h.client.rename("g", "f", 0))).isEqualTo(Errno.EPERM);
        assertThat(h.client.errno(() -> h.client.rename("g", "f", 2))).isEqualTo(Errno.EPERM);
        assertThat(h.client.errno(() -> h.client.setXattr("f", "user.b", new byte[1]))).isEqualTo(Errno.EPERM);
        assertThat(h.client.errno(() -> h.client.removeXattr("f", "user.a"))).isEqualTo(Errno.EPERM);
        assertThat(h.client.errno(() -> h.client.run(r -> h.fs.fallocate(r, ino, 2, 0, 9000, 0)))).isEqualTo(Errno.EPERM);
        long other = h.client.ino("g");
        assertThat(h.client.errno(() -> h.client.run(r -> h.fs.copyFileRange(r, other, 2, 0, ino, 2, 0, 10))))
                .isEqualTo(Errno.EPERM);
        assertThat(setErrno("f", AttrX.CTIME, 0, 0, 0)).isEqualTo(Errno.EPERM);
        assertThat(setErrno("f", AttrX.PROJECT_ID, 0, 0, 0)).isEqualTo(Errno.EPERM);
        assertThat(setErrno("f", AttrX.DATA_VERSION, 0, 5, 0)).as("checked first").isEqualTo(Errno.EINVAL);

        assertThat(h.client.read("f")).hasSize(100);
        h.client.link("f", "link");
        assertThat(h.client.errno(() -> h.client.unlink("link"))).isEqualTo(Errno.EPERM);
        h.client.setXattr("f", "scoutfs.hide.a", new byte[1]);
        h.client.setXattr("f", "trusted.a", new byte[1]);
        h.client.removeXattr("f", "trusted.a");
        caller.capabilities = 0;
        assertThat(harness.client.errno(() -> retain("f", 0))).isEqualTo(Errno.EPERM);
        caller.capabilities = -1;
        assertThat(call("f", AttrX.BITS_RETENTION | AttrX.PROJECT_ID, 0, 0, 0, 0, 8)).as("with another change").isZero();
        assertThat(get("f", AttrX.PROJECT_ID).projectId()).isEqualTo(8);
        h.client.write("f", 0, new byte[1]);
        h.client.unlink("f");
        h.client.unlink("link");
    }

    @Test
    void projectIdsAreInherited() throws Exception {
        harness.client.mkdir("d");
        for (long id : new long[] {Integer.MAX_VALUE, 1L << 31, (1L << 32) - 1, Long.MAX_VALUE, Long.MIN_VALUE, -1}) {
            assertThat(call("d", AttrX.PROJECT_ID, 0, 0, 0, 0, id)).isZero();
            String name = "d/" + Long.toUnsignedString(id);
            harness.client.create(name, new byte[0]);
            harness.client.mkdir(name + "d");
            harness.client.symlink(name + "s", "f");
            assertThat(get(name, AttrX.PROJECT_ID).projectId()).isEqualTo(id);
            assertThat(get(name + "d", AttrX.PROJECT_ID).projectId()).isEqualTo(id);
            assertThat(harness.fs.core.find(harness.transactions.view(), harness.client.ino(name + "s")).item.projectId)
                    .isEqualTo(id);
        }
        long dir = harness.client.ino("d");
        FileSystem.Created temporary = harness.client.call(r -> harness.fs.tmpfile(r, dir, 2, 0600, 0));
        assertThat(harness.fs.inodeItem(temporary.attributes().ino()).projectId).isEqualTo(-1);
        harness.fs.release(temporary.attributes().ino(), temporary.file().handle(), 0, false);
        harness.fs.forget(temporary.attributes().ino(), 1);
        assertThat(call("d", AttrX.PROJECT_ID, 0, 0, 0, 0, 0)).isZero();
        harness.client.create("d/none", new byte[0]);
        assertThat(get("d/none", AttrX.PROJECT_ID).projectId()).isZero();
        harness.client.rename("d/none", "moved", 0);
        assertThat(get("moved", AttrX.PROJECT_ID).projectId()).isZero();
    }

    @Test
    void projectIdsThroughTheStandardRequest() throws Exception {
        harness.client.mkdir("d");
        long dir = harness.client.ino("d");
        assertThat(standard(dir, new FileAttributes(FileAttributes.PROJECT_INHERITED, 0, -2, 0))).isZero();
        assertThat(get("d", AttrX.PROJECT_ID).projectId()).isEqualTo(0xffff_fffeL);
        caller.call(dir, FileAttributes.GET, new byte[0]);
        assertThat(FileAttributes.decode(caller.at(ARGUMENT))).isEqualTo(new FileAttributes(FileAttributes.PROJECT_INHERITED, 0, -2, 0));
        assertThat(errno(() -> standard(dir, new FileAttributes(1, 0, -2, 0)))).isEqualTo(Errno.EOPNOTSUPP);
        assertThat(errno(() -> standard(dir, new FileAttributes(0, 4096, -2, 0)))).isEqualTo(Errno.EOPNOTSUPP);
        caller.capabilities = 0;
        assertThat(standard(dir, new FileAttributes(0, 0, -2, 0))).as("no change").isZero();
        assertThat(errno(() -> standard(dir, new FileAttributes(0, 0, 7, 0)))).isEqualTo(Errno.EPERM);
    }

    // ---- calls

    private int standard(long ino, FileAttributes wanted) throws FsException, IOException {
        return caller.call(ino, FileAttributes.SET, wanted.encode());
    }

    private byte[] statMore(long ino) throws FsException, IOException {
        caller.call(ino, IoctlCommand.STAT_MORE, new byte[0]);
        return caller.at(ARGUMENT).asSlice(0, StatMore.SIZE).toArray(ValueLayout.JAVA_BYTE);
    }

    private AttrX get(String path, long mask) throws FsException, IOException {
        long x = 0x77;
        AttrX asked = new AttrX(mask, 0, x, x, x, x, x, x, (int) x, (int) x, x, x, x, x);
        assertThat(caller.call(harness.client.ino(path), IoctlCommand.GET_ATTR_X, asked.encode())).isZero();
        return AttrX.decode(caller.at(ARGUMENT));
    }

    private void set(String path, long mask, long flags, long version, long size, long bits, long project)
            throws FsException, IOException {
        assertThat(call(path, mask, flags, version, size, bits, project)).isZero();
    }

    private int call(String path, long mask, long flags, long version, long size, long bits, long project)
            throws FsException, IOException {
        AttrX wanted = new AttrX(mask, flags, 1, 2, version, 3, 4, 67, 89, 6, -5, size, bits, project);
        return caller.call(harness.client.ino(path), IoctlCommand.SET_ATTR_X, wanted.encode());
    }

    private Errno setErrno(String path, long mask, long flags, long version, long size) throws IOException {
        return harness.client.errno(() -> {
            int ignored = call(path, mask, flags, version, size, 0, 0);
        });
    }

    private void retain(String path, long bit) throws FsException, IOException {
        set(path, AttrX.BITS_RETENTION, 0, 0, 0, bit, 0);
    }
}
