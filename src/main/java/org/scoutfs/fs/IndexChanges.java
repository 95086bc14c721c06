package org.scoutfs.fs;

import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import org.scoutfs.base.Invariants;
import org.scoutfs.item.IndexKeys;
import org.scoutfs.item.Keys;
import org.scoutfs.txn.CommitParticipant;

/**
 * Which inodes each transaction changed, and the index items that follow from it. Nobody reads index items from an open transaction
 * (walks read a published version), so they are made when it is frozen, outside of everything that operations wait for.
 * <ol>
 *   <li>For each inode and index there is exactly one item in each published version, at the inode's seq of that version.
 *   <li>What an inode went through within one transaction leaves one delete and one put at most, and nothing where it was made and
 *       destroyed in it.
 * </ol>
 * <p>An operation notes a change only when the inode's seq moves, so once per inode and transaction.
 *
 * <p>Thread-safe: stripes by inode number, each with a leaf mutex. Changes of one inode come in the order of its lock.
 */
final class IndexChanges implements CommitParticipant {
    private static final int STRIPES = 16;
    private static final int FIELDS = 3;

    private final Map<Long, Changes> byTransaction = new ConcurrentHashMap<>();
    private volatile Changes latest = new Changes(0);

    /**
     * Notes that an inode's place in an index moves.
     *
     * @param type {@link Keys.Type#META_SEQ} or {@link Keys.Type#DATA_SEQ}
     * @param oldSeq 0 for an inode that was not in the index
     * @param newSeq 0 for an inode that leaves it
     */
    void moved(long number, int type, long ino, long oldSeq, long newSeq) {
        Changes changes = latest;
        if (changes.number != number) {
            changes = byTransaction.computeIfAbsent(number, Changes::new);
            latest = changes;
        }
        changes.add(type, ino, oldSeq, newSeq);
    }

    @Override
    public void writeOut(long number, long seq, LateItems items) {
        Changes changes = byTransaction.remove(number);
        if (changes != null) {
            changes.writeTo(items);
        }
    }

    private static final class Changes {
        private final long number;
        private final Stripe[] stripes = new Stripe[STRIPES];

        Changes(long number) {
            this.number = number;
            for (int i = 0; i < STRIPES; i++) {
                stripes[i] = new Stripe();
            }
        }

        void add(int type, long ino, long oldSeq, long newSeq) {
            stripes[(int) (ino & STRIPES - 1)].add(type, ino, oldSeq, newSeq);
        }

        void writeTo(LateItems items) {
            for (Stripe stripe : stripes) {
                stripe.writeTo(Keys.Type.META_SEQ, items);
                stripe.writeTo(Keys.Type.DATA_SEQ, items);
            }
        }
    }

    /** The changes of some inodes: a log per index of (ino, old seq, new seq). */
    private static final class Stripe {
        private final ReentrantLock mutex = new ReentrantLock();
        private final Log meta = new Log();
        private final Log data = new Log();

        void add(int type, long ino, long oldSeq, long newSeq) {
            mutex.lock();
            try {
                (type == Keys.Type.META_SEQ ? meta : data).add(ino, oldSeq, newSeq);
            } finally {
                mutex.unlock();
            }
        }

        void writeTo(int type, LateItems items) {
            mutex.lock();
            try {
                (type == Keys.Type.META_SEQ ? meta : data).writeTo(type, items);
            } finally {
                mutex.unlock();
            }
        }
    }

    private static final class Log {
        private long[] fields = new long[FIELDS * 8];
        private int used;

        void add(long ino, long oldSeq, long newSeq) {
            if (used == fields.length) {
                fields = Arrays.copyOf(fields, used * 2);
            }
            fields[used] = ino;
            fields[used + 1] = oldSeq;
            fields[used + 2] = newSeq;
            used += FIELDS;
        }

        /** What each inode's changes come to: the old seq of its first, the new seq of its last. */
        void writeTo(int type, LateItems items) {
            int count = used / FIELDS;
            int slots = Integer.highestOneBit(Math.max(8, count * 2)) * 2;
            int[] firstOf = new int[slots]; // index into fields + 1
            for (int at = 0; at < used; at += FIELDS) {
                int slot = (int) (fields[at] * 0x9E3779B97F4A7C15L >>> 33) & slots - 1;
                while (firstOf[slot] != 0 && fields[firstOf[slot] - 1] != fields[at]) {
                    slot = slot + 1 & slots - 1;
                }
                if (firstOf[slot] == 0) {
                    firstOf[slot] = at + 1;
                } else {
                    int first = firstOf[slot] - 1;
                    Invariants.check(fields[first + 2] == fields[at + 1], "changes of an index that do not join", fields[at]);
                    fields[first + 2] = fields[at + 2];
                    fields[at + 1] = 0;
                    fields[at + 2] = 0;
                }
            }
            for (int at = 0; at < used; at += FIELDS) {
                long oldSeq = fields[at + 1];
                long newSeq = fields[at + 2];
                if (oldSeq != newSeq) {
                    if (oldSeq != 0) {
                        items.delete(IndexKeys.of(type, oldSeq, fields[at]));
                    }
                    if (newSeq != 0) {
                        items.put(IndexKeys.of(type, newSeq, fields[at]), IndexKeys.value());
                    }
                }
            }
            used = 0;
        }
    }
}
