package org.scoutfs.txn;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;
import org.scoutfs.lsm.ItemValue;

/**
 * A B+ tree in memory from packed keys to the state and value of an item. Keys are never removed.
 *
 * <p>Thread-safe, by optimistic lock coupling (Leis, Haubenschild and Neumann, "Optimistic Lock Coupling", 2019): each node
 * has a version number that is odd while somebody changes the node. Readers take no lock: they note the number, read, and
 * start again from the root when it changed meanwhile. A writer locks the one leaf that it changes; where a node on its way
 * down is full, it locks that node and its parent, splits, and starts again. So a full node never has a full parent.
 *
 * <p>Cost: a look-up in a million keys touches 4 or 5 nodes, about 2 cache lines of each.
 */
final class MemTree {
    /** What the tree knows of a key. See {@link #apply} for how one becomes another. */
    static final byte NOTHING = 0; // put as new and deleted again: as if the key were not here, and none older exists
    static final byte PUT = 1;
    static final byte PUT_NEW = 2; // put, and no older item of the key exists anywhere
    static final byte TOMBSTONE = 3;
    static final byte DELTA = 4;

    /** Changes of an item. */
    static final byte OP_PUT = 1;
    static final byte OP_PUT_NEW = 2;
    static final byte OP_DELETE = 3;
    static final byte OP_ADD = 4;

    static final byte[] EMPTY = new byte[0];

