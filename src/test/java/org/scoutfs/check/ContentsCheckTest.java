package org.scoutfs.check;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.scoutfs.check.Problem.Kind;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.device.DeviceExtent;
import org.scoutfs.format.ioctl.QuotaRule;
import org.scoutfs.item.BackrefItem;
import org.scoutfs.item.ChecksumItem;
import org.scoutfs.item.DirentItem;
import org.scoutfs.item.ExtentItem;
import org.scoutfs.item.FileType;
import org.scoutfs.item.IndexKeys;
import org.scoutfs.item.InodeItem;
import org.scoutfs.item.Keys;
import org.scoutfs.item.NameHash;
import org.scoutfs.item.OrphanItem;
import org.scoutfs.item.ReaddirItem;
import org.scoutfs.item.SymlinkItem;
import org.scoutfs.item.QuotaRuleItem;
import org.scoutfs.item.XattrIndexKeys;
import org.scoutfs.item.XattrItem;
import org.scoutfs.item.XattrTotal;
import org.scoutfs.volume.StateEdit;

/** Damage that no checksum sees, planted item by item: each kind is named. */
class ContentsCheckTest {
    private SmallVolume volume;

    @BeforeEach
    void make() throws IOException {
        volume = new SmallVolume();
    }

    private static byte[] name(String text) {
        return text.getBytes();
    }

    private static byte[] direntKey(long dirIno, String text) {
        return DirentItem.key(dirIno, NameHash.of(name(text)));
    }

    private InodeItem file() {
        return volume.inodes.get(SmallVolume.FILE);
    }

    @Test
    void healthy() {
        assertThat(volume.check()).isEmpty();
    }

    @Test
    void healthyInSmallWindows() {
        assertThat(volume.check(new VolumeCheck.Options(true, 100))).isEmpty();
    }

    // ---- what tagged xattrs say elsewhere

    @Test
    void searchItemMissing() {
        volume.items.remove(XattrIndexKeys.search(SmallVolume.SEARCHED, SmallVolume.FILE, 2));

        assertThat(volume.kinds()).containsExactly(Kind.INDEX_MISSING);
        assertThat(volume.check().toString()).contains("inode 1024: is not found by its xattr 2 of name hash");
    }

    @Test
    void searchItemOfAnXattrThatIsNotThere() {
        volume.items.put(XattrIndexKeys.search(SmallVolume.SEARCHED, SmallVolume.DIRECTORY, 9), XattrIndexKeys.searchValue());

        assertThat(volume.kinds()).containsExactly(Kind.INDEX_EXTRA);
        assertThat(volume.check().toString()).contains("inode 1025: is found by an xattr 9 of name hash");
    }

    @Test
    void totalWithTheWrongSum() {
        volume.items.put(SmallVolume.TOTAL, new XattrTotal(41, 2).encode());

        assertThat(volume.kinds()).containsExactly(Kind.TOTAL);
        assertThat(volume.check().toString()).contains("total 1.2.3: the sum of its xattrs is 1 more than it says");
    }

    @Test
    void totalOfHalfTheRange() {
        volume.items.put(SmallVolume.TOTAL, new XattrTotal(42 + Long.MIN_VALUE, 2).encode());

        assertThat(volume.kinds()).containsExactly(Kind.TOTAL);
    }

    @Test
    void totalWithTheWrongNumber() {
        volume.items.put(SmallVolume.TOTAL, new XattrTotal(42, 3).encode());

        assertThat(volume.kinds()).containsExactly(Kind.TOTAL);
        assertThat(volume.check().toString()).contains("total 1.2.3: the number of its xattrs is 1 less than it says");
    }

    @Test
    void totalMissingAndTotalOfNothing() {
        volume.items.remove(SmallVolume.TOTAL);
        volume.items.put(XattrIndexKeys.total(3, 2, 1), new XattrTotal(42, 2).encode());

        assertThat(volume.check()).hasSize(4).allMatch(problem -> problem.kind() == Kind.TOTAL);
    }

