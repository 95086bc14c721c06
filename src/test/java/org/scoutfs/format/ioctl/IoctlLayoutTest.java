package org.scoutfs.format.ioctl;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/** The bytes of the private ioctls against the original's numbers and offsets, written out by hand. */
class IoctlLayoutTest {
    @Test
    void requestCodesAreTheOriginals() {
        assertThat(IoctlCommand.WALK_INODES).isEqualTo(0x4048e801);
        assertThat(IoctlCommand.INO_PATH).isEqualTo(0x4028e802);
        assertThat(IoctlCommand.RELEASE).isEqualTo(0x4018e803);
        assertThat(IoctlCommand.STAGE).isEqualTo(0x4020e804);
        assertThat(IoctlCommand.DATA_WAITING).isEqualTo(0x4028e806);
        assertThat(IoctlCommand.DATA_WAIT_ERR).isEqualTo(0x4030e80b);
        assertThat(IoctlCommand.STAT_MORE).isEqualTo(0x8038e805);
        assertThat(IoctlCommand.STATFS_MORE).isEqualTo(0x8030e80a);
        assertThat(IoctlCommand.ALLOC_DETAIL).isEqualTo(0x4010e80c);
        assertThat(IoctlCommand.RESIZE_DEVICES).isEqualTo(0x4010e80e);
        assertThat(IoctlCommand.GET_ALLOCATED_INOS).isEqualTo(0x4018e810);
        assertThat(IoctlCommand.GET_REFERRING_ENTRIES).isEqualTo(0x4028e811);
        assertThat(IoctlCommand.isOurs(IoctlCommand.COUNTERS)).isTrue();
        assertThat(IoctlCommand.isOurs(0x5401)).isFalse();
        assertThat(IoctlCommand.size(IoctlCommand.WALK_INODES)).isEqualTo(72);
    }

    @Test
    void walkInodes() {
        var request = new WalkInodes(
                new WalkInodes.Position(1, 2, 3), new WalkInodes.Position(4, 5, 6), 0x7fff_1234_5678L, 128, 1);

        assertThat(hex(request.encode()))
                .isEqualTo("0100000000000000" + "0300000000000000" + "0200000000000000" + "0400000000000000"
                        + "0600000000000000" + "0500000000000000" + "78563412ff7f0000" + "80000000" + "01"
                        + "0000000000000000000000");
        assertThat(WalkInodes.decode(MemorySegment.ofArray(request.encode()))).isEqualTo(request);
    }

    @Test
    void walkInodesCapacityIsCutToWhatCanBeReturned() {
        var request = new WalkInodes(WalkInodes.Position.FIRST, WalkInodes.Position.LAST, 0, -1, 0);

        assertThat(request.capacity()).isEqualTo(Integer.MAX_VALUE);
    }

    @Test
    void walkPositionsCarry() {
        assertThat(new WalkInodes.Position(7, 0, 9).next()).isEqualTo(new WalkInodes.Position(7, 0, 10));
        assertThat(new WalkInodes.Position(7, 0, -1).next()).isEqualTo(new WalkInodes.Position(7, 1, 0));
        assertThat(new WalkInodes.Position(7, -1, -1).next()).isEqualTo(new WalkInodes.Position(8, 0, 0));
        assertThat(WalkInodes.Position.LAST.next()).isEqualTo(WalkInodes.Position.LAST);
    }

    @Test
    void walkEntriesOverwriteWhatWasThere() {
        byte[] array = HexFormat.of().parseHex("ff".repeat(48));
        new WalkInodes.Entry(0x1043, 1024).encode(MemorySegment.ofArray(array), 1);

        assertThat(hex(array))
                .isEqualTo("ff".repeat(24) + "4310000000000000" + "0004000000000000" + "0000000000000000");
        assertThat(WalkInodes.Entry.decode(MemorySegment.ofArray(array), 1))
                .isEqualTo(new WalkInodes.Entry(0x1043, 1024));
    }

    @Test
    void offlineData() {
        var release = new Release(0x1000, -1, 3);
        assertThat(hex(release.encode())).isEqualTo("0010000000000000" + "ffffffffffffffff" + "0300000000000000");
        assertThat(Release.decode(MemorySegment.ofArray(release.encode()))).isEqualTo(release);

        var stage = new Stage(1, 2, 3, -4);
        assertThat(hex(stage.encode()))
                .isEqualTo("0100000000000000" + "0200000000000000" + "0300000000000000" + "fcffffff" + "00000000");
        assertThat(Stage.decode(MemorySegment.ofArray(stage.encode()))).isEqualTo(stage);

        var waiting = new DataWaiting(1, 2, 3, 4, 65535);
        assertThat(hex(waiting.encode()))
                .isEqualTo("0100000000000000" + "0200000000000000" + "0300000000000000" + "0400000000000000" + "ffff"
                        + "000000000000");
        assertThat(DataWaiting.decode(MemorySegment.ofArray(waiting.encode()))).isEqualTo(waiting);
        byte[] entries = HexFormat.of().parseHex("ff".repeat(24));
        new DataWaiting.Entry(1, 2, 5).encode(MemorySegment.ofArray(entries));
        assertThat(hex(entries)).isEqualTo("0100000000000000" + "0200000000000000" + "0500000000000000");

        var error = new DataWaitError(1, 2, 3, 4, 7, -5);
        assertThat(hex(error.encode()))
                .isEqualTo("0100000000000000" + "0200000000000000" + "0300000000000000" + "0400000000000000"
                        + "0700000000000000" + "fbffffffffffffff");
        assertThat(DataWaitError.decode(MemorySegment.ofArray(error.encode()))).isEqualTo(error);
    }

