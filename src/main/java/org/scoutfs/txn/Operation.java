package org.scoutfs.txn;

import org.scoutfs.base.Invariants;
import org.scoutfs.device.DeviceExtent;
import org.scoutfs.lsm.ItemReader;

/** One operation inside the open transaction, or, for the participants of a commit, the last one of a transaction. */
final class Operation implements Transaction {
    /** The token of the barrier's own operation, which is inside while nobody is. */
    static final int AT_BARRIER = -1;

    private final NodeTransactions owner;
    private final OpenTransaction txn;
    private final int token;
    private final long chargedBytes;
    private final long itemBytesMax;
    private long grownBytes;
    private long putBytes;
    private boolean isDirtying;
    private boolean isClosed;

    /**
     * @param token of the barrier
     * @param chargedBytes by how much the transaction's promised bytes were raised for this operation
     * @param itemBytesMax what the caller announced
     */
    Operation(NodeTransactions owner, OpenTransaction txn, int token, long chargedBytes, long itemBytesMax) {
        this.owner = owner;
        this.txn = txn;
        this.token = token;
        this.chargedBytes = chargedBytes;
        this.itemBytesMax = itemBytesMax;
    }

    @Override
    public long seq() {
        return txn.seq;
    }

    @Override
    public long number() {
        return txn.number;
    }

    @Override
    public ItemReader view() {
        return owner.view();
    }

    @Override
    public void put(byte[] key, byte[] value) {
        touch(key.length + value.length);
        grownBytes += txn.table.put(key, value);
    }

    @Override
    public void putNew(byte[] key, byte[] value) {
        touch(key.length + value.length);
        grownBytes += txn.table.putNew(key, value);
    }

    @Override
    public void delete(byte[] key) {
        touch(key.length);
        grownBytes += txn.table.delete(key);
    }

    @Override
    public void add(byte[] key, byte[] delta) {
        touch(key.length + delta.length);
        grownBytes += txn.table.add(key, delta);
    }

    @Override
    public void free(DeviceExtent extent) {
        touch(0);
        txn.free(extent);
    }

    @Override
    public void countInodes(long delta) {
        touch(0);
        txn.inodeCountDelta.getAndAdd(delta);
    }

    @Override
    public void keep(int items, long bytes) {
        touch(0);
        grownBytes += bytes + (long) items * MemTable.ENTRY_OVERHEAD_BYTES;
    }

    void consumeData(DeviceExtent extent) {
        touch(0);
        txn.consume(extent);
        txn.consumedDataBlocks.getAndAdd(extent.blockCount());
    }

    private void touch(int bytes) {
        Invariants.check(!isClosed, "a transaction is used after its end");
        putBytes += bytes;
        if (!isDirtying) {
            isDirtying = true;
            if (!txn.isDirty()) {
                owner.markDirty(txn);
            }
        }
    }

    @Override
    public void close() {
        Invariants.check(!isClosed, "a transaction is closed twice");
        isClosed = true;
        long kept = isDirtying ? grownBytes + NodeTransactions.LATE_ITEM_BYTES : 0;
        txn.promisedBytes.getAndAdd(kept - chargedBytes);
        if (token != AT_BARRIER) {
            owner.leave(token);
        }
        if (Invariants.SLOW) {
            // In production the margin in what was charged covers it.
            Invariants.check(
                    putBytes <= itemBytesMax,
                    "an operation announced " + itemBytesMax + " bytes of items and put " + putBytes);
        }
    }
}
