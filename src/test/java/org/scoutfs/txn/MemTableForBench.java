package org.scoutfs.txn;

import org.scoutfs.lsm.Cursor;
import org.scoutfs.lsm.ItemSource;

/** The memtable of transactions, for the benchmark of the index: it stands in for a node's open transaction. */
public final class MemTableForBench {
    private final MemTable table = new MemTable();

    /** By how many bytes the items grew. */
    public long put(byte[] key, byte[] value) {
        return table.put(key, value);
    }

    public void freeze() {
        table.freeze();
    }

    public ItemSource source() {
        return table;
    }

    public Cursor items() {
        return table.scanAll();
    }
}
