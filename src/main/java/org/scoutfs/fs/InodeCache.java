package org.scoutfs.fs;

import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The decoded inodes that are kept, a fixed number. A number's home is a set of eight places; a new inode takes an empty one or that
 * of the inode next in turn, whether it is in use or not: see {@link Inode} on why nothing is lost.
 * <ol>
 *   <li>An inode number is in the cache at most once.
 *   <li>Who holds an inode's lock exclusively and finds it here, has the only copy that anybody uses.
 * </ol>
 * Why the second holds although a place can be taken from an inode in use: two objects of one inode can both be in use only
 * under shared locks, when nobody changes either.
 *
 * <p>Thread-safe. Look-ups take no mutex; changes of a set take one of a few leaf mutexes.
 */
final class InodeCache {
    private static final int WAYS = 8;
    private static final int MUTEXES = 64;

    private final AtomicReferenceArray<@Nullable Inode> places;
    private final ReentrantLock[] mutexes = new ReentrantLock[MUTEXES];
    private final byte[] turns;
    private final int setMask;

    /** @param count places, a power of two */
    InodeCache(int count) {
        int sets = Math.max(1, count / WAYS);
        places = new AtomicReferenceArray<>(sets * WAYS);
        turns = new byte[sets];
        setMask = sets - 1;
        for (int i = 0; i < MUTEXES; i++) {
            mutexes[i] = new ReentrantLock();
        }
    }

    @Nullable Inode get(long ino) {
        int first = set(ino) * WAYS;
        for (int place = first; place < first + WAYS; place++) {
            Inode inode = places.getAcquire(place);
            if (inode != null && inode.ino == ino) {
                return inode;
            }
        }
        return null;
    }

    /** Adds an inode unless it is there already. @return the one that is there afterwards */
    Inode add(Inode inode) {
        int set = set(inode.ino);
        ReentrantLock mutex = mutexes[set & MUTEXES - 1];
        mutex.lock();
        try {
            Inode known = get(inode.ino);
            if (known != null) {
                return known;
            }
            places.setRelease(freePlace(set), inode);
            return inode;
        } finally {
            mutex.unlock();
        }
    }

    private int freePlace(int set) {
        int first = set * WAYS;
        for (int place = first; place < first + WAYS; place++) {
            if (places.getPlain(place) == null) {
                return place;
            }
        }
        turns[set]++;
        return first + (turns[set] & WAYS - 1);
    }

    void remove(long ino) {
        int set = set(ino);
        ReentrantLock mutex = mutexes[set & MUTEXES - 1];
        mutex.lock();
        try {
            for (int place = set * WAYS; place < set * WAYS + WAYS; place++) {
                Inode inode = places.getPlain(place);
                if (inode != null && inode.ino == ino) {
                    places.setRelease(place, null);
                }
            }
        } finally {
            mutex.unlock();
        }
    }

    /** Forgets the inodes of a range: what a node does before it gives their lock away. */
    void removeRange(long firstIno, long count) {
        for (int place = 0; place < places.length(); place++) {
            Inode inode = places.getAcquire(place);
            if (inode != null && Long.compareUnsigned(inode.ino - firstIno, count) < 0) {
                remove(inode.ino);
            }
        }
    }

    private int set(long ino) {
        long hash = ino * 0x9E3779B97F4A7C15L;
        return (int) (hash >>> 40) & setMask;
    }
}
