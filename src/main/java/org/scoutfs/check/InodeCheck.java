package org.scoutfs.check;

import static org.scoutfs.check.Pairing.number;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.CorruptionException;
import org.scoutfs.check.Problem.Kind;
import org.scoutfs.item.BackrefItem;
import org.scoutfs.item.DirentItem;
import org.scoutfs.item.ExtentItem;
import org.scoutfs.item.FileType;
import org.scoutfs.item.InodeItem;
import org.scoutfs.item.Keys;
import org.scoutfs.item.NameHash;
import org.scoutfs.item.ReaddirItem;
import org.scoutfs.item.SymlinkItem;
import org.scoutfs.item.XattrItem;
import org.scoutfs.item.XattrTags;
import org.scoutfs.item.XattrTotal;
import org.scoutfs.lsm.Cursor;
import org.scoutfs.lsm.ItemReader;

/**
 * The items of one inode after the other: what can be said of an inode from its own items alone, and the facts that are said
 * elsewhere too.
 */
final class InodeCheck implements ItemWalk.InodeSink {
    private static final long ROOT_INO = 1;
    private static final int NANOS_MAX = 999_999_999;

    /** What others want to know. */
    interface Listener {
        /** Said by an inode or a directory; its mirror comes as {@link #mirror}. */
        void fact(Fact fact);

        void mirror(Fact fact);

        /** Said by an xattr so many times. */
        default void sum(Fact fact, long times) {}

        /** The same, said by an item outside of inodes. */
        default void mirrorSum(Fact fact, long times) {}

        void inode(long ino, InodeItem inode);

        /** Also of files that have no inode. */
        void extent(long ino, ExtentItem extent) throws IOException;
    }

    private final ItemReader items;
    private final Findings findings;
    private final Listener listener;

    // The inode whose items come now.
    private long ino;
    private boolean isOpen;
    private @Nullable InodeItem inode;
    private long itemCount;
    private long entryCount;
    private long entrySum;
    private long listedCount;
    private long listedSum;
    private long nameBytes;
    private long subdirectories;
    private long links;
    private int symlinkBytes;
    private int xattrs;
    private long blocksEnd;
    private long onlineBlocks;
    private long offlineBlocks;
    private final XattrParts parts = new XattrParts();

    InodeCheck(ItemReader items, Findings findings, Listener listener) {
        this.items = items;
        this.findings = findings;
        this.listener = listener;
    }

    @Override
    public void index(Fact fact) {
        listener.mirror(fact);
    }

    @Override
    public void sum(Fact fact, long times) {
        listener.mirrorSum(fact, times);
    }

    @Override
    public void item(byte[] key, byte[] value) throws IOException {
        if (!isOpen || Keys.first(key) != ino) {
            end();
            begin(Keys.first(key));
        }
        itemCount++;
        switch (Keys.type(key)) {
            case Keys.Type.INODE -> inodeItem(key, value);
            case Keys.Type.XATTR -> xattr(key, value);
            case Keys.Type.DIRENT -> entries(key, value);
            case Keys.Type.READDIR -> listed(key, value);
            case Keys.Type.BACKREF -> link(key, value);
            case Keys.Type.SYMLINK -> symlinkBytes = value.length;
            case Keys.Type.EXTENT -> extent(key, value);
            default -> findings.add(Kind.ITEM, "item " + Keys.toString(key), "there is no such type");
        }
    }

    private void begin(long newIno) {
        ino = newIno;
        isOpen = true;
        inode = null;
        itemCount = entryCount = entrySum = listedCount = listedSum = nameBytes = subdirectories = links = 0;
        symlinkBytes = -1;
        xattrs = 0;
        blocksEnd = onlineBlocks = offlineBlocks = 0;
        parts.reset();
    }

    private String name() {
        return "inode " + number(ino);
    }

    // ---- single items

