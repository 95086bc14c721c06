package org.scoutfs.data;

import java.util.Map;
import java.util.TreeMap;
import org.scoutfs.device.DeviceExtent;
import org.scoutfs.txn.DataSpace;
import org.scoutfs.txn.Transaction;

/**
 * Device blocks of one file that items of the open transaction name and no earlier commit did: preallocated in it. Until the
 * barrier they are only taken: when their extent goes again before, they are given back, for the server has nothing to free.
 *
 * <p>Guarded by the mutex of the file.
 */
final class FreshStorage {
    /** First block to one past the last. */
    private final TreeMap<Long, Long> fresh = new TreeMap<>();

    void add(DeviceExtent extent) {
        fresh.put(extent.blkno(), extent.end());
    }

    /** Lets storage go that an extent item of the file named. */
    void release(Transaction txn, DataSpace space, DeviceExtent extent) {
        long blkno = extent.blkno();
        while (blkno < extent.end()) {
            Map.Entry<Long, Long> entry = fresh.floorEntry(blkno);
            if (entry != null && entry.getValue() > blkno) {
                long end = Math.min(extent.end(), entry.getValue());
                cut(entry.getKey(), entry.getValue(), blkno, end);
                space.giveBack(new DeviceExtent(blkno, end - blkno));
                blkno = end;
            } else {
                Long next = fresh.higherKey(blkno);
                long end = next == null ? extent.end() : Math.min(extent.end(), next);
                txn.free(new DeviceExtent(blkno, end - blkno));
                blkno = end;
            }
        }
    }

    private void cut(long first, long end, long from, long to) {
        fresh.remove(first);
        if (first < from) {
            fresh.put(first, from);
        }
        if (to < end) {
            fresh.put(to, end);
        }
    }

    /** At the barrier: what is left is named by the commit. */
    void consume(Transaction last, DataSpace space) {
        fresh.forEach((blkno, end) -> space.consume(last, new DeviceExtent(blkno, end - blkno)));
        fresh.clear();
    }
}
