package org.scoutfs.fs;

import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * What names of directories mean, as the items say that were read or written last; also that there is no such item.
 * <ol>
 *   <li>An entry belongs to the decoded {@link Inode} of its directory, the object and not the number: when the object goes, with the
 *       cluster's lock or for want of room, none of its entries is found any more.
 *   <li>It is put under the directory's inode lock: shared by who read the item without a change in between, exclusive by who changed
 *       it. So what is found through an object that is in {@link InodeCache} is what the items say now.
 * </ol>
 * Most operations on a name need it twice: the kernel looks whether it is free, then it is made. In segments that were just written each
 * look-up takes longer than all else that the operation does.
 *
 * <p>A fixed number of places, one for each name to be in. Thread-safe.
 */
final class EntryCache {
    private static final int PLACES = 1 << 15;

    /** @param value the item with all names of this hash; null when there is none */
    record Entry(Inode dir, long hash, byte @Nullable [] value) {}

    private final AtomicReferenceArray<@Nullable Entry> places = new AtomicReferenceArray<>(PLACES);

    /** Null when nothing is known. */
    @Nullable Entry get(Inode dir, long hash) {
        Entry entry = places.getAcquire(place(dir, hash));
        return entry != null && entry.dir == dir && entry.hash == hash ? entry : null;
    }

    void put(Inode dir, long hash, byte @Nullable [] value) {
        places.setRelease(place(dir, hash), new Entry(dir, hash, value));
    }

    private static int place(Inode dir, long hash) {
        return (int) ((dir.ino ^ hash) * 0x9E3779B97F4A7C15L >>> 40) & PLACES - 1;
    }
}
