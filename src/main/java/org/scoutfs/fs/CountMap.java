package org.scoutfs.fs;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongConsumer;
import org.scoutfs.base.Invariants;

/**
 * Counts by inode number, for millions of them: what the kernel references, and what is open.
 *
 * <p>Open addressing with linear probing, nine bytes per slot; counts from 255 up are rare and stand in an ordinary map. Removal
 * moves the following entries back, so there are no markers that would pile up.
 * <ol>
 *   <li>A count is at least 1, or there is no slot.
 *   <li>A stripe is at most four fifths full, and at least half of that after it has grown: 16 bytes per number at most.
 * </ol>
 * <p>Thread-safe: stripes by number, each with a mutex that is a leaf.
 */
final class CountMap {
    private static final int STRIPES = 64;
    private static final int SMALLEST = 16;
    private static final int SATURATED = 255;

    private final Stripe[] stripes = new Stripe[STRIPES];

    CountMap() {
        for (int i = 0; i < STRIPES; i++) {
            stripes[i] = new Stripe();
        }
    }

    /** @return the count afterwards */
    long add(long ino, long count) {
        return stripe(ino).add(ino, count);
    }

    /** Takes back what was added. @return the count afterwards */
    long subtract(long ino, long count) {
        return stripe(ino).add(ino, -count);
    }

    long get(long ino) {
        return stripe(ino).add(ino, 0);
    }

    /** All numbers that have a count. What changes meanwhile may be seen or not. */
    void forEach(LongConsumer action) {
        for (Stripe stripe : stripes) {
            long[] some;
            stripe.mutex.lock();
            try {
                some = stripe.present();
            } finally {
                stripe.mutex.unlock();
            }
            for (long ino : some) {
                action.accept(ino);
            }
        }
    }

    /** How many numbers have a count. */
    long size() {
        long size = 0;
        for (Stripe stripe : stripes) {
            stripe.mutex.lock();
            size += stripe.used;
            stripe.mutex.unlock();
        }
        return size;
    }

    /** Bytes of the tables. */
    long bytes() {
        long slots = 0;
        for (Stripe stripe : stripes) {
            stripe.mutex.lock();
            slots += stripe.inos.length;
            stripe.mutex.unlock();
        }
        return slots * (Long.BYTES + 1);
    }

    private Stripe stripe(long ino) {
        return stripes[(int) (hash(ino) >>> 58)];
    }

    private static long hash(long ino) {
        long z = ino * 0x9E3779B97F4A7C15L;
        return (z ^ z >>> 32) * 0xBF58476D1CE4E5B9L;
    }

    private static final class Stripe {
        private final ReentrantLock mutex = new ReentrantLock();

        // Guarded by mutex. A slot with count 0 is empty.
        private long[] inos = new long[SMALLEST];
        private byte[] counts = new byte[SMALLEST];
        private int used;
        private final Map<Long, Long> large = new HashMap<>();

        long add(long ino, long change) {
            mutex.lock();
            try {
                int slot = find(ino);
                long old = counts[slot] == 0 ? 0 : count(slot);
                long now = old + change;
                Invariants.check(now >= 0, "a count goes below zero, of inode", ino);
                if (change != 0) {
                    set(slot, ino, old, now);
                }
                return now;
            } finally {
                mutex.unlock();
            }
        }

        /** Under the mutex. */
        long[] present() {
            long[] all = new long[used];
            int next = 0;
            for (int slot = 0; slot < inos.length; slot++) {
                if (counts[slot] != 0) {
                    all[next++] = inos[slot];
                }
            }
            return all;
        }

        private long count(int slot) {
            int count = counts[slot] & 0xff;
            if (count < SATURATED) {
                return count;
            }
            Long exact = large.get(inos[slot]);
            Invariants.check(exact != null, "a large count is missing, of inode", inos[slot]);
            return exact == null ? 0 : exact;
        }

        private void set(int slot, long ino, long old, long now) {
            if (old >= SATURATED && now < SATURATED) {
                large.remove(ino);
            }
            if (now == 0) {
                remove(slot);
                return;
            }
            if (now >= SATURATED) {
                large.put(ino, now);
            }
            inos[slot] = ino;
            counts[slot] = (byte) Math.min(now, SATURATED);
            if (old == 0) {
                used++;
                if (used > inos.length / 5 * 4) {
                    resize(inos.length + inos.length / 2);
                }
            }
        }

        /** The slot of a number, or the empty one where it would go. */
        private int find(long ino) {
            int slot = home(ino);
            while (counts[slot] != 0 && inos[slot] != ino) {
                slot = next(slot);
            }
            return slot;
        }

        /** The stripe took the hash's upper bits, this takes the lower ones, scaled to a length that is no power of two. */
        private int home(long ino) {
            return (int) ((hash(ino) & 0xffff_ffffL) * inos.length >>> 32);
        }

        private int next(int slot) {
            return slot + 1 == inos.length ? 0 : slot + 1;
        }

        private void remove(int slot) {
            int hole = slot;
            counts[hole] = 0;
            used--;
            for (int at = next(hole); counts[at] != 0; at = next(at)) {
                int home = home(inos[at]);
                boolean isReachable = hole < at ? home > hole && home <= at : home > hole || home <= at;
                if (!isReachable) {
                    inos[hole] = inos[at];
                    counts[hole] = counts[at];
                    counts[at] = 0;
                    hole = at;
                }
            }
            if (inos.length > SMALLEST && used < inos.length / 4) {
                resize(Math.max(SMALLEST, inos.length / 2));
            }
        }

        private void resize(int length) {
            long[] oldInos = inos;
            byte[] oldCounts = counts;
            inos = new long[length];
            counts = new byte[length];
            for (int i = 0; i < oldInos.length; i++) {
                if (oldCounts[i] != 0) {
                    int slot = find(oldInos[i]);
                    inos[slot] = oldInos[i];
                    counts[slot] = oldCounts[i];
                }
            }
        }
    }
}
