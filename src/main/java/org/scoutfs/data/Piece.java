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
}
