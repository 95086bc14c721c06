package org.scoutfs.txn;

import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.scoutfs.base.FsException;
import org.scoutfs.base.Invariants;
import org.scoutfs.base.MustWait;
import org.scoutfs.device.DeviceExtent;

/** Data space out of the grants of this mount. The items that name the blocks are charged with them. */
final class NodeDataSpace implements DataSpace {
    private final NodeTransactions transactions;
    private final GrantedSpace space;
    private final AtomicLong takenBlocks = new AtomicLong();
    private final SpaceBroker broker;

    NodeDataSpace(NodeTransactions transactions, GrantedSpace space, SpaceBroker broker) {
        this.transactions = transactions;
        this.space = space;
        this.broker = broker;
    }

    @Override
    public void reserve(long blocks) throws FsException, MustWait {
        Invariants.check(blocks >= 0, "reserves fewer than no blocks", blocks);
        transactions.checkWritable();
        if (!space.tryReserveData(blocks)) {
            throw broker.lackOfData(blocks);
        }
        boolean isPromised = false;
        try {
            transactions.promise(blocks * NodeTransactions.DATA_ITEM_BYTES_PER_BLOCK);
            isPromised = true;
        } finally {
            if (!isPromised) {
                space.unreserveData(blocks);
            }
        }
        broker.dataTaken();
    }

    @Override
    public void unreserve(long blocks) {
        space.unreserveData(blocks);
        transactions.unpromise(blocks * NodeTransactions.DATA_ITEM_BYTES_PER_BLOCK);
    }

    @Override
    public DeviceExtent take(long blocks, long afterBlkno) {
        DeviceExtent extent = space.takeData(blocks, afterBlkno); // the promise stays: the items are still to come
        takenBlocks.getAndAdd(extent.blockCount());
        return extent;
    }

    @Override
    public @Nullable DeviceExtent takeSpare(long blocks, long beginBlkno) {
        DeviceExtent extent = space.takeSpareData(blocks, beginBlkno);
        if (extent != null) {
            takenBlocks.getAndAdd(extent.blockCount());
        }
        return extent;
    }

    @Override
    public void giveBack(DeviceExtent extent) {
        space.giveBack(extent);
        takenBlocks.getAndAdd(-extent.blockCount());
    }

    @Override
    public void consume(Transaction transaction, DeviceExtent extent) {
        ((Operation) transaction).consumeData(extent);
    }

    /** A commit that named so many taken blocks is published. */
    void committed(long blocks) {
        takenBlocks.getAndAdd(-blocks);
    }

    @Override
    public long pendingBlocks() {
        return Math.max(0, space.dataReservedBlocks() + takenBlocks.get());
    }
}
