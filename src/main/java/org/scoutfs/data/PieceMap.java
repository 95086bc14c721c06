package org.scoutfs.data;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The dirty pieces of one file in one transaction, by file block; they do not overlap. Guarded by the file's mutex. */
final class PieceMap {
    private final TreeMap<Long, Piece> pieces = new TreeMap<>();

    boolean isEmpty() {
        return pieces.isEmpty();
    }

    Collection<Piece> all() {
        return pieces.values();
    }

    void clear() {
        pieces.clear();
    }

    void put(Piece piece) {
        pieces.put(piece.block(), piece);
    }

    /** The piece that covers the block, or null. */
    @Nullable Piece at(long block) {
        Map.Entry<Long, Piece> entry = pieces.floorEntry(block);
        return entry == null || entry.getValue().end() <= block ? null : entry.getValue();
    }

    /** The first block of a piece at or after {@code block}, or {@code end}. */
    long nextAfter(long block, long end) {
        Long next = pieces.ceilingKey(block);
        return next == null ? end : Math.min(next, end);
    }

    /** The pieces that overlap {@code [from, to)}, whole, in order, at most {@code max}. */
    List<Piece> overlapping(long from, long to, int max) {
        List<Piece> found = new ArrayList<>();
        Map.Entry<Long, Piece> entry = pieces.floorEntry(from);
        if (entry == null || entry.getValue().end() <= from) {
            entry = pieces.ceilingEntry(from);
        }
        while (entry != null && entry.getKey() < to && found.size() < max) {
            found.add(entry.getValue());
            entry = pieces.higherEntry(entry.getKey());
        }
        return found;
    }

    /** Takes {@code [from, to)} out of a piece that is in the map. */
    void cut(Piece piece, long from, long to) {
        pieces.remove(piece.block());
        if (piece.block() < from) {
            put(piece.part(piece.block(), from));
        }
        if (piece.end() > to) {
            put(piece.part(to, piece.end()));
        }
    }
}