    @Test
    void placeInTheIndexMissing() {
        volume.items.remove(SmallVolume.PLACE);

        assertThat(volume.kinds()).containsExactly(Kind.INDEX_MISSING);
        assertThat(volume.check().toString())
                .contains("inode 1024: is not in the index of xattrs at 7.9, where an xattr wants it (2 times)");
    }

    @Test
    void placeInTheIndexTooOftenOrAnotherOne() {
        volume.items.put(SmallVolume.PLACE, XattrIndexKeys.sortedValue(3));
        assertThat(volume.kinds()).containsExactly(Kind.INDEX_EXTRA);

        volume.items.put(SmallVolume.PLACE, XattrIndexKeys.sortedValue(2));
        volume.items.put(XattrIndexKeys.sorted(8, 9, SmallVolume.FILE), XattrIndexKeys.sortedValue(1));
        assertThat(volume.kinds()).containsExactly(Kind.INDEX_EXTRA);
    }

    @Test
    void itemsOfTaggedXattrsThatAreNone() {
        volume.items.put(SmallVolume.TOTAL, new byte[15]);
        assertThat(volume.kinds()).contains(Kind.ITEM);
        volume.items.put(Keys.of(Keys.Zone.XATTR_SEARCH, 1, 2, 3, 4, 5), new byte[0]);
        volume.items.put(Keys.of(Keys.Zone.XATTR_INDEX, 1, 2, 3, 4, 5), new byte[0]);
        volume.items.put(Keys.of(Keys.Zone.XATTR_TOTAL, 1, 2, 3, 4, 5), new byte[0]);
        volume.items.put(Keys.of(Keys.Zone.XATTR_SEARCH + 1, 1, 2, 3, 4, 5), new byte[0]);
        assertThat(volume.check().stream().filter(problem -> problem.kind() == Kind.ITEM)).hasSize(5);
    }

    @Test
    void quotaRules() {
        QuotaRule.Name name = new QuotaRule.Name(1, QuotaRule.LITERAL, 0);
        QuotaRule rule = new QuotaRule(List.of(name, name, name), 5, 0, 0, 0);
        byte[] value = QuotaRuleItem.encode(List.of(rule));
        volume.items.put(QuotaRuleItem.key(QuotaRuleItem.hash(rule)), value);
        assertThat(volume.check()).isEmpty();

        volume.items.put(QuotaRuleItem.key(77), value);
        volume.items.put(QuotaRuleItem.key(78), new byte[47]);
        volume.items.put(Keys.of(Keys.Zone.VOLUME, 0, 9, 0, 0, 0), value);
        assertThat(volume.check()).hasSize(3).allMatch(problem -> problem.kind() == Kind.ITEM);
    }

    // ---- names

    @Test
    void missingEntryByName() {
        volume.items.remove(direntKey(1, "a"));

        assertThat(volume.kinds()).containsExactly(Kind.ENTRY);
        assertThat(volume.check().getFirst().toString())
                .isEqualTo("ENTRY: directory 1: position 2 lists a name of inode 1024 that a look-up does not find");
    }

    @Test
    void missingEntryByPosition() {
        volume.items.remove(ReaddirItem.key(1, 2));

        // The name is there by look-up only: it is not listed, the link leads nowhere, and the size counts one name too many.
        assertThat(volume.kinds()).containsExactly(Kind.ENTRY, Kind.LINK, Kind.SIZE);
    }

    @Test
    void missingLink() {
        volume.items.remove(BackrefItem.key(SmallVolume.FILE, 1, 2));

        assertThat(volume.kinds()).containsExactly(Kind.LINK_COUNT, Kind.LINK);
        assertThat(volume.check().toString())
                .contains("directory 1 position 2: names inode 1024 of type 8, which has no such link");
    }

    @Test
    void wholeNameMissing() {
        volume.items.remove(direntKey(1, "a"));
        volume.items.remove(ReaddirItem.key(1, 2));
        volume.items.remove(BackrefItem.key(SmallVolume.FILE, 1, 2));

        assertThat(volume.kinds()).containsExactly(Kind.LINK_COUNT, Kind.SIZE);
    }