    @Test
    void resizeDevices() {
        var request = new ResizeDevices(0x0102, -1);

        assertThat(hex(request.encode())).isEqualTo("0201000000000000" + "ffffffffffffffff");
        assertThat(ResizeDevices.decode(MemorySegment.ofArray(request.encode()))).isEqualTo(request);
    }

    @Test
    void inoPath() {
        var request = new InoPath(1, 2, 3, 4, 65535);

        assertThat(hex(request.encode()))
                .isEqualTo("0100000000000000" + "0200000000000000" + "0300000000000000" + "0400000000000000" + "ffff"
                        + "000000000000");
        assertThat(InoPath.decode(MemorySegment.ofArray(request.encode()))).isEqualTo(request);
    }

    @Test
    void inoPathResult() {
        var result = new InoPath.Result(1, 5, "a/b".getBytes());

        assertThat(hex(result.encode()))
                .isEqualTo("0100000000000000" + "0500000000000000" + "0400" + "000000000000" + "612f62" + "00");
        InoPath.Result decoded = InoPath.Result.decode(MemorySegment.ofArray(result.encode()));
        assertThat(decoded.path()).isEqualTo(result.path());
        assertThat(decoded.dirPos()).isEqualTo(5);
    }

    @Test
    void statMore() {
        var stat = new StatMore(1, 2, 3, 4, 5, -6, 999_999_999);

        assertThat(hex(stat.encode()))
                .isEqualTo("0100000000000000" + "0200000000000000" + "0300000000000000" + "0400000000000000"
                        + "0500000000000000" + "faffffffffffffff" + "ffc99a3b" + "00000000");
        assertThat(StatMore.decode(MemorySegment.ofArray(stat.encode()))).isEqualTo(stat);
    }

    @Test
    void statfsMore() {
        var statfs = new StatfsMore(-1, 2, 3, 4, 5, 6);

        assertThat(statfs.encode()).hasSize(48);
        assertThat(hex(statfs.encode())).startsWith("ffffffffffffffff" + "0200000000000000" + "0300000000000000");
        assertThat(StatfsMore.decode(MemorySegment.ofArray(statfs.encode()))).isEqualTo(statfs);
    }

    @Test
    void allocDetail() {
        var request = new AllocDetail(1, 2);
        byte[] entries = new byte[48];
        var entry = new AllocDetail.Entry(9, 1000, true, true);
        entry.encode(MemorySegment.ofArray(entries), 1);

        assertThat(hex(request.encode())).isEqualTo("0100000000000000" + "0200000000000000");
        assertThat(AllocDetail.decode(MemorySegment.ofArray(request.encode()))).isEqualTo(request);
        assertThat(hex(entries))
                .isEqualTo("00".repeat(24) + "0900000000000000" + "e803000000000000" + "00" + "03" + "000000000000");
        assertThat(AllocDetail.Entry.decode(MemorySegment.ofArray(entries), 1)).isEqualTo(entry);
    }

    @Test
    void allocatedInos() {
        var request = new AllocatedInos(1030, 8, 8192);

        assertThat(hex(request.encode())).isEqualTo("0604000000000000" + "0800000000000000" + "0020000000000000");
        assertThat(AllocatedInos.decode(MemorySegment.ofArray(request.encode()))).isEqualTo(request);
        assertThat(request.lastIno()).isEqualTo(2047);
    }

    @Test
    void referringEntries() {
        var request = new ReferringEntries(1, 2, 3, 4, 5);
        var entry = new ReferringEntries.Entry(1, 5, 1024, 8, "report.txt".getBytes(), true);

        assertThat(ReferringEntries.decode(MemorySegment.ofArray(request.encode()))).isEqualTo(request);
        assertThat(hex(entry.encode()))
                .isEqualTo("0100000000000000" + "0500000000000000" + "0004000000000000" + "3000" + "01" + "08" + "0a"
                        + "7265706f72742e747874" + "00" + "0000000000000000");
        ReferringEntries.Entry decoded = ReferringEntries.Entry.decode(MemorySegment.ofArray(entry.encode()), 0);
        assertThat(decoded).isNotNull();
        assertThat(decoded.name()).isEqualTo(entry.name());
        assertThat(decoded.isLast()).isTrue();
        assertThat(decoded.size()).isEqualTo(48);
    }

    @Test
    void referringEntryThatIsCutIsNone() {
        byte[] bytes = new ReferringEntries.Entry(1, 5, 1024, 8, "report.txt".getBytes(), true).encode();

        assertThat(ReferringEntries.Entry.decode(MemorySegment.ofArray(bytes).asSlice(0, 32), 0)).isNull();
        assertThat(ReferringEntries.Entry.decode(MemorySegment.ofArray(bytes), 48)).isNull();
    }

    @Test
    void counters() {
        var request = new CountersRequest(3, 100, 7);
        byte[] entries = new byte[128];
        new CountersRequest.Entry("device_reads", -1).encode(MemorySegment.ofArray(entries), 1);

        assertThat(hex(request.encode())).isEqualTo("03000000" + "64000000" + "0700000000000000");
        assertThat(CountersRequest.decode(MemorySegment.ofArray(request.encode()))).isEqualTo(request);
        assertThat(CountersRequest.Entry.decode(MemorySegment.ofArray(entries), 1))
                .isEqualTo(new CountersRequest.Entry("device_reads", -1));
        assertThat(CountersRequest.Entry.decode(MemorySegment.ofArray(entries), 0))
                .isEqualTo(new CountersRequest.Entry("", 0));
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }
}
