package org.scoutfs.data;

import org.scoutfs.item.ChecksumItem;

/** The newest checksums of one group of blocks, while its file is being changed. Guarded by the file's mutex. */
final class ChecksumGroup {
    final int[] checksums;
    /** Whether an item of the group exists. */
    boolean isStored;
    /** Whether the item has to be put at the barrier. */
    boolean isChanged;

    ChecksumGroup(int[] checksums, boolean isStored) {
        this.checksums = checksums;
        this.isStored = isStored;
    }

    static ChecksumGroup empty(boolean isStored) {
        return new ChecksumGroup(new int[ChecksumItem.GROUP_BLOCKS], isStored);
    }
}
