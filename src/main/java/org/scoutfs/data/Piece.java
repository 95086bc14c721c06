package org.scoutfs.data;

/**
 * Dirty blocks of a file: {@code count} of them from file block {@code block} on are those of {@code run} from
 * {@code index} on.
 */
record Piece(long block, int count, Run run, int index) {
    long end() {
        return block + count;
    }

    int indexOf(long fileBlock) {
        return index + (int) (fileBlock - block);
    }

    Piece part(long from, long to) {
        long first = Math.max(from, block);
        return new Piece(first, (int) (Math.min(to, end()) - first), run, indexOf(first));
    }

    /** How many of its blocks hold a reservation: those without inherited storage. */
    int reservedBlocks() {
        int blocks = 0;
        for (int i = index; i < index + count; i++) {
            blocks += run.inherited(i) == 0 ? 1 : 0;
        }
        return blocks;
    }

    /** Takes a stretch of a piece: where in its run it begins, how long it is, where it goes. */
    interface Place {
        void accept(int index, int count, long blkno);
    }

    /** The stretches of a sealed piece that lie together on the device. */
    void forEachPlace(Place action) {
        int end = index + count;
        int at = index;
        while (at < end) {
            long blkno = run.place(at);
            int length = 1;
            while (at + length < end && run.place(at + length) == blkno + length
                    && (run.inherited(at) == 0) == (run.inherited(at + length) == 0)) {
                length++;
            }
            action.accept(at, length, blkno);
            at += length;
        }
    }
}
