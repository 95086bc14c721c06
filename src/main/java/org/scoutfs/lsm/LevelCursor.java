package org.scoutfs.lsm;

import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The segments of one sorted level as one cursor: the next one is opened when the last one ends. */
final class LevelCursor extends RawCursor {
    /** Opens the cursor of a segment. */
    interface Opener {
        RawCursor open(SegmentReader reader) throws IOException;
    }

    private final List<SegmentReader> segments;
    private final Opener opener;
    private int next;
    private @Nullable RawCursor current;

    LevelCursor(List<SegmentReader> segments, Opener opener) {
        this.segments = segments;
        this.opener = opener;
    }

    @Override
    public boolean next() throws IOException {
        while (true) {
            if (current != null && current.next()) {
                keyBytes = current.keyBytes;
                keySize = current.keySize;
                kindCode = current.kindCode;
                valueSize = current.valueSize;
                return true;
            }
            close();
            if (next == segments.size()) {
                return false;
            }
            current = opener.open(segments.get(next++));
        }
    }

    @Override
    void copyValue(byte[] into, int at) {
        if (current != null) {
            current.copyValue(into, at);
        }
    }

    @Override
    public void close() {
        if (current != null) {
            current.close();
            current = null;
        }
    }
}
