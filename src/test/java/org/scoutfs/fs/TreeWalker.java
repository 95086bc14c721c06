package org.scoutfs.fs;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.scoutfs.item.BackrefItem;
import org.scoutfs.item.DirentItem;
import org.scoutfs.item.ExtentItem;
import org.scoutfs.item.FileType;
import org.scoutfs.item.IndexKeys;
import org.scoutfs.item.InodeItem;
import org.scoutfs.item.Keys;
import org.scoutfs.item.NameHash;
import org.scoutfs.item.OrphanItem;
import org.scoutfs.item.ReaddirItem;
import org.scoutfs.item.XattrIndexKeys;
import org.scoutfs.item.XattrItem;
import org.scoutfs.item.XattrTags;
import org.scoutfs.item.XattrTotal;

/**
 * Proves on all items of a volume that they agree: entries with listings, back references and inodes; link counts, sizes, block counts
 * and xattr counts with what is counted; orphans with link counts; indexes with inodes.
 */
final class TreeWalker {
    private final List<String> wrong = new ArrayList<>();
    private final Map<Long, InodeItem> inodes = new TreeMap<>();
    private final Map<Long, Long> links = new HashMap<>();
    private final Map<Long, Long> subdirectories = new HashMap<>();
    private final Map<Long, Long> nameBytes = new HashMap<>();
    private final Map<Long, Integer> xattrs = new HashMap<>();
    private final Map<Long, Long> written = new HashMap<>();
    private final Map<Long, Long> offline = new HashMap<>();
    private final Map<String, String> dirents = new TreeMap<>();
    private final Map<String, String> listings = new TreeMap<>();
    private final Map<String, String> backrefs = new TreeMap<>();
    private final Map<Long, Long> orphans = new TreeMap<>();
    private final Map<Long, Long> truncates = new TreeMap<>();
    private final Map<Long, Long> metaSeqs = new TreeMap<>();
    private final Map<Long, Long> dataSeqs = new TreeMap<>();
    private final Map<Long, Long> symlinks = new TreeMap<>();

    /** What tagged xattrs say outside of their inode, with how often or how much: as they say it, and as the items do. */
    private final Map<String, Long> taggedSaid = new TreeMap<>();
    private final Map<String, Long> taggedItems = new TreeMap<>();

    private TreeWalker() {}

    /** @param isCommitted whether index items are complete: they are made at the commit */
    static List<String> walk(NavigableMap<byte[], byte[]> items, boolean isCommitted) throws IOException {
        TreeWalker walker = new TreeWalker();
        for (Map.Entry<byte[], byte[]> item : items.entrySet()) {
            walker.take(item.getKey(), item.getValue());
        }
        walker.compare(isCommitted);
        return walker.wrong;
    }

    private void take(byte[] key, byte[] value) throws IOException {
        long first = Keys.first(key);
        switch (Keys.zone(key)) {
            case Keys.Zone.INODE_INDEX -> {
                Map<Long, Long> seqs = Keys.type(key) == Keys.Type.META_SEQ ? metaSeqs : dataSeqs;
                if (seqs.put(IndexKeys.ino(key), IndexKeys.seq(key)) != null) {
                    wrong.add("two index items: " + Keys.toString(key));
                }
            }
            case Keys.Zone.ORPHAN -> (OrphanItem.isTruncate(key) ? truncates : orphans).put(OrphanItem.ino(key), 0L);
            case Keys.Zone.FS -> takeOfInode(first, key, value);
            case Keys.Zone.XATTR_SEARCH -> taggedItems.put("search " + first + " " + Keys.second(key) + " " + Keys.third(key), 1L);
            case Keys.Zone.XATTR_TOTAL -> {
                XattrTotal total = XattrTotal.decode(key, value);
                String name = first + "." + Keys.second(key) + "." + Keys.third(key);
                taggedItems.put("sum " + name, total.total());
                taggedItems.put("count " + name, total.count());
            }
            case Keys.Zone.XATTR_INDEX -> taggedItems.put(
                    "place " + first + "." + Keys.second(key) + " " + Keys.third(key), XattrIndexKeys.sortedCount(key, value));
            default -> {}
        }
    }

    private void takeTags(long ino, byte[] key, byte[] firstPart) throws IOException {
        XattrTags tags = XattrTags.ofStored(XattrItem.name(key, firstPart));
        String name = tags.first() + "." + tags.second();
        if (tags.has(XattrTags.SRCH)) {
            taggedSaid.put("search " + Keys.second(key) + " " + ino + " " + Keys.third(key), 1L);
        }
        if (tags.has(XattrTags.INDX)) {
            taggedSaid.merge("place " + name + " " + ino, 1L, Long::sum);
        }
        if (tags.has(XattrTags.TOTL)) {
            String value = new String(XattrItem.valueInFirstPart(key, firstPart));
            taggedSaid.merge("sum " + name + "." + tags.third(), Long.parseUnsignedLong(value), Long::sum);
            taggedSaid.merge("count " + name + "." + tags.third(), 1L, Long::sum);
        }
    }

