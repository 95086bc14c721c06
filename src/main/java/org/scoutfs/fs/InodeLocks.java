package org.scoutfs.fs;

import java.util.concurrent.locks.StampedLock;
import org.scoutfs.base.Invariants;

/**
 * The reader/writer locks that order this node's operations on one inode. There is a fixed number of them, and an inode's is found by
 * hash: no object per inode, and no question of how long one lives. Two inodes that share one only wait for each other.
 *
 * <p>Order: an operation takes all its inode locks in one step, in the order of their places ({@link #hold}), after its cluster
 * locks and before it enters a transaction. It holds at most one set, and waits for nothing but the device under it.
 */
final class InodeLocks {
    private static final int COUNT = 4096;

    private final StampedLock[] locks = new StampedLock[COUNT];

    InodeLocks() {
        for (int i = 0; i < COUNT; i++) {
            locks[i] = new StampedLock();
        }
    }

    /** The lock of one inode, for operations that need no other. */
    StampedLock of(long ino) {
        return locks[place(ino)];
    }

    /** Takes the locks of several inodes exclusively. 0 stands for none. */
    Held hold(long a, long b, long c, long d) {
        Held held = new Held();
        held.add(a);
        held.add(b);
        held.add(c);
        held.add(d);
        held.lock();
        return held;
    }

    private static int place(long ino) {
        return (int) (ino * 0x9E3779B97F4A7C15L >>> 52) & COUNT - 1;
    }

    /** Locks that one operation holds, in order and each once. */
    final class Held implements AutoCloseable {
        private static final int MAX = 4;

        private final int[] wanted = new int[MAX];
        private final long[] stamps = new long[MAX];
        private int count;

        private void add(long ino) {
            if (ino == 0) {
                return;
            }
            int place = place(ino);
            int at = count;
            for (int i = 0; i < count; i++) {
                if (wanted[i] == place) {
                    return;
                }
                if (wanted[i] > place) {
                    at = i;
                    break;
                }
            }
            System.arraycopy(wanted, at, wanted, at + 1, count - at);
            wanted[at] = place;
            count++;
        }

        private void lock() {
            for (int i = 0; i < count; i++) {
                stamps[i] = locks[wanted[i]].writeLock();
            }
        }

        @Override
        public void close() {
            Invariants.check(count >= 0, "inode locks are given up twice");
            for (int i = count - 1; i >= 0; i--) {
                locks[wanted[i]].unlockWrite(stamps[i]);
            }
            count = -1;
        }
    }
}
