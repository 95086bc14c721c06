package org.scoutfs.check;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.scoutfs.device.BlockDevice;
import org.scoutfs.device.BufferPool;
import org.scoutfs.device.DeviceExtent;
import org.scoutfs.device.MemoryBlockDevice;
import org.scoutfs.format.ProcessIdentity;
import org.scoutfs.item.BackrefItem;
import org.scoutfs.item.ChecksumItem;
import org.scoutfs.item.DirentItem;
import org.scoutfs.item.ExtentItem;
import org.scoutfs.item.FileType;
import org.scoutfs.item.IndexKeys;
import org.scoutfs.item.InodeItem;
import org.scoutfs.item.NameHash;
import org.scoutfs.item.OrphanItem;
import org.scoutfs.item.ReaddirItem;
import org.scoutfs.item.SymlinkItem;
import org.scoutfs.item.XattrIndexKeys;
import org.scoutfs.item.XattrItem;
import org.scoutfs.item.XattrTotal;
import org.scoutfs.lsm.Cursor;
import org.scoutfs.lsm.ItemReader;
import org.scoutfs.lsm.ValueKind;
import org.scoutfs.volume.Geometry;
import org.scoutfs.volume.StateEdit;
import org.scoutfs.volume.VolumeState;

/**
 * A healthy volume of a few inodes, made item by item, so that a test can change any of them and still have every checksum valid:
 *
 * <pre>
 *   /            1
 *   /a, /d/b     1024  a file of two blocks with xattrs, and two names
 *   /d           1025
 *   /d/s         1026  a symbolic link
 *   (no name)    1027  a file that is unlinked and open
 * </pre>
 */
final class SmallVolume {
    static final long FILE = 1024;
    static final long DIRECTORY = 1025;
    static final long LINK = 1026;
    static final long UNLINKED = 1027;
    static final long SEARCHED = NameHash.of("scoutfs.srch.totl.x.1.2.3".getBytes());
    static final byte[] TOTAL = XattrIndexKeys.total(1, 2, 3);
    static final byte[] PLACE = XattrIndexKeys.sorted(7, 9, FILE);
    static final DeviceExtent DATA = new DeviceExtent(1500, 2);

    private static final long DEVICE_BLOCKS = 2048;
    private static final long RID = 7;
    private static final long SEQ = 5;

    final TreeMap<byte[], byte[]> items = new TreeMap<>(Arrays::compareUnsigned);
    final Map<Long, InodeItem> inodes = new TreeMap<>();
    final VolumeState state = VolumeState.empty(new Geometry(DEVICE_BLOCKS, 0));
    final BlockDevice device = new MemoryBlockDevice("memory", DEVICE_BLOCKS);

    SmallVolume() throws IOException {
        directory(1);
        file(FILE);
        directory(DIRECTORY);
        symlink(LINK, "target");
        file(UNLINKED);
        name(1, "a", FILE);
        name(1, "d", DIRECTORY);
        name(DIRECTORY, "b", FILE);
        name(DIRECTORY, "s", LINK);
        inodes.get(1L).nlink = 3;
        inodes.get(DIRECTORY).nlink = 2;
        items.put(OrphanItem.key(UNLINKED), OrphanItem.value());
        xattr(FILE, "user.x", "value");
        xattr(FILE, "scoutfs.srch.totl.x.1.2.3", "40");
        xattr(LINK, "scoutfs.totl.1.2.3", "2");
        xattr(FILE, "scoutfs.indx.a.7.9", "");
        xattr(FILE, "scoutfs.indx.b.7.9", "");
        items.put(XattrIndexKeys.search(SEARCHED, FILE, 2), XattrIndexKeys.searchValue());
        items.put(TOTAL, new XattrTotal(42, 2).encode());
        items.put(PLACE, XattrIndexKeys.sortedValue(2));
        data(FILE);
        inodes.keySet().forEach(this::store);
        state.applyAll(List.of(
                new StateEdit.EpochBegan(1, RID, ProcessIdentity.NONE),
                new StateEdit.Granted(RID, List.of(DATA)),
                new StateEdit.Consumed(RID, List.of(DATA)),
                new StateEdit.NumbersTaken(2048, 1),
                new StateEdit.SeqOpened(RID, SEQ),
                new StateEdit.SeqClosed(RID, SEQ),
                new StateEdit.InodesCounted(inodes.size())));
    }

    private InodeItem inode(long ino, int type, int permissions) {
        InodeItem inode = new InodeItem();
        inode.mode = type << 12 | permissions;
        inode.metaSeq = SEQ;
        inode.nextPosition = ReaddirItem.FIRST_POSITION;
        inode.nextXattrId = 1;
        inodes.put(ino, inode);
        return inode;
    }

    private void directory(long ino) {
        inode(ino, FileType.DIRECTORY, 0755);
    }

    private void file(long ino) {
        inode(ino, FileType.REGULAR, 0644).dataSeq = SEQ;
    }

