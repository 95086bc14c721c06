package org.scoutfs.txn;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.Invariants;
import org.scoutfs.lsm.Cursor;
import org.scoutfs.lsm.ItemSource;
import org.scoutfs.lsm.ItemValue;
import org.scoutfs.lsm.ValueKind;

/**
 * The items of one transaction, sorted. While it is open many operations put into it at once; frozen, it changes no more.
 *
 * <ol>
 *   <li>The last change of a key wins; deltas are added to what is there.
 *   <li>A key that was put as new and deleted again leaves nothing: no tombstone goes to the device for it.
 *   <li>A reader sees a change whole or not at all, and one that began after the change returned sees it.
 * </ol>
 * <p>Thread-safe; see {@link MemTree} for how. That nobody changes it after {@link #freeze} is the barrier's part.
 */
final class MemTable implements ItemSource {
    /**
     * What an item may take on the device beside key and value: its lengths, its share of the block's restarts, of the
     * index and of the filter. An upper bound, since space is promised by it.
     */
    static final int ENTRY_OVERHEAD_BYTES = 16;

    private final MemTree tree = new MemTree();
    private volatile boolean isFrozen;

    /** @return by how many bytes the items grew */
    long put(byte[] key, byte[] value) {
        return apply(key, MemTree.OP_PUT, value);
    }

    /** As {@link #put}, where no item of the key exists anywhere. */
    long putNew(byte[] key, byte[] value) {
        return apply(key, MemTree.OP_PUT_NEW, value);
    }

    long delete(byte[] key) {
        return apply(key, MemTree.OP_DELETE, MemTree.EMPTY);
    }

    long add(byte[] key, byte[] delta) {
        return apply(key, MemTree.OP_ADD, delta);
    }

    /** Late items of a commit: after the freeze, on its thread. Operations do not look for such keys. */
    void putLate(byte[] key, byte[] value) {
        tree.apply(key, MemTree.OP_PUT, value, 0);
    }

    void deleteLate(byte[] key) {
        tree.apply(key, MemTree.OP_DELETE, MemTree.EMPTY, 0);
    }

    void addLate(byte[] key, byte[] delta) {
        tree.apply(key, MemTree.OP_ADD, delta, 0);
    }

    private long apply(byte[] key, byte op, byte[] value) {
        Invariants.check(!isFrozen, "a frozen memtable is changed");
        return tree.apply(key, op, value, key.length + ENTRY_OVERHEAD_BYTES);
    }

    void freeze() {
        isFrozen = true;
    }

    boolean isFrozen() {
        return isFrozen;
    }

    @Override
    public @Nullable ItemValue find(byte[] key) {
        return tree.find(key);
    }

    @Override
    public byte @Nullable [] lastKey(byte[] first, byte[] last) {
        byte[] key = tree.floor(last);
        return key == null || Arrays.compareUnsigned(key, first) < 0 ? null : key;
    }

    /**
     * On an open table it shows changes that are made while it runs, or not; each key once, in order, in any case.
     */
    @Override
    public Cursor scan(byte[] first, byte[] last) {
        return new TableCursor(first, last);
    }

    /** All items. */
    Cursor scanAll() {
        return new TableCursor(MemTree.EMPTY, null);
    }

    private final class TableCursor implements Cursor {
        private final MemTree.Batch batch = new MemTree.Batch();
        private final boolean hasEnd;
        private final long end0;
        private final long end1;
        private final long end2;
        private final long end3;
        private int index = -1;
        private boolean isDone;
        private byte @Nullable [] key;

        TableCursor(byte[] first, byte @Nullable [] last) {
            hasEnd = last != null;
            end0 = last == null ? 0 : PackedKey.word0(last);
            end1 = last == null ? 0 : PackedKey.word1(last);
            end2 = last == null ? 0 : PackedKey.word2(last);
            end3 = last == null ? 0 : PackedKey.word3(last);
            tree.copyFrom(
                    PackedKey.word0(first), PackedKey.word1(first), PackedKey.word2(first), PackedKey.word3(first), batch);
        }

        @Override
        public boolean next() {
            key = null;
            if (isDone) {
                return false;
            }
            while (true) {
                index++;
                while (index >= batch.count) {
                    if (!batch.hasMore || isPastEnd(batch.end, 0)) {
                        isDone = true;
                        return false;
                    }
                    tree.copyFrom(batch.end[0], batch.end[1], batch.end[2], batch.end[3], batch);
                    index = 0;
                }
                if (isPastEnd(batch.keys, index * PackedKey.WORDS)) {
                    isDone = true;
                    return false;
                }
                if (batch.states[index] != MemTree.NOTHING) {
                    return true;
                }
            }
        }

        private boolean isPastEnd(long[] words, int at) {
            if (!hasEnd) {
                return false;
            }
            if (words[at] != end0) {
                return words[at] > end0;
            }
            if (words[at + 1] != end1) {
                return words[at + 1] > end1;
            }
            if (words[at + 2] != end2) {
                return words[at + 2] > end2;
            }
            return words[at + 3] > end3;
        }

        @Override
        public byte[] key() {
            byte[] unpacked = key;
            if (unpacked == null) {
                unpacked = batch.key(index);
                key = unpacked;
            }
            return unpacked;
        }

        @Override
        public ValueKind kind() {
            return switch (batch.states[index]) {
                case MemTree.TOMBSTONE -> ValueKind.TOMBSTONE;
                case MemTree.DELTA -> ValueKind.DELTA;
                default -> ValueKind.PUT;
            };
        }

        @Override
        public byte[] value() {
            return batch.values[index];
        }

        @Override
        public void close() {
            isDone = true;
        }
    }
}
