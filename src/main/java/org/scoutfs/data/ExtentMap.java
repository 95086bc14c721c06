package org.scoutfs.data;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Invariants;
import org.scoutfs.item.ExtentItem;
import org.scoutfs.lsm.Cursor;
import org.scoutfs.lsm.ItemReader;
import org.scoutfs.txn.Transaction;

/**
 * What is known in memory of one file's extent items: a changing call reads the items that it touches before its
 * transaction, where reading may fail, and changes them inside, where nothing may.
 *
 * <ol>
 *   <li>Each block is unknown, known to be in one item, or known to be in none.
 *   <li>An item is known whole or not at all, and what is known is what the items of the open transaction say: every
 *       change is made here and in the transaction together.
 * </ol>
 * <p>Guarded by the mutex of its {@link FileState}; {@link #read} runs outside.
 */
final class ExtentMap {
    /** A known stretch: of one item, or without any. */
    private record Known(long first, long end, @Nullable ExtentItem item) {}

    /** What a scan found: items in order, and how far it looked. */
    record Found(List<ExtentItem> items, long from, long end) {}

    private final TreeMap<Long, Known> known = new TreeMap<>();

    /** The first block of {@code [from, to)} that is not known, or {@code to}. */
    long firstUnknown(long from, long to) {
        long block = from;
        for (Known stretch : from(from)) {
            if (stretch.first() > block) {
                break;
            }
            block = stretch.end();
            if (block >= to) {
                return to;
            }
        }
        return block;
    }

    /** What is known from a block on, in order; the first may begin before the block, all end after it. */
    private Collection<Known> from(long block) {
        Map.Entry<Long, Known> entry = known.floorEntry(block);
        boolean covers = entry != null && entry.getValue().end() > block;
        return known.tailMap(covers ? entry.getKey() : block, true).values();
    }

    /** Reads the items from block {@code from} on: those before {@code to}, the next one after, and at most {@code max}. */
    static Found read(ItemReader view, long ino, long from, long to, int max) throws IOException {
        List<ExtentItem> items = new ArrayList<>();
        try (Cursor cursor = view.scan(ExtentItem.key(ino, from), ExtentItem.lastKey(ino))) {
            while (cursor.next()) {
                ExtentItem item = ExtentItem.decode(cursor.key(), cursor.value());
                items.add(item);
                if (item.end() >= to || items.size() >= max) {
                    return new Found(items, from, item.end());
                }
            }
        }
        return new Found(items, from, ExtentItem.BLOCKS_END);
    }

    /** Takes in what was read, where it is not known: what is known already may be newer. */
    void learn(Found found) {
        long block = found.from();
        for (ExtentItem item : found.items()) {
            learnHole(block, Math.max(block, item.block()));
            if (firstUnknown(item.block(), item.end()) == item.block() && !overlapsKnown(item)) {
                known.put(item.block(), new Known(item.block(), item.end(), item));
            }
            block = Math.max(block, item.end());
        }
        learnHole(block, found.end());
    }

    private boolean overlapsKnown(ExtentItem item) {
        Long next = known.ceilingKey(item.block());
        return next != null && next < item.end();
    }

    private void learnHole(long from, long to) {
        long block = from;
        while (block < to) {
            Map.Entry<Long, Known> entry = known.floorEntry(block);
            if (entry != null && entry.getValue().end() > block) {
                block = entry.getValue().end();
                continue;
            }
            Long next = known.ceilingKey(block);
            long end = next == null ? to : Math.min(to, next);
            putHole(block, end);
            block = end;
        }
    }

    /** Says of a whole file that it has no extents. */
    void learnEmpty() {
        learnHole(0, ExtentItem.BLOCKS_END);
    }

    private void putHole(long from, long to) {
        long first = from;
        long end = to;
        Map.Entry<Long, Known> left = known.lowerEntry(first);
        if (left != null && left.getValue().end() == first && left.getValue().item() == null) {
            first = left.getKey();
        }
        Known right = known.get(end);
        if (right != null && right.item() == null) {
            known.remove(end);
            end = right.end();
        }
        known.put(first, new Known(first, end, null));
    }

    /** The known items that overlap {@code [from, to)}, whole, in order. */
    List<ExtentItem> items(long from, long to) {
        List<ExtentItem> items = new ArrayList<>();
        for (Known stretch : from(from)) {
            if (stretch.first() >= to) {
                break;
            }
            ExtentItem item = stretch.item();
            if (item != null) {
                items.add(item);
            }
        }
        return items;
    }

    /** Where the hole ends that is known to be at {@code block}; {@code block} itself where none is known. */
    long knownHoleEnd(long block) {
        Map.Entry<Long, Known> entry = known.floorEntry(block);
        return entry == null || entry.getValue().item() != null ? block : Math.max(block, entry.getValue().end());
    }

    /** The item that covers a known block, or null. */
    @Nullable ExtentItem at(long block) {
        Map.Entry<Long, Known> entry = known.floorEntry(block);
        return entry == null || entry.getValue().end() <= block ? null : entry.getValue().item();
    }

    /** How many blocks of known {@code [from, to)} have storage that this incarnation may write into. */
    long unwrittenBlocks(long from, long to, long rid) {
        long blocks = 0;
        for (ExtentItem item : items(from, to)) {
            if (item.isUnwritten() && item.rid() == rid) {
                blocks += item.part(from, to).blockCount();
            }
        }
        return blocks;
    }

    /** Whether some block of {@code [from, to)}, all known, is written. */
    boolean hasWritten(long from, long to) {
        for (ExtentItem item : items(from, to)) {
            if (item.isWritten()) {
                return true;
            }
        }
        return false;
    }

    /**
     * Makes {@code [from, to)}, all known, a hole: shortens or splits the items at its ends.
     *
     * @param goes gets each piece with storage that is in no item any more
     */
    void cut(Transaction txn, long ino, long from, long to, Consumer<ExtentItem> goes) {
        for (ExtentItem item : items(from, to)) {
            known.remove(item.block());
            boolean keepsKey = item.end() > to;
            if (keepsKey) {
                put(txn, ino, item.part(to, item.end()));
            } else {
                txn.delete(item.key(ino));
            }
            if (item.block() < from) {
                put(txn, ino, item.part(item.block(), from));
            }
            ExtentItem gone = item.part(from, to);
            if (gone.hasStorage()) {
                goes.accept(gone);
            }
            putHole(gone.block(), gone.end());
        }
    }

    /** Puts an item where there is a known hole, joined with the one before it when that is possible. */
    void place(Transaction txn, long ino, ExtentItem item) {
        Map.Entry<Long, Known> entry = known.floorEntry(item.block());
        Invariants.check(
                entry != null && entry.getValue().item() == null && entry.getValue().end() >= item.end(),
                "places an extent where no hole is known",
                item);
        if (entry == null) {
            return;
        }
        Known hole = entry.getValue();
        known.remove(hole.first());
        if (hole.first() < item.block()) {
            known.put(hole.first(), new Known(hole.first(), item.block(), null));
        }
        if (hole.end() > item.end()) {
            known.put(item.end(), new Known(item.end(), hole.end(), null));
        }
        ExtentItem before = item.block() == 0 ? null : at(item.block() - 1);
        if (before != null && before.canJoin(item)) {
            txn.delete(before.key(ino));
            known.remove(before.block());
            put(txn, ino, before.join(item));
        } else {
            put(txn, ino, item);
        }
    }

    private void put(Transaction txn, long ino, ExtentItem item) {
        known.put(item.block(), new Known(item.block(), item.end(), item));
        txn.put(item.key(ino), item.value());
    }
}
