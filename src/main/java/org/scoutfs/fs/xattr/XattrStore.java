package org.scoutfs.fs.xattr;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.CorruptionException;
import org.scoutfs.item.Keys;
import org.scoutfs.item.NameHash;
import org.scoutfs.item.XattrIndexKeys;
import org.scoutfs.item.XattrItem;
import org.scoutfs.lsm.Cursor;
import org.scoutfs.lsm.ItemReader;
import org.scoutfs.txn.Transaction;

/** The xattrs of an inode as items. Stateless; the caller holds the inode's lock, exclusively for changes. */
public final class XattrStore {
    private XattrStore() {}

    /** Where an xattr is. */
    public record Found(long nameHash, long id, int nameLength, int valueLength) {
        int partCount() {
            return XattrItem.partCount(nameLength, valueLength);
        }
    }

    public static @Nullable Found find(ItemReader view, long ino, byte[] name) throws IOException {
        long hash = NameHash.of(name);
        try (Cursor cursor = view.scan(XattrItem.key(ino, hash, 0, 0), XattrItem.key(ino, hash, -1, 255))) {
            while (cursor.next()) {
                byte[] key = cursor.key();
                if (XattrItem.part(key) == 0 && XattrItem.hasName(key, cursor.value(), name)) {
                    int valueLength = XattrItem.valueLength(key, cursor.value());
                    return new Found(hash, XattrItem.id(key), name.length, valueLength);
                }
            }
        }
        return null;
    }

    public static byte @Nullable [] get(ItemReader view, long ino, byte[] name) throws IOException {
        Found found = find(view, ino, name);
        return found == null ? null : read(view, ino, found);
    }

    public static byte[] read(ItemReader view, long ino, Found found) throws IOException {
        byte[] value = new byte[found.valueLength];
        for (int part = 0; part < found.partCount(); part++) {
            byte[] key = XattrItem.key(ino, found.nameHash, found.id, part);
            byte[] bytes = view.get(key);
            if (bytes == null) {
                throw CorruptionException.missing("xattr part " + Keys.toString(key), "part 0");
            }
            XattrItem.copyValue(key, bytes, found.nameLength, value);
        }
        return value;
    }

    /** An upper bound of the items for setting or removing. */
    public static long itemBytes(byte[] name, int valueLength, @Nullable Found old) {
        return XattrItem.itemBytes(name.length, valueLength) + (old == null ? 0 : (long) old.partCount() * Keys.SIZE);
    }

    /** @param old what is replaced
     *  @param newId the id of an xattr that was not there */
    public static void put(Transaction txn, long ino, byte[] name, byte[] value, @Nullable Found old, long newId) {
        long hash = NameHash.of(name);
        long id = old == null ? newId : old.id;
        byte[][] parts = XattrItem.encode(name, value);
        for (int part = 0; part < parts.length; part++) {
            byte[] key = XattrItem.key(ino, hash, id, part);
            if (old == null) {
                txn.putNew(key, parts[part]);
            } else {
                txn.put(key, parts[part]);
            }
        }
        for (int part = parts.length; old != null && part < old.partCount(); part++) {
            txn.delete(XattrItem.key(ino, hash, id, part));
        }
    }

    public static void remove(Transaction txn, long ino, Found found) {
        for (int part = 0; part < found.partCount(); part++) {
            txn.delete(XattrItem.key(ino, found.nameHash, found.id, part));
        }
    }

    /** Gives each name, in the order of hashes, then ids. */
    public static void list(ItemReader view, long ino, Consumer<byte[]> names) throws IOException {
        try (Cursor cursor = view.scan(firstKey(ino), lastKey(ino))) {
            while (cursor.next()) {
                if (XattrItem.part(cursor.key()) == 0) {
                    names.accept(XattrItem.name(cursor.key(), cursor.value()));
                }
            }
        }
    }

    /** Gives names with a place, from a place on, until somebody has enough. */
    public interface NameVisitor {
        /** @return false to go no further */
        boolean visit(long nameHash, long id, byte[] name);
    }

    /** As {@link #list}, from a place on. */
    public static void list(ItemReader view, long ino, long fromHash, long fromId, NameVisitor names) throws IOException {
        try (Cursor cursor = view.scan(XattrItem.key(ino, fromHash, fromId, 0), lastKey(ino))) {
            boolean goesOn = true;
            while (goesOn && cursor.next()) {
                byte[] key = cursor.key();
                goesOn = XattrItem.part(key) != 0
                        || names.visit(Keys.second(key), XattrItem.id(key), XattrItem.name(key, cursor.value()));
            }
        }
    }

    /** Some of an inode's xattr items, for removing them. */
    public static final class Some {
        public static final Some NONE = new Some();

        private final List<byte[]> keys = new ArrayList<>();
        private final List<TaggedXattrs.Stored> tagged = new ArrayList<>();
        private int xattrCount;

        /** How many items. */
        public int size() {
            return keys.size();
        }

        /** An upper bound for removing them. */
        public long itemBytes() {
            return (long) keys.size() * Keys.SIZE + (long) tagged.size() * XattrIndexKeys.BYTES_MAX;
        }

        /** Removes them, with what is said of them elsewhere. @return how many xattrs that were */
        public int remove(Transaction txn, long ino) {
            keys.forEach(txn::delete);
            tagged.forEach(one -> one.remove(txn, ino));
            return xattrCount;
        }

        private void add(byte[] key, byte[] value) throws CorruptionException {
            keys.add(key);
            if (XattrItem.part(key) == 0) {
                xattrCount++;
                TaggedXattrs.Stored stored = TaggedXattrs.stored(key, value);
                if (stored != null) {
                    tagged.add(stored);
                }
            }
        }
    }

    /** The first xattr items of an inode: all, or {@code max} and the rest of the last one's parts. */
    public static Some some(ItemReader view, long ino, int max) throws IOException {
        Some some = new Some();
        try (Cursor cursor = view.scan(firstKey(ino), lastKey(ino))) {
            while (cursor.next() && (some.size() < max || XattrItem.part(cursor.key()) > 0)) {
                some.add(cursor.key(), cursor.value());
            }
        }
        return some;
    }

    private static byte[] firstKey(long ino) {
        return XattrItem.key(ino, 0, 0, 0);
    }

    private static byte[] lastKey(long ino) {
        return XattrItem.key(ino, -1, -1, 255);
    }
}
