package org.scoutfs.data;

import java.io.IOException;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.scoutfs.data.FileData.FileExtent;
import org.scoutfs.item.ExtentItem;
import org.scoutfs.lsm.Cursor;
import org.scoutfs.lsm.ItemReader;

/** The map of a file from a block on: dirty stretches over extent items, neighbours of one kind joined. */
final class ExtentWalk implements AutoCloseable {
    /** Blocks {@code [block, end)} with dirty data that have no place yet. */
    record Stretch(long block, long end) {}

    private final Cursor cursor;
    private final Iterator<Stretch> dirty;
    private @Nullable Stretch nextDirty;
    /** What is left of the item that the cursor is at. */
    private @Nullable ExtentItem nextItem;
    private @Nullable FileExtent ahead;

    ExtentWalk(ItemReader view, long ino, long from, List<Stretch> dirty) throws IOException {
        this.cursor = view.scan(ExtentItem.key(ino, from), ExtentItem.lastKey(ino));
        this.dirty = dirty.iterator();
        this.nextDirty = this.dirty.hasNext() ? this.dirty.next() : null;
        advanceItem();
    }

    /** The next extent, or null after the last. The first one may begin before the block that was asked for. */
    @Nullable FileExtent next() throws IOException {
        FileExtent extent = ahead != null ? ahead : piece();
        ahead = null;
        if (extent == null) {
            return null;
        }
        FileExtent following = piece();
        while (following != null && canJoin(extent, following)) {
            extent = new FileExtent(
                    extent.block(),
                    extent.blockCount() + following.blockCount(),
                    extent.blkno(),
                    extent.isUnwritten(),
                    extent.isOffline());
            following = piece();
        }
        ahead = following;
        return extent;
    }

    private static boolean canJoin(FileExtent extent, FileExtent next) {
        return next.block() == extent.end()
                && next.isUnwritten() == extent.isUnwritten()
                && next.isOffline() == extent.isOffline()
                && next.blkno() == (extent.blkno() == 0 ? 0 : extent.blkno() + extent.blockCount());
    }

    private @Nullable FileExtent piece() throws IOException {
        Stretch stretch = nextDirty;
        ExtentItem item = nextItem;
        if (stretch != null && (item == null || stretch.block() <= item.block())) {
            // An item below it was put by a barrier since the dirty data were looked up: the same bytes.
            while (nextItem != null && nextItem.block() < stretch.end()) {
                skipItem(stretch.end());
            }
            nextDirty = dirty.hasNext() ? dirty.next() : null;
            return new FileExtent(stretch.block(), stretch.end() - stretch.block(), 0, false, false);
        }
        if (item == null) {
            return null;
        }
        ExtentItem part = stretch == null || stretch.block() >= item.end() ? item : item.part(item.block(), stretch.block());
        skipItem(part.end());
        return new FileExtent(part.block(), part.blockCount(), part.blkno(), part.isUnwritten(), part.isOffline());
    }

    /** Leaves out the item's blocks before {@code block}. */
    private void skipItem(long block) throws IOException {
        ExtentItem item = nextItem;
        if (item != null && item.end() > block) {
            nextItem = item.part(block, item.end());
        } else {
            advanceItem();
        }
    }

    private void advanceItem() throws IOException {
        nextItem = cursor.next() ? ExtentItem.decode(cursor.key(), cursor.value()) : null;
    }

    @Override
    public void close() {
        cursor.close();
    }
}