    private void symlink(long ino, String target) {
        inode(ino, FileType.SYMLINK, 0777).size = target.length();
        items.put(SymlinkItem.key(ino), target.getBytes());
    }

    /** Adds a name in all three places, and what the inodes count of it. */
    void name(long dirIno, String name, long ino) {
        InodeItem directory = inodes.get(dirIno);
        InodeItem inode = inodes.get(ino);
        long position = directory.nextPosition++;
        int type = FileType.ofMode(inode.mode);
        byte[] bytes = name.getBytes();
        items.put(DirentItem.key(dirIno, NameHash.of(bytes)), new DirentItem(position, ino, type, bytes).encode());
        items.put(ReaddirItem.key(dirIno, position), new ReaddirItem(ino, type, bytes).encode());
        items.put(BackrefItem.key(ino, dirIno, position), BackrefItem.value());
        directory.size += bytes.length;
        inode.nlink++;
    }

    private void xattr(long ino, String name, String value) {
        InodeItem inode = inodes.get(ino);
        byte[][] parts = XattrItem.encode(name.getBytes(), value.getBytes());
        items.put(XattrItem.key(ino, NameHash.of(name.getBytes()), inode.nextXattrId++, 0), parts[0]);
        inode.xattrCount++;
    }

    private void data(long ino) throws IOException {
        InodeItem inode = inodes.get(ino);
        inode.size = 2L * BlockDevice.BLOCK_SIZE;
        inode.onlineBlocks = 2;
        inode.dataVersion = 1;
        ExtentItem extent = ExtentItem.written(0, 2, DATA.blkno());
        items.put(extent.key(ino), extent.value());
        int[] checksums = new int[ChecksumItem.GROUP_BLOCKS];
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment bytes = arena.allocate(2L * BlockDevice.BLOCK_SIZE, BlockDevice.BLOCK_SIZE);
            bytes.fill((byte) 0x5a);
            device.write(DATA.blkno(), bytes);
            for (int i = 0; i < 2; i++) {
                CRC32C crc = new CRC32C();
                crc.update(bytes.asSlice((long) i * BlockDevice.BLOCK_SIZE, BlockDevice.BLOCK_SIZE).asByteBuffer());
                checksums[i] = (int) crc.getValue();
            }
        }
        items.put(ChecksumItem.key(ino, 0), ChecksumItem.value(checksums, 2));
    }

    /** Writes an inode's item and its index items, after a change of the inode in {@link #inodes}. */
    void store(long ino) {
        InodeItem inode = inodes.get(ino);
        items.put(InodeItem.key(ino), inode.encode());
        items.put(IndexKeys.metaSeq(inode.metaSeq, ino), IndexKeys.value());
        if (FileType.isRegular(inode.mode)) {
            items.put(IndexKeys.dataSeq(inode.dataSeq, ino), IndexKeys.value());
        }
    }

    /** Takes free blocks for somebody, as a commit would. */
    void consume(DeviceExtent extent) throws IOException {
        state.applyAll(List.of(
                new StateEdit.Granted(RID, List.of(extent)), new StateEdit.Consumed(RID, List.of(extent))));
    }

    /** Runs the check over the items, the state and the data. */
    List<Problem> check() {
        return check(VolumeCheck.Options.DEFAULTS.withData());
    }

    List<Problem> check(VolumeCheck.Options options) {
        Findings findings = new Findings(problem -> {});
        try (BufferPool pool = new BufferPool(1 << 22)) {
            new ContentsCheck(
                            new Reader(items), items.size(), state, device, pool, options, findings, VolumeCheck.Progress.NONE)
                    .run();
        }
        return new ArrayList<>(findings.kept());
    }

    /** The kinds of problems, each once, in the order of their declaration. */
    TreeSet<Problem.Kind> kinds() {
        TreeSet<Problem.Kind> kinds = new TreeSet<>();
        check().forEach(problem -> kinds.add(problem.kind()));
        return kinds;
    }

    private record Reader(TreeMap<byte[], byte[]> items) implements ItemReader {
        @Override
        public byte @Nullable [] get(byte[] key) {
            return items.get(key);
        }

        @Override
        public Cursor scan(byte[] first, byte[] last) {
            Iterator<Map.Entry<byte[], byte[]>> entries =
                    items.subMap(first, true, last, true).entrySet().iterator();
            return new Cursor() {
                private Map.@Nullable Entry<byte[], byte[]> at;

                @Override
                public boolean next() {
                    at = entries.hasNext() ? entries.next() : null;
                    return at != null;
                }

                @Override
                public byte[] key() {
                    return at.getKey();
                }

                @Override
                public ValueKind kind() {
                    return ValueKind.PUT;
                }

                @Override
                public byte[] value() {
                    return at.getValue();
                }

                @Override
                public void close() {}
            };
        }

        @Override
        public @Nullable Item last(byte[] first, byte[] last) {
            throw new UnsupportedOperationException();
        }
    }
}