    private void takeOfInode(long ino, byte[] key, byte[] value) throws IOException {
        switch (Keys.type(key)) {
            case Keys.Type.INODE -> inodes.put(ino, InodeItem.decode(ino, value));
            case Keys.Type.DIRENT -> {
                for (DirentItem entry : DirentItem.decodeAll(value)) {
                    if (NameHash.of(entry.name()) != Keys.second(key)) {
                        wrong.add("hash of " + entry);
                    }
                    dirents.put(ino + "." + entry.position(), entry.ino() + " " + entry.type() + " " + Arrays.toString(entry.name()));
                    links.merge(entry.ino(), 1L, Long::sum);
                    nameBytes.merge(ino, (long) entry.name().length, Long::sum);
                    if (entry.type() == FileType.DIRECTORY) {
                        subdirectories.merge(ino, 1L, Long::sum);
                    }
                    backrefs.merge(entry.ino() + "." + ino + "." + entry.position(), "entry", (a, b) -> a + b);
                }
            }
            case Keys.Type.READDIR -> {
                ReaddirItem entry = ReaddirItem.decode(key, value);
                listings.put(
                        ino + "." + ReaddirItem.position(key),
                        entry.ino() + " " + entry.type() + " " + Arrays.toString(entry.name()));
            }
            case Keys.Type.BACKREF -> backrefs.merge(
                    ino + "." + BackrefItem.dirIno(key) + "." + BackrefItem.position(key), "backref", (a, b) -> a + b);
            case Keys.Type.XATTR -> {
                if (XattrItem.part(key) == 0) {
                    xattrs.merge(ino, 1, Integer::sum);
                    takeTags(ino, key, value);
                }
            }
            case Keys.Type.SYMLINK -> symlinks.put(ino, (long) value.length);
            case Keys.Type.EXTENT -> {
                ExtentItem extent = ExtentItem.decode(key, value);
                if (extent.isOffline()) {
                    offline.merge(ino, extent.blockCount(), Long::sum);
                } else if (!extent.isUnwritten()) {
                    written.merge(ino, extent.blockCount(), Long::sum);
                }
                if (!inodes.containsKey(ino)) {
                    wrong.add("extent without inode " + ino);
                }
            }
            default -> wrong.add("unknown item " + Keys.toString(key));
        }
    }

    private void compare(boolean isCommitted) {
        expect("entries and listings", dirents, listings);
        expect("what tagged xattrs say elsewhere", taggedSaid, taggedItems);
        backrefs.forEach((what, seen) -> {
            if (!seen.equals("entrybackref") && !seen.equals("backrefentry")) {
                wrong.add("back reference " + what + " only in " + seen);
            }
        });
        Map<Long, Long> expectedOrphans = new TreeMap<>();
        Map<Long, Long> expectedTruncates = new TreeMap<>();
        Map<Long, Long> expectedMeta = new TreeMap<>();
        Map<Long, Long> expectedData = new TreeMap<>();
        Map<Long, Long> expectedSymlinks = new TreeMap<>();
        inodes.forEach((ino, inode) -> {
            long names = links.getOrDefault(ino, 0L);
            boolean isDirectory = FileType.isDirectory(inode.mode);
            long nlink = names;
            if (isDirectory) {
                nlink = names == 0 && ino != 1 ? 0 : 2 + subdirectories.getOrDefault(ino, 0L);
                expect("size of directory " + ino, nameBytes.getOrDefault(ino, 0L), inode.size);
                expect("names of directory " + ino, ino == 1 || names <= 1, true);
            }
            expect("links of " + ino, nlink, (long) inode.nlink);
            expect("xattrs of " + ino, xattrs.getOrDefault(ino, 0), inode.xattrCount);
            if (isCommitted) {
                expect("online blocks of " + ino, written.getOrDefault(ino, 0L), inode.onlineBlocks);
                expect("offline blocks of " + ino, offline.getOrDefault(ino, 0L), inode.offlineBlocks);
            }
            if (inode.nlink == 0) {
                expectedOrphans.put(ino, 0L);
            }
            if (inode.has(InodeItem.TRUNCATING)) {
                expectedTruncates.put(ino, 0L);
            }
            if (FileType.isSymlink(inode.mode)) {
                expectedSymlinks.put(ino, inode.size);
            }
            expectedMeta.put(ino, inode.metaSeq);
            if (FileType.isRegular(inode.mode)) {
                expectedData.put(ino, inode.dataSeq);
            }
        });
        for (long ino : links.keySet()) {
            if (!inodes.containsKey(ino)) {
                wrong.add("entry of missing inode " + ino);
            }
        }
        expect("orphans", expectedOrphans, orphans);
        expect("truncates", expectedTruncates, truncates);
        expect("symlinks", expectedSymlinks, symlinks);
        if (isCommitted) {
            expect("meta_seq index", expectedMeta, metaSeqs);
            expect("data_seq index", expectedData, dataSeqs);
        }
        for (long ino : xattrs.keySet()) {
            if (!inodes.containsKey(ino)) {
                wrong.add("xattrs of missing inode " + ino);
            }
        }
    }

    private void expect(String what, Object expected, Object actual) {
        if (!expected.equals(actual)) {
            wrong.add(what + ": expected " + expected + ", found " + actual);
        }
    }
}