    @Test
    void entryNamesAnInodeThatIsNotThere() {
        byte[] bytes = "ghost".getBytes();
        InodeItem root = volume.inodes.get(1L);
        long position = root.nextPosition++;
        root.size += bytes.length;
        volume.items.put(
                DirentItem.key(1, NameHash.of(bytes)), new DirentItem(position, 1999, FileType.REGULAR, bytes).encode());
        volume.items.put(ReaddirItem.key(1, position), new ReaddirItem(1999, FileType.REGULAR, bytes).encode());
        volume.store(1);

        assertThat(volume.kinds()).containsExactly(Kind.LINK);
    }

    @Test
    void entryWithTheWrongType() {
        volume.items.put(direntKey(1, "a"), new DirentItem(2, SmallVolume.FILE, FileType.FIFO, name("a")).encode());
        volume.items.put(ReaddirItem.key(1, 2), new ReaddirItem(SmallVolume.FILE, FileType.FIFO, name("a")).encode());

        assertThat(volume.kinds()).containsExactly(Kind.LINK);
    }

    @Test
    void entryUnderTheWrongHash() {
        byte[] value = volume.items.remove(direntKey(1, "a"));
        volume.items.put(direntKey(1, "z"), value);

        assertThat(volume.kinds()).containsExactly(Kind.ENTRY);
    }

    @Test
    void twoEntriesSwapped() {
        volume.items.put(direntKey(1, "a"), new DirentItem(2, SmallVolume.DIRECTORY, 4, name("a")).encode());
        volume.items.put(direntKey(1, "d"), new DirentItem(3, SmallVolume.FILE, 8, name("d")).encode());

        assertThat(volume.kinds()).containsExactly(Kind.ENTRY);
    }

    @Test
    void positionAtOrBeyondTheNextOne() {
        volume.inodes.get(1L).nextPosition = 3;
        volume.store(1);

        assertThat(volume.kinds()).containsExactly(Kind.ENTRY);
    }

    // ---- inodes

    @Test
    void wrongLinkCount() {
        file().nlink = 3;
        volume.store(SmallVolume.FILE);

        assertThat(volume.check()).hasSize(1);
        assertThat(volume.check().getFirst().toString())
                .isEqualTo("LINK_COUNT: inode 1024: link count 3, and 2 names");
    }

    @Test
    void wrongLinkCountOfADirectory() {
        volume.inodes.get(1L).nlink = 2;
        volume.store(1);

        assertThat(volume.kinds()).containsExactly(Kind.LINK_COUNT);
    }

    @Test
    void directoryWithTwoNames() {
        volume.name(1, "again", SmallVolume.DIRECTORY);
        volume.inodes.get(SmallVolume.DIRECTORY).nlink = 2;
        volume.inodes.get(1L).nlink = 4;
        volume.store(1);
        volume.store(SmallVolume.DIRECTORY);

        assertThat(volume.kinds()).containsExactly(Kind.LINK_COUNT);
    }

    @Test
    void missingInode() {
        volume.items.remove(InodeItem.key(SmallVolume.LINK));

        assertThat(volume.kinds()).contains(Kind.INODE_MISSING, Kind.INDEX_EXTRA, Kind.NUMBERS);
    }

    @Test
    void inodeNobodyCounted() throws IOException {
        volume.state.apply(new StateEdit.InodesCounted(-1));

        assertThat(volume.kinds()).containsExactly(Kind.NUMBERS);
    }

    @Test
    void sequenceNumberThatWasNeverHandedOut() {
        volume.items.remove(IndexKeys.metaSeq(file().metaSeq, SmallVolume.FILE));
        file().metaSeq = 1000;
        volume.store(SmallVolume.FILE);

        assertThat(volume.kinds()).containsExactly(Kind.NUMBERS);
    }

    @Test
    void modeWithoutType() {
        volume.items.put(InodeItem.key(SmallVolume.UNLINKED), withMode(volume.inodes.get(SmallVolume.UNLINKED), 0644));

        assertThat(volume.kinds()).contains(Kind.ITEM, Kind.INODE_MISSING);
    }

    private static byte[] withMode(InodeItem inode, int mode) {
        inode.mode = mode;
        return inode.encode();
    }