    private void inodeItem(byte[] key, byte[] value) throws CorruptionException {
        if (Keys.second(key) != 0 || Keys.third(key) != 0 || Keys.fourth(key) != 0) {
            findings.add(Kind.ITEM, "item " + Keys.toString(key), "an inode's key ends in zeroes");
            return;
        }
        inode = InodeItem.decode(ino, value);
    }

    private void xattr(byte[] key, byte[] value) throws CorruptionException {
        if (XattrItem.part(key) == 0) {
            finishXattr();
            xattrs++;
            parts.begin(key, value);
            byte[] xattrName = XattrItem.name(key, value);
            if (NameHash.of(xattrName) != Keys.second(key)) {
                findings.add(Kind.XATTR, name(), "xattr " + Keys.toString(key) + " is not where its name belongs");
            }
            tagged(key, xattrName, value);
        } else if (!parts.add(key, value)) {
            findings.add(Kind.XATTR, name(), "part " + Keys.toString(key) + " belongs to no xattr");
        }
    }

    /** What the xattr's tags say has to be said by items outside of the inode, too. */
    private void tagged(byte[] key, byte[] xattrName, byte[] firstPart) throws CorruptionException {
        XattrTags tags = XattrTags.ofStored(xattrName);
        if (tags == null) {
            findings.add(Kind.XATTR, name(), "the name of xattr " + Keys.toString(key) + " is not well made");
            return;
        }
        if (tags.has(XattrTags.SRCH)) {
            listener.fact(new Fact(Fact.Relation.XATTR_SEARCH, Keys.second(key), ino, XattrItem.id(key), 0));
        }
        if (tags.has(XattrTags.INDX)) {
            listener.fact(new Fact(Fact.Relation.XATTR_PLACE, tags.first(), tags.second(), ino, 0));
        }
        if (tags.has(XattrTags.TOTL)) {
            XattrTotal summand = XattrTags.summand(XattrItem.valueInFirstPart(key, firstPart));
            listener.sum(new Fact(Fact.Relation.TOTAL_SUM, tags.first(), tags.second(), tags.third(), 0), summand.total());
            listener.sum(new Fact(Fact.Relation.TOTAL_COUNT, tags.first(), tags.second(), tags.third(), 0), summand.count());
        }
    }

    private void finishXattr() {
        if (!parts.isComplete()) {
            findings.add(Kind.XATTR, name(), "an xattr is incomplete: " + parts);
        }
        parts.reset();
    }

    private void entries(byte[] key, byte[] value) throws CorruptionException {
        List<DirentItem> entries = DirentItem.decodeAll(value);
        if (entries.isEmpty() || Keys.third(key) != 0 || Keys.fourth(key) != 0) {
            findings.add(Kind.ITEM, "item " + Keys.toString(key), "no directory entry");
        }
        for (DirentItem entry : entries) {
            if (NameHash.of(entry.name()) != Keys.second(key)) {
                findings.add(Kind.ENTRY, "directory " + number(ino), entry + " is not where its name belongs");
            }
            entryCount++;
            entrySum += entryFingerprint(entry.position(), entry.ino(), entry.type(), entry.name());
        }
    }

    private void listed(byte[] key, byte[] value) throws CorruptionException {
        ReaddirItem entry = ReaddirItem.decode(key, value);
        long position = ReaddirItem.position(key);
        listedCount++;
        listedSum += entryFingerprint(position, entry.ino(), entry.type(), entry.name());
        nameBytes += entry.name().length;
        subdirectories += entry.type() == FileType.DIRECTORY ? 1 : 0;
        InodeItem directory = inode;
        if (directory != null && Long.compareUnsigned(position, directory.nextPosition) >= 0) {
            findings.add(
                    Kind.ENTRY,
                    "directory " + number(ino),
                    "position " + number(position) + " is not below the next one, " + number(directory.nextPosition));
        }
        listener.fact(new Fact(Fact.Relation.NAME, ino, position, entry.ino(), entry.type()));
    }

