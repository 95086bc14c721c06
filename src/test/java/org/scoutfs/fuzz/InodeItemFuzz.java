package org.scoutfs.fuzz;

import java.util.Arrays;
import java.util.List;
import org.scoutfs.base.CorruptionException;
import org.scoutfs.item.InodeItem;

/** The value of an inode item: what decodes encodes to the same bytes; everything else is refused. */
public final class InodeItemFuzz implements FuzzTarget {
    @Override
    public List<byte[]> seeds() {
        InodeItem file = new InodeItem();
        file.mode = 0100644;
        file.nlink = 1;
        file.size = 4096;
        file.nextXattrId = 1;
        InodeItem directory = new InodeItem();
        directory.mode = 040755;
        directory.nlink = 2;
        directory.nextPosition = 2;
        directory.nextXattrId = 1;
        return List.of(file.encode(), directory.encode());
    }

    @Override
    public void decode(byte[] bytes) {
        try {
            InodeItem item = InodeItem.decode(1024, bytes);
            if (!Arrays.equals(item.encode(), bytes)) {
                throw new AssertionError("other bytes");
            }
        } catch (CorruptionException refused) {
            // what it promises for bad bytes
        }
    }
}