    private static final int CAPACITY = 32;
    private static final int SPINS_BEFORE_YIELD = 64;
    private static final VarHandle VERSION;
    private static final VarHandle U64LE =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    static {
        try {
            VERSION = MethodHandles.lookup().findVarHandle(Node.class, "version", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** A node; {@code keys} has {@link PackedKey#WORDS} numbers per key. All but {@code version} is guarded by it. */
    private abstract static class Node {
        @SuppressWarnings("unused") // through VERSION
        private volatile long version;

        final long[] keys = new long[CAPACITY * PackedKey.WORDS];
        int count;

        /** The version number once nobody changes the node. */
        final long awaitStable() {
            for (int spins = 0; ; spins++) {
                long seen = (long) VERSION.getAcquire(this);
                if ((seen & 1) == 0) {
                    return seen;
                }
                if (spins < SPINS_BEFORE_YIELD) {
                    Thread.onSpinWait();
                } else {
                    Thread.yield(); // whoever holds it may have lost its CPU to us
                }
            }
        }

        /** Whether all that was read since {@link #awaitStable} gave {@code seen} belongs together. */
        final boolean isStill(long seen) {
            VarHandle.acquireFence(); // the reads before come before the look at the number
            return (long) VERSION.getOpaque(this) == seen;
        }

        final boolean tryLock(long seen) {
            boolean isLocked = VERSION.compareAndSet(this, seen, seen + 1);
            VarHandle.storeStoreFence(); // no change is seen before the odd number
            return isLocked;
        }

        final void unlock() {
            VERSION.setRelease(this, (long) VERSION.get(this) + 1);
        }
    }

    private static final class Inner extends Node {
        /** Child {@code i} has the keys from {@code keys[i - 1]} on and before {@code keys[i]}. */
        final @Nullable Node[] children = new Node[CAPACITY + 1];
    }

    private static final class Leaf extends Node {
        final byte[][] values = new byte[CAPACITY][];
        final byte[] states = new byte[CAPACITY];
    }

    private volatile Node root = new Leaf();

    // ---- changes ---------------------------------------------------------------------------------------------------

    /**
     * Changes the item of a key.
     *
     * @param entryBytes what each item counts beside its value; {@link #NOTHING} counts nothing
     * @return by how many bytes the tree's items grew
     */
    long apply(byte[] key, byte op, byte[] value, int entryBytes) {
        long k0 = PackedKey.word0(key);
        long k1 = PackedKey.word1(key);
        long k2 = PackedKey.word2(key);
        long k3 = PackedKey.word3(key);
        while (true) {
            Leaf leaf = lockLeafFor(k0, k1, k2, k3);
            if (leaf == null) {
                continue;
            }
            try {
                return applyIn(leaf, k0, k1, k2, k3, op, value, entryBytes);
            } finally {
                leaf.unlock();
            }
        }
    }

    /** The leaf where the key belongs, locked and with room for one more key; null when somebody was in the way. */
    private @Nullable Leaf lockLeafFor(long k0, long k1, long k2, long k3) {
        Node node = root;
        long seen = node.awaitStable();
        if (node != root) {
            return null;
        }
        Inner parent = null;
        long parentSeen = 0;
        while (true) {
            int count = node.count;
            if (count == CAPACITY && !(node instanceof Leaf && holds(node, k0, k1, k2, k3))) {
                if (node.isStill(seen)) {
                    split(parent, parentSeen, node, seen, k0, k1, k2, k3);
                }
                return null;
            }
            if (node instanceof Leaf leaf) {
                return leaf.tryLock(seen) ? leaf : null;
            }
            Inner inner = (Inner) node;
            Node child = inner.children[upperBound(inner.keys, count, k0, k1, k2, k3)];
            if (!inner.isStill(seen) || child == null) {
                return null;
            }
            long childSeen = child.awaitStable();
            if (!inner.isStill(seen)) {
                return null;
            }
            parent = inner;
            parentSeen = seen;
            node = child;
            seen = childSeen;
        }
    }

    private static boolean holds(Node node, long k0, long k1, long k2, long k3) {
        int at = lowerBound(node.keys, node.count, k0, k1, k2, k3);
        return at < node.count && isEqual(node.keys, at, k0, k1, k2, k3);
    }

    /** Splits a full node. Does nothing when somebody changed it or its parent since they were looked at. */
    private void split(
            @Nullable Inner parent, long parentSeen, Node node, long seen, long k0, long k1, long k2, long k3) {
        if (parent != null && !parent.tryLock(parentSeen)) {
            return;
        }
        if (!node.tryLock(seen)) {
            if (parent != null) {
                parent.unlock();
            }
            return;
        }
        // Only who holds the root's lock replaces it, so that here nobody else does.
        if (parent == null && node != root) {
            node.unlock();
            return;
        }
        // Where keys come in rising order the left half is never touched again: leave it full.
        boolean isRising = upperBound(node.keys, CAPACITY, k0, k1, k2, k3) == CAPACITY;
        long[] separator = new long[PackedKey.WORDS];
        Node right = node instanceof Leaf leaf
                ? splitLeaf(leaf, isRising ? CAPACITY - 1 : CAPACITY / 2, separator)
                : splitInner((Inner) node, isRising ? CAPACITY - 2 : CAPACITY / 2, separator);
        if (parent == null) {
            Inner newRoot = new Inner();
            newRoot.children[0] = node;
            newRoot.children[1] = right;
            System.arraycopy(separator, 0, newRoot.keys, 0, PackedKey.WORDS);
            newRoot.count = 1;
            root = newRoot;
        } else {
            int at = upperBound(parent.keys, parent.count, separator[0], separator[1], separator[2], separator[3]);
            insertGap(parent.keys, at, parent.count, PackedKey.WORDS);
            System.arraycopy(separator, 0, parent.keys, at * PackedKey.WORDS, PackedKey.WORDS);
            System.arraycopy(parent.children, at + 1, parent.children, at + 2, parent.count - at);
            parent.children[at + 1] = right;
            parent.count++;
        }
        node.unlock();
        if (parent != null) {
            parent.unlock();
        }
    }

    private static Leaf splitLeaf(Leaf left, int keep, long[] separator) {
        Leaf right = new Leaf();
        int moved = CAPACITY - keep;
        System.arraycopy(left.keys, keep * PackedKey.WORDS, right.keys, 0, moved * PackedKey.WORDS);
        System.arraycopy(left.values, keep, right.values, 0, moved);
        System.arraycopy(left.states, keep, right.states, 0, moved);
        right.count = moved;
        left.count = keep;
        for (int i = keep; i < CAPACITY; i++) {
            left.values[i] = EMPTY;
        }
        System.arraycopy(right.keys, 0, separator, 0, PackedKey.WORDS);
        return right;
    }

    /** The left keeps {@code keep} keys and one child more, the separator goes up, the right gets the rest. */
    private static Inner splitInner(Inner left, int keep, long[] separator) {
        Inner right = new Inner();
        int moved = CAPACITY - keep - 1;
        System.arraycopy(left.keys, keep * PackedKey.WORDS, separator, 0, PackedKey.WORDS);
        System.arraycopy(left.keys, (keep + 1) * PackedKey.WORDS, right.keys, 0, moved * PackedKey.WORDS);
        System.arraycopy(left.children, keep + 1, right.children, 0, moved + 1);
        right.count = moved;
        left.count = keep;
        for (int i = keep + 1; i <= CAPACITY; i++) {
            left.children[i] = null;
        }
        return right;
    }

    private static void insertGap(long[] keys, int at, int count, int width) {
        System.arraycopy(keys, at * width, keys, (at + 1) * width, (count - at) * width);
    }

    /** Under the leaf's lock; it has room. */
    private static long applyIn(
            Leaf leaf, long k0, long k1, long k2, long k3, byte op, byte[] value, int entryBytes) {
        int count = leaf.count;
        int at = lowerBound(leaf.keys, count, k0, k1, k2, k3);
        if (at < count && isEqual(leaf.keys, at, k0, k1, k2, k3)) {
            byte before = leaf.states[at];
            byte[] valueBefore = leaf.values[at];
            long bytesBefore = before == NOTHING ? 0 : entryBytes + valueBefore.length;
            change(leaf, at, before, valueBefore, op, value);
            return (leaf.states[at] == NOTHING ? 0 : entryBytes + leaf.values[at].length) - bytesBefore;
        }
        insertGap(leaf.keys, at, count, PackedKey.WORDS);
        System.arraycopy(leaf.values, at, leaf.values, at + 1, count - at);
        System.arraycopy(leaf.states, at, leaf.states, at + 1, count - at);
        int word = at * PackedKey.WORDS;
        leaf.keys[word] = k0;
        leaf.keys[word + 1] = k1;
        leaf.keys[word + 2] = k2;
        leaf.keys[word + 3] = k3;
        leaf.values[at] = value;
        leaf.states[at] = switch (op) {
            case OP_PUT -> PUT;
            case OP_PUT_NEW -> PUT_NEW;
            case OP_DELETE -> TOMBSTONE;
            default -> DELTA;
        };
        leaf.count = count + 1;
        return entryBytes + value.length;
    }

    /** What becomes of an item that is in this tree already. */
    private static void change(Leaf leaf, int at, byte before, byte[] valueBefore, byte op, byte[] value) {
        boolean isNothingOlder = before == NOTHING || before == PUT_NEW;
        switch (op) {
            case OP_PUT, OP_PUT_NEW -> set(leaf, at, isNothingOlder ? PUT_NEW : PUT, value);
            case OP_DELETE -> set(leaf, at, isNothingOlder ? NOTHING : TOMBSTONE, EMPTY);
            case OP_ADD -> {
                if (before == NOTHING) {
                    set(leaf, at, DELTA, value);
                    return;
                }
                byte[] sum = before == TOMBSTONE ? value : sum(valueBefore, value);
                if (before == DELTA) {
                    set(leaf, at, DELTA, sum);
                } else if (isZero(sum)) {
                    set(leaf, at, isNothingOlder ? NOTHING : TOMBSTONE, EMPTY); // a sum of zeroes is no value
                } else {
                    set(leaf, at, isNothingOlder ? PUT_NEW : PUT, sum);
                }
            }
            default -> throw new AssertionError("no such change: " + op);
        }
    }

    private static void set(Leaf leaf, int at, byte state, byte[] value) {
        leaf.states[at] = state;
        leaf.values[at] = value;
    }

    /** The sum of two runs of little-endian 64-bit numbers, of the same length. */
    static byte[] sum(byte[] a, byte[] b) {
        if (a.length != b.length || a.length % Long.BYTES != 0) {
            throw new IllegalArgumentException("deltas of " + a.length + " and " + b.length + " bytes for one key");
        }
        byte[] sum = new byte[a.length];
        for (int i = 0; i < sum.length; i += Long.BYTES) {
            U64LE.set(sum, i, (long) U64LE.get(a, i) + (long) U64LE.get(b, i));
        }
        return sum;
    }

    static boolean isZero(byte[] value) {
        for (byte each : value) {
            if (each != 0) {
                return false;
            }
        }
        return true;
    }

    // ---- reads -----------------------------------------------------------------------------------------------------

    /** What the tree says of a key, or null where it says nothing. */
    @Nullable ItemValue find(byte[] key) {
        long k0 = PackedKey.word0(key);
        long k1 = PackedKey.word1(key);
        long k2 = PackedKey.word2(key);
        long k3 = PackedKey.word3(key);
        restart:
        while (true) {
            Node node = root;
            long seen = node.awaitStable();
            if (node != root) {
                continue;
            }
            while (node instanceof Inner inner) {
                Node child = inner.children[upperBound(inner.keys, inner.count, k0, k1, k2, k3)];
                if (!inner.isStill(seen) || child == null) {
                    continue restart;
                }
                long childSeen = child.awaitStable();
                if (!inner.isStill(seen)) {
                    continue restart;
                }
                node = child;
                seen = childSeen;
            }
            Leaf leaf = (Leaf) node;
            int count = leaf.count;
            int at = lowerBound(leaf.keys, count, k0, k1, k2, k3);
            boolean isFound = at < count && isEqual(leaf.keys, at, k0, k1, k2, k3);
            byte state = isFound ? leaf.states[at] : NOTHING;
            byte[] value = isFound ? leaf.values[at] : EMPTY;
            if (!leaf.isStill(seen)) {
                continue;
            }
            return switch (state) {
                case NOTHING -> null;
                case PUT, PUT_NEW -> ItemValue.put(value);
                case TOMBSTONE -> ItemValue.TOMBSTONE;
                case DELTA -> ItemValue.delta(value);
                default -> throw new AssertionError("no such state: " + state);
            };
        }
    }

    /** Items of one leaf, copied out of it at one instant, {@link #NOTHING} included. */
    static final class Batch {
        final long[] keys = new long[CAPACITY * PackedKey.WORDS];
        final byte[][] values = new byte[CAPACITY][];
        final byte[] states = new byte[CAPACITY];
        int count;

        /** Where the next leaf begins, when {@link #hasMore}. */
        final long[] end = new long[PackedKey.WORDS];

        boolean hasMore;

        private final long[] copied = new long[PackedKey.WORDS];

        byte[] key(int index) {
            return PackedKey.unpack(keys, index * PackedKey.WORDS);
        }
    }

    /** Fills {@code into} with the items from this key on that lie in the key's leaf. May be none though there are more. */
    void copyFrom(long k0, long k1, long k2, long k3, Batch into) {
        while (!tryCopyFrom(k0, k1, k2, k3, into)) {
            Thread.onSpinWait();
        }
    }

    private boolean tryCopyFrom(long k0, long k1, long k2, long k3, Batch into) {
        Node node = root;
        long seen = node.awaitStable();
        if (node != root) {
            return false;
        }
        into.hasMore = false;
        while (node instanceof Inner inner) {
            int count = inner.count;
            int at = upperBound(inner.keys, count, k0, k1, k2, k3);
            Node child = inner.children[at];
            if (at < count) {
                System.arraycopy(inner.keys, at * PackedKey.WORDS, into.copied, 0, PackedKey.WORDS);
            }
            if (!inner.isStill(seen) || child == null) {
                return false;
            }
            if (at < count) {
                System.arraycopy(into.copied, 0, into.end, 0, PackedKey.WORDS);
                into.hasMore = true;
            }
            long childSeen = child.awaitStable();
            if (!inner.isStill(seen)) {
                return false;
            }
            node = child;
            seen = childSeen;
        }
        Leaf leaf = (Leaf) node;
        int count = leaf.count;
        int at = lowerBound(leaf.keys, count, k0, k1, k2, k3);
        int copy = count - at;
        System.arraycopy(leaf.keys, at * PackedKey.WORDS, into.keys, 0, copy * PackedKey.WORDS);
        System.arraycopy(leaf.values, at, into.values, 0, copy);
        System.arraycopy(leaf.states, at, into.states, 0, copy);
        into.count = copy;
        return leaf.isStill(seen);
    }

    /** The largest key at or before this one, {@link #NOTHING} not counted; null where there is none. */
    byte @Nullable [] floor(byte[] key) {
        long[] bound = {
            PackedKey.word0(key), PackedKey.word1(key), PackedKey.word2(key), PackedKey.word3(key)
        };
        long[] leafStart = new long[PackedKey.WORDS];
        boolean isInclusive = true;
        while (true) {
            FloorStep step = tryFloor(bound, isInclusive, leafStart);
            if (step.isDone) {
                return step.key;
            }
            if (step.goLeft) {
                System.arraycopy(leafStart, 0, bound, 0, PackedKey.WORDS);
                isInclusive = false;
            }
        }
    }

    /** @param goLeft look again, before {@code leafStart}; else, when not done, look again at the same place */
    private record FloorStep(boolean isDone, boolean goLeft, byte @Nullable [] key) {
        static final FloorStep AGAIN = new FloorStep(false, false, null);
        static final FloorStep LEFT = new FloorStep(false, true, null);
        static final FloorStep NONE = new FloorStep(true, false, null);
    }

    private FloorStep tryFloor(long[] bound, boolean isInclusive, long[] leafStart) {
        Node node = root;
        long seen = node.awaitStable();
        if (node != root) {
            return FloorStep.AGAIN;
        }
        boolean hasLeft = false;
        long[] copied = new long[PackedKey.WORDS];
        while (node instanceof Inner inner) {
            int at = position(inner, bound, isInclusive);
            Node child = inner.children[at];
            if (at > 0) {
                System.arraycopy(inner.keys, (at - 1) * PackedKey.WORDS, copied, 0, PackedKey.WORDS);
            }
            if (!inner.isStill(seen) || child == null) {
                return FloorStep.AGAIN;
            }
            if (at > 0) {
                System.arraycopy(copied, 0, leafStart, 0, PackedKey.WORDS);
                hasLeft = true;
            }
            long childSeen = child.awaitStable();
            if (!inner.isStill(seen)) {
                return FloorStep.AGAIN;
            }
            node = child;
            seen = childSeen;
        }
        Leaf leaf = (Leaf) node;
        int at = position(leaf, bound, isInclusive) - 1;
        while (at >= 0 && leaf.states[at] == NOTHING) {
            at--;
        }
        byte[] found = at < 0 ? null : unpackSafely(leaf, at, copied);
        if (!leaf.isStill(seen)) {
            return FloorStep.AGAIN;
        }
        if (found != null) {
            return new FloorStep(true, false, found);
        }
        return hasLeft ? FloorStep.LEFT : FloorStep.NONE;
    }

    /** Copies first: a key that is being changed may have any length. */
    private static byte[] unpackSafely(Leaf leaf, int at, long[] copied) {
        System.arraycopy(leaf.keys, at * PackedKey.WORDS, copied, 0, PackedKey.WORDS);
        long length = (copied[3] ^ Long.MIN_VALUE) & 0xff;
        return length <= PackedKey.MAX_BYTES ? PackedKey.unpack(copied, 0) : EMPTY;
    }

    private static int position(Node node, long[] bound, boolean isInclusive) {
        return isInclusive
                ? upperBound(node.keys, node.count, bound[0], bound[1], bound[2], bound[3])
                : lowerBound(node.keys, node.count, bound[0], bound[1], bound[2], bound[3]);
    }

    // ---- search in a node ------------------------------------------------------------------------------------------

    /** How many of the first {@code count} keys are smaller. */
    private static int lowerBound(long[] keys, int count, long k0, long k1, long k2, long k3) {
        int low = 0;
        int high = count;
        while (low < high) {
            int mid = (low + high) >>> 1;
            if (compare(keys, mid * PackedKey.WORDS, k0, k1, k2, k3) < 0) {
                low = mid + 1;
            } else {
                high = mid;
            }
        }
        return low;
    }

    /** How many of the first {@code count} keys are smaller or equal. */
    private static int upperBound(long[] keys, int count, long k0, long k1, long k2, long k3) {
        int low = 0;
        int high = count;
        while (low < high) {
            int mid = (low + high) >>> 1;
            if (compare(keys, mid * PackedKey.WORDS, k0, k1, k2, k3) <= 0) {
                low = mid + 1;
            } else {
                high = mid;
            }
        }
        return low;
    }

    private static int compare(long[] keys, int at, long k0, long k1, long k2, long k3) {
        if (keys[at] != k0) {
            return keys[at] < k0 ? -1 : 1;
        }
        if (keys[at + 1] != k1) {
            return keys[at + 1] < k1 ? -1 : 1;
        }
        if (keys[at + 2] != k2) {
            return keys[at + 2] < k2 ? -1 : 1;
        }
        return Long.compare(keys[at + 3], k3);
    }

    private static boolean isEqual(long[] keys, int index, long k0, long k1, long k2, long k3) {
        return compare(keys, index * PackedKey.WORDS, k0, k1, k2, k3) == 0;
    }
}
