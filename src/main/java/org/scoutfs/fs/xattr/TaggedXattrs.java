package org.scoutfs.fs.xattr;

import org.jspecify.annotations.Nullable;
import org.scoutfs.base.CorruptionException;
import org.scoutfs.item.Keys;
import org.scoutfs.item.XattrIndexKeys;
import org.scoutfs.item.XattrItem;
import org.scoutfs.item.XattrTags;
import org.scoutfs.item.XattrTotal;
import org.scoutfs.txn.Transaction;

/**
 * Keeps the items that tagged xattrs have outside of their inode, in the transaction that changes the xattr.
 *
 * <p>No lock covers them: the search item's key is the xattr's own, which the inode's lock covers, and totals and places are sums,
 * which come out right in whatever order nodes add to them.
 */
public final class TaggedXattrs {
    private TaggedXattrs() {}

    public static void added(Transaction txn, long ino, XattrTags tags, long nameHash, long id, byte[] value) {
        if (tags.has(XattrTags.SRCH)) {
            // An id is used once.
            txn.putNew(XattrIndexKeys.search(nameHash, ino, id), XattrIndexKeys.searchValue());
        }
        if (tags.has(XattrTags.TOTL)) {
            addToTotal(txn, tags, XattrTags.summand(value));
        }
        if (tags.has(XattrTags.INDX)) {
            addToPlace(txn, ino, tags, 1);
        }
    }

    public static void replaced(Transaction txn, XattrTags tags, byte[] oldValue, byte[] newValue) {
        if (tags.has(XattrTags.TOTL)) {
            addToTotal(txn, tags, XattrTags.summand(newValue).minus(XattrTags.summand(oldValue)));
        }
    }

    public static void removed(Transaction txn, long ino, XattrTags tags, long nameHash, long id, byte[] value) {
        if (tags.has(XattrTags.SRCH)) {
            txn.delete(XattrIndexKeys.search(nameHash, ino, id));
        }
        if (tags.has(XattrTags.TOTL)) {
            addToTotal(txn, tags, XattrTotal.NOTHING.minus(XattrTags.summand(value)));
        }
        if (tags.has(XattrTags.INDX)) {
            addToPlace(txn, ino, tags, -1);
        }
    }

    /** What an xattr that is stored says elsewhere. */
    record Stored(XattrTags tags, long nameHash, long id, byte[] value) {
        void remove(Transaction txn, long ino) {
            TaggedXattrs.removed(txn, ino, tags, nameHash, id, value);
        }
    }

    /**
     * Reads it from an xattr's first part, which has all of a value that matters.
     *
     * @return null where it says nothing
     */
    static @Nullable Stored stored(byte[] key, byte[] firstPart) throws CorruptionException {
        XattrTags tags = XattrTags.ofStored(XattrItem.name(key, firstPart));
        return tags == null || !tags.isIndexed()
                ? null
                : new Stored(tags, Keys.second(key), XattrItem.id(key), XattrItem.valueInFirstPart(key, firstPart));
    }

    private static void addToTotal(Transaction txn, XattrTags tags, XattrTotal change) {
        if (!change.equals(XattrTotal.NOTHING)) {
            txn.add(XattrIndexKeys.total(tags.first(), tags.second(), tags.third()), change.encode());
        }
    }

    private static void addToPlace(Transaction txn, long ino, XattrTags tags, long change) {
        txn.add(XattrIndexKeys.sorted(tags.first(), tags.second(), ino), XattrIndexKeys.sortedValue(change));
    }
}