    @Test
    void wrongSizeOfADirectory() {
        volume.inodes.get(SmallVolume.DIRECTORY).size++;
        volume.store(SmallVolume.DIRECTORY);

        assertThat(volume.kinds()).containsExactly(Kind.SIZE);
    }

    @Test
    void symbolicLinkWithoutItsTarget() {
        volume.items.remove(SymlinkItem.key(SmallVolume.LINK));

        assertThat(volume.kinds()).containsExactly(Kind.SIZE);
    }

    @Test
    void xattrNobodyCounted() {
        file().xattrCount = 0;
        volume.store(SmallVolume.FILE);

        assertThat(volume.kinds()).containsExactly(Kind.XATTR);
    }

    @Test
    void xattrWithoutItsSecondPart() {
        byte[] name = "user.long".getBytes();
        byte[][] parts = XattrItem.encode(name, new byte[5000]);
        volume.items.put(XattrItem.key(SmallVolume.FILE, NameHash.of(name), 9, 0), parts[0]);
        file().xattrCount++;
        volume.store(SmallVolume.FILE);
        assertThat(volume.kinds()).containsExactly(Kind.XATTR);

        volume.items.put(XattrItem.key(SmallVolume.FILE, NameHash.of(name), 9, 1), parts[1]);
        assertThat(volume.check()).isEmpty();
    }

    @Test
    void valueThatIsNone() {
        volume.items.put(InodeItem.key(SmallVolume.FILE), new byte[3]);

        assertThat(volume.kinds()).contains(Kind.ITEM);
    }

    @Test
    void itemsOfNoKind() {
        volume.items.put(Keys.of(99, 1, 2, 3, 4, 5), new byte[1]);
        volume.items.put(Keys.of(Keys.Zone.FS, SmallVolume.FILE, 77, 0, 0, 0), new byte[1]);

        assertThat(volume.check()).hasSize(2).allMatch(problem -> problem.kind() == Kind.ITEM);
    }

    // ---- indexes and orphans

    @Test
    void missingFromTheIndex() {
        volume.items.remove(IndexKeys.metaSeq(file().metaSeq, SmallVolume.FILE));

        assertThat(volume.check()).hasSize(1);
        assertThat(volume.check().getFirst().toString())
                .isEqualTo("INDEX_MISSING: inode 1024: is not in the index meta_seq at 5");
    }

    @Test
    void missingFromTheDataIndex() {
        volume.items.remove(IndexKeys.dataSeq(file().dataSeq, SmallVolume.FILE));

        assertThat(volume.kinds()).containsExactly(Kind.INDEX_MISSING);
    }

    @Test
    void oldIndexItemLeftBehind() {
        volume.items.put(IndexKeys.metaSeq(3, SmallVolume.FILE), IndexKeys.value());

        assertThat(volume.check()).hasSize(1);
        assertThat(volume.check().getFirst().toString())
                .isEqualTo("INDEX_EXTRA: inode 1024: is in the index meta_seq at 3, where it does not belong");
    }

    @Test
    void directoryInTheDataIndex() {
        volume.items.put(IndexKeys.dataSeq(3, 1), IndexKeys.value());

        assertThat(volume.kinds()).containsExactly(Kind.INDEX_EXTRA);
    }

    @Test
    void orphanNobodyNoted() {
        volume.items.remove(OrphanItem.key(SmallVolume.UNLINKED));

        assertThat(volume.kinds()).containsExactly(Kind.ORPHAN);
    }

    @Test
    void orphanThatIsNone() {
        volume.items.put(OrphanItem.key(SmallVolume.FILE), OrphanItem.value());
        volume.items.put(OrphanItem.truncateKey(SmallVolume.FILE), OrphanItem.value());

        assertThat(volume.check()).hasSize(2).allMatch(problem -> problem.kind() == Kind.ORPHAN);
    }

    // ---- blocks

    @Test
    void wrongBlockCount() {
        file().onlineBlocks = 3;
        volume.store(SmallVolume.FILE);

        assertThat(volume.kinds()).containsExactly(Kind.BLOCK_COUNT);
    }

