package org.scoutfs.data;

import org.scoutfs.item.ChecksumItem;
import org.scoutfs.txn.Transaction;

/** The newest checksums of one group of blocks, while its file is being changed. Guarded by the file's mutex. */
final class ChecksumGroup {
    final int[] checksums;
    /** Whether an item of the group exists. */
    boolean isStored;
    /** Whether the item has to be put at the barrier. */
    private boolean isChanged;

    ChecksumGroup(int[] checksums, boolean isStored) {
        this.checksums = checksums;
        this.isStored = isStored;
    }

    boolean isChanged() {
        return isChanged;
    }

    /** The item has to be put at the barrier; room for it stays promised. */
    void change(Transaction txn) {
        if (!isChanged) {
            isChanged = true;
            txn.keep(1, Admission.CHECKSUM_BYTES);
        }
    }

    void put() {
        isChanged = false;
    }

    static ChecksumGroup empty(boolean isStored) {
        return new ChecksumGroup(new int[ChecksumItem.GROUP_BLOCKS], isStored);
    }
}
