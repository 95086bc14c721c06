package org.scoutfs.data;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.scoutfs.data.FileData.FileExtent;
import org.scoutfs.item.ExtentItem;
import org.scoutfs.lsm.ItemReader;

/** Answers what is where in a file: dirty data and extent items together. Thread-safe. */
final class FileMaps {
    private final FileStates states;

    FileMaps(FileStates states) {
        this.states = states;
    }

    long firstOffline(ItemReader view, long ino, long block, long blockCount) throws IOException {
        long end = blockCount > ExtentItem.BLOCKS_END - block ? ExtentItem.BLOCKS_END : block + blockCount;
        try (ExtentWalk walk = walk(view, ino, block)) {
            FileExtent extent = walk.next();
            while (extent != null && extent.block() < end) {
                if (extent.isOffline()) {
                    return Math.max(block, extent.block());
                }
                extent = walk.next();
            }
        }
        return -1;
    }

    long seekData(ItemReader view, long ino, long fileSize, long offset) throws IOException {
        try (ExtentWalk walk = walk(view, ino, FileState.blockOf(offset))) {
            FileExtent extent = walk.next();
            while (extent != null && FileState.offsetOf(extent.block()) < fileSize) {
                if (isData(extent)) {
                    long found = Math.max(offset, FileState.offsetOf(extent.block()));
                    return found < fileSize ? found : -1;
                }
                extent = walk.next();
            }
        }
        return -1;
    }

    long seekHole(ItemReader view, long ino, long fileSize, long offset) throws IOException {
        long block = FileState.blockOf(offset);
        try (ExtentWalk walk = walk(view, ino, block)) {
            FileExtent extent = walk.next();
            while (extent != null
                    && extent.block() <= block
                    && isData(extent)
                    && FileState.offsetOf(block) < fileSize) {
                block = extent.end();
                extent = walk.next();
            }
        }
        return Math.min(fileSize, Math.max(offset, FileState.offsetOf(block)));
    }

    private static boolean isData(FileExtent extent) {
        return !extent.isUnwritten() || extent.isOffline();
    }

    List<FileExtent> extents(ItemReader view, long ino, long block, int max) throws IOException {
        List<FileExtent> found = new ArrayList<>();
        try (ExtentWalk walk = walk(view, ino, block)) {
            FileExtent extent = walk.next();
            while (extent != null && found.size() < max) {
                found.add(extent);
                extent = walk.next();
            }
        }
        return found;
    }

    private ExtentWalk walk(ItemReader view, long ino, long block) throws IOException {
        FileState file = states.get(ino);
        List<ExtentWalk.Stretch> dirty = new ArrayList<>();
        if (file != null) {
            file.mutex.lock();
            try {
                for (Piece piece : file.open.overlapping(block, Long.MAX_VALUE, Integer.MAX_VALUE)) {
                    ExtentWalk.Stretch last = dirty.isEmpty() ? null : dirty.getLast();
                    if (last != null && last.end() == piece.block()) {
                        dirty.removeLast();
                        dirty.add(new ExtentWalk.Stretch(last.block(), piece.end()));
                    } else {
                        dirty.add(new ExtentWalk.Stretch(piece.block(), piece.end()));
                    }
                }
            } finally {
                file.mutex.unlock();
            }
        }
        return new ExtentWalk(view, ino, block, dirty);
    }
}