    private static long entryFingerprint(long position, long entryIno, int type, byte[] name) {
        return new Fact(Fact.Relation.NAME, position, entryIno, type, NameHash.of(name)).fingerprint();
    }

    private void link(byte[] key, byte[] value) {
        if (value.length != 0 || Keys.fourth(key) != 0) {
            findings.add(Kind.ITEM, "item " + Keys.toString(key), "a link has no value");
        }
        links++;
        InodeItem item = inode;
        listener.mirror(new Fact(
                Fact.Relation.NAME,
                BackrefItem.dirIno(key),
                BackrefItem.position(key),
                ino,
                item == null ? 0 : FileType.ofMode(item.mode)));
    }

    private void extent(byte[] key, byte[] value) throws IOException {
        ExtentItem extent = ExtentItem.decode(key, value);
        if (extent.block() < blocksEnd) {
            findings.add(
                    Kind.EXTENT_OVERLAP,
                    name(),
                    "the extent of blocks " + extent.block() + " to " + (extent.end() - 1) + " begins before block "
                            + blocksEnd + ", where the one before it ends");
        }
        blocksEnd = extent.end();
        onlineBlocks += extent.isWritten() ? extent.blockCount() : 0;
        offlineBlocks += extent.isOffline() ? extent.blockCount() : 0;
        listener.extent(ino, extent);
    }

    // ---- the whole inode

    @Override
    public void end() throws IOException {
        if (!isOpen) {
            return;
        }
        isOpen = false;
        finishXattr();
        InodeItem item = inode;
        if (item == null) {
            findings.add(Kind.INODE_MISSING, name(), itemCount + " items, and no inode");
            return;
        }
        listener.inode(ino, item);
        listener.fact(new Fact(Fact.Relation.META_SEQ, item.metaSeq, ino, 0, 0));
        if (FileType.isRegular(item.mode)) {
            listener.fact(new Fact(Fact.Relation.DATA_SEQ, item.dataSeq, ino, 0, 0));
        }
        if (item.nlink == 0) {
            listener.fact(new Fact(Fact.Relation.ORPHAN, ino, 0, 0, 0));
        }
        if (item.has(InodeItem.TRUNCATING)) {
            listener.fact(new Fact(Fact.Relation.TRUNCATE, ino, 0, 0, 0));
        }
        checkFields(item);
        checkXattrs(item);
        checkBlocks(item);
        if (FileType.isDirectory(item.mode)) {
            checkDirectory(item);
        } else {
            checkOther(item);
        }
    }

    private void checkFields(InodeItem item) {
        if (FileType.ofMode(item.mode) == 0) {
            findings.add(Kind.INODE, name(), "mode 0" + Integer.toOctalString(item.mode) + " has no type");
        }
        if (item.size < 0) {
            findings.add(Kind.INODE, name(), "size " + number(item.size));
        }
        if (nanos(item.atimeNanos) || nanos(item.mtimeNanos) || nanos(item.ctimeNanos) || nanos(item.crtimeNanos)) {
            findings.add(Kind.INODE, name(), "a time with a second or more of nanoseconds");
        }
    }

    private static boolean nanos(int nanos) {
        return nanos < 0 || nanos > NANOS_MAX;
    }

    private void checkXattrs(InodeItem item) {
        if (item.xattrCount != xattrs) {
            findings.add(Kind.XATTR, name(), "counts " + item.xattrCount + " xattrs, and has " + xattrs);
        }
    }

    private void checkBlocks(InodeItem item) {
        if (item.onlineBlocks != onlineBlocks || item.offlineBlocks != offlineBlocks) {
            findings.add(
                    Kind.BLOCK_COUNT,
                    name(),
                    "counts " + item.onlineBlocks + " online and " + item.offlineBlocks
                            + " offline blocks, and its extents have " + onlineBlocks + " and " + offlineBlocks);
        }
    }