    @Test
    void leakedBlocks() throws IOException {
        volume.consume(new DeviceExtent(1600, 3));

        assertThat(volume.check()).hasSize(1);
        assertThat(volume.check().getFirst().toString())
                .isEqualTo(
                        "BLOCK_LEAKED: blocks 1600 to 1602: neither free, nor granted, nor a segment's, nor a file's");
        assertThat(volume.check(new VolumeCheck.Options(false, 64))).hasSize(1);
    }

    @Test
    void blockOfTwoFiles() {
        secondFile(SmallVolume.DATA.blkno() + 1);

        assertThat(volume.check()).hasSize(1);
        assertThat(volume.check().getFirst().toString())
                .isEqualTo("BLOCK_TWICE: block 1501: belongs to inode 1024, and to inode 1027");
        assertThat(volume.check(new VolumeCheck.Options(false, 64))).hasSize(1);
    }

    @Test
    void blockThatIsFreeAndUsed() {
        secondFile(1700);

        assertThat(volume.check()).hasSize(1);
        assertThat(volume.check().getFirst().toString())
                .isEqualTo("BLOCK_FREE_AND_USED: block 1700: belongs to free space, and to inode 1027");
    }

    @Test
    void blockThatIsGrantedAndUsed() throws IOException {
        secondFile(1700);
        volume.state.apply(new StateEdit.Granted(7, List.of(new DeviceExtent(1690, 20))));

        assertThat(volume.kinds()).containsExactly(Kind.BLOCK_TWICE);
    }

    /** Gives the unlinked file one block, with a valid checksum. */
    private void secondFile(long blkno) {
        ExtentItem extent = ExtentItem.unwritten(0, 1, blkno, 7);
        volume.items.put(extent.key(SmallVolume.UNLINKED), extent.value());
    }

    @Test
    void extentBeyondTheDevice() {
        secondFile(5000);

        assertThat(volume.kinds()).containsExactly(Kind.EXTENT_OUTSIDE);
    }

    @Test
    void extentInTheFixedBlocks() {
        secondFile(20);

        assertThat(volume.kinds()).containsExactly(Kind.EXTENT_OUTSIDE);
    }

    @Test
    void extentsThatOverlapInTheFile() throws IOException {
        volume.consume(new DeviceExtent(1600, 3));
        ExtentItem extent = ExtentItem.unwritten(1, 3, 1600, 7);
        volume.items.put(extent.key(SmallVolume.FILE), extent.value());

        assertThat(volume.kinds()).containsExactly(Kind.EXTENT_OVERLAP);
    }

    @Test
    void missingChecksums() {
        volume.items.remove(ChecksumItem.key(SmallVolume.FILE, 0));

        assertThat(volume.check()).hasSize(2).allMatch(problem -> problem.kind() == Kind.CHECKSUM_MISSING);
    }

    @Test
    void checksumsOfNothing() {
        volume.items.put(ChecksumItem.key(SmallVolume.FILE, 64), ChecksumItem.value(new int[64], 1));
        volume.items.put(ChecksumItem.key(999, 0), ChecksumItem.value(new int[64], 1));
        volume.items.put(ChecksumItem.key(9999, 0), ChecksumItem.value(new int[64], 1));

        assertThat(volume.check()).hasSize(3).allMatch(problem -> problem.kind() == Kind.CHECKSUM_EXTRA);
    }

    @Test
    void bytesThatDoNotFitTheirChecksum() throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment zeroes = arena.allocate(BlockDevice.BLOCK_SIZE, BlockDevice.BLOCK_SIZE);
            volume.device.write(SmallVolume.DATA.blkno() + 1, zeroes);
        }

        assertThat(volume.check()).hasSize(1);
        assertThat(volume.check().getFirst().toString()).startsWith("DATA: inode 1024 block 1: checksum ");
        assertThat(volume.check(VolumeCheck.Options.DEFAULTS)).isEmpty();
    }

    /** A mutation that passes is a hole: every item that is taken away is missed somewhere. */
    @Test
    void everyItemIsMissed() throws IOException {
        for (byte[] key : new TreeMap<>(volume.items).keySet()) {
            SmallVolume damaged = new SmallVolume();
            damaged.items.remove(key);

            assertThat(damaged.check()).as("without item %s", Keys.toString(key)).isNotEmpty();
        }
    }
}
