package org.scoutfs.data;

import java.util.ArrayList;
import java.util.List;
import org.scoutfs.device.DeviceExtent;
import org.scoutfs.item.ExtentItem;
import org.scoutfs.txn.DataSpace;
import org.scoutfs.txn.Transaction;

/**
 * Decides where dirty blocks go: at the barrier, so that what was written together lies together, or earlier, when a file
 * streams.
 */
final class Placer {
    private final DataSpace space;
    private final int earlyBlocks;
    private final StorageAhead ahead;

    /** @param earlyBlocks so many dirty blocks in a row are worth writing before the commit */
    Placer(DataSpace space, int earlyBlocks, StorageAhead ahead) {
        this.space = space;
        this.earlyBlocks = earlyBlocks;
        this.ahead = ahead;
    }

    /** At the barrier: gives all dirty blocks of the files places, puts their items, and returns what is to be written. */
    List<DataWriter.Job> freeze(Transaction last, List<FileState> files) {
        List<DataWriter.Job> jobs = new ArrayList<>();
        Places small = new Places(smallBlocks(files), -1);
        ConsumedExtents consumed = new ConsumedExtents(last);
        for (FileState file : files) {
            file.mutex.lock();
            try {
                freeze(last, file, small, jobs, consumed);
            } finally {
                file.mutex.unlock();
            }
        }
        consumed.flush();
        return jobs;
    }

    /** When enough full buffers lie before {@code end}: seals them, gives them places, and returns what is to be written. */
    List<DataWriter.Job> sealStream(FileState file, long end) {
        Piece last = end == 0 ? null : file.open.at(end - 1);
        if (last != null && !isFull(last)) {
            last = last.block() == 0 ? null : file.open.at(last.block() - 1);
        }
        List<Piece> full = new ArrayList<>();
        int blocks = 0;
        int reserved = 0;
        while (last != null && isFull(last)) {
            full.add(last);
            blocks += last.count();
            reserved += last.reservedBlocks();
            last = last.block() == 0 ? null : file.open.at(last.block() - 1);
        }
        if (blocks < earlyBlocks) {
            return List.of();
        }
        List<DataWriter.Job> jobs = new ArrayList<>();
        long after = last == null ? endOfItem(file, full.getLast().block()) : endOfPiece(last);
        Places places = new Places(reserved, after);
        for (Piece piece : full.reversed()) {
            place(file, piece, places, jobs);
        }
        return jobs;
    }

    private static boolean isFull(Piece piece) {
        return !piece.run().isSealed()
                && piece.count() == piece.run().capacity()
                && piece.run().live == piece.count();
    }

    /** Where the device blocks of a sealed piece end, -1 for one that has no places. */
    private static long endOfPiece(Piece piece) {
        return piece.run().isSealed() ? piece.run().place(piece.index() + piece.count() - 1) + 1 : -1;
    }

    /** Where the device blocks end of the extent that ends right before {@code block}, or -1. */
    static long endOfItem(FileState file, long block) {
        ExtentItem item = block == 0 ? null : file.map.at(block - 1);
        return item != null && item.isWritten() ? item.blkno() + item.blockCount() : -1;
    }

    /** Reserved blocks that become places, as few runs as the space has. */
    private final class Places {
        private long left;
        private long after;
        private long blkno;
        private long count;

        Places(long blocks, long after) {
            this.left = blocks;
            this.after = after;
        }

        /** The next place; {@code afterBlkno} is where it would lengthen an extent, or -1. */
        long next() {
            if (count == 0) {
                DeviceExtent extent = space.take(left, after);
                blkno = extent.blkno();
                count = extent.blockCount();
                left -= count;
            }
            long place = blkno;
            blkno++;
            count--;
            after = blkno;
            return place;
        }
    }