    private void checkDirectory(InodeItem item) throws IOException {
        if (entryCount != listedCount || entrySum != listedSum) {
            nameEntries();
        }
        long expectedLinks = item.nlink == 0 && listedCount == 0 ? 0 : 2 + subdirectories;
        if (Integer.toUnsignedLong(item.nlink) != expectedLinks) {
            findings.add(
                    Kind.LINK_COUNT,
                    name(),
                    "a directory with " + subdirectories + " directories in it, and link count " + item.nlink);
        }
        long expectedNames = ino == ROOT_INO || item.nlink == 0 ? 0 : 1;
        if (links != expectedNames) {
            findings.add(Kind.LINK_COUNT, name(), "a directory with " + links + " names");
        }
        if (item.size != nameBytes) {
            findings.add(Kind.SIZE, name(), "size " + item.size + ", and names of " + nameBytes + " bytes");
        }
    }

    private void checkOther(InodeItem item) {
        if (Integer.toUnsignedLong(item.nlink) != links) {
            findings.add(
                    Kind.LINK_COUNT, name(), "link count " + Integer.toUnsignedString(item.nlink) + ", and " + links + " names");
        }
        if (entryCount + listedCount > 0) {
            findings.add(Kind.ITEM, name(), "has " + (entryCount + listedCount) + " directory entries, and is no directory");
        }
        boolean isSymlink = FileType.isSymlink(item.mode);
        if (isSymlink && (symlinkBytes <= 0 || symlinkBytes > SymlinkItem.TARGET_BYTES_MAX || symlinkBytes != item.size)) {
            findings.add(
                    Kind.SIZE,
                    name(),
                    symlinkBytes < 0
                            ? "a symbolic link without a target"
                            : "size " + item.size + ", and a target of " + symlinkBytes + " bytes");
        } else if (!isSymlink && symlinkBytes >= 0) {
            findings.add(Kind.ITEM, name(), "has a target, and is no symbolic link");
        }
    }

    /** The two lists of a directory's entries differ: looks each entry up in the other one. */
    private void nameEntries() throws IOException {
        String directory = "directory " + number(ino);
        long before = findings.count();
        try (Cursor cursor = items.scan(typeKey(Keys.Type.DIRENT, 0), typeKey(Keys.Type.DIRENT, -1))) {
            while (cursor.next()) {
                for (DirentItem entry : DirentItem.decodeAll(cursor.value())) {
                    byte[] key = ReaddirItem.key(ino, entry.position());
                    byte[] value = items.get(key);
                    ReaddirItem other = value == null ? null : ReaddirItem.decode(key, value);
                    if (other == null || !isSame(entry, other)) {
                        findings.add(Kind.ENTRY, directory, entry + " is not listed");
                    }
                }
            }
        }
        try (Cursor cursor = items.scan(typeKey(Keys.Type.READDIR, 0), typeKey(Keys.Type.READDIR, -1))) {
            while (cursor.next()) {
                ReaddirItem entry = ReaddirItem.decode(cursor.key(), cursor.value());
                byte[] value = items.get(DirentItem.key(ino, NameHash.of(entry.name())));
                DirentItem other = value == null ? null : DirentItem.find(value, entry.name());
                long position = ReaddirItem.position(cursor.key());
                if (other == null || other.position() != position || !isSame(other, entry)) {
                    findings.add(
                            Kind.ENTRY,
                            directory,
                            "position " + number(position) + " lists a name of inode " + number(entry.ino())
                                    + " that a look-up does not find");
                }
            }
        }
        if (findings.count() == before) {
            findings.add(Kind.ENTRY, directory, entryCount + " entries by name, " + listedCount + " by position");
        }
    }

    private static boolean isSame(DirentItem entry, ReaddirItem listed) {
        return entry.ino() == listed.ino()
                && entry.type() == listed.type()
                && Arrays.equals(entry.name(), listed.name());
    }

    private byte[] typeKey(int type, long bound) {
        return Keys.of(Keys.Zone.FS, ino, type, bound, bound, (int) bound & 0xff);
    }
}