    /** Seals a piece's run, gives the piece places, and adds what has to be written for it. */
    private static void place(FileState file, Piece piece, Places places, List<DataWriter.Job> jobs) {
        Run run = piece.run();
        run.seal();
        for (int i = 0; i < piece.count(); i++) {
            long inherited = run.inherited(piece.index() + i);
            run.setPlace(piece.index() + i, inherited == 0 ? places.next() : inherited);
        }
        piece.forEachPlace((index, count, blkno) -> {
            run.addJob();
            jobs.add(new DataWriter.Job(file, run, index, count, blkno));
        });
    }

    /** Blocks of the files that get their places side by side, in the order in which the files were touched. */
    private long smallBlocks(List<FileState> files) {
        long blocks = 0;
        for (FileState file : files) {
            blocks += file.withMutex(() -> {
                long count = 0;
                for (Piece piece : file.open.all()) {
                    count += isSmall(file, piece) ? piece.reservedBlocks() : 0;
                }
                return count;
            });
        }
        return blocks;
    }

    /** Also where the run was just sealed for another piece of it. */
    private static boolean isUnplaced(Piece piece) {
        return !piece.run().isSealed() || piece.run().place(piece.index()) == 0;
    }

    /** Whether a piece has no earlier neighbour that it should follow on the device. */
    private boolean isSmall(FileState file, Piece piece) {
        return isUnplaced(piece)
                && piece.count() < earlyBlocks
                && (piece.block() == 0 || file.open.at(piece.block() - 1) == null)
                && endOfItem(file, piece.block()) == -1;
    }

    private void freeze(
            Transaction last, FileState file, Places small, List<DataWriter.Job> jobs, ConsumedExtents consumed) {
        file.isTouched = false;
        file.frozen.clear();
        ExtentItem pending = null;
        List<Piece> pieces = new ArrayList<>(file.open.all());
        boolean isGoingOn = !pieces.isEmpty() && endOfItem(file, pieces.getFirst().block()) != -1;
        Piece before = null;
        for (Piece piece : pieces) {
            if (isUnplaced(piece)) {
                if (isSmall(file, piece)) {
                    place(file, piece, small, jobs);
                } else {
                    long after = before != null && before.end() == piece.block()
                            ? endOfPiece(before)
                            : endOfItem(file, piece.block());
                    place(file, piece, new Places(piece.reservedBlocks(), after), jobs);
                }
            }
            before = piece;
            if (!piece.run().isWritten()) {
                file.frozen.put(piece);
            }
        }
        file.open.clear();
        for (Piece piece : pieces) {
            List<ExtentItem> stretches = new ArrayList<>();
            piece.forEachPlace(
                    (index, count, blkno) -> {
                        stretches.add(ExtentItem.written(piece.block() + (index - piece.index()), count, blkno));
                        if (piece.run().inherited(index) == 0) {
                            consumed.add(blkno, count);
                        }
                    });
            for (ExtentItem stretch : stretches) {
                if (pending != null && pending.canJoin(stretch)) {
                    pending = pending.join(stretch);
                } else {
                    if (pending != null) {
                        file.map.place(last, file.ino, pending);
                    }
                    pending = stretch;
                }
            }
        }
        if (pending != null) {
            file.map.place(last, file.ino, pending);
        }
        ahead.allocate(last, file, isGoingOn);
        file.fresh.consume(last, space);
        file.putChecksums(last);
    }

    /** Tells the space which blocks the items name, neighbours together. */
    private final class ConsumedExtents {
        private final Transaction txn;
        private long blkno;
        private long count;

        ConsumedExtents(Transaction txn) {
            this.txn = txn;
        }

        void add(long nextBlkno, long nextCount) {
            if (count > 0 && nextBlkno == blkno + count) {
                count += nextCount;
                return;
            }
            flush();
            blkno = nextBlkno;
            count = nextCount;
        }

        void flush() {
            if (count > 0) {
                space.consume(txn, new DeviceExtent(blkno, count));
                count = 0;
            }
        }
    }
}
